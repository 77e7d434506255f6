// The flame graph on a page: a shell that holds the views of one profile, and what tests and scripts may ask of it.
//
//   import { mount } from "./flamegraph.js";
//   const graph = await mount(hostElement, payload);   // base64 string, ArrayBuffer, typed array or DataView
// A canvas has no DOM inside; what tests and scripts need is on `hostElement.__flamegraph`:
//   layout() boxes in view · hitTest(x, y) node at canvas pixels · zoomTo(node) · search(text) · set(change) · state()

import { Address } from "./address.js";
import { tasksIn } from "./chart.js";
import { copyText } from "./dom.js";
import { formatShare, shorten } from "./format.js";
import { actionOf } from "./keys.js";
import { hiddenLine } from "./menus.js";
import { byPackage, bySelf } from "./palette.js";
import { layOnPaper, takeOffPaper } from "./paper.js";
import { makeParts, pointed } from "./parts.js";
import { Pointer } from "./pointer.js";
import { PLUGINS } from "./plugins.js";
import { decode } from "./profile.js";
import { shellOf } from "./shell.js";
import { INITIAL, nodeText, same, sensible, shapeKey } from "./state.js";
import { readTheme, watchPaper, watchTheme } from "./theme.js";
import { Views } from "./views.js";

const TALLEST = 640; // CSS pixels; deeper graphs scroll inside
const KEPT = 100; // states that Back leads through
const OWN_KEYS = "input, select, textarea, canvas, dialog, [popover]"; // they have meanings of their own for keys
const BROWSERS_KEYS = new Set(["Escape", "Enter", " ", "Tab", "Home", "End", "ArrowUp", "ArrowDown", "ArrowLeft", "ArrowRight"]);
const SETTLED = 250; // milliseconds after which a free view is put into the address

/**
 * Decode a payload and show it in `host`.
 * @param {HTMLElement} host
 * @param {string | ArrayBuffer | ArrayBufferView} source
 * @param {{height?: number, animate?: boolean, address?: string, state?: object}} options  `height`: CSS pixels at most;
 *   `address`: a key under which the state stands in the page's address; `state`: what differs from the usual at first
 */
export async function mount(host, source, options = {}) {
  return new FlameGraph(host, await decode(source), options);
}

