// The timeline of spans, on the axis of the flame chart above it: which stack issued which request or statement, and
// when. Spans of a kind stand in rows so that none covers another; what is on the canvas can be walked with the keyboard
// and read in a table.

import { button, element } from "./dom.js";
import { formatCount, formatNumberOf, shorten } from "./format.js";
import { More } from "./more.js";
import { boxOf, HEAD, paintSpans, ROW } from "./spanpaint.js";
import { colourOf, Spans } from "./spans.js";

const TALLEST = 260;
const PRINTERS = 3; // dots of the canvas a pixel on paper: about 290 an inch
const TABLE_ROWS = 200;
const OUTSIDE = "py-spy leaves out samples in which a thread waits, unless it was started with --idle: the stacks' time above is then shorter than the spans' time.";

/** @param {import("./plugins.js").Shell} shell */
export function mount(shell) {
  const section = shell.profile.section("span");
  if (!section || !section.start?.length) return;
  const spans = new Spans(shell.profile, section);
  const timeline = new Timeline(shell, spans);
  const panel = shell.addPanel({ id: "spans", label: "Spans", element: timeline.element, open: !shell.profile.section("time"), shown: (open) => open && timeline.opened() });
  let asked = false;
  shell.on("view", ({ view }) => {
    if (view === "time" && !panel.isOpen()) [asked] = [true, panel.open()];
    else if (view !== "time" && asked) [asked] = [false, panel.close()];
    timeline.follow(view === "time");
  });
  shell.on("window", ({ left, right }) => timeline.window(left, right));
  shell.on("theme", () => timeline.paint()); // at once: it may be for paper
  shell.on("resize", () => timeline.resize());
  shell.on("choose", ({ frame }) => timeline.chooseFunction(frame));
}

class Timeline {
  constructor(shell, spans) {
    this.shell = shell;
    this.spans = spans;
    this.view = { left: 0, right: spans.length };
    this.selected = this.hovered = -1;
    this.issued = null; // spans issued from the chosen function
    this.element = this.#build();
    this.#listen();
  }

  #build() {
    const { spans } = this;
    const label = `Timeline of ${formatNumberOf(spans.count, "span")}. Arrow keys move from span to span, Enter shows its stack, Z zooms to it, Escape lets go.`;
    this.canvas = element("canvas", "wb-spans-canvas", { tabindex: "0", role: "application", "aria-roledescription": "timeline", "aria-label": label });
    this.spacer = element("div", "wb-spans-spacer", {}, this.canvas);
    this.scroller = element("div", "wb-spans-scroller", { tabindex: "-1" }, this.spacer);
    this.line = element("p", "wb-spans-line", { role: "status" }, this.#summary());
    this.show = button("Show its stack", () => this.#showStack(), { hidden: "" });
    this.zoom = button("Zoom to it", () => this.#zoomTo(), { hidden: "" });
    this.height = Math.max(1, spans.rows) * ROW;
    this.spacer.style.height = `${this.height + HEAD}px`;
    this.scroller.style.height = `${Math.min(this.height + HEAD, TALLEST)}px`;
    const rows = element("div", "wb-fg-pane", {}, this.scroller);
    this.more = new More(this.scroller);
    const line = element("div", "wb-spans-about", {}, this.line, this.show, this.zoom);
    const parts = [this.#apart(), this.#legend(), rows, line, this.#table()];
    if (this.shell.profile.leavesWaitingOut) parts.unshift(element("p", "wb-fg-note", { role: "note" }, OUTSIDE));
    return element("div", "wb-spans", {}, ...parts);
  }

  /** That the two axes differ, and the way to one in common. */
  #apart() {
    const hasTime = this.shell.profile.section("time");
    const change = button("Line the stacks up", () => this.shell.set({ view: "time" }), hasTime ? {} : { hidden: "" });
    const told = "This axis is time; what stands above is merged, in no order of time. ";
    this.apart = element("p", "wb-fg-note", { role: "note" }, told, change);
    return this.apart;
  }

  #summary() {
    const { count, leftOut } = this.spans;
    const more = leftOut ? `; the ${formatNumberOf(leftOut, "shortest span")} left out` : "";
    return `${formatNumberOf(count, "span")}${more}`;
  }

  #legend() {
    const { spans } = this;
    const list = element("div", "wb-fg-legend", { role: "list", "aria-label": "Kinds of spans" });
    spans.kinds.forEach((kind, number) => {
      const own = spans.kind.reduce((n, k) => n + (k === number), 0);
      const swatch = element("span", "wb-fg-swatch");
      swatch.style.backgroundColor = colourOf(kind);
      list.append(element("span", "wb-spans-kind", { role: "listitem" }, swatch, `${shorten(kind, 40)} `, element("span", "wb-fg-share", {}, formatCount(own))));
    });
    return list;
  }

