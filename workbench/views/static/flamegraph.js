// The flame graph: an icicle on a canvas (root on top) with zoom, search, hover and keyboard, over a Profile.
//
//   import { mount } from "./flamegraph.js";
//   const graph = await mount(hostElement, payload);   // base64 string, ArrayBuffer, typed array or DataView
//
// The canvas has no DOM inside; what tests and scripts need is on `hostElement.__flamegraph`:
//   layout() boxes in view · hitTest(x, y) node at canvas pixels · zoomTo(node) · search(text) · state()

import { Card, describe, element, functionTable, legend, Toolbar } from "./controls.js";
import { formatShare, formatTime } from "./format.js";
import { boxOf, eachBox, nodeAt, Painter, ROW } from "./paint.js";
import { Palette } from "./palette.js";
import { decode } from "./profile.js";

const TALLEST = 640; // CSS pixels; deeper graphs scroll inside
const GLIDE = 170; // milliseconds of a zoom's motion
const DRAG_FROM = 4; // pixels before a press becomes a drag

/** Decode a payload and show it in `host`. Options: {height: CSS pixels at most, animate, table: booleans}. */
export async function mount(host, source, options = {}) {
  return new FlameGraph(host, await decode(source), options);
}

export class FlameGraph {
  constructor(host, profile, options = {}) {
    this.host = host;
    this.profile = profile;
    this.options = { height: TALLEST, animate: true, table: true, ...options };
    this.focus = 0;
    this.selected = -1;
    this.hovered = -1;
    this.query = "";
    this.marked = null;
    this.matched = null; // the last search's result
    this.history = [];
    this.view = { left: 0, right: Math.max(profile.whole, 1e-9) };
    this.width = this.height = 0;
    this.controller = new AbortController(); // takes every listener off at once
    this.#build();
    this.#listen();
    this.#theme();
    this.resize();
    host.__flamegraph = this;
  }

  // ---- what callers and tests use

  /** The boxes in view that are wide enough to draw: [{node, name, depth, x, y, width, height}]. */
  layout() {
    const boxes = [];
    const scene = this.#scene();
    eachBox(scene, (node, depth, x, width) => {
      if (width >= 0.5) boxes.push({ node, name: this.profile.name(node), depth, ...boxOf(scene, node) });
    });
    return boxes;
  }

