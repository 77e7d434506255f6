// A tree of boxes: columns over nodes in breadth-first order. One depth is one contiguous range from left to right, and
// so is the part of any subtree within one depth; a view then needs no sorting, only binary searches.

const BUILT_IN = "<built-in>";

export class Tree {
  /**
   * @param {import("./profile.js").Profile} profile  whose frames the nodes name
   * @param {{frame: ArrayLike<number>, self: ArrayLike<number>, samples: ArrayLike<number>,
   *   children?: ArrayLike<number>, parent?: Int32Array, total?: Float64Array, x?: Float64Array,
   *   line?: ArrayLike<number>, origin?: Int32Array, unit?: number, names?: string[]}} columns
   *   `origin`: a node of the profile that each node stands for, 0 for none. `unit`: nanoseconds of a weight of 1.
   *   `names`: of frames past the profile's own (groups, "smaller ones"). Weights don't always fill a parent from the
   *   left (time has gaps): with `total` a tree gives its own left edges, too.
   */
  constructor(profile, columns) {
    this.profile = profile;
    this.frame = columns.frame;
    this.self = columns.self;
    this.ownSamples = columns.samples;
    this.line = columns.line || null;
    this.origin = columns.origin || null;
    this.names = columns.names || [];
    this.unit = columns.unit;
    this.size = this.frame.length;
    if (columns.children) this.#fromCounts(columns.children);
    else this.#fromParents(columns.parent);
    this.levels = [0]; // levels[d] is the first node of depth d; one more entry closes the last
    for (let node = 1; node < this.size; node++) if (this.depth[node] !== this.depth[node - 1]) this.levels.push(node);
    this.levels.push(this.size);
    if (columns.total) [this.total, this.x, this.samples] = [columns.total, columns.x, this.ownSamples];
    else this.#weigh();
  }

