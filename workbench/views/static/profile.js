// The profile: a payload decoded into typed arrays, and the questions a view asks of it.
// The format is described where it is written, in views/payload.py.

const MAGIC = 0x31464257; // "WBF1" read as a little-endian uint32
const ARRAYS = { u1: Uint8Array, u2: Uint16Array, u4: Uint32Array, f8: Float64Array };

/** The bytes of a base64 string, an ArrayBuffer, a typed array or a DataView (as widgets receive them). */
function bytesOf(source) {
  if (typeof source === "string") {
    const text = atob(source.trim());
    const bytes = new Uint8Array(text.length);
    for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
    return bytes;
  }
  if (ArrayBuffer.isView(source)) return new Uint8Array(source.buffer, source.byteOffset, source.byteLength);
  return new Uint8Array(source);
}

/** Inflate into a buffer of its own, which is what makes the columns' alignment certain. */
async function inflate(bytes) {
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Response(stream).arrayBuffer();
}

/** Decode a payload. Rejects with an Error if it is none. */
export async function decode(source) {
  const buffer = await inflate(bytesOf(source));
  const view = new DataView(buffer);
  if (buffer.byteLength < 8 || view.getUint32(0, true) !== MAGIC) throw new Error("not a flame graph payload");
  const length = view.getUint32(4, true);
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 8, length)));
  const start = (8 + length + 7) & ~7;
  const columns = {};
  for (const [name, type, offset, count] of header.columns) {
    columns[name] = new ARRAYS[type](buffer, start + offset, count);
  }
  return new Profile(header, columns);
}

/**
 * A call tree whose nodes stand in breadth-first order: one depth is one contiguous range from left to right, and
 * so is the part of any subtree within one depth. Node 0 is an artificial root over all stacks.
 * Weights (`self`, `total`, `x`) count in units of `unit` nanoseconds per round.
 */
export class Profile {
  constructor(header, columns) {
    this.meta = header.meta;
    this.rounds = Math.max(1, header.meta.rounds || 1);
    this.unit = header.unit_ns / this.rounds;
    this.files = header.files;
    this.functions = header.functions;
    this.packages = header.packages.map(([name, kind, colour]) => ({ name, kind, colour }));
    this.frameFile = columns.frame_file;
    this.frameFunction = columns.frame_function;
    this.frameLine = columns.frame_line;
    this.filePackage = columns.file_package;
    this.frame = columns.frame;
    this.self = columns.self;
    this.line = columns.line;
    this.ownSamples = columns.samples;
    this.size = this.frame.length;
    this.#link(columns.children);
    this.#weigh();
  }

  /** Parents, first children and the depths' ranges. `firstChild` has n + 1 entries, also for childless nodes. */
  #link(children) {
    const n = this.size;
    this.parent = new Int32Array(n).fill(-1);
    this.firstChild = new Uint32Array(n + 1);
    this.depth = new Uint16Array(n);
    let next = 1;
    for (let node = 0; node < n; node++) {
      this.firstChild[node] = next;
      for (const end = next + children[node]; next < end; next++) {
        this.parent[next] = node;
        this.depth[next] = this.depth[node] + 1;
      }
    }
    this.firstChild[n] = next;
    this.levels = [0]; // levels[d] is the first node of depth d; one more entry closes the last
    for (let node = 1; node < n; node++) if (this.depth[node] !== this.depth[node - 1]) this.levels.push(node);
    this.levels.push(n);
  }

  /** Totals from below, then left edges from above. */
  #weigh() {
    const { size: n, parent, firstChild } = this;
    this.total = Float64Array.from(this.self);
    this.samples = Uint32Array.from(this.ownSamples);
    for (let node = n - 1; node > 0; node--) {
      this.total[parent[node]] += this.total[node];
      this.samples[parent[node]] += this.samples[node];
    }
    this.x = new Float64Array(n);
    for (let node = 0; node < n; node++) {
      let x = this.x[node];
      for (let child = firstChild[node]; child < firstChild[node + 1]; child++) {
        this.x[child] = x;
        x += this.total[child];
      }
    }
  }

  get title() {
    return this.meta.name || this.meta.run_id || "profile";
  }

  get whole() {
    return this.total[0];
  }

  /** Nanoseconds per round of a weight. */
  ns(weight) {
    return weight * this.unit;
  }

  name(node) {
    return node === 0 ? "all" : this.functions[this.frameFunction[this.frame[node]]];
  }

  file(node) {
    return node === 0 ? "" : this.files[this.frameFile[this.frame[node]]];
  }

  packageOf(frame) {
    return this.filePackage[this.frameFile[frame]];
  }

  /** "file:line" where a line is known: the line that executed most, else the definition. */
  place(node) {
    const line = this.line[node] || this.frameLine[this.frame[node]];
    return line ? `${this.file(node)}:${line}` : this.file(node);
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

  /**
   * Search functions and files for a substring (any case) or a /regular expression/flags.
   * Returns {frames: Uint8Array of 0 and 1, count: matching frames, weight: time within matches, counted once}.
   * Throws a SyntaxError for a bad expression.
   */
  search(query) {
    const test = matcher(query);
    const inFile = this.files.map(test);
    const inFunction = this.functions.map(test);
    const frames = new Uint8Array(this.frameFile.length);
    let count = 0;
    for (let frame = 1; frame < frames.length; frame++) {
      frames[frame] = inFunction[this.frameFunction[frame]] || inFile[this.frameFile[frame]] ? 1 : 0;
      count += frames[frame];
    }
    return { frames, count, ...this.#covered(frames) };
  }

  /** Time under the outermost nodes of the marked frames, and the heaviest of these nodes. */
  #covered(frames) {
    const within = new Uint8Array(this.size);
    let [weight, heaviest] = [0, -1];
    for (let node = 1; node < this.size; node++) {
      const above = within[this.parent[node]];
      within[node] = above | frames[this.frame[node]];
      if (above || !within[node]) continue;
      weight += this.total[node];
      if (heaviest < 0 || this.total[node] > this.total[heaviest]) heaviest = node;
    }
    return { weight, heaviest };
  }

  /** The functions with most self time: [{frame, self, total}], heaviest first; recursion counts once in total. */
  topFunctions(limit) {
    const self = new Float64Array(this.frameFile.length);
    for (let node = 1; node < this.size; node++) self[this.frame[node]] += this.self[node];
    const order = Array.from(self.keys()).filter((frame) => self[frame] > 0);
    order.sort((a, b) => self[b] - self[a]);
    const top = order.slice(0, limit);
    const total = this.#totals(new Set(top));
    return top.map((frame) => ({ frame, self: self[frame], total: total.get(frame) }));
  }

  #totals(frames) {
    const total = new Map();
    for (let node = 1; node < this.size; node++) {
      const frame = this.frame[node];
      if (!frames.has(frame) || this.#recursive(node)) continue;
      total.set(frame, (total.get(frame) || 0) + this.total[node]);
    }
    return total;
  }

  #recursive(node) {
    const frame = this.frame[node];
    for (let above = this.parent[node]; above > 0; above = this.parent[above]) {
      if (this.frame[above] === frame) return true;
    }
    return false;
  }
}

/** A predicate on strings for a search box's text. */
function matcher(query) {
  const expression = /^\/(.*)\/([imsu]*)$/.exec(query);
  if (expression) {
    const pattern = new RegExp(expression[1], expression[2]);
    return (text) => pattern.test(text);
  }
  const needle = query.toLowerCase();
  return (text) => text.toLowerCase().includes(needle);
}
