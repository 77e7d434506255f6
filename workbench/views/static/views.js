// The trees behind the views, made when they are first asked for; the last few are kept.

import { chart } from "./chart.js";
import { callEntries, callees, callers, selfEntries } from "./invert.js";
import { functionTotals, lineTotals } from "./functions.js";
import { reshape } from "./reshape.js";
import { hiddenFrames, pathOf, shapeKey } from "./state.js";

const KEPT = 6;

export class Views {
  /** @param {import("./profile.js").Profile} profile */
  constructor(profile) {
    this.profile = profile;
    this.kept = new Map();
  }

  #keep(key, make) {
    let value = this.kept.get(key);
    this.kept.delete(key);
    value ??= make();
    this.kept.set(key, value);
    if (this.kept.size > KEPT) this.kept.delete(this.kept.keys().next().value);
    return value;
  }

  /** The tree from the top and the map to it: {tree, map}. */
  flat(state) {
    return this.#keep(`flat|${shapeKey(state)}`, () =>
      reshape(this.profile, {
        hidden: hiddenFrames(this.profile, state.hidden),
        fold: state.loop === "fold",
        waits: state.waits === "drop",
        imports: state.imports === "fold",
        collapse: state.recursion === "collapse",
        merge: state.merge === "line" ? "line" : "function",
        group: state.group,
        byName: state.order === "name",
      }),
    );
  }

  /** The box of a node of the profile in a state's tree from the top; the root where it stands in several. */
  carried(origin, state) {
    const { map, same } = this.flat(state);
    return map ? map[origin] : same ? origin : 0;
  }

  /** The tree of the main pane. */
  main(state) {
    const key = `${state.view}|${shapeKey(state)}`;
    if (state.view === "time" && this.profile.section("time")) {
      return this.#keep(`${key}|${state.lane}|${state.task}`, () => {
        const { tree, map } = this.flat({ ...state, group: "", merge: "", order: "" });
        return chart(this.profile, tree, map, Number(state.lane) || 0, Number(state.task) || 0);
      });
    }
    const { tree } = this.flat(state);
    if (state.view === "callers") {
      return this.#closer(key, state.focus, (focus) => callers(tree, selfEntries(tree), { focus }));
    }
    if (state.view === "sandwich") return this.#keep(`${key}|${state.frame}`, () => callees(tree, Number(state.frame)));
    return tree;
  }

  /** The tree of the sandwich's upper half. */
  above(state) {
    const { tree } = this.flat(state);
    const frame = Number(state.frame);
    const key = `above|${shapeKey(state)}|${frame}`;
    return this.#closer(key, state.above, (focus) => callers(tree, callEntries(tree, frame), { root: frame, focus }));
  }

  /** A tree of callers; looked at more closely below the zoomed box, if anything was left out of it. */
  #closer(key, focus, make) {
    const whole = this.#keep(key, () => make([]));
    return focus && whole.summed ? this.#keep(`${key}|${focus}`, () => make(pathOf(focus))) : whole;
  }

  /** Rows of the table of functions. */
  functions(state) {
    return this.#keep(`functions|${shapeKey(state)}`, () => {
      const { tree } = this.flat(state);
      const { self, total, samples } = functionTotals(tree);
      if (state.merge === "line") {
        return lineTotals(tree).map((row) => ({ ...row, total: row.line ? row.self : total[row.frame], samples: 0 }));
      }
      const rows = [];
      for (let frame = 1; frame < this.profile.frameFile.length; frame++) {
        if (total[frame] > 0) rows.push({ frame, line: 0, self: self[frame], total: total[frame], samples: samples[frame] });
      }
      return rows;
    });
  }

  /** The function with most self time; 0 if there is none. */
  heaviest(state) {
    const { self } = functionTotals(this.flat({ ...state, merge: "", group: "" }).tree);
    return self.subarray(0, this.profile.frameFile.length).reduce((best, value, frame) => (value > self[best] ? frame : best), 0);
  }
}
