// What stands in the middle: one pane, or the sandwich's two with the table of functions beside them, or the table alone.

import { element } from "./dom.js";
import { formatShare, shorten } from "./format.js";
import { markedFrames, markedWeight, marksOf, marksOfNodes } from "./marking.js";
import { Palette } from "./palette.js";
import { Pane } from "./pane.js";
import { nodeOf, shapeKey } from "./state.js";

const CAPTIONS = 60; // pixels of the lines above the sandwich's halves
const SIDE = 0.42; // of the height that each half of the sandwich may take

export class Stage {
  /**
   * @param {import("./views.js").Views} views
   * @param {import("./table.js").FunctionTable} table
   * @param {{height: number, animate: boolean, label: string, painted: () => void, made: (pane: Pane) => void}} options
   *   `made`: called for every pane, when there is one
   */
  constructor(views, table, options) {
    this.views = views;
    this.table = table;
    this.options = options;
    this.table.element.style.maxHeight = `${options.height}px`;
    this.single = this.#pane({ label: options.label, tallest: options.height });
    this.side = element("div", "wb-fg-side");
    this.halves = element("div", "wb-fg-halves");
    this.empty = element("p", "wb-fg-empty");
    this.element = element("div", "wb-fg-stage", {}, this.single.element, this.side, this.halves, this.empty);
    this.keys = new Map(); // pane → what its tree was made from
    this.extra = null; // single nodes of the profile that are marked
  }

  #pane(more) {
    const { animate, painted } = this.options;
    return new Pane({ animate, painted, ...more });
  }

  /** The sandwich's two panes, when it is first asked for. */
  #makeHalves() {
    if (this.upper) return;
    const { height, label, made } = this.options;
    const tallest = Math.max(120, Math.round(height * SIDE));
    this.upper = this.#pane({ label: `Callers. ${label}`, flip: true, skip: 1, tallest });
    this.lower = this.#pane({ label: `Callees. ${label}`, tallest });
    this.captions = [element("div", "wb-fg-caption"), element("div", "wb-fg-caption")];
    for (const [i, pane] of [this.upper, this.lower].entries()) {
      this.halves.append(this.captions[i], pane.element);
      made(pane);
    }
  }

  get all() {
    return [this.single, this.upper, this.lower].filter(Boolean);
  }

  /** The pane that zooming, keys and exports mean. */
  get main() {
    return this.sandwich ? this.lower : this.single;
  }

  /** Panes in view, from top to bottom. */
  get shown() {
    return this.sandwich ? [this.upper, this.lower] : [this.single];
  }

  /** Show a state. Returns what is marked: {frames, count, share, bad}, or null. */
  show(state, theme, colouring) {
    const { view } = state;
    this.sandwich = view === "sandwich";
    if (this.sandwich) this.#makeHalves();
    const table = view === "functions";
    this.element.dataset.view = view;
    this.single.element.hidden = this.sandwich || table;
    this.halves.hidden = !this.sandwich;
    this.side.hidden = !this.sandwich && !table;
    if (!this.side.hidden && this.table.element.parentNode !== this.side) this.side.append(this.table.element);
    this.single.flip = state.root === "bottom" && (view === "flame" || view === "time");
    const marked = markedFrames(this.views.profile, state);
    if (this.sandwich) {
      this.#fill(this.upper, state, () => this.views.above(state), "above", theme, colouring, marked);
      this.#fill(this.lower, state, () => this.views.main(state), "focus", theme, colouring, marked);
      this.#captions();
      this.#share();
      this.#sayEmpty(this.upper.tree.size < 2 && "Nothing calls this function: it stands at the root.");
    } else {
      this.#fill(this.single, state, () => this.views.main(state), "focus", theme, colouring, marked);
      this.#sayEmpty(view !== "functions" && this.single.tree.size < 2 && "No samples in this run.");
    }
    return marked && this.#weigh(state, marked);
  }

  #captions() {
    const { tree } = this.lower;
    const name = shorten(tree.rootName(), 120);
    this.captions[0].textContent = `Callers of ${name}`;
    this.captions[1].textContent = `${name} and what it calls: ${tree.weightText(tree.whole)}, ${formatShare(tree.whole, this.views.profile.whole)} of all`;
  }

  /** The lower half gets what the upper one leaves of the height. */
  #share() {
    const { height } = this.options;
    const left = height - this.upper.scroller.offsetHeight - CAPTIONS;
    this.lower.options.tallest = Math.max(Math.round(height * SIDE), left);
    this.lower.fitRows();
  }

  #sayEmpty(text) {
    this.empty.textContent = text || "";
    this.empty.hidden = !text;
  }

  #fill(pane, state, make, zoomed, theme, colouring, marked) {
    const tree = make();
    const key = [state.view, shapeKey(state), state.frame, state.lane, state.task, state.root].join("|");
    const isNew = this.keys.get(pane) !== key;
    const [focus, painted] = [nodeOf(tree, state[zoomed]), `${colouring.id}|${theme.dark}|${theme.background}`];
    if (tree !== pane.tree || pane.painted !== painted) {
      const palette = new Palette(tree, colouring, theme);
      pane.painted = painted;
      if (tree === pane.tree) pane.palette = palette;
      else pane.setTree(tree, palette, isNew);
    }
    this.keys.set(pane, key);
    pane.marks = this.extra && zoomed === "focus" ? this.#extraMarks(tree, state) : marked?.frames ? marksOf(tree, marked.frames) : null;
    this.#zoom(pane, state, focus, isNew);
    pane.request();
  }

  /** Follow the state's zoom, unless the pane is there already. */
  #zoom(pane, state, focus, isNew) {
    const range = /^(-?[\d.]+(?:e-\d+)?)-([\d.]+(?:e-\d+)?)$/.exec(state.range);
    if (range && pane !== this.upper) {
      const [left, right] = [Number(range[1]), Number(range[2])].map((share) => Math.min(1, Math.max(0, share)) * pane.tree.whole);
      const { target } = pane.motion;
      const near = Math.abs(target.left - left) + Math.abs(target.right - right) < 1e-4 * (target.right - target.left);
      if (right > left && !near) pane.showRange(left, right);
    } else if (pane.focus !== focus || (pane !== this.upper && !isNew && !pane.isFitted)) {
      pane.zoomTo(focus);
    }
  }

  #extraMarks(tree, state) {
    const { map } = this.views.flat(state);
    return marksOfNodes(tree, state.view === "flame" ? map : null, this.extra);
  }

  #weigh(state, { frames, count, bad }) {
    if (bad || !frames) return { count: 0, share: 0, bad };
    const { tree } = this.views.flat(state);
    return { frames, count, share: markedWeight(tree, frames) / tree.whole, bad };
  }

  /** Paint the panes in view now, in the width that they have by now. */
  fit() {
    for (const pane of this.shown) pane.fit();
  }

  resize() {
    for (const pane of this.shown) pane.resize();
  }

  destroy() {
    for (const pane of this.all) pane.destroy();
  }
}