  /** The same as a table, made when it is opened; the longest first. */
  #table() {
    const details = element("details", "wb-spans-table", {}, element("summary", "", {}, "Spans as a table"));
    details.addEventListener("toggle", () => {
      if (!details.open || details.querySelector("table")) return;
      const { spans } = this;
      const order = Array.from(spans.start.keys()).sort((a, b) => spans.duration[b] - spans.duration[a]);
      const head = ["Kind", "Name", "Duration", "Start", "Issued by", "Line", "Status"]; // as views/timeline.py has them
      const rows = order.slice(0, TABLE_ROWS).map((i) => {
        const cells = [spans.kinds[spans.kind[i]], spans.name(i), spans.time(spans.duration[i]), spans.time(spans.start[i]), spans.issuer(i), spans.sites[spans.site[i]], spans.failed[i] ? "failed" : "ok"];
        return element("tr", "", {}, ...cells.map((text) => element("td", "", {}, shorten(text))));
      });
      const caption = element("caption", "", {}, spans.count > TABLE_ROWS ? `The ${TABLE_ROWS} longest of ${formatCount(spans.count)} spans` : "All spans, the longest first");
      const table = element("table", "wb-fg-table", {}, caption, element("thead", "", {}, element("tr", "", {}, ...head.map((text) => element("th", "", { scope: "col" }, text)))), element("tbody", "", {}, ...rows));
      details.append(element("div", "wb-fg-functions", { tabindex: "0", role: "region", "aria-label": "Spans" }, table));
    }, { signal: this.shell.signal });
    return details;
  }

  #listen() {
    const { signal } = this.shell;
    this.canvas.addEventListener("pointermove", (event) => this.#hover(this.#hit(event)), { signal });
    this.canvas.addEventListener("pointerleave", () => this.#hover(-1), { signal });
    this.canvas.addEventListener("click", (event) => this.select(this.#hit(event)), { signal });
    this.canvas.addEventListener("dblclick", () => this.#zoomTo(), { signal });
    this.canvas.addEventListener("keydown", (event) => this.#key(event), { signal });
    this.scroller.addEventListener("scroll", () => this.request(), { signal });
    const observer = new ResizeObserver(() => this.resize());
    observer.observe(this.scroller);
    signal.addEventListener("abort", () => observer.disconnect());
    this.canvas.__timeline = this; // for tests: state(), boxOf(span), select(span)
  }

  /** What tests and scripts may ask. */
  state() {
    const { spans, view, selected, width } = this;
    return { count: spans.count, rows: spans.rows, left: view.left, right: view.right, selected, width, issued: this.issued ? this.issued.reduce((n, is) => n + is, 0) : -1 };
  }

  /** Where a span stands on the canvas, in CSS pixels. */
  boxOf(i) {
    return boxOf(this.scene(), i);
  }

  opened() {
    this.resize();
  }

  /** Whether the flame chart above decides which part of the time is shown. */
  follow(following) {
    this.following = following;
    this.apart.hidden = following;
    if (!following) this.window(0, this.spans.length);
    this.resize();
  }

  window(left, right) {
    if (!(right > left)) return;
    this.view = { left, right };
    this.request();
  }

  /** As wide as the chart, and at its left edge, so that one moment is one column of pixels. */
  resize() {
    const chart = [...this.shell.element.querySelectorAll(".wb-fg-canvas")].find((canvas) => canvas.clientWidth > 0);
    const width = chart?.clientWidth || this.scroller.clientWidth;
    if (!width) return;
    const shift = chart ? chart.getBoundingClientRect().left - this.scroller.getBoundingClientRect().left : 0;
    this.canvas.style.marginLeft = `${Math.round(shift)}px`;
    const ratio = this.shell.element.classList.contains("wb-fg-paper") ? PRINTERS : window.devicePixelRatio || 1;
    const height = Math.min(this.height + HEAD, TALLEST);
    [this.width, this.shown] = [width, height];
    this.canvas.width = Math.max(1, Math.round(width * ratio));
    this.canvas.height = Math.max(1, Math.round(height * ratio));
    this.canvas.style.width = `${width}px`;
    this.canvas.style.height = `${height}px`;
    this.paint();
  }

  /** Paint in the next frame, once however often asked. */
  request() {
    this.frame ??= requestAnimationFrame(() => {
      this.frame = undefined;
      this.paint();
    });
  }

  /** @returns {import("./spanpaint.js").Scene} */
  scene() {
    const { spans, view, width, shown: height, issued, selected, hovered } = this;
    return { spans, view, width, height, scroll: this.scroller.scrollTop, issued, selected, hovered, theme: this.shell.theme };
  }

  paint() {
    if (!this.width) return;
    const context = this.canvas.getContext("2d");
    context.setTransform(this.canvas.width / this.width, 0, 0, this.canvas.height / this.shown, 0, 0);
    context.font = `11px ${getComputedStyle(this.element).fontFamily}`;
    this.boxes = paintSpans(context, this.scene());
    this.more.update(this.height + HEAD, this.shown, ROW);
    this.painted = (this.painted || 0) + 1;
  }

  #hit(event) {
    const { view, width, spans } = this;
    if (event.offsetY < HEAD) return -1;
    const row = Math.floor((event.offsetY - HEAD + this.scroller.scrollTop) / ROW);
    const unit = (view.right - view.left) / width;
    return spans.at(row, view.left + event.offsetX * unit, 2 * unit);
  }

  #hover(i) {
    if (i === this.hovered) return;
    this.hovered = i;
    this.canvas.classList.toggle("wb-fg-pointing", i >= 0);
    this.line.textContent = i >= 0 ? this.spans.sentence(i) : this.selected >= 0 ? this.spans.sentence(this.selected) : this.#summary();
    this.request();
  }

  /** Choose a span: its stack is marked in the graph. */
  select(i) {
    this.selected = i;
    this.show.hidden = i < 0 || !this.spans.node[i];
    this.zoom.hidden = i < 0 || !this.following;
    this.line.textContent = i >= 0 ? this.spans.sentence(i) : this.#summary();
    this.shell.markNodes(i >= 0 && this.spans.node[i] ? [this.spans.node[i]] : null);
    this.#reveal(i);
    this.request();
  }

  #reveal(i) {
    if (i < 0) return;
    const top = this.spans.row[i] * ROW;
    const { scrollTop, clientHeight } = this.scroller;
    if (top < scrollTop || top + ROW + HEAD > scrollTop + clientHeight) this.scroller.scrollTop = Math.max(0, top - ROW);
    const { start, duration } = this.spans;
    const { left, right } = this.view;
    if (this.following && (start[i] + duration[i] < left || start[i] > right)) this.#zoomTo();
  }

  #showStack() {
    if (this.selected >= 0 && this.spans.node[this.selected]) this.shell.zoomTo(this.spans.node[this.selected]);
  }

  /** The flame chart's window around the span. */
  #zoomTo() {
    if (this.selected < 0) return;
    const { start, duration, length } = this.spans;
    const room = Math.max(duration[this.selected] / 2, 1);
    this.shell.showTime(Math.max(0, start[this.selected] - room), Math.min(length, start[this.selected] + duration[this.selected] + room));
  }

  #key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const move = { ArrowRight: () => this.#beside(1), ArrowLeft: () => this.#beside(-1), ArrowDown: () => this.#below(1), ArrowUp: () => this.#below(-1), Home: () => 0, End: () => this.spans.count - 1 }[event.key];
    const act = { Enter: () => this.#showStack(), z: () => this.#zoomTo(), Escape: () => this.select(-1) }[event.key];
    if (!move && !act) return;
    event.preventDefault();
    event.stopPropagation(); // JupyterLab has keys of its own
    if (act) act();
    else this.select(move());
  }

  /** The next span in the same row, or in the whole where the row ends. */
  #beside(step) {
    if (this.selected < 0) return 0;
    const own = this.spans.inRow[this.spans.row[this.selected]];
    return own[own.indexOf(this.selected) + step] ?? this.selected;
  }

  /** The span in a row above or below that is nearest in time. */
  #below(step) {
    if (this.selected < 0) return 0;
    const { spans, selected } = this;
    const row = spans.inRow[spans.row[selected] + step];
    if (!row?.length) return selected;
    return row.reduce((near, i) => (Math.abs(spans.start[i] - spans.start[selected]) < Math.abs(spans.start[near] - spans.start[selected]) ? i : near));
  }

  /** Spans whose stack goes through the function stay bright. */
  chooseFunction(frame) {
    const { spans } = this;
    const { profile } = spans;
    const again = frame === this.chosen;
    this.chosen = again ? -1 : frame;
    this.issued = null;
    if (!again && frame > 0) {
      const within = new Uint8Array(profile.size);
      for (let node = 1; node < profile.size; node++) within[node] = within[profile.parent[node]] | (profile.frame[node] === frame ? 1 : 0);
      const issued = Uint8Array.from(spans.node, (node) => within[node]);
      if (issued.includes(1)) this.issued = issued;
    }
    this.request();
  }
}
