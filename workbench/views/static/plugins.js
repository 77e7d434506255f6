// What the shell shows beyond the flame graph itself. A plugin is a module that exports `mount(shell)`; it returns at
// once where the payload lacks its section. Its file's name stands in views/assets.py (FLAMEGRAPH_MODULES, before
// plugins.js), its function in PLUGINS below. Each module has a scope of its own in the joined script; imports are
// `import { a, b as c } from "./x.js";`, exports `export function|class|const|async function` declarations.

import { mount as difference } from "./diff.js";
import { mount as source } from "./source.js";
import { mount as timeline } from "./timeline.js";

/**
 * @typedef {object} Shell  What a plugin may use.
 * @property {import("./profile.js").Profile} profile  columns, names and weights; `profile.section("span")` is
 *   null or {start, duration, …}: the columns of that prefix. `profile.header` is the payload's header.
 * @property {HTMLElement} element  the root (class wb-fg); style it through classes, never through markup.
 * @property {AbortSignal} signal  for addEventListener; aborted when the view leaves the page.
 * @property {{dark: boolean, background: string, text: string, soft: string, line: string, accent: string}} theme
 *   colours in use, "#rrggbb"; changes with the event "theme".
 * @property {(type: string, handler: (detail: any) => void) => void} on  events:
 *   "theme" {}, "resize" {width}, "view" {view: "flame"|"time"|"sandwich"|"callers"|"functions"},
 *   "choose" {frame, node} a function was chosen (node is the payload's, 0 if several), "hover" {node},
 *   "window" {left, right}: the part of the time axis in view, in axis units (view "time" only), while it moves.
 * @property {(panel: {id: string, label: string, element: HTMLElement, views?: string[], open?: boolean,
 *   shown?: (open: boolean) => void}) => {open: () => void, close: () => void, isOpen: () => boolean}} addPanel
 *   a part below the graph with a button of that label in the toolbar; `views` limits it to some views.
 * @property {(text: string, kind?: "warning"|"note") => void} banner  a line above the graph.
 * @property {(colouring: import("./palette.js").Colouring) => void} addColouring  an entry of "Colour by".
 * @property {(rows: (node: number, tree: import("./tree.js").Tree) => [string, string][]) => void} addFacts
 *   further rows of the hover card.
 * @property {(column: {id: string, label: string, value: (frame: number) => number,
 *   text: (value: number) => string, first?: boolean}) => void} addColumn  of the table of functions.
 * @property {(frame: number) => void} choose  choose a function: it is marked, the table and panels follow.
 * @property {(node: number) => void} zoomTo  zoom the graph to a node of the payload.
 * @property {(left: number, right: number) => void} showTime  the flame chart's window, in axis units.
 * @property {(nodes: number[] | null) => void} markNodes  mark nodes of the payload in the graph; null: none.
 * @property {{format: (weight: number) => string, share: (weight: number) => string}} text  of weights.
 * @property {(key: string, initial: string, apply: (value: string) => void) => (value: string) => void} addState
 *   a value that belongs to the view's state (a report's address, Back); its key begins with "x". `apply` is called with
 *   the first value and every other; returns its setter.
 * @property {(change: object) => void} set  change parts of the state (see state.js), as a step that Back undoes.
 * @property {(change: object) => void} initially  parts of the state (see state.js) as they are at first, such as
 *   {colour: "difference"}; only while the plugin mounts.
 */

/** @type {((shell: Shell) => void)[]} */
export const PLUGINS = [difference, timeline, source];
