// Drawing: which boxes are in view, where they stand, and their pixels. No state of its own but measured text widths.

export const ROW = 19; // height of a row in CSS pixels, the gap below it included
const GAP = 1;
const TINY = 0.5; // boxes narrower than this are merged into strips
const LABEL_FROM = 28; // boxes narrower than this carry no label
const PADDING = 4;
const LONGEST = 200; // characters of a name that are ever measured
const ELLIPSIS = "…";

/**
 * A scene is what one picture needs: {profile, palette, view: {left, right}, focus, width, height, scroll,
 * marked: Uint8Array of frames or null, hovered, selected}. Sizes are CSS pixels; nodes are -1 for none.
 */

/** Call visit(node, depth, x, width) for every box in view, row by row from left to right. */
export function eachBox(scene, visit) {
  const { profile, view, width, height, scroll } = scene;
  const scale = width / (view.right - view.left);
  const depths = profile.levels.length - 1;
  const last = Math.min(depths, Math.ceil((scroll + height) / ROW));
  for (let depth = Math.floor(scroll / ROW); depth < last; depth++) {
    const end = profile.levels[depth + 1];
    let node = profile.firstAfter(view.left, profile.levels[depth], end);
    for (; node < end && profile.x[node] < view.right; node++) {
      visit(node, depth, (profile.x[node] - view.left) * scale, profile.total[node] * scale);
    }
  }
}

/** The node at a point of the scene, -1 for none. */
export function nodeAt(scene, x, y) {
  const { profile, view, width, scroll } = scene;
  const depth = Math.floor((y + scroll) / ROW);
  if (depth < 0 || depth >= profile.levels.length - 1 || x < 0 || x >= width) return -1;
  const position = view.left + (x / width) * (view.right - view.left);
  const end = profile.levels[depth + 1];
  const node = profile.firstAfter(position, profile.levels[depth], end);
  return node < end && profile.x[node] <= position ? node : -1;
}

/** Where a node stands in the scene, cut to its width: {x, y, width, height}. */
export function boxOf(scene, node) {
  const { profile, view, width, scroll } = scene;
  const scale = width / (view.right - view.left);
  const left = Math.max(0, (profile.x[node] - view.left) * scale);
  const right = Math.min(width, (profile.x[node] + profile.total[node] - view.left) * scale);
  return { x: left, y: profile.depth[node] * ROW - scroll, width: Math.max(0, right - left), height: ROW - GAP };
}

export class Painter {
  constructor(canvas, font) {
    this.canvas = canvas;
    this.context = canvas.getContext("2d", { alpha: true });
    this.setFont(font);
  }

  setFont(font) {
    this.font = font;
    this.widths = new Map();
  }

  /** Fit the canvas to CSS sizes on a screen with that many device pixels per CSS pixel. */
  resize(width, height, ratio) {
    this.canvas.width = Math.max(1, Math.round(width * ratio));
    this.canvas.height = Math.max(1, Math.round(height * ratio));
    this.canvas.style.height = `${height}px`;
    this.context.setTransform(this.canvas.width / width, 0, 0, this.canvas.height / height, 0, 0);
  }

  paint(scene) {
    const { context } = this;
    context.clearRect(0, 0, scene.width, scene.height);
    context.font = this.font;
    context.textBaseline = "middle";
    this.#labels = [];
    this.#boxes(scene);
    this.#paintLabels(scene);
    this.#outline(scene, scene.selected, 2);
    this.#outline(scene, scene.hovered, 1);
  }

  #labels = [];

