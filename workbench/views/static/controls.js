// The parts around the canvas. All text goes in through textContent: names in a profile are never markup.

import { formatCount, formatNumberOf, formatShare, formatTime } from "./format.js";

const TABLE_ROWS = 50;
const LEGEND_KEYS = 14;

/** A DOM element with a class, attributes and children (elements or text). */
export function element(tag, className, attributes = {}, ...children) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

/** What the picture shows, in one line. */
export function describe(profile) {
  const { meta } = profile;
  const parts = [profile.rounds > 1 ? `${formatTime(profile.ns(profile.whole))} per round` : formatTime(profile.ns(profile.whole))];
  if (profile.rounds > 1) parts.push(`mean of ${profile.rounds} sampled rounds`);
  parts.push(formatNumberOf(profile.samples[0], "sample"));
  if (meta.sampler) parts.push(meta.interval_ns ? `${meta.sampler} every ${formatTime(meta.interval_ns)}` : meta.sampler);
  if (meta.clock && meta.clock !== "wall") parts.push(`clock: ${meta.clock}`);
  return parts.join(" · ");
}

/** Title, search box and buttons. Handlers: {search(text), next(), back(), reset()}. */
export class Toolbar {
  constructor(profile, handlers) {
    const title = element("div", "wb-fg-title", {}, element("strong", "", {}, profile.title), " ", describe(profile));
    this.input = element("input", "wb-fg-search", {
      type: "search",
      placeholder: "Search (or /regex/)",
      "aria-label": "Search functions and files; a regular expression between slashes",
      spellcheck: "false",
      autocomplete: "off",
    });
    this.found = element("span", "wb-fg-found", { role: "status" });
    this.back = element("button", "wb-fg-button", { type: "button", title: "Back (Backspace)" }, "Back");
    this.reset = element("button", "wb-fg-button", { type: "button", title: "Whole profile (Home)" }, "Reset");
    this.input.addEventListener("input", () => handlers.search(this.input.value));
    this.input.addEventListener("keydown", (event) => this.#key(event, handlers));
    this.back.addEventListener("click", handlers.back);
    this.reset.addEventListener("click", handlers.reset);
    this.element = element("div", "wb-fg-toolbar", {}, title, this.found, this.input, this.back, this.reset);
  }

  #key(event, handlers) {
    event.stopPropagation(); // JupyterLab has keys of its own
    if (event.key === "Enter") handlers.next();
    if (event.key !== "Escape") return;
    this.input.value = "";
    handlers.search("");
    handlers.leave();
  }

  update(zoomed, canGoBack) {
    this.back.disabled = !canGoBack;
    this.reset.disabled = !zoomed;
  }

  showFound(text, bad = false) {
    this.found.textContent = text;
    this.found.classList.toggle("wb-fg-bad", bad);
  }
}

/** The card beside the pointer or the selected box: a popover, which no scrolling ancestor cuts off. */
export class Card {
  constructor(stage) {
    this.stage = stage;
    this.element = element("div", "wb-fg-card", { role: "tooltip", popover: "manual" });
    stage.append(this.element);
  }

  hide() {
    if (this.element.matches(":popover-open")) this.element.hidePopover();
  }

  /** Hide it once the page has scrolled away under it. */
  hideIfMoved() {
    if (this.stage.getBoundingClientRect().top !== this.top) this.hide();
  }

  /** Its shares of the zoomed box, once another one is zoomed. */
  refocus(profile, focus) {
    if (this.element.matches(":popover-open")) this.show(profile, this.node, focus, this.x, this.y);
  }

