// A canvas with one tree on it: its view, its scrolling and its painting. What it is for, its owner knows.

import { element } from "./dom.js";
import { More } from "./more.js";
import { Motion } from "./motion.js";
import { boxOf, eachBox, nodeAt, Painter, ROW } from "./paint.js";

export class Pane {
  /**
   * @param {{label: string, flip?: boolean, skip?: number, tallest: number, animate: boolean,
   *   painted: () => void}} options
   */
  constructor(options) {
    this.options = options;
    this.canvas = element("canvas", "wb-fg-canvas", { tabindex: "0", role: "application", "aria-roledescription": "flame graph" });
    this.canvas.setAttribute("aria-label", options.label);
    this.spacer = element("div", "wb-fg-spacer", {}, this.canvas);
    this.scroller = element("div", "wb-fg-scroller", { tabindex: "-1" }, this.spacer);
    this.element = element("div", "wb-fg-pane", {}, this.scroller);
    this.more = new More(this.scroller);
    this.motion = new Motion(1, () => this.request());
    this.flip = Boolean(options.flip);
    this.skip = options.skip || 0;
    this.marks = null;
    this.focus = 0;
    this.selected = this.hovered = -1;
    this.width = this.height = 0;
    this.paintings = 0;
    this.scroller.addEventListener("scroll", () => this.request());
    this.observer = new ResizeObserver(() => this.resize());
    this.observer.observe(this.element);
  }

  get view() {
    return this.motion.view;
  }

  /** Show a tree: whole, or where the same one, looked at more closely, was just shown. */
  setTree(tree, palette, whole = true) {
    this.tree = tree;
    this.palette = palette;
    this.focus = 0;
    this.selected = this.hovered = -1;
    this.marks = null;
    if (whole) this.motion.setWhole(tree.whole);
    this.fitRows();
    if (whole) this.scroller.scrollTop = this.flip ? this.content : 0;
    this.request();
  }

  /** The rows that the zoomed box needs; the frame around them keeps its height. */
  fitRows() {
    const { tree, focus, skip } = this;
    const rows = Math.max(1, tree.depth[focus] + tree.height(focus) - skip);
    const frame = Math.min(Math.max(1, tree.depths - skip) * ROW, this.options.tallest);
    this.spacer.style.height = `${rows * ROW}px`;
    this.scroller.style.height = `${frame}px`;
    this.content = Math.max(rows * ROW, frame);
  }

  /** Paint now, in the width that there is. */
  fit() {
    if (!this.tree) return;
    const paintings = this.paintings;
    this.resize();
    if (this.paintings === paintings) this.paint();
  }

  /** Fit the canvas to the room it has. */
  resize() {
    if (!this.tree) return;
    const { clientWidth: width, clientHeight: height } = this.scroller;
    const ratio = window.devicePixelRatio || 1;
    if (!width || !height) return; // hidden: the observer calls again when it is shown
    if (width === this.width && height === this.height && ratio === this.painter?.ratio) return;
    this.painter ??= new Painter(this.canvas, `12px ${getComputedStyle(this.element).fontFamily}`);
    [this.width, this.height] = [width, height];
    this.canvas.style.height = `${height}px`;
    this.painter.resize(width, height, ratio);
    if (!this.motion.going) cancelAnimationFrame(this.frameRequest), (this.frameRequest = undefined);
    this.paint();
  }

  /** @returns {import("./paint.js").Scene} */
  scene() {
    const { tree, palette, view, focus, width, height, content, flip, skip, marks, hovered } = this;
    const selected = document.activeElement === this.canvas ? this.selected : -1;
    return { tree, palette, view, focus, width, height, content, flip, skip, marks, hovered, selected, scroll: this.scroller.scrollTop };
  }

  paint() {
    if (!this.width || !this.tree) return;
    this.painter.paint(this.scene());
    this.more.update(this.content, this.height, ROW, this.flip);
    this.paintings++;
    this.options.painted();
  }

  /** Paint in the next frame, once however often asked. */
  request() {
    if (this.frameRequest !== undefined) return;
    this.frameRequest = requestAnimationFrame((now) => {
      this.frameRequest = undefined;
      this.motion.step(now);
      if (!this.painter) this.resize();
      else this.paint();
    });
  }

  get moving() {
    return this.frameRequest !== undefined;
  }

  hitTest(x, y) {
    return this.width ? nodeAt(this.scene(), x, y) : -1;
  }

  boxOf(node) {
    return boxOf(this.scene(), node);
  }

  /** The boxes in view that are drawn: [{node, name, depth, x, y, width, height}]. */
  layout() {
    const boxes = [];
    const scene = this.scene();
    eachBox(scene, (node, depth) => boxes.push({ node, name: this.tree.name(node), depth, ...boxOf(scene, node) }), () => {});
    return boxes;
  }

  /** Let a node fill the width; 0 is the whole. */
  zoomTo(node) {
    this.focus = node;
    this.fitRows();
    this.motion.glide({ left: this.tree.x[node], right: this.tree.x[node] + this.tree.total[node] }, this.options.animate);
    this.reveal(node);
  }

  /** Show a part of the axis, with no box zoomed. */
  showRange(left, right) {
    this.focus = 0;
    this.fitRows();
    this.motion.glide({ left, right }, false);
  }

  /** Zoom around a place given as a share of the width; a free view has no zoomed box. */
  scaleAround(factor, anchor) {
    this.focus = 0;
    this.fitRows();
    this.motion.scale(factor, anchor);
  }

  /** Whether the view is just the zoomed box. */
  get isFitted() {
    const { left, right } = this.motion.target;
    return left === this.tree.x[this.focus] && right === this.tree.x[this.focus] + this.tree.total[this.focus];
  }

  /** Whether all of the tree is in view. */
  get isWhole() {
    const { left, right } = this.motion.target;
    return this.focus === 0 && left <= 0 && right >= this.motion.whole;
  }

  /** Scroll so that a node's row is in view, with a caller or two beside it. */
  reveal(node) {
    const row = Math.max(0, this.tree.depth[node] - this.skip);
    const { scrollTop, clientHeight } = this.scroller;
    const top = this.flip ? this.content - (row + 1) * ROW : row * ROW;
    if (this.flip) {
      if (top < scrollTop + 3 * ROW || top + ROW > scrollTop + clientHeight) this.scroller.scrollTop = Math.max(0, top + 3 * ROW - clientHeight);
    } else if (top < scrollTop || top + 4 * ROW > scrollTop + clientHeight) {
      this.scroller.scrollTop = Math.max(0, top - 2 * ROW);
    }
  }

  destroy() {
    this.observer.disconnect();
    cancelAnimationFrame(this.frameRequest);
    this.element.remove();
  }
}