  /** Parents, depths and first children (n + 1 entries, also for childless nodes) from how many children each has. */
  #fromCounts(children) {
    const n = this.size;
    this.parent = new Int32Array(n).fill(-1);
    this.firstChild = new Uint32Array(n + 1);
    this.depth = new Uint16Array(n);
    const { parent, firstChild, depth } = this;
    let next = 1;
    for (let node = 0; node < n; node++) {
      firstChild[node] = next;
      const below = depth[node] + 1;
      for (const end = next + children[node]; next < end; next++) {
        parent[next] = node;
        depth[next] = below;
      }
    }
    firstChild[n] = next;
  }

  #fromParents(parent) {
    const children = new Uint32Array(this.size);
    for (let node = 1; node < this.size; node++) children[parent[node]]++;
    this.#fromCounts(children);
  }

  /** Totals from below, then left edges from above. */
  #weigh() {
    const { size: n, parent, firstChild } = this;
    const total = (this.total = new Float64Array(this.self));
    const samples = (this.samples = new Uint32Array(this.ownSamples));
    for (let node = n - 1; node > 0; node--) {
      total[parent[node]] += total[node];
      samples[parent[node]] += samples[node];
    }
    const x = (this.x = new Float64Array(n));
    for (let node = 0; node < n; node++) {
      let edge = x[node];
      for (let child = firstChild[node], end = firstChild[node + 1]; child < end; child++) {
        x[child] = edge;
        edge += total[child];
      }
    }
  }

  get whole() {
    return this.total[0];
  }

  /** How many rows there are. */
  get depths() {
    return this.levels.length - 1;
  }

  /** A weight in nanoseconds per round (or what else the profile counts). */
  value(weight) {
    return weight * this.unit;
  }

  /** A weight as people read it. */
  weightText(weight) {
    return this.profile.text(this.value(weight));
  }

  name(node) {
    const name = node === 0 ? this.rootName() : this.#frameName(this.frame[node]);
    return this.line && this.line[node] ? `${name}:${this.line[node]}` : name;
  }

  #frameName(frame) {
    const own = frame - this.profile.frameFile.length;
    return own < 0 ? this.profile.functionName(frame) : this.names[own];
  }

  /** What stands in the root's box; the still picture (views/svg.py) says the same. */
  rootLabel() {
    return this.frame[0] ? this.name(0) : `${this.rootName()} · ${this.profile.wholeText(this)}`;
  }

  rootName() {
    return this.frame[0] ? this.#frameName(this.frame[0]) : "all";
  }

  /** Whether a node stands for a function, not for a group or for what was left out. */
  isFunction(node) {
    const frame = this.frame[node];
    return frame > 0 && frame < this.profile.frameFile.length;
  }

  file(node) {
    return this.isFunction(node) ? this.profile.fileName(this.frame[node]) : "";
  }

  /**
   * The line that says where a node is: its own, the one that executed most, else the function's first; 0 unknown,
   * as of what is built in: the line beside its samples is its caller's.
   */
  lineOf(node) {
    if (!this.isFunction(node) || this.file(node) === BUILT_IN) return 0;
    if (this.line && this.line[node]) return this.line[node];
    const origin = this.originOf(node);
    return (origin && this.profile.lines[origin]) || this.profile.frameLine[this.frame[node]];
  }

  /** "file:line" where a line is known. */
  place(node) {
    const line = this.lineOf(node);
    return line ? `${this.file(node)}:${line}` : this.file(node);
  }

  /** The node of the profile that a node stands for, 0 for none. */
  originOf(node) {
    return this.origin ? this.origin[node] : node;
  }

  /** Nodes below (and with) `node` at `levels` depths further down, as [first, end). */
  descend(node, levels = 1) {
    let [first, end] = [node, node + 1];
    for (; levels > 0 && first < end; levels--) [first, end] = [this.firstChild[first], this.firstChild[end]];
    return [first, end];
  }

  /** How many depths the subtree of a node has, itself included. */
  height(node) {
    let levels = 0;
    for (let [first, end] = [node, node + 1]; first < end; levels++) {
      [first, end] = [this.firstChild[first], this.firstChild[end]];
    }
    return levels;
  }

  /** First node of [first, end), all of one depth, that reaches past position x. */
  firstAfter(x, first, end) {
    while (first < end) {
      const middle = (first + end) >>> 1;
      if (this.x[middle] + this.total[middle] > x) end = middle;
      else first = middle + 1;
    }
    return first;
  }

  /** The same where the answer is likely to be near `first`. */
  nextAfter(x, first, end) {
    const { x: edges, total } = this;
    let step = 1;
    while (first + step <= end && edges[first + step - 1] + total[first + step - 1] <= x) {
      first += step;
      step *= 2;
    }
    return this.firstAfter(x, first, Math.min(end, first + step));
  }

  /** Frames from below the root to a node: what names it in another tree. */
  path(node) {
    const frames = [];
    for (; node > 0; node = this.parent[node]) frames.push(this.frame[node]);
    return frames.reverse();
  }

  /** The node that a path of frames leads to, as far as it goes. */
  find(path) {
    let node = 0;
    for (const frame of path) {
      const [first, end] = this.descend(node);
      let child = first;
      while (child < end && this.frame[child] !== frame) child++;
      if (child === end) return node;
      node = child;
    }
    return node;
  }
}

/** Nodes being made, each after its parent; at most one child of a parent has the same frame and line. */
export class Builder {
  constructor(capacity = 1024) {
    this.size = 1;
    this.parent = new Int32Array(capacity);
    this.frame = new Uint32Array(capacity);
    this.line = new Uint32Array(capacity);
    this.self = new Float64Array(capacity);
    this.samples = new Uint32Array(capacity);
    this.origin = new Int32Array(capacity);
    this.parent[0] = -1;
    this.#index(capacity * 2);
  }

  /** The number of the child with that frame (and line), made when it is new. */
  child(parent, frame, origin = 0, line = 0) {
    let slot = this.#hash(parent, frame, line);
    for (let node; (node = this.slots[slot]) !== 0; slot = (slot + 1) & this.mask) {
      if (this.parent[node] === parent && this.frame[node] === frame && this.line[node] === line) return node;
    }
    if (this.size === this.frame.length) {
      this.#grow();
      return this.child(parent, frame, origin, line);
    }
    const node = this.size++;
    this.slots[slot] = node;
    this.parent[node] = parent;
    this.frame[node] = frame;
    this.line[node] = line;
    this.origin[node] = origin;
    return node;
  }

