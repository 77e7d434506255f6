// The parts of the page and what they ask of the graph; none of them knows another.

import { Card } from "./card.js";
import { element, saveBlob } from "./dom.js";
import { shorten } from "./format.js";
import { Help } from "./help.js";
import { Legend } from "./legend.js";
import { Menu } from "./menu.js";
import { boxMenu, packageMenu } from "./menus.js";
import { Panels } from "./panels.js";
import { png, svg } from "./picture.js";
import { Stage } from "./stage.js";
import { FunctionTable } from "./table.js";
import { describe, Toolbar } from "./toolbar.js";

const HINT = "Arrow keys move, Enter zooms, Escape zooms out, slash searches, question mark lists all keys.";

/**
 * Everything that a flame graph has in the page, under `root`.
 * @param {import("./flamegraph.js").FlameGraph} graph
 * @param {{painted: () => void, made: (pane: import("./pane.js").Pane) => void}} called  after every painting, and when
 *   there is another pane
 */
export function makeParts(graph, called) {
  const { profile, options, views } = graph;
  const label = `Flame graph of ${profile.title.slice(0, 200)}: ${describe(profile)}. ${HINT}`;
  const table = new FunctionTable(profile, {
    choose: (frame) => graph.choose(frame),
    open: (frame) => graph.openSandwich(frame),
    search: () => graph.toolbar.input.focus(),
  });
  const toolbar = makeToolbar(graph);
  const parts = {
    table,
    toolbar,
    stage: new Stage(views, table, { ...options, ...called, label }),
    card: new Card(),
    menu: new Menu(),
    help: new Help(),
    panels: new Panels(toolbar.plugins),
    legend: makeLegend(graph),
    live: element("div", "wb-fg-live", { "aria-live": "polite" }),
    hiddenLine: element("div", "wb-fg-hidden"),
  };
  if (graph.profile.meta.told) parts.panels.banner(graph.profile.meta.told);
  const { stage, card, menu, help, panels, legend, live, hiddenLine } = parts;
  const above = [toolbar.first, toolbar.second, panels.banners, hiddenLine];
  const over = [live, card.element, menu.element, help.element];
  const keys = { "data-lm-suppress-shortcuts": "true" }; // JupyterLab's own, which would delete cells
  return { ...parts, root: element("div", "wb-fg", keys, ...above, stage.element, legend.element, panels.element, ...over) };
}

function makeToolbar(graph) {
  return new Toolbar(graph.profile, {
    search: (text) => graph.search(text),
    next: (backwards) => graph.next(backwards),
    leave: () => graph.main.canvas.focus({ preventScroll: true }),
    back: () => graph.back(),
    reset: () => graph.reset(),
    set: (change) => graph.set(change),
    png: () => savePng(graph),
    svg: () => saveSvg(graph),
    help: () => graph.help.open(graph.main.canvas),
  });
}

function makeLegend(graph) {
  return new Legend(graph.profile, {
    mark: (index) => graph.set({ mark: index < 0 ? "" : `p${index}`, query: "" }),
    menu: (index, x, y, back) => graph.menu.open(packageMenu(graph, index), { label: "Package", x, y, back }),
  });
}

/** What the pointer does on a pane. */
export function pointed(graph, pane) {
  return {
    hover: (node, x, y) => graph.hover(pane, node, x, y),
    pick: (node) => {
      pane.selected = node;
      const { tree } = pane;
      graph.emit("choose", { frame: tree.isFunction(node) ? tree.frame[node] : 0, node: tree.originOf(node) });
      graph.zoom(pane, node);
    },
    reset: () => graph.reset(),
    menu: (node, x, y) => openBoxMenu(graph, pane, node, x, y),
    moved: () => graph.freely(pane, () => {}),
  };
}

/** The menu of a box at a point of the window, or beside the box. */
export function openBoxMenu(graph, pane, node, x, y) {
  const box = pane.boxOf(node);
  const { left, top } = pane.canvas.getBoundingClientRect();
  const place = { x: x ?? left + box.x + 20, y: y ?? top + box.y + 20 };
  graph.menu.open(boxMenu(graph, pane, node), { label: shorten(pane.tree.name(node), 80), back: pane.canvas, ...place });
}

function pictureOptions({ profile, main, theme }) {
  const zoomed = main.focus ? ` · ${shorten(main.tree.name(main.focus), 60)}` : "";
  const font = main.painter?.font ?? "12px sans-serif";
  return { title: profile.title, note: describe(profile) + zoomed, theme, font, ratio: Math.max(2, window.devicePixelRatio) };
}

function fileName({ profile }) {
  return profile.title.replace(/[^\w.-]+/g, "-").slice(0, 60) || "flamegraph";
}

async function savePng(graph) {
  saveBlob(await png(graph.stage.shown, pictureOptions(graph)), `${fileName(graph)}.png`);
}

function saveSvg(graph) {
  const text = svg(graph.stage.shown, pictureOptions(graph));
  saveBlob(new Blob([text], { type: "image/svg+xml" }), `${fileName(graph)}.svg`);
}