export class FlameGraph {
  constructor(host, profile, options = {}) {
    this.host = host;
    this.profile = profile;
    this.options = { height: TALLEST, animate: true, ...options };
    this.views = new Views(profile);
    this.colourings = new Map();
    this.handlers = new Map(); // event → functions
    this.added = new Map(); // plugins' parts of the state: key → apply
    this.past = [];
    this.painted = 0;
    this.controller = new AbortController(); // takes every listener off at once
    this.initial = { ...INITIAL, colour: "module", ...options.state };
    Object.assign(this, makeParts(this, { painted: () => this.#onPainted(), made: (pane) => this.#attend(pane) }));
    host.replaceChildren(this.root);
    this.theme = readTheme(this.root);
    this.addColouring(byPackage);
    this.addColouring(bySelf);
    for (const plugin of PLUGINS) plugin(shellOf(this));
    this.#listen();
    this.#start();
    host.__flamegraph = this;
  }

  // ---- what callers and tests use

  get main() {
    return this.stage.main;
  }

  /** The boxes in view that are drawn: [{node, name, depth, x, y, width, height}]; `upper`: the sandwich's callers. */
  layout(upper = false) {
    return (upper ? this.stage.upper : this.main).layout();
  }

  /** The node at a point in CSS pixels from the canvas's top left corner, -1 for none. */
  hitTest(x, y, upper = false) {
    return (upper ? this.stage.upper : this.main).hitTest(x, y);
  }

  state() {
    const { main, found, now } = this;
    const { view, tree, focus } = main;
    return {
      settings: { ...now },
      shown: now.view,
      query: now.query,
      nodes: tree.size - 1,
      focus,
      focusName: tree.name(focus),
      selected: main.selected,
      hovered: main.hovered,
      view: [view.left, view.right],
      width: main.width,
      height: main.height,
      scroll: main.scroller.scrollTop,
      matchedFrames: found ? found.count : 0,
      matchedShare: found ? found.share : 0,
      moving: this.stage.shown.some((pane) => pane.moving),
      dark: this.theme.dark,
      painted: this.painted,
    };
  }

  /** Change parts of the state (see state.js); `push` makes it a step that Back undoes. */
  set(change, push = true) {
    this.#settle();
    const next = { ...this.now, ...change };
    if (change.view === "sandwich" && this.now.view !== "sandwich" && !change.frame) next.frame = this.#meantFrame() || next.frame;
    if (next.task && next.lane !== this.now.lane) Object.assign(next, this.#ofItsThread(next));
    const moved = ["view", "lane", "task", "frame"].some((name) => next[name] !== this.now[name]);
    if (moved && !("focus" in change)) Object.assign(next, { focus: "", above: "", range: "" });
    else if (shapeKey(next) !== shapeKey(this.now) && !("focus" in change)) Object.assign(next, this.#carried(next));
    if (same(next, this.now)) return;
    if (push) this.past.push(this.now);
    if (this.past.length > KEPT) this.past.shift();
    this.#show(next);
    this.address?.write(this.#told(), push);
  }

  /** The state, following a task only if its thread has it. */
  #ofItsThread(state) {
    return state.task && !tasksIn(this.profile, Number(state.lane) || 0).has(Number(state.task)) ? { ...state, task: "" } : state;
  }

  /** Zoom the main pane so that a node fills the width; 0 is the whole. */
  zoomTo(node) {
    this.zoom(this.main, node);
  }

  zoom(pane, node) {
    const name = pane === this.stage.upper ? "above" : "focus";
    if (pane.focus === node && !pane.isFitted) pane.zoomTo(node);
    pane.selected = pane.selected >= 0 ? node : -1;
    this.set({ [name]: nodeText(pane.tree, node, this.now.view === "time"), ...(name === "focus" && { range: "" }) });
    this.announce(pane, pane.focus);
  }

  back() {
    if (!this.past.length) return;
    const state = this.past.pop();
    this.#show(state);
    this.address?.write(this.#told(), true);
    this.announce(this.main, this.main.focus);
  }

  /** The whole profile. */
  reset() {
    this.set({ focus: "", above: "", range: "" });
    for (const pane of this.stage.shown) if (!pane.isFitted) pane.zoomTo(0);
    this.toolbar.updateSteps(this.#steps);
  }

  /** Zoom out to the caller. */
  out(pane) {
    if (pane.focus > 0) this.zoom(pane, pane.tree.parent[pane.focus]);
    else this.reset();
  }

  search(text) {
    this.set({ query: text.trim(), mark: "" }, false);
  }

  /** Zoom to the next match, widest first. */
  next(backwards) {
    const { main } = this;
    const found = main.marks?.widest(main.tree, KEPT) ?? [];
    if (!found.length) return;
    const at = found.indexOf(main.focus);
    this.zoomTo(found[at < 0 ? 0 : (at + (backwards ? -1 : 1) + found.length) % found.length]);
  }

  hide(token) {
    const tokens = this.now.hidden ? this.now.hidden.split(".") : [];
    if (!tokens.includes(token)) this.set({ hidden: [...tokens, token].join(".") });
  }

  /** A function was chosen: it is marked, or the sandwich is of it. */
  choose(frame, node = 0) {
    if (this.now.view === "sandwich") this.set({ frame: String(frame) });
    else this.set({ mark: this.now.mark === `f${frame}` ? "" : `f${frame}`, query: "" });
    this.emit("choose", { frame, node });
  }

  openSandwich(frame) {
    if (frame > 0) this.set({ view: "sandwich", frame: String(frame), query: "", mark: "" });
    this.emit("choose", { frame, node: 0 });
  }

  /** Zoom to a node of the profile, wherever it is in the tree that is shown. */
  zoomToOrigin(node) {
    if (this.now.view !== "flame") this.set({ view: "flame" });
    this.zoomTo(this.views.carried(node, this.now));
  }

  markNodes(nodes) {
    this.#settle();
    this.stage.extra = nodes;
    this.#show(this.now);
  }

  /** The flame chart's window, in units of the time axis. */
  showTime(left, right) {
    if (this.now.view !== "time") this.set({ view: "time" });
    this.freely(this.main, () => this.main.showRange(left, right));
  }

  async copy(text) {
    this.live.textContent = (await copyText(text)) ? `Copied ${shorten(text, 200)}` : "The browser refused the clipboard.";
    this.toolbar.showFound(this.live.textContent.slice(0, 80));
  }

  resize() {
    this.stage.resize();
  }

  /** Events are listed in plugins.js. */
  on(type, handler) {
    this.handlers.set(type, [...(this.handlers.get(type) ?? []), handler]);
  }

  emit(type, detail = {}) {
    for (const handler of this.handlers.get(type) ?? []) handler(detail);
  }

  addColouring(colouring) {
    this.colourings.set(colouring.id, colouring);
    this.toolbar.addColour(colouring.id, colouring.label);
  }

  addState(key, initial, apply) {
    this.added.set(key, apply);
    this.initial[key] = initial;
    return (value) => this.set({ [key]: value });
  }

  /** Take the view off the page. */
  destroy() {
    this.controller.abort();
    clearTimeout(this.settling);
    this.stage.destroy();
    this.root.remove();
    delete this.host.__flamegraph;
  }

  // ---- what the parts do

  #listen() {
    const { signal } = this.controller;
    this.#attend(this.stage.single);
    this.root.addEventListener("keydown", (event) => this.press(event), { signal });
    window.addEventListener("scroll", () => this.card.hideIfMoved(), { signal, capture: true });
    watchTheme(signal, () => this.#dress());
    watchPaper(signal, (paper) => {
      this.root.classList.toggle("wb-fg-paper", paper);
      this.#dress();
      this.stage.fit(); // paints at once: nothing waits for the next frame
      for (const pane of this.stage.shown) (paper ? layOnPaper : takeOffPaper)(pane);
    });
  }

  /** Put on the theme that the page wears by now. */
  #dress() {
    this.theme = readTheme(this.root);
    this.#settle();
    this.#show(this.now);
    this.emit("theme");
  }

  /** Listen to what the reader does on a pane. */
  #attend(pane) {
    const { signal } = this.controller;
    new Pointer(pane, pointed(this, pane), signal);
    pane.canvas.addEventListener("keydown", (event) => this.#key(pane, event), { signal });
    pane.canvas.addEventListener("blur", () => (this.card.hide(), pane.request()), { signal });
  }

  #start() {
    const { address } = this.options;
    if (address !== undefined) this.address = new Address(address, (state) => this.#visit(state), this.controller.signal);
    this.#show(this.#ofItsThread({ ...this.initial, ...sensible(this.profile, this.address?.read() ?? {}) }));
    this.resize();
  }

  /** The reader went to another address. */
  #visit(told) {
    const state = this.#ofItsThread({ ...this.initial, ...sensible(this.profile, told) });
    if (same(state, this.now)) return;
    if (this.past.length && same(this.past.at(-1), state)) this.past.pop();
    else this.past.push(this.now);
    this.#show(state);
  }

  /** What of the state differs from the usual. */
  #told() {
    return Object.fromEntries(Object.entries(this.now).filter(([name, value]) => value !== this.initial[name]));
  }

  #show(state) {
    const before = this.now ?? {};
    this.now = state;
    if (!this.colourings.has(state.colour)) state.colour = "module";
    if (state.view === "sandwich" && !state.frame) state.frame = this.#chosenFrame(state);
    const colouring = this.colourings.get(state.colour);
    this.found = this.stage.show(state, this.theme, colouring);
    if (state.view === "functions" || state.view === "sandwich") this.#fillTable();
    const dressed = `${state.colour}|${this.theme.dark}`;
    if (this.dressed !== dressed) this.legend.show(colouring, this.theme);
    this.dressed = dressed;
    if (!state.mark.startsWith("p")) this.legend.release();
    hiddenLine(this.hiddenLine, this.profile, state.hidden, (hidden) => this.set({ hidden }));
    for (const [key, apply] of this.added) if (state[key] !== before[key]) apply(state[key]);
    if (state.view !== before.view) {
      this.card.hide();
      this.panels.update(state.view);
      this.emit("view", { view: state.view });
    }
    this.toolbar.tellFound(this.found, state);
    this.card.refocus();
    this.toolbar.update(state, this.#steps);
  }

  #fillTable() {
    const rows = this.views.functions(this.now);
    if (this.tableRows !== rows) this.table.show(rows);
    this.tableRows = rows;
    const frames = this.now.query ? this.found?.frames : null;
    this.table.filter(frames && ((frame) => frames[frame] === 1));
    this.table.choose(this.now.view === "sandwich" ? Number(this.now.frame) : Number(this.now.mark.slice(1)) || -1);
    if (this.now.view === "sandwich") this.table.reveal();
  }

  get #steps() {
    const { past, stage } = this;
    return { zoomed: stage.shown.some((pane) => !pane.isWhole), canGoBack: past.length > 0 };
  }

  #onPainted() {
    this.painted++;
    if (this.painted > 1 && this.wide !== this.main.width) this.emit("resize", { width: this.main.width });
    this.wide = this.main.width;
    if (this.now?.view !== "time") return;
    const { left, right } = this.main.view;
    this.emit("window", { left, right });
  }

  #chosenFrame({ mark }) {
    return mark[0] === "f" ? mark.slice(1) : String(this.views.heaviest(this.now));
  }

