// The keyboard on a pane. help.js tells the reader.

import { openBoxMenu } from "./parts.js";
import { IMPORTING } from "./profile.js";

/**
 * What a key does on a pane, or undefined.
 * @param {import("./flamegraph.js").FlameGraph} graph
 * @param {import("./pane.js").Pane} pane
 */
export function actionOf(graph, pane, key) {
  const at = pane.selected >= 0 ? pane.selected : Math.max(pane.focus, 0);
  const to = (node) => () => graph.select(pane, node);
  const moves = moveKeys(pane.tree, at);
  if (pane.flip) [moves.ArrowUp, moves.ArrowDown] = [moves.ArrowDown, moves.ArrowUp];
  if (key in moves) return to(moves[key]);
  const frame = pane.tree.isFunction(at) ? pane.tree.frame[at] : -1;
  const ofFunction = {
    s: () => graph.openSandwich(frame),
    h: () => graph.hide(`f${frame}`),
    c: () => graph.copy(pane.tree.name(at)),
    l: () => graph.copy(pane.tree.place(at)),
  };
  if (key in ofFunction) return frame > 0 ? ofFunction[key] : () => {};
  return { ...viewKeys(graph, pane), Enter: () => graph.zoom(pane, at), " ": () => graph.zoom(pane, at), m: () => openBoxMenu(graph, pane, at) }[key];
}

/** Where the arrows lead from a node, with the root at the top. */
function moveKeys(tree, at) {
  const [first, end] = tree.descend(at);
  return {
    ArrowDown: first < end ? first : at,
    ArrowUp: Math.max(0, tree.parent[at]),
    ArrowRight: at + 1 < tree.levels[tree.depth[at] + 1] ? at + 1 : at,
    ArrowLeft: at - 1 >= tree.levels[tree.depth[at]] ? at - 1 : at,
  };
}

function viewKeys(graph, pane) {
  const scale = (factor) => () => graph.freely(pane, () => pane.scaleAround(factor, 0.5));
  const pan = (share) => () => graph.freely(pane, () => pane.motion.pan(pane.view, share * (pane.view.right - pane.view.left)));
  const [flame, time, callers, sandwich, functions] = ["flame", "time", "callers", "sandwich", "functions"].map((view) => () => graph.set({ view }));
  return {
    Escape: () => graph.out(pane),
    Backspace: () => graph.back(),
    Home: () => graph.reset(),
    0: () => graph.reset(),
    "/": () => graph.toolbar.input.focus(),
    n: () => graph.next(false),
    p: () => graph.next(true),
    "+": scale(0.5),
    "=": scale(0.5),
    "-": scale(2),
    a: pan(-0.25),
    d: pan(0.25),
    i: () => graph.set({ root: graph.now.root ? "" : "bottom" }),
    r: () => graph.set({ recursion: graph.now.recursion ? "" : "collapse" }),
    f: () => graph.profile.flagged(IMPORTING) && graph.set({ imports: graph.now.imports ? "" : "fold" }),
    w: () => graph.profile.waiting && graph.set({ waits: graph.now.waits ? "" : "drop" }),
    u: () => graph.set({ hidden: "" }),
    "?": () => graph.help.open(pane.canvas),
    1: flame,
    2: time,
    3: callers,
    4: sandwich,
    5: functions,
  };
}