  /** Show facts about a node near (x, y) in the stage's pixels, on the side where there is room. */
  show(profile, node, focus, x, y) {
    [this.node, this.x, this.y] = [node, x, y];
    const rows = element("table", "");
    const headings = ["", "time", "of all"];
    if (focus > 0) headings.push("of zoomed");
    rows.append(tableRow("th", headings));
    for (const [label, weight] of [["Self", node === 0 ? 0 : profile.self[node]], ["Total", profile.total[node]]]) {
      const cells = [label, formatTime(profile.ns(weight)), formatShare(weight, profile.whole)];
      if (focus > 0) cells.push(formatShare(weight, profile.total[focus]));
      rows.append(tableRow("td", cells));
    }
    const samples = `${formatNumberOf(profile.samples[node], "sample")}, ${formatCount(profile.ownSamples[node])} in itself`;
    this.element.replaceChildren(
      element("div", "wb-fg-name", {}, shorten(profile.name(node))),
      element("div", "wb-fg-place", {}, shorten(profile.place(node))),
      rows,
      element("div", "wb-fg-place", {}, samples),
    );
    if (!this.element.matches(":popover-open")) this.element.showPopover();
    this.#place(x, y);
  }

  #place(x, y) {
    const stage = this.stage.getBoundingClientRect();
    this.top = stage.top;
    const { offsetWidth, offsetHeight } = this.element;
    const beside = (at, size, room) => (at + 16 + size <= room ? at + 16 : Math.max(0, at - 16 - size));
    const left = beside(stage.left + x, offsetWidth, window.innerWidth);
    const top = beside(stage.top + y, offsetHeight, window.innerHeight);
    this.element.style.transform = `translate(${Math.round(left)}px, ${Math.round(top)}px)`;
  }
}

/** The packages with their colours and shares of self time; pressing one highlights its boxes. */
export function legend(profile, toggle) {
  const weights = new Float64Array(profile.packages.length);
  for (let node = 1; node < profile.size; node++) weights[profile.packageOf(profile.frame[node])] += profile.self[node];
  const list = element("div", "wb-fg-legend", { role: "group", "aria-label": "Packages by self time" });
  profile.packages.forEach(({ name, colour }, index) => {
    if (!(weights[index] > 0) || index >= LEGEND_KEYS) return;
    const swatch = element("span", "wb-fg-swatch");
    swatch.style.backgroundColor = colour;
    const share = element("span", "wb-fg-share", {}, formatShare(weights[index], profile.whole));
    const button = element("button", "wb-fg-key", { type: "button", "aria-pressed": "false" }, swatch, shorten(name, 40), " ", share);
    button.title = "Self time; press to highlight";
    button.addEventListener("click", () => {
      const pressed = button.getAttribute("aria-pressed") !== "true";
      for (const other of list.querySelectorAll("button")) other.setAttribute("aria-pressed", "false");
      button.setAttribute("aria-pressed", String(pressed));
      toggle(pressed ? index : -1);
    });
    list.append(button);
  });
  const more = weights.subarray(LEGEND_KEYS).filter((weight) => weight > 0);
  if (more.length) {
    const share = formatShare(more.reduce((sum, weight) => sum + weight, 0), profile.whole);
    list.append(element("span", "wb-fg-share wb-fg-key", {}, `${formatNumberOf(more.length, "more package")} ${share}`));
  }
  return list;
}

/** The top functions as a table, built when it is opened: what a screen reader reads instead of the canvas. */
export function functionTable(profile) {
  const details = element("details", "wb-fg-functions", {}, element("summary", "", {}, "Top functions as a table"));
  details.addEventListener("toggle", () => {
    if (!details.open || details.querySelector("table")) return;
    const table = element("table", "", {}, tableRow("th", ["Function", "File", "Self", "", "Total", ""]));
    for (const { frame, self, total } of profile.topFunctions(TABLE_ROWS)) {
      const name = shorten(profile.functions[profile.frameFunction[frame]]);
      const file = shorten(profile.files[profile.frameFile[frame]]);
      const share = (weight) => [formatTime(profile.ns(weight)), formatShare(weight, profile.whole)];
      table.append(tableRow("td", [name, file, ...share(self), ...share(total)]));
    }
    details.append(table);
  });
  return details;
}

function tableRow(cell, texts) {
  const attributes = cell === "th" ? { scope: "col" } : {};
  return element("tr", "", {}, ...texts.map((text) => element(cell, "", attributes, text)));
}

function shorten(text, longest = 300) {
  return text.length > longest ? `${text.slice(0, longest)}…` : text;
}