  /** The function that one looks at: of the zoomed box, else of the widest box that the search found; "" if neither. */
  #meantFrame() {
    const { main, now } = this;
    if (!main.tree) return "";
    const at = main.focus > 0 ? main.focus : now.query ? (main.marks?.widest(main.tree, 1) ?? [])[0] ?? 0 : 0;
    return at > 0 && main.tree.isFunction(at) ? String(main.tree.frame[at]) : "";
  }

  /** The zoomed box in a tree of another shape. */
  #carried(next) {
    const { main, now } = this;
    if (now.view !== "flame" || !main.tree || main.focus <= 0) return { focus: "", above: "", range: "" };
    const { tree } = this.views.flat(next);
    return { focus: nodeText(tree, this.views.carried(main.tree.originOf(main.focus), next), false), above: "", range: "" };
  }

  /** Move a view so that no box needs to fill it; put into the address once it rests. */
  freely(pane, act) {
    act();
    this.toolbar.updateSteps(this.#steps);
    if (pane === this.stage.upper) return;
    this.unsettled = pane;
    clearTimeout(this.settling);
    this.settling = setTimeout(() => this.set({}), SETTLED);
  }

  #settle() {
    const pane = this.unsettled;
    this.unsettled = undefined;
    if (!pane) return;
    const { left, right } = pane.motion.target;
    const share = (at) => String(Number((at / pane.tree.whole).toPrecision(7)));
    const focus = nodeText(pane.tree, pane.focus, this.now.view === "time");
    this.now = { ...this.now, focus, range: pane.isFitted ? "" : `${share(left)}-${share(right)}` };
    this.address?.write(this.#told(), false);
  }

  hover(pane, node, x, y) {
    pane.canvas.classList.toggle("wb-fg-pointing", node >= 0);
    if (node >= 0) this.card.show(pane, node, x, y);
    else this.card.hide();
    if (node === pane.hovered) return;
    pane.hovered = node;
    pane.request();
    this.emit("hover", { node: node < 0 ? -1 : pane.tree.originOf(node) });
  }

  /** A key pressed where nothing else wants it: beside the graph, or (told by a report's page) nowhere at all. */
  press(event) {
    if (event.defaultPrevented || event.target.closest?.(OWN_KEYS) || BROWSERS_KEYS.has(event.key)) return;
    this.#key(this.main, event);
  }

  #key(pane, event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const action = actionOf(this, pane, event.key.length === 1 ? event.key.toLowerCase() : event.key);
    if (!action) return;
    event.preventDefault();
    event.stopPropagation(); // JupyterLab has keys of its own
    action();
  }

  /** Select a node with the keyboard; a node outside the view zooms out to the nearest caller that shows it. */
  select(pane, node) {
    pane.selected = node;
    const { x, total, parent, depth } = pane.tree;
    const inView = (n) => x[n] >= pane.view.left - 1e-9 && x[n] + total[n] <= pane.view.right + 1e-9;
    if (!inView(node) && depth[node] >= depth[pane.focus]) {
      let target = pane.focus;
      while (target > 0 && !(x[target] <= x[node] && x[node] + total[node] <= x[target] + total[target])) target = parent[target];
      if (target !== pane.focus || pane.isFitted) this.zoom(pane, target);
      pane.selected = node;
    }
    pane.reveal(node);
    const box = pane.boxOf(node);
    this.card.show(pane, node, box.x + Math.min(box.width, 40), box.y);
    this.announce(pane, node);
    pane.request();
  }

  announce({ tree }, node) {
    const total = tree.total[node];
    this.live.textContent = `${shorten(tree.name(node), 200)}, total ${tree.weightText(total)}, ${formatShare(total, tree.whole)}`;
  }
}