  /** The node at a point in CSS pixels from the canvas's top left corner, -1 for none. */
  hitTest(x, y) {
    return nodeAt(this.#scene(), x, y);
  }

  state() {
    const { profile, focus, selected, hovered, view, query, matched } = this;
    return {
      nodes: profile.size - 1,
      focus,
      focusName: profile.name(focus),
      selected,
      hovered,
      view: [view.left, view.right],
      width: this.width,
      height: this.height,
      scroll: this.scroller.scrollTop,
      query,
      matchedFrames: matched ? matched.count : 0,
      matchedShare: matched ? matched.weight / profile.whole : 0,
      moving: this.frameRequest !== undefined,
      dark: this.dark,
      painted: this.painted,
    };
  }

  /** Zoom so that a node fills the width; 0 is the whole profile. */
  zoomTo(node, remember = true) {
    if (remember && node !== this.focus) this.history.push(this.focus);
    this.focus = node;
    this.#fitRows();
    this.#glide({ left: this.profile.x[node], right: this.profile.x[node] + this.profile.total[node] });
    this.#reveal(node);
    this.toolbar.update(node !== 0, this.history.length > 0);
    this.card.refocus(this.profile, node);
    this.#announce(node);
  }

  back() {
    if (this.history.length) this.zoomTo(this.history.pop(), false);
  }

  reset() {
    if (this.focus !== 0 || !this.#isFitted()) this.zoomTo(0);
  }

  /** Zoom out to the caller. */
  out() {
    if (this.focus > 0) this.zoomTo(this.profile.parent[this.focus]);
    else this.reset();
  }

  search(text) {
    this.query = text.trim();
    try {
      this.matched = this.query ? this.profile.search(this.query) : null;
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      this.matched = null;
      this.toolbar.showFound("not a regular expression", true);
      return;
    }
    this.#mark(this.matched);
  }

  /** Take the view off the page. */
  destroy() {
    this.controller.abort();
    this.observer.disconnect();
    this.themeObserver.disconnect();
    cancelAnimationFrame(this.frameRequest);
    this.root.remove();
    delete this.host.__flamegraph;
  }

  // ---- construction

  #build() {
    const { profile } = this;
    this.canvas = element("canvas", "wb-fg-canvas", {
      tabindex: "0",
      role: "application",
      "aria-roledescription": "flame graph",
      "aria-label": `Flame graph of ${profile.title.slice(0, 200)}: ${describe(profile)}. Arrow keys move, Enter zooms, Escape zooms out, slash searches.`,
    });
    this.spacer = element("div", "wb-fg-spacer", {}, this.canvas);
    this.scroller = element("div", "wb-fg-scroller", { tabindex: "-1" }, this.spacer);
    this.stage = element("div", "wb-fg-stage", {}, this.scroller);
    this.card = new Card(this.stage);
    this.live = element("div", "wb-fg-live", { "aria-live": "polite" });
    this.toolbar = new Toolbar(profile, {
      search: (text) => this.search(text),
      next: () => this.matched && this.matched.heaviest > 0 && this.zoomTo(this.matched.heaviest),
      leave: () => this.canvas.focus({ preventScroll: true }),
      back: () => this.back(),
      reset: () => this.reset(),
    });
    this.legend = legend(profile, (index) => this.#markPackage(index));
    this.root = element("div", "wb-fg", {}, this.toolbar.element, this.stage, this.legend, this.live);
    if (this.options.table) this.root.append(functionTable(profile));
    if (profile.size <= 1) this.stage.replaceChildren(element("p", "wb-fg-empty", {}, "No samples in this run."));
    this.host.replaceChildren(this.root);
    this.painter = new Painter(this.canvas, `12px ${getComputedStyle(this.root).fontFamily}`);
    this.toolbar.update(false, false);
    this.#fitRows();
  }

  #listen() {
    const { signal } = this.controller;
    const on = (target, type, handler, more = {}) => target.addEventListener(type, handler, { signal, ...more });
    on(this.canvas, "pointerdown", (event) => this.#press(event));
    on(this.canvas, "pointermove", (event) => this.#move(event));
    on(this.canvas, "pointerup", (event) => this.#release(event));
    on(this.canvas, "pointercancel", () => (this.pressed = undefined));
    on(this.canvas, "pointerleave", () => this.#hover(-1));
    on(this.canvas, "dblclick", () => this.reset());
    on(this.canvas, "keydown", (event) => this.#key(event));
    on(this.canvas, "blur", () => this.card.hide());
    on(this.canvas, "wheel", (event) => this.#wheel(event), { passive: false });
    on(this.scroller, "scroll", () => this.#request());
    on(window, "scroll", () => this.card.hideIfMoved(), { capture: true, passive: true });
    on(matchMedia("(prefers-color-scheme: dark)"), "change", () => this.#theme());
    this.observer = new ResizeObserver(() => this.resize());
    this.observer.observe(this.stage);
    this.themeObserver = new MutationObserver(() => this.#theme());
    for (const target of [document.documentElement, document.body]) {
      this.themeObserver.observe(target, { attributes: true, attributeFilter: ["data-jp-theme-light", "data-theme", "class"] });
    }
  }

  /** Colours of the theme that the style sheet has chosen. */
  #theme() {
    const style = getComputedStyle(this.root);
    this.dark = style.getPropertyValue("--wb-fg-scheme").trim() === "dark";
    const background = style.getPropertyValue("--wb-fg-background").trim() || (this.dark ? "#1b1c1f" : "#ffffff");
    this.palette = new Palette(this.profile, { dark: this.dark, background });
    this.#request();
  }

  /** The rows that the zoomed box needs; the frame around them keeps its height. */
  #fitRows() {
    const { profile, focus } = this;
    const rows = profile.depth[focus] + profile.height(focus);
    this.spacer.style.height = `${rows * ROW}px`;
    this.scroller.style.height = `${Math.min((profile.levels.length - 1) * ROW, this.options.height)}px`;
  }

  /** Fit the canvas to the room it has. */
  resize() {
    const width = this.scroller.clientWidth;
    const height = this.scroller.clientHeight;
    const ratio = window.devicePixelRatio || 1;
    if (!width || !height) return; // hidden: the observer calls again when it is shown
    if (width === this.width && height === this.height && ratio === this.ratio) return;
    [this.width, this.height, this.ratio] = [width, height, ratio];
    this.painter.resize(width, height, ratio);
    this.#paint();
  }

  // ---- painting

  #scene() {
    return {
      profile: this.profile,
      palette: this.palette,
      view: this.view,
      focus: this.focus,
      width: this.width,
      height: this.height,
      scroll: this.scroller.scrollTop,
      marked: this.marked,
      hovered: this.hovered,
      selected: document.activeElement === this.canvas ? this.selected : -1,
    };
  }

  #paint() {
    if (!this.width || this.profile.size <= 1) return;
    this.painter.paint(this.#scene());
    this.painted = (this.painted || 0) + 1;
  }

  /** Paint in the next frame, once however often asked. */
  #request() {
    if (this.frameRequest !== undefined) return;
    this.frameRequest = requestAnimationFrame((now) => {
      this.frameRequest = undefined;
      this.#step(now);
      this.#paint();
    });
  }

  /** Move the view to a target, in a glide unless motion is unwanted. */
  #glide(target) {
    const still = !this.options.animate || matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.motion = still ? undefined : { from: { ...this.view }, target, start: performance.now() };
    if (still) this.view = target;
    this.#request();
  }

  #step(now) {
    if (!this.motion) return;
    const { from, target, start } = this.motion;
    const time = Math.min(1, Math.max(0, now - start) / GLIDE);
    const eased = 1 - (1 - time) ** 3;
    const between = (a, b) => a + (b - a) * eased;
    this.view = time === 1 ? target : { left: between(from.left, target.left), right: between(from.right, target.right) };
    if (time === 1) this.motion = undefined;
    else this.#request();
  }

  /** Scroll so that a node's row is in view, with a caller or two above it. */
  #reveal(node) {
    const top = this.profile.depth[node] * ROW;
    const { scrollTop, clientHeight } = this.scroller;
    if (top < scrollTop || top + 4 * ROW > scrollTop + clientHeight) this.scroller.scrollTop = Math.max(0, top - 2 * ROW);
  }

  // ---- marks

  #mark(result) {
    this.marked = result ? result.frames : null;
    const share = result && formatShare(result.weight, this.profile.whole);
    const functions = result && (result.count === 1 ? "1 function" : `${result.count} functions`);
    this.toolbar.showFound(!result ? "" : result.count ? `${share} in ${functions}` : "no match");
    this.#request();
  }

  #markPackage(index) {
    this.toolbar.input.value = this.query = "";
    this.matched = null;
    this.toolbar.showFound("");
    this.marked = index < 0 ? null : Uint8Array.from(this.profile.frameFile, (_, frame) => (frame > 0 && this.profile.packageOf(frame) === index ? 1 : 0));
    this.#request();
  }

  // ---- pointer

  #press(event) {
    if (event.button !== 0) return;
    const { left, right } = this.view;
    this.pressed = { x: event.clientX, y: event.clientY, left, right, scroll: this.scroller.scrollTop, dragged: false };
    this.canvas.setPointerCapture(event.pointerId);
  }

