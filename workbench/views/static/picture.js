// The picture as a file: all rows at the width and zoom that are shown, with the title above.

import { labelOf, LABEL_FROM, eachBox, isFaded, isMarked, PADDING, Painter, ROW } from "./paint.js";
import { Labels, printable } from "./labels.js";
import { shorten } from "./format.js";

const HEAD = 34; // pixels of the title
const USUAL = 1200; // of a pane that was never in view
const TALLEST = 16_000; // what browsers make of a canvas
const STRIPES = 7; // units between the stripes of boxes that wait

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

const SVG = "http://www.w3.org/2000/svg";

function svgElement(name, attributes, ...children) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

/** Rows of a pane from depth `first` on as an SVG element, made without markup, which the page's policy forbids. */
export function drawing(pane, { width, first, rows }) {
  const height = rows * ROW;
  const scene = { ...pane.scene(), width, height, content: height, skip: first, scroll: 0, hovered: -1, selected: -1 };
  const context = document.createElement("canvas").getContext("2d");
  context.font = `12px ${getComputedStyle(pane.element).fontFamily}`;
  const made = svgElement("svg", { class: "wb-fg-drawing", viewBox: `0 0 ${width} ${height}`, "font-size": "12" });
  for (const { left, y, across, fill, waits, texts } of shapes(scene, new Labels(context))) {
    made.append(svgElement("rect", { x: round(left), y, width: round(across), height: ROW - 1, fill }));
    if (waits) made.append(stripes(left, y, across));
    for (const { x, text, ink, opacity } of texts) made.append(svgElement("text", { x: round(x), y: y + ROW / 2, fill: ink, "fill-opacity": opacity }, printable(text)));
  }
  return made;
}

/** Lines across a box that waits; a pattern would be known by a name, and a page has several drawings. */
function stripes(left, y, across) {
  const [bottom, parts] = [y + ROW - 1, []];
  for (let x = left - ROW + STRIPES; x < left + across; x += STRIPES) {
    const [from, to] = [Math.max(x, left), Math.min(x + ROW - 1, left + across)];
    parts.push(`M${round(from)} ${round(bottom - (from - x))}L${round(to)} ${round(bottom - (to - x))}`);
  }
  return svgElement("path", { d: parts.join(""), stroke: "#000000", "stroke-opacity": "0.2" });
}

/** What an SVG has of a scene: boxes [{node, left, y, across, fill, waits, texts: [{x, text, ink, opacity}]}]. */
function shapes(scene, labels) {
  const { palette, content, flip, skip } = scene;
  const made = [];
  const draw = (node, depth, x, width) => {
    const [left, right] = [Math.max(0, x), Math.min(scene.width, x + width)];
    const y = flip ? content - (depth - skip + 1) * ROW : (depth - skip) * ROW;
    const [marked, faded] = [isMarked(scene, node), isFaded(scene, node)];
    const across = Math.max(0.2, right - left - (right - left > 3 ? 1 : 0));
    const texts = label(scene, labels, node, left, right - left, palette.ink(node, marked, faded));
    made.push({ node, left, y, across, fill: palette.fill(node, marked, faded), waits: !marked && palette.isWaiting(node), texts });
  };
  eachBox(scene, draw, (first, end, depth, x, width) => width >= 0.2 && draw(first, depth, x, width));
  return made;
}

function boxes(scene, labels) {
  const { tree } = scene;
  return shapes(scene, labels).map(({ node, left, y, across, fill, waits, texts }) => {
    const box = (paint) => `<rect x="${round(left)}" y="${y}" width="${round(across)}" height="${ROW - 1}" fill="${paint}"/>`;
    const hint = `<title>${escape(`${shorten(tree.name(node))} (${tree.place(node).slice(0, 300)}) ${tree.weightText(tree.total[node])}`)}</title>`;
    const words = texts.map(({ x, text, ink, opacity }) => `<text x="${round(x)}" y="${y + ROW / 2}" fill="${ink}" fill-opacity="${opacity}">${escape(text)}</text>`);
    return `<g>${hint}${box(fill)}${waits ? box("url(#waits)") : ""}${words.join("")}</g>`;
  });
}

function label(scene, labels, node, left, width, ink) {
  if (width < LABEL_FROM) return [];
  const { text, place, at } = labelOf(scene, labels, node, width - 2 * PADDING);
  if (!text) return [];
  const x = left + PADDING;
  return [{ x, text, ink, opacity: 1 }, ...(place ? [{ x: x + at, text: place, ink, opacity: 0.7 }] : [])];
}

function round(value) {
  return Math.round(value * 100) / 100;
}

/** Text as XML holds it: what XML has no place for becomes a replacement character. */
function escape(text) {
  const known = printable(text).toWellFormed().replace(/[\ufffe\uffff]/g, "\ufffd");
  return known.replace(/[&<>"']/g, (letter) => `&#${letter.charCodeAt(0)};`);
}
