// Drawing: which boxes are in view, where they stand, and their pixels. No state of its own but measured text widths.

import { Labels, printable } from "./labels.js";

export const ROW = 19; // height of a row in CSS pixels, the gap below it included
export const PADDING = 4;
export const LABEL_FROM = 28; // boxes narrower than this carry no label
const GAP = 1;
const FAINTEST = 0.08; // a strip that covers less of its pixel is left out
const STRIPES = 7; // pixels between the stripes of boxes that wait

/**
 * What one picture needs. Sizes are CSS pixels; nodes are -1 for none.
 * @typedef {object} Scene
 * @property {import("./tree.js").Tree} tree
 * @property {import("./palette.js").Palette} palette
 * @property {{left: number, right: number}} view  the part of the tree's axis that fills the width
 * @property {number} focus  the zoomed node
 * @property {number} width
 * @property {number} height
 * @property {number} scroll
 * @property {number} content  height of all rows; with `flip` the root stands at its bottom
 * @property {boolean} flip
 * @property {number} skip  depths left out at the root
 * @property {import("./search.js").Marks | null} marks
 * @property {number} hovered
 * @property {number} selected
 */

/** The top edge of a depth's row in the scene. */
function rowTop({ flip, skip, content, scroll }, depth) {
  const row = depth - skip;
  return (flip ? content - (row + 1) * ROW : row * ROW) - scroll;
}

/** The depths in view, as [first, end). */
function depthsInView({ tree, flip, skip, content, scroll, height }) {
  const upper = flip ? content - scroll - height : scroll;
  const first = Math.max(0, Math.floor(upper / ROW)) + skip;
  const end = Math.ceil((upper + height) / ROW) + skip;
  return [first, Math.min(tree.depths, end)];
}

/**
 * Call box(node, depth, x, width) for every box in view of a pixel or more, and strip(first, end, depth, x, width) for
 * neighbours [first, end) that share one pixel.
 * @param {Scene} scene
 */
export function eachBox(scene, box, strip) {
  const { tree, view, width } = scene;
  const { x: edges, total, levels } = tree;
  const scale = width / (view.right - view.left);
  const [from, to] = depthsInView(scene);
  for (let depth = from; depth < to; depth++) {
    const end = levels[depth + 1];
    let node = tree.firstAfter(view.left, levels[depth], end);
    while (node < end && edges[node] < view.right) {
      const x = (edges[node] - view.left) * scale;
      const across = total[node] * scale;
      if (across >= 1) {
        box(node++, depth, x, across);
        continue;
      }
      const next = tree.nextAfter(view.left + (Math.floor(x) + 1) / scale, node + 1, end);
      strip(node, next, depth, x, (edges[next - 1] + total[next - 1] - edges[node]) * scale);
      node = next;
    }
  }
}

/** The node at a point of the scene, -1 for none. */
export function nodeAt(scene, x, y) {
  const { tree, view, width, flip, skip, content, scroll } = scene;
  const depth = Math.floor((flip ? content - scroll - y : y + scroll) / ROW) + skip;
  if (depth < skip || depth >= tree.depths || x < 0 || x >= width) return -1;
  const position = view.left + (x / width) * (view.right - view.left);
  const end = tree.levels[depth + 1];
  const node = tree.firstAfter(position, tree.levels[depth], end);
  return node < end && tree.x[node] <= position ? node : -1;
}

/** Where a node stands in the scene, cut to its width: {x, y, width, height}. */
export function boxOf(scene, node) {
  const { tree, view, width } = scene;
  const scale = width / (view.right - view.left);
  const left = Math.max(0, (tree.x[node] - view.left) * scale);
  const right = Math.min(width, (tree.x[node] + tree.total[node] - view.left) * scale);
  return { x: left, y: rowTop(scene, tree.depth[node]), width: Math.max(0, right - left), height: ROW - GAP };
}

export function isMarked({ marks }, node) {
  return marks !== null && marks.nodes[node] === 1;
}

/** Callers of the zoomed box fade, and so does all that isn't marked while something is. */
export function isFaded({ marks, tree, focus }, node) {
  return marks !== null || tree.depth[node] < tree.depth[focus];
}

/** What stands in a box: the name and, where there is room, the file after it. */
export function labelOf(scene, labels, node, room) {
  const name = printable(node === 0 ? scene.tree.rootLabel() : scene.tree.name(node));
  const text = labels.clip(name, room);
  if (text !== name) return { text, place: "", at: 0 };
  const at = labels.width(name) + 8;
  const place = name[0] === "[" ? "" : printable(scene.tree.file(node)); // [await] says all that <await> does
  const fits = place.length < 200 && labels.width(place) <= room - at;
  return { text, place: fits ? place : "", at };
}

export class Painter {
  constructor(canvas, font) {
    this.canvas = canvas;
    this.context = canvas.getContext("2d", { alpha: true });
    this.font = font;
    this.ratio = 1;
  }

  /** Fit the canvas to CSS sizes on a screen with that many device pixels per CSS pixel. */
  resize(width, height, ratio) {
    this.ratio = ratio;
    this.canvas.width = Math.max(1, Math.round(width * ratio));
    this.canvas.height = Math.max(1, Math.round(height * ratio));
    this.context.setTransform(this.canvas.width / width, 0, 0, this.canvas.height / height, 0, 0);
    this.context.font = this.font;
    this.context.textBaseline = "middle";
    this.labels ??= new Labels(this.context);
  }

