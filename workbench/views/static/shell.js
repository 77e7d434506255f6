// What plugins may use of the flame graph; plugins.js describes it.

import { formatShare } from "./format.js";

/** @param {import("./flamegraph.js").FlameGraph} graph @returns {import("./plugins.js").Shell} */
export function shellOf(graph) {
  const { profile } = graph;
  return {
    profile,
    element: graph.root,
    signal: graph.controller.signal,
    get theme() {
      return graph.theme;
    },
    on: (type, handler) => graph.on(type, handler),
    addPanel: (panel) => graph.panels.add(panel),
    banner: (text, kind) => graph.panels.banner(text, kind),
    addColouring: (colouring) => graph.addColouring(colouring),
    addFacts: (rows) => graph.card.facts.push(rows),
    addColumn: (column) => graph.table.addColumn(column),
    choose: (frame) => graph.choose(frame, 0),
    zoomTo: (node) => graph.zoomToOrigin(node),
    showTime: (left, right) => graph.showTime(left, right),
    markNodes: (nodes) => graph.markNodes(nodes),
    text: {
      format: (weight) => profile.text(profile.value(weight)),
      share: (weight) => formatShare(weight, profile.whole),
    },
    addState: (key, initial, apply) => graph.addState(key, initial, apply),
    set: (change) => graph.set(change),
    initially: (change) => Object.assign(graph.initial, change),
  };
}
