// The tree from below: callers of every function's self time (bottom-up), and the two halves of the sandwich.

import { Builder } from "./tree.js";

const FINEST = 16_384; // callers with less than this part of what is in view are summed up as "smaller ones"
const MOST = 1_500_000; // boxes

/** Nodes of a tree and a weight of each: where a look upward begins. */
export function selfEntries(tree) {
  const nodes = [];
  for (let node = 1; node < tree.size; node++) if (tree.self[node] > 0) nodes.push(node);
  return { nodes: Int32Array.from(nodes), weights: Float64Array.from(nodes, (node) => tree.self[node]), samples: tree.ownSamples };
}

/** The outermost calls of a function, with all below them: recursion counts once. */
export function callEntries(tree, frame) {
  const nodes = outermost(tree, frame);
  return { nodes, weights: Float64Array.from(nodes, (node) => tree.total[node]), samples: tree.samples };
}

function outermost(tree, frame) {
  const within = new Uint8Array(tree.size);
  const found = [];
  for (let node = 1; node < tree.size; node++) {
    const above = within[tree.parent[node]];
    const own = tree.frame[node] === frame && !(tree.line && tree.line[node]);
    within[node] = above || own ? 1 : 0;
    if (own && !above) found.push(node);
  }
  return Int32Array.from(found);
}

/**
 * The callers of entries, their own functions first. Callers too light to be seen are one box; below `focus`, a path
 * of frames that is zoomed, "too light" is measured by its own weight.
 * @param {import("./tree.js").Tree} tree
 * @param {{nodes: Int32Array, weights: Float64Array, samples: ArrayLike<number>}} entries
 * @param {{root?: number, focus?: number[]}} options  `root`: the function all entries belong to
 */
export function callers(tree, entries, { root = 0, focus = [] } = {}) {
  const { profile } = tree;
  const builder = new Builder(4096);
  const smaller = profile.frameFile.length + tree.names.length;
  const whole = entries.weights.reduce((sum, weight) => sum + weight, 0);
  const state = {
    at: Int32Array.from(entries.nodes), // each entry's node in `tree`
    box: new Int32Array(entries.nodes.length), // and the box it has reached
    which: Int32Array.from(entries.nodes.keys()),
  };
  if (root) for (let i = 0; i < state.at.length; i++) state.at[i] = tree.parent[state.at[i]];
  const inFocus = [1]; // of every box, whether it lies on the zoomed path or beyond its end
  let focusWeight = whole;
  for (let depth = 0; state.at.length; depth++) {
    const from = builder.size;
    climb(tree, builder, state, entries);
    const light = lightBoxes(builder, state, entries, from, { whole, inFocus, focusWeight });
    follow(builder, from, inFocus, focus[depth]);
    if (focus[depth] !== undefined) focusWeight = weightOf(state, entries, inFocus) || whole;
    settle(tree, builder, state, entries, light, smaller);
    if (builder.size > MOST) break;
  }
  for (let i = 0; i < state.at.length; i++) charge(builder, state.box[i], entries, state.which[i]);
  const made = builder.finish(profile, { names: [...tree.names, "smaller ones"], unit: tree.unit, root }).tree;
  made.summed = made.frame.includes(smaller); // whether callers were left out
  return made;
}

/** Every entry to the box of the function it stands at; those past the root stay where they are. */
function climb(tree, builder, state, entries) {
  const { at, box, which } = state;
  let kept = 0;
  for (let i = 0; i < at.length; i++) {
    if (at[i] <= 0) {
      charge(builder, box[i], entries, which[i]);
      continue;
    }
    const line = tree.line ? tree.line[at[i]] : 0;
    box[kept] = builder.child(box[i], tree.frame[at[i]], tree.originOf(at[i]), line);
    at[kept] = at[i];
    which[kept++] = which[i];
  }
  for (const name of ["at", "box", "which"]) state[name] = state[name].subarray(0, kept);
}

function charge(builder, box, entries, which) {
  builder.self[box] += entries.weights[which];
  builder.samples[box] += entries.samples[entries.nodes[which]];
}

/** Boxes from number `from` on that are too light to go on from, as 1. */
function lightBoxes(builder, state, entries, from, { whole, inFocus, focusWeight }) {
  const weight = new Float64Array(builder.size - from);
  for (let i = 0; i < state.at.length; i++) weight[state.box[i] - from] += entries.weights[state.which[i]];
  const light = new Uint8Array(weight.length);
  for (let i = 0; i < weight.length; i++) {
    const limit = (inFocus[builder.parent[from + i]] ? focusWeight : whole) / FINEST;
    light[i] = weight[i] < limit ? 1 : 0;
  }
  return { from, light };
}

/** Which boxes of this depth lie on the zoomed path, `frame` being its next; all below a path that has ended. */
function follow(builder, from, inFocus, frame) {
  for (let box = from; box < builder.size; box++) {
    inFocus[box] = inFocus[builder.parent[box]] && (frame === undefined || builder.frame[box] === frame) ? 1 : 0;
  }
}

function weightOf(state, entries, inFocus) {
  let sum = 0;
  for (let i = 0; i < state.at.length; i++) if (inFocus[state.box[i]]) sum += entries.weights[state.which[i]];
  return sum;
}

/** Entries in light boxes end in their callee's "smaller ones"; the others go on to their callers. */
function settle(tree, builder, state, entries, { from, light }, smaller) {
  const { at, box, which } = state;
  let kept = 0;
  for (let i = 0; i < at.length; i++) {
    if (light[box[i] - from]) {
      charge(builder, builder.child(builder.parent[box[i]], smaller), entries, which[i]); // nothing is ever below it
      continue;
    }
    at[kept] = tree.parent[at[i]];
    box[kept] = box[i];
    which[kept++] = which[i];
  }
  for (const name of ["at", "box", "which"]) state[name] = state[name].subarray(0, kept);
}

/** What a function's outermost calls call, as one tree with the function as its root. */
export function callees(tree, frame) {
  const { profile } = tree;
  const builder = new Builder(4096);
  const map = new Int32Array(tree.size).fill(-1);
  for (const node of outermost(tree, frame)) map[node] = 0;
  for (let node = 1; node < tree.size; node++) {
    const above = map[tree.parent[node]];
    if (map[node] < 0 && above >= 0) {
      const line = tree.line ? tree.line[node] : 0;
      map[node] = builder.child(above, tree.frame[node], tree.originOf(node), line);
    }
    if (map[node] < 0) continue;
    builder.self[map[node]] += tree.self[node];
    builder.samples[map[node]] += tree.ownSamples[node];
  }
  return builder.finish(profile, { names: tree.names, unit: tree.unit, root: frame }).tree;
}
