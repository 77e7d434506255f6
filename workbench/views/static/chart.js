// The flame chart: stacks in the order of time. What follows without a gap in the same box stays in it.

import { Tree } from "./tree.js";

/**
 * The chart of one lane (thread). Weights and edges are in units of the time axis; node 0 is the whole axis.
 * @param {import("./profile.js").Profile} profile
 * @param {import("./tree.js").Tree} tree  the tree whose boxes are shown, reshaped from the profile
 * @param {Int32Array | null} map  from the profile's nodes to the tree's
 * @param {number} lane
 * @param {number} task  the only one that is shown; 0 for all, else its number + 1
 */
export function chart(profile, tree, map, lane, task) {
  const { time } = profile.header;
  const boxes = new Boxes(tree);
  const section = profile.section("time");
  const bucket = task ? Math.max(2, time.bucket / 16) : time.bucket; // in a gap between one task's entries others ran
  if (section) eachEntry(section, time, lane, task, (start, length, node) => boxes.enter(start, length, map ? map[node] : node, bucket));
  boxes.close(0);
  return boxes.finish(profile, time);
}

/** The tasks that a lane's entries are of, as their numbers + 1: those that can be followed in it. */
export function tasksIn(profile, lane) {
  const { time } = profile.header;
  const section = profile.section("time");
  if (!section?.task) return new Set();
  let first = 0;
  for (let slot = 0; slot < lane * time.buckets; slot++) first += section.count[slot];
  let end = first;
  for (let slot = lane * time.buckets; slot < (lane + 1) * time.buckets; slot++) end += section.count[slot];
  return new Set([...section.task.subarray(first, end)].filter((task) => task > 0));
}

/** Call visit(start, length, node) for a lane's entries, or those of one task. */
function eachEntry({ count, node, length, task: tasks }, { bucket, buckets }, lane, task, visit) {
  let row = 0;
  for (let slot = 0; slot < lane * buckets; slot++) row += count[slot];
  for (let slot = 0; slot < buckets; slot++) {
    let at = slot * bucket;
    for (const end = row + count[lane * buckets + slot]; row < end; row++) {
      if (!task || tasks[row] === task) visit(at, length[row], node[row]);
      at += length[row];
    }
  }
}

class Boxes {
  constructor(tree) {
    this.tree = tree;
    this.open = []; // box numbers of the stack that is open, from depth 1 on
    this.path = []; // and the tree's nodes
    this.end = -1;
    [this.node, this.parent, this.depth, this.start, this.length, this.self] = [[], [], [], [], [], []];
  }

  /** A stack ran for some time; gaps shorter than a bucket are the buckets' own. */
  enter(start, length, leaf, bucket) {
    if (start - this.end >= bucket) this.close(0);
    else start = Math.max(this.end, 0);
    const path = this.#pathTo(leaf);
    let shared = 0;
    while (shared < path.length && this.path[shared] === path[shared]) shared++;
    this.close(shared);
    if (this.open.length) this.end = start;
    for (let depth = shared; depth < path.length; depth++) this.#begin(path[depth], start);
    this.end = start + length;
    if (this.open.length) this.self[this.open.at(-1)] += length;
  }

  #pathTo(leaf) {
    const path = [];
    for (let node = leaf; node > 0; node = this.tree.parent[node]) path.push(node);
    return path.reverse();
  }

  #begin(node, start) {
    this.open.push(this.node.length);
    this.path.push(node);
    this.parent.push(this.open.length > 1 ? this.open.at(-2) : -1);
    this.depth.push(this.open.length);
    this.node.push(node);
    this.start.push(start);
    this.length.push(0);
    this.self.push(0);
  }

  close(keep) {
    while (this.open.length > keep) {
      const box = this.open.pop();
      this.length[box] = this.end - this.start[box];
    }
    this.path.length = Math.min(this.path.length, keep);
  }

  finish(profile, time) {
    const n = this.node.length + 1;
    const order = this.#order();
    const moved = new Int32Array(n - 1);
    order.forEach((box, at) => (moved[box] = at + 1));
    const column = (Kind, root, value) => {
      const made = new Kind(n);
      made[0] = root;
      for (let at = 1; at < n; at++) made[at] = value(order[at - 1]);
      return made;
    };
    const { tree } = this;
    return new Tree(profile, {
      parent: column(Int32Array, -1, (box) => (this.parent[box] < 0 ? 0 : moved[this.parent[box]])),
      frame: column(Uint32Array, 0, (box) => tree.frame[this.node[box]]),
      line: column(Uint32Array, 0, (box) => (tree.line ? tree.line[this.node[box]] : 0)),
      origin: column(Int32Array, 0, (box) => tree.originOf(this.node[box])),
      self: column(Float64Array, 0, (box) => this.self[box]),
      samples: new Uint32Array(n),
      total: column(Float64Array, time.length, (box) => this.length[box]),
      x: column(Float64Array, 0, (box) => this.start[box]),
      unit: time.unit_ns,
      names: tree.names,
    });
  }

  /** Boxes by depth and time; they were begun in the order of time. */
  #order() {
    const deepest = this.depth.reduce((most, depth) => Math.max(most, depth), 0);
    const next = new Uint32Array(deepest + 2);
    for (const depth of this.depth) next[depth + 1]++;
    for (let depth = 1; depth < next.length; depth++) next[depth] += next[depth - 1];
    const order = new Uint32Array(this.depth.length);
    this.depth.forEach((depth, box) => (order[next[depth]++] = box));
    return order;
  }
}