  #hash(parent, frame, line) {
    let value = Math.imul(parent ^ Math.imul(line, 0x27d4eb2f), 0x9e3779b1) ^ Math.imul(frame, 0x85ebca6b);
    value = Math.imul(value ^ (value >>> 15), 0x2c1b3c6d);
    return (value ^ (value >>> 13)) & this.mask;
  }

  #index(wanted) {
    let slots = 1024;
    while (slots < wanted) slots *= 2;
    this.mask = slots - 1;
    this.slots = new Int32Array(slots);
    for (let node = 1; node < this.size; node++) {
      let slot = this.#hash(this.parent[node], this.frame[node], this.line[node]);
      while (this.slots[slot] !== 0) slot = (slot + 1) & this.mask;
      this.slots[slot] = node;
    }
  }

  #grow() {
    for (const name of ["parent", "frame", "line", "self", "samples", "origin"]) {
      const larger = new this[name].constructor(this[name].length * 2);
      larger.set(this[name]);
      this[name] = larger;
    }
    this.#index(this.frame.length * 2);
  }

  /**
   * The finished tree, siblings in order, without boxes that have no weight. Returns {tree, moved: the new number of
   * every node made, its caller's where it was left out}.
   * @param {import("./profile.js").Profile} profile
   * @param {{rank?: ArrayLike<number> | null, names?: string[], unit?: number, root?: number}} options
   *   `rank` orders siblings by their frames' ranks, else the heaviest come first; `root`: the root's frame.
   */
  finish(profile, { rank = null, names = [], unit = profile.unit, root = 0 } = {}) {
    this.frame[0] = root;
    const total = this.self.slice(0, this.size);
    for (let node = this.size - 1; node > 0; node--) total[this.parent[node]] += total[node];
    const order = this.#order(total, rank);
    const moved = new Int32Array(this.size).fill(-1);
    for (let at = 0; at < order.length; at++) moved[order[at]] = at;
    for (let node = 1; node < this.size; node++) if (moved[node] < 0) moved[node] = moved[this.parent[node]];
    const pick = (column, Kind) => {
      const picked = new Kind(order.length);
      for (let at = 0; at < order.length; at++) picked[at] = column[order[at]];
      return picked;
    };
    const parent = new Int32Array(order.length).fill(-1);
    for (let at = 1; at < order.length; at++) parent[at] = moved[this.parent[order[at]]];
    const columns = {
      parent,
      frame: pick(this.frame, Uint32Array),
      self: pick(this.self, Float64Array),
      samples: pick(this.samples, Uint32Array),
      line: pick(this.line, Uint32Array),
      origin: pick(this.origin, Int32Array),
    };
    return { tree: new Tree(profile, { ...columns, names, unit }), moved };
  }

  /** The nodes with weight, breadth first. */
  #order(total, rank) {
    const n = this.size;
    const next = new Int32Array(n);
    const head = new Int32Array(n);
    for (let node = n - 1; node > 0; node--) {
      next[node] = head[this.parent[node]];
      head[this.parent[node]] = node;
    }
    const before = rank
      ? (a, b) => rank[this.frame[a]] - rank[this.frame[b]] || this.line[a] - this.line[b] || a - b
      : (a, b) => total[b] - total[a] || a - b;
    const order = new Int32Array(n);
    let end = 1;
    for (let at = 0; at < end; at++) {
      const first = end;
      for (let child = head[order[at]]; child !== 0; child = next[child]) if (total[child] > 0) order[end++] = child;
      if (end - first > 1) sortRange(order, first, end, before);
    }
    return order.subarray(0, end);
  }
}

/** Sort a part of an array: few, or almost sorted, by insertion. */
function sortRange(array, first, end, before) {
  if (end - first > 32) {
    array.set(Array.from(array.subarray(first, end)).sort(before), first);
    return;
  }
  for (let i = first + 1; i < end; i++) {
    const value = array[i];
    let at = i;
    for (; at > first && before(value, array[at - 1]) < 0; at--) array[at] = array[at - 1];
    array[at] = value;
  }
}
