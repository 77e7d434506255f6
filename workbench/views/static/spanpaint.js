// The timeline's pixels. No state of its own.

import { Labels, printable } from "./labels.js";
import { colourOf } from "./spans.js";

export const ROW = 16; // CSS pixels
export const HEAD = 20;
const GAP = 2;
const LABEL_FROM = 34; // boxes narrower than this carry no label
const FAILED = { light: "#b3261e", dark: "#ff8a80" };

/**
 * What one picture needs; sizes in CSS pixels, spans by their number, -1 for none.
 * @typedef {object} Scene
 * @property {import("./spans.js").Spans} spans
 * @property {{left: number, right: number}} view  the part of the axis that fills the width
 * @property {number} width
 * @property {number} height
 * @property {number} scroll
 * @property {Uint8Array | null} issued  1 for spans of the chosen function; the others fade
 * @property {number} selected
 * @property {number} hovered
 * @property {object} theme
 */

/** Where a span stands on the canvas. */
export function boxOf({ spans, view, width, scroll }, i) {
  const scale = width / (view.right - view.left);
  const x = (spans.start[i] - view.left) * scale;
  return { x, y: HEAD + spans.row[i] * ROW - scroll, width: Math.max(1, spans.duration[i] * scale), height: ROW - GAP };
}

/** Paint a scene; how many boxes it took. */
export function paintSpans(context, scene) {
  const { spans, width, height, scroll, selected, hovered } = scene;
  context.clearRect(0, 0, width, height);
  context.textBaseline = "middle";
  const [first, end] = [Math.max(0, Math.floor(scroll / ROW)), Math.min(spans.rows, Math.ceil((scroll + height) / ROW))];
  const labels = new Labels(context);
  let boxes = 0;
  for (let row = first; row < end; row++) boxes += paintRow(context, labels, scene, row);
  paintAxis(context, scene);
  if (selected >= 0) outline(context, scene, selected, 2);
  if (hovered >= 0 && hovered !== selected) outline(context, scene, hovered, 1);
  return boxes;
}

function paintRow(context, labels, scene, row) {
  const { spans, view, issued, theme } = scene;
  let drawnBoxes = 0;
  let drawn = -1;
  for (const i of spans.inRow[row]) {
    if (spans.start[i] > view.right) break;
    if (spans.start[i] + spans.duration[i] < view.left) continue;
    const { x, y, width, height } = boxOf(scene, i);
    const left = Math.max(0, x);
    const right = Math.min(scene.width, x + width);
    if (width <= 1 && Math.floor(left) === drawn && !spans.failed[i]) continue; // one pixel is enough for all in it
    drawn = Math.floor(left);
    drawnBoxes++;
    context.globalAlpha = issued && !issued[i] ? 0.25 : 1;
    context.fillStyle = colourOf(spans.kinds[spans.kind[i]]);
    context.fillRect(left, y, Math.max(1, right - left), height);
    if (spans.failed[i]) paintFailure(context, left, y, right - left, height, theme);
    if (right - left > LABEL_FROM) label(context, labels, spans.name(i), left, y, right - left);
    context.globalAlpha = 1;
  }
  return drawnBoxes;
}

function paintFailure(context, x, y, width, height, { dark }) {
  context.fillStyle = dark ? FAILED.dark : FAILED.light;
  context.fillRect(x, y + height - 3, Math.max(2, width), 3);
  context.fillRect(x, y, 2, height);
}

function label(context, labels, name, x, y, width) {
  const text = labels.clip(printable(name), width - 8);
  if (!text) return;
  context.fillStyle = "#161616";
  context.fillText(text, x + 4, y + (ROW - GAP) / 2 + 0.5);
}

/** Times along the top, and the line under them; spans scroll away beneath. */
function paintAxis(context, { spans, view, width, theme }) {
  context.fillStyle = theme.background;
  context.fillRect(0, 0, width, HEAD - 2);
  context.fillStyle = theme.line;
  context.fillRect(0, HEAD - 3, width, 1);
  const step = stepOf((view.right - view.left) / Math.max(2, width / 120));
  const scale = width / (view.right - view.left);
  for (let at = Math.ceil(view.left / step) * step; at <= view.right; at += step) {
    const x = (at - view.left) * scale;
    context.fillStyle = theme.line;
    context.fillRect(x, 0, 1, HEAD - 3);
    context.fillStyle = theme.soft;
    const time = spans.time(at);
    if (x + 4 + context.measureText(time).width <= width) context.fillText(time, x + 4, HEAD / 2 - 2);
  }
}

function outline(context, scene, i, thickness) {
  const { x, y, width, height } = boxOf(scene, i);
  const [left, right] = [Math.max(0, x), Math.min(scene.width, x + width)];
  if (right < 0 || left > scene.width || y < HEAD - ROW) return;
  context.strokeStyle = scene.theme.text;
  context.lineWidth = thickness;
  context.strokeRect(left + thickness / 2, y + thickness / 2, Math.max(2, right - left - thickness), height - thickness);
}

/** 1, 2 or 5 times a power of ten, at least as large. */
function stepOf(wanted) {
  const power = 10 ** Math.floor(Math.log10(Math.max(wanted, 1e-9)));
  return [1, 2, 5, 10].map((n) => n * power).find((step) => step >= wanted);
}