  #boxes(scene) {
    const strip = new Strip(this.context, scene);
    let row = -1;
    eachBox(scene, (node, depth, x, width) => {
      if (depth !== row) {
        strip.flush();
        row = depth;
      }
      const y = depth * ROW - scene.scroll;
      if (width < TINY) {
        strip.add(node, x, y, width);
        return;
      }
      strip.flush();
      this.#box(scene, node, x, y, width);
    });
    strip.flush();
  }

  #box(scene, node, x, y, width) {
    const left = Math.max(0, x);
    const right = Math.min(scene.width, x + width);
    this.context.fillStyle = fillOf(scene, node);
    this.context.fillRect(left, y, Math.max(TINY, right - left - (right - left > 3 ? GAP : 0)), ROW - GAP);
    if (right - left >= LABEL_FROM) this.#labels.push(node, left, y, right - left);
  }

  /** Labels come after all boxes: one change of fill style a colour of text, not a box. */
  #paintLabels(scene) {
    const labels = this.#labels;
    for (let i = 0; i < labels.length; i += 4) {
      const [node, left, y, width] = [labels[i], labels[i + 1], labels[i + 2], labels[i + 3]];
      const room = width - 2 * PADDING;
      const name = scene.profile.name(node).slice(0, LONGEST);
      const text = this.clip(name, room);
      if (!text) continue;
      this.context.fillStyle = inkOf(scene, node);
      this.context.fillText(text, left + PADDING, y + ROW / 2);
      if (text === name) this.#paintPlace(scene, node, left + PADDING + this.measure(name) + 8, y, left + width - PADDING);
    }
  }

  /** Where there is room, the file after the function's name, fainter. */
  #paintPlace(scene, node, x, y, right) {
    const file = scene.profile.file(node).slice(-LONGEST);
    if (!file || this.measure(file) > right - x) return;
    this.context.globalAlpha = 0.7;
    this.context.fillText(file, x, y + ROW / 2);
    this.context.globalAlpha = 1;
  }

  #outline(scene, node, thickness) {
    if (node < 0) return;
    const { x, y, width, height } = boxOf(scene, node);
    if (width <= 0) return;
    this.context.strokeStyle = scene.palette.outline;
    this.context.lineWidth = thickness;
    this.context.strokeRect(x + thickness / 2, y + thickness / 2, Math.max(1, width - thickness - 1), height - thickness);
  }

  measure(text) {
    let width = this.widths.get(text);
    if (width === undefined) {
      width = this.context.measureText(text).width;
      this.widths.set(text, width);
    }
    return width;
  }

  /** The text, cut to fit `room` pixels with an ellipsis; "" where not even two characters fit. */
  clip(text, room) {
    const whole = this.measure(text);
    if (whole <= room) return text;
    let keep = Math.floor((text.length * (room - this.measure(ELLIPSIS))) / whole);
    while (keep > 1 && this.context.measureText(text.slice(0, keep) + ELLIPSIS).width > room) keep--;
    return keep > 1 ? text.slice(0, keep) + ELLIPSIS : "";
  }
}

/** Neighbouring boxes too narrow to see, drawn as one pixel in the colour of the heaviest of them. */
class Strip {
  constructor(context, scene) {
    this.context = context;
    this.scene = scene;
    this.node = -1;
  }

  add(node, x, y, width) {
    if (this.node >= 0 && (x > this.right + TINY || this.right - this.left >= 1)) this.flush();
    if (this.node < 0) {
      [this.node, this.left, this.y, this.heaviest] = [node, x, y, width];
      this.marked = isMarked(this.scene, node);
    } else if (!this.marked && (isMarked(this.scene, node) || width > this.heaviest)) {
      [this.node, this.heaviest] = [node, width]; // a match is never lost among its neighbours
      this.marked = isMarked(this.scene, node);
    }
    this.right = x + width;
  }

  flush() {
    if (this.node < 0) return;
    this.context.fillStyle = fillOf(this.scene, this.node);
    this.context.fillRect(this.left, this.y, Math.max(TINY, this.right - this.left), ROW - GAP);
    this.node = -1;
  }
}

function isMarked(scene, node) {
  return scene.marked !== null && scene.marked[scene.profile.frame[node]] === 1;
}

/** Callers of the zoomed box fade, and so does all that a search doesn't match. */
function isFaded(scene, node) {
  if (scene.marked !== null) return true;
  return scene.profile.depth[node] < scene.profile.depth[scene.focus];
}

function fillOf(scene, node) {
  const { palette, profile } = scene;
  if (node === 0) return palette.root;
  if (isMarked(scene, node)) return palette.match;
  const slot = palette.slot[profile.frame[node]];
  return isFaded(scene, node) ? palette.faded[slot] : palette.fills[slot];
}

function inkOf(scene, node) {
  const { palette } = scene;
  if (node === 0) return palette.onRoot;
  if (isMarked(scene, node)) return palette.onMatch;
  return isFaded(scene, node) ? palette.onFaded : palette.onFill;
}