  #move(event) {
    if (this.pressed && this.#drag(event)) return;
    const node = this.hitTest(event.offsetX, event.offsetY);
    this.#hover(node);
    if (node >= 0) this.card.show(this.profile, node, this.focus, event.offsetX, event.offsetY);
  }

  #drag(event) {
    const { pressed } = this;
    const [dx, dy] = [event.clientX - pressed.x, event.clientY - pressed.y];
    if (!pressed.dragged && Math.hypot(dx, dy) < DRAG_FROM) return false;
    pressed.dragged = true;
    this.#hover(-1);
    this.motion = undefined;
    this.#pan(pressed.left, pressed.right, (-dx / this.width) * (pressed.right - pressed.left));
    this.scroller.scrollTop = pressed.scroll - dy;
    return true;
  }

  #release(event) {
    const { pressed } = this;
    this.pressed = undefined;
    if (!pressed || pressed.dragged) return;
    const node = this.hitTest(event.offsetX, event.offsetY);
    this.canvas.focus({ preventScroll: true });
    if (node < 0) return;
    this.selected = node;
    this.#hover(-1);
    this.zoomTo(node);
  }

  #hover(node) {
    if (node < 0) this.card.hide();
    this.canvas.classList.toggle("wb-fg-pointing", node >= 0);
    if (node === this.hovered) return;
    this.hovered = node;
    this.#request();
  }

  /** Ctrl or Cmd (a pinch) zooms around the pointer, sideways pans; plain vertical wheels scroll, as on any page. */
  #wheel(event) {
    const sideways = event.shiftKey ? event.deltaY || event.deltaX : Math.abs(event.deltaX) > Math.abs(event.deltaY) ? event.deltaX : 0;
    if (!event.ctrlKey && !event.metaKey && !sideways) return;
    event.preventDefault();
    this.#hover(-1);
    this.motion = undefined;
    const { left, right } = this.view;
    if (sideways && !event.ctrlKey && !event.metaKey) this.#pan(left, right, (sideways / this.width) * (right - left));
    else this.#scale(Math.exp(event.deltaY * 0.004), event.offsetX / this.width);
  }

  #pan(left, right, by) {
    const shift = Math.max(-left, Math.min(this.profile.whole - right, by));
    this.view = { left: left + shift, right: right + shift };
    this.#request();
    this.toolbar.update(!this.#isWhole(), this.history.length > 0);
  }

  #scale(factor, anchor) {
    const { left, right } = this.view;
    const { whole } = this.profile;
    const span = Math.min(whole, Math.max(whole * 1e-7, (right - left) * factor));
    const start = left + anchor * (right - left - span);
    const clamped = Math.max(0, Math.min(whole - span, start));
    this.view = { left: clamped, right: clamped + span };
    this.focus = 0; // a free view has no zoomed box
    this.#fitRows();
    this.#request();
    this.toolbar.update(!this.#isWhole(), this.history.length > 0);
  }

  #isWhole() {
    return this.view.left <= 0 && this.view.right >= this.profile.whole;
  }

  #isFitted() {
    const { x, total } = this.profile;
    return this.view.left === x[this.focus] && this.view.right === x[this.focus] + total[this.focus];
  }

  // ---- keyboard

  #key(event) {
    const action = this.#actions()[event.key];
    if (!action || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    event.stopPropagation(); // JupyterLab has keys of its own
    action();
  }

  #actions() {
    const { profile } = this;
    const at = this.selected >= 0 ? this.selected : this.focus;
    const [first, end] = profile.descend(at);
    return {
      ArrowDown: () => this.#select(first < end ? first : at),
      ArrowUp: () => this.#select(Math.max(0, profile.parent[at])),
      ArrowRight: () => this.#select(at + 1 < profile.levels[profile.depth[at] + 1] ? at + 1 : at),
      ArrowLeft: () => this.#select(at - 1 >= profile.levels[profile.depth[at]] ? at - 1 : at),
      Enter: () => this.zoomTo(at),
      Escape: () => this.out(),
      Backspace: () => this.back(),
      Home: () => this.reset(),
      "/": () => this.toolbar.input.focus(),
    };
  }

  /** Select a node with the keyboard; a node outside the view zooms out to the nearest caller that shows it. */
  #select(node) {
    this.selected = node;
    const { x, total, parent } = this.profile;
    const inView = (n) => x[n] >= this.view.left - 1e-9 && x[n] + total[n] <= this.view.right + 1e-9;
    if (!inView(node) && this.profile.depth[node] >= this.profile.depth[this.focus]) {
      let target = this.focus;
      while (target > 0 && !(x[target] <= x[node] && x[node] + total[node] <= x[target] + total[target])) target = parent[target];
      this.zoomTo(target);
    }
    this.#reveal(node);
    const box = boxOf(this.#scene(), node);
    this.card.show(this.profile, node, this.focus, box.x + Math.min(box.width, 40), box.y);
    this.#announce(node);
    this.#request();
  }

  #announce(node) {
    const { profile } = this;
    const total = profile.total[node];
    this.live.textContent = `${profile.name(node).slice(0, 200)}, total ${formatTime(profile.ns(total))}, ${formatShare(total, profile.whole)}`;
  }
}