  /**
   * Boxes are written into memory a row of pixels at a time, which tens of thousands of them need; texts, stripes and
   * outlines, which are few, are drawn over them.
   * @param {Scene} scene
   */
  paint(scene) {
    const { canvas, context } = this;
    if (this.image?.width !== canvas.width || this.image.height !== canvas.height) {
      this.image = context.createImageData(canvas.width, canvas.height);
      this.pixels = new Uint32Array(this.image.data.buffer);
      this.line = new Uint32Array(canvas.width);
    }
    this.pixels.fill(0);
    this.texts = [];
    this.stripes = new Map(); // ink → places
    this.drawn = 0;
    let row = -1;
    const to = (depth) => {
      if (depth === row) return;
      if (row >= 0) this.#copyLine(scene, row);
      row = depth;
      this.line.fill(0);
    };
    eachBox(
      { ...scene, width: canvas.width },
      (node, depth, x, width) => (to(depth), this.#box(scene, node, depth, x, width)),
      (first, end, depth, x, width) => (to(depth), this.#strip(scene, first, end, x, width)),
    );
    to(-2);
    context.putImageData(this.image, 0, 0);
    for (const [ink, places] of this.stripes) this.#paintStripes(ink, places);
    this.#paintTexts(scene);
    this.#outline(scene, scene.selected, 2);
    this.#outline(scene, scene.hovered, 1);
  }

  /** The line is a row of boxes: it fills their height. */
  #copyLine(scene, depth) {
    const { width, height } = this.image;
    const top = rowTop(scene, depth);
    const first = Math.max(0, Math.round(top * this.ratio));
    const end = Math.min(height, Math.round((top + ROW - GAP) * this.ratio));
    for (let y = first; y < end; y++) this.pixels.set(this.line, y * width);
  }

  /** A box whose place is given in pixels of the screen. */
  #box(scene, node, depth, x, width) {
    const left = Math.max(0, Math.round(x)); // sharp edges
    const right = Math.min(this.line.length, Math.round(x + width));
    const across = (right - left) / this.ratio;
    const marked = isMarked(scene, node);
    const gap = across > 3 ? Math.max(1, Math.round(GAP * this.ratio)) : 0;
    this.line.fill(scene.palette.pixel(node, marked, isFaded(scene, node)), left, right - gap);
    this.drawn++;
    if (across < STRIPES) return;
    const y = rowTop(scene, depth);
    if (across >= LABEL_FROM) this.texts.push(node, left / this.ratio, y, across);
    if (marked || !scene.palette.isWaiting(node)) return;
    const ink = scene.palette.ink(node, false, isFaded(scene, node));
    if (!this.stripes.has(ink)) this.stripes.set(ink, []);
    this.stripes.get(ink).push(left / this.ratio, y, across - GAP);
  }

  /** A match is never lost among its neighbours: the pixel takes its colour. Others cover their share of it. */
  #strip(scene, first, end, x, width) {
    const { marks, palette } = scene;
    const marked = marks !== null && marks.next[first] < end;
    if (width < FAINTEST && !marked) return;
    const pixel = palette.pixel(first, marked, isFaded(scene, first));
    const cover = marked || width >= 1 ? 255 : Math.round(255 * width);
    this.line[Math.floor(x)] = ((pixel & 0xffffff) | (cover << 24)) >>> 0;
    this.drawn++;
  }

  /** What waits is striped: it shows without any colour. */
  #paintStripes(ink, stripes) {
    const { context } = this;
    context.save();
    context.beginPath();
    for (let i = 0; i < stripes.length; i += 3) context.rect(stripes[i], stripes[i + 1], stripes[i + 2], ROW - GAP);
    context.clip();
    context.beginPath();
    for (let i = 0; i < stripes.length; i += 3) {
      const [left, y, width] = [stripes[i], stripes[i + 1], stripes[i + 2]];
      for (let x = Math.floor((left - ROW) / STRIPES) * STRIPES; x < left + width; x += STRIPES) {
        context.moveTo(x, y + ROW);
        context.lineTo(x + ROW, y);
      }
    }
    context.strokeStyle = ink;
    context.globalAlpha = 0.2;
    context.lineWidth = 1;
    context.stroke();
    context.restore();
  }

  #paintTexts(scene) {
    const { texts, context } = this;
    for (let i = 0; i < texts.length; i += 4) {
      const [node, left, y, width] = [texts[i], texts[i + 1], texts[i + 2], texts[i + 3]];
      const { text, place, at } = labelOf(scene, this.labels, node, width - 2 * PADDING);
      if (!text) continue;
      context.fillStyle = scene.palette.ink(node, isMarked(scene, node), isFaded(scene, node));
      context.fillText(text, left + PADDING, y + ROW / 2);
      if (!place) continue;
      context.globalAlpha = 0.7;
      context.fillText(place, left + PADDING + at, y + ROW / 2);
      context.globalAlpha = 1;
    }
  }

  #outline(scene, node, thickness) {
    if (node < 0) return;
    const { x, y, width, height } = boxOf(scene, node);
    if (width <= 0) return;
    this.context.strokeStyle = scene.palette.outline;
    this.context.lineWidth = thickness;
    this.context.strokeRect(x + thickness / 2, y + thickness / 2, Math.max(1, width - thickness - 1), height - thickness);
  }
}
