// The picture as a file: all rows at the width and zoom that are shown, with the title above.

import { labelOf, LABEL_FROM, eachBox, isFaded, isMarked, PADDING, Painter, ROW } from "./paint.js";
import { Labels, printable } from "./labels.js";
import { shorten } from "./format.js";

const HEAD = 34; // pixels of the title
const USUAL = 1200; // of a pane that was never in view
const TALLEST = 16_000; // what browsers make of a canvas

/** The scene of a pane with all its rows. */
function wholeScene(pane) {
  const rows = pane.tree.depth[pane.focus] + pane.tree.height(pane.focus) - pane.skip;
  const height = Math.min(Math.max(1, rows) * ROW, TALLEST);
  const width = pane.width || USUAL;
  return { ...pane.scene(), width, scroll: 0, height, content: height, hovered: -1, selected: -1 };
}

/** A PNG of the panes, one below the other. Resolves to a Blob. */
export async function png(panes, { title, note, theme, font, ratio }) {
  const scenes = panes.map(wholeScene);
  const width = scenes[0].width;
  const height = HEAD + scenes.reduce((sum, scene) => sum + scene.height, 0) + ROW;
  const canvas = document.createElement("canvas");
  const scale = Math.min(ratio, TALLEST / height);
  canvas.width = Math.round(width * scale);
  canvas.height = Math.round(height * scale);
  const context = canvas.getContext("2d");
  context.scale(scale, scale);
  context.fillStyle = theme.background;
  context.fillRect(0, 0, width, height);
  context.textBaseline = "middle";
  context.fillStyle = theme.text;
  context.font = `bold ${font}`;
  const heading = shorten(printable(title), 120);
  context.fillText(heading, PADDING, HEAD / 2);
  const after = context.measureText(heading).width + 16;
  context.font = font;
  context.fillText(printable(note), after, HEAD / 2);
  let top = HEAD;
  for (const scene of scenes) {
    const part = document.createElement("canvas");
    const painter = new Painter(part, font);
    painter.resize(scene.width, scene.height, scale);
    painter.paint(scene);
    context.drawImage(part, 0, top, scene.width, scene.height);
    top += scene.height;
  }
  return new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
}

/** The same as SVG text; every box carries its name and time as a title. */
export function svg(panes, { title, note, theme, font }) {
  const scenes = panes.map(wholeScene);
  const width = scenes[0].width;
  const height = HEAD + scenes.reduce((sum, scene) => sum + scene.height, 0) + ROW;
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">`,
    `<style>text{font:${escape(font)};dominant-baseline:central;white-space:pre}</style>`,
    `<defs><pattern id="waits" width="7" height="7" patternUnits="userSpaceOnUse"><path d="M-1 8L8 -1M-1 1L1 -1M6 8L8 6" stroke="#000000" stroke-opacity="0.2"/></pattern></defs>`,
    `<rect width="100%" height="100%" fill="${theme.background}"/>`,
    `<text x="${PADDING}" y="${HEAD / 2}" fill="${theme.text}"><tspan font-weight="bold">${escape(shorten(title, 120))}</tspan>  ${escape(note)}</text>`,
  ];
  const context = document.createElement("canvas").getContext("2d");
  context.font = font;
  const labels = new Labels(context);
  let top = HEAD;
  for (const scene of scenes) {
    parts.push(`<g transform="translate(0 ${top})">`, ...boxes(scene, labels), "</g>");
    top += scene.height;
  }
  parts.push("</svg>");
  return parts.join("\n");
}

function boxes(scene, labels) {
  const { tree, palette, content, flip, skip } = scene;
  const made = [];
  const draw = (node, depth, x, across) => {
    const [left, right] = [Math.max(0, x), Math.min(scene.width, x + across)];
    const y = flip ? content - (depth - skip + 1) * ROW : (depth - skip) * ROW;
    const [marked, faded] = [isMarked(scene, node), isFaded(scene, node)];
    const rect = `<rect x="${round(left)}" y="${y}" width="${round(Math.max(0.2, right - left - (right - left > 3 ? 1 : 0)))}" height="${ROW - 1}" fill="${palette.fill(node, marked, faded)}"/>`;
    const hint = `<title>${escape(`${shorten(tree.name(node))} (${tree.place(node).slice(0, 300)}) ${tree.weightText(tree.total[node])}`)}</title>`;
    const stripes = !marked && palette.isWaiting(node) ? `<rect x="${round(left)}" y="${y}" width="${round(Math.max(0.2, right - left - 1))}" height="${ROW - 1}" fill="url(#waits)"/>` : "";
    made.push(`<g>${hint}${rect}${stripes}${label(scene, labels, node, left, y, right - left, palette.ink(node, marked, faded))}</g>`);
  };
  eachBox(scene, draw, (first, end, depth, x, width) => width >= 0.2 && draw(first, depth, x, width));
  return made;
}

function label(scene, labels, node, left, y, width, ink) {
  if (width < LABEL_FROM) return "";
  const { text, place, at } = labelOf(scene, labels, node, width - 2 * PADDING);
  if (!text) return "";
  const after = place ? `<text x="${round(left + PADDING + at)}" y="${y + ROW / 2}" fill="${ink}" fill-opacity="0.7">${escape(place)}</text>` : "";
  return `<text x="${round(left + PADDING)}" y="${y + ROW / 2}" fill="${ink}">${escape(text)}</text>${after}`;
}

function round(value) {
  return Math.round(value * 100) / 100;
}

/** Text as XML holds it: what XML has no place for becomes a replacement character. */
function escape(text) {
  const known = printable(text).toWellFormed().replace(/[\ufffe\uffff]/g, "\ufffd");
  return known.replace(/[&<>"']/g, (letter) => `&#${letter.charCodeAt(0)};`);
}
