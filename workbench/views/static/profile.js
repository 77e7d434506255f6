// The profile: a payload decoded into typed arrays. The format is described where it is written, in views/payload.py.

import { formatWeight } from "./format.js";
import { Tree } from "./tree.js";

const MAGIC = 0x33464257; // "WBF3" read as a little-endian uint32
const ARRAYS = { u1: Uint8Array, u2: Uint16Array, u4: Uint32Array, f8: Float64Array };

export const AWAITING = 1; // flags of frames
export const EVENT_LOOP = 2;
export const IDLE = 4;
export const IMPORTING = 8;

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

/** Numbers whose bytes stand in planes: all low ones first. */
function joined(buffer, start, count, width) {
  const numbers = new (width === 2 ? Uint16Array : Uint32Array)(count);
  const bytes = new Uint8Array(buffer, start, count * width);
  for (let plane = 0, at = 0; plane < width; plane++) {
    const shift = 8 * plane;
    for (let i = 0; i < count; i++) numbers[i] |= bytes[at++] << shift;
  }
  return numbers;
}

/** Samples of every node: what its weight is worth, and how far the count is off it. */
function counted({ samples, self }, weight) {
  if (!weight) return samples;
  const counts = new Uint32Array(samples.length);
  for (let node = 1; node < counts.length; node++) {
    const off = samples[node];
    counts[node] = Math.floor(self[node] / weight + 0.5) + (off & 1 ? -(off + 1) / 2 : off / 2);
  }
  return counts;
}

/**
 * Decode a payload. Rejects with an Error if it is none.
 * @param {string | ArrayBuffer | ArrayBufferView} source
 */
export async function decode(source) {
  const buffer = await inflate(bytesOf(source));
  const view = new DataView(buffer);
  if (buffer.byteLength < 8 || view.getUint32(0, true) !== MAGIC) throw new Error("not a flame graph payload");
  const length = view.getUint32(4, true);
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 8, length)));
  const start = (8 + length + 7) & ~7;
  const columns = {};
  for (const [name, type, offset, count] of header.columns) {
    columns[name] = type[0] === "p" ? joined(buffer, start + offset, count, Number(type[1])) : new ARRAYS[type](buffer, start + offset, count);
  }
  return new Profile(header, columns);
}

/** The whole profile as a tree, with the names of its frames and its optional sections. */
export class Profile extends Tree {
  constructor(header, columns) {
    const rounds = Math.max(1, header.meta.rounds || 1);
    super(null, {
      frame: columns.frame,
      self: columns.self,
      samples: counted(columns, header.sample_weight),
      children: columns.children,
      unit: header.unit_ns / rounds,
    });
    this.profile = this;
    this.header = header;
    this.meta = header.meta;
    this.rounds = rounds;
    this.each = header.meta.each || "round";
    this.files = header.files;
    this.functions = header.functions;
    this.packages = header.packages.map(([name, kind, colour, weight]) => ({ name, kind, colour, weight }));
    this.columns = columns;
    this.sections = new Map();
    this.frameFile = columns.frame_file;
    this.frameFunction = columns.frame_function;
    this.frameLine = columns.frame_line;
    this.frameFlags = columns.frame_flags;
    this.filePackage = columns.file_package;
  }

  /** The heaviest executing line of every node, 0 unknown. */
  get lines() {
    if (this.knownLines) return this.knownLines;
    const lines = (this.knownLines = Uint32Array.from(this.columns.line));
    const section = this.section("line");
    const most = new Map();
    section?.node.forEach((node, row) => {
      if (!(section.self[row] >= (most.get(node) ?? 0))) return;
      most.set(node, section.self[row]);
      lines[node] = section.line[row];
    });
    return lines;
  }

  get title() {
    return this.meta.name || this.meta.run_id || "profile";
  }

  /** A value in what the profile counts. */
  text(value) {
    return typeof value === "number" ? formatWeight(value, this.meta.unit || "ns") : "";
  }

  /** The time of all, per round; of a difference both sides'. The flame chart has an axis of its own. */
  wholeText(tree) {
    const sides = this.section("diff");
    if (sides) return (this.bothWholes ??= [sides.base, sides.new].map((side) => this.weightText(side.reduce((a, b) => a + b, 0))).join(" → "));
    const each = this.rounds > 1 && tree.unit === this.unit ? ` a ${this.each}` : "";
    return `${tree.weightText(tree.whole)}${each}`;
  }

  functionName(frame) {
    return frame === 0 ? "all" : this.functions[this.frameFunction[frame]];
  }

  fileName(frame) {
    return frame === 0 ? "" : this.files[this.frameFile[frame]];
  }

  packageOf(frame) {
    return this.filePackage[this.frameFile[frame]];
  }

  /** Whether it is what recording cost, and nobody's code. */
  isRecording(frame) {
    return frame > 0 && this.packages[this.packageOf(frame)].kind === "instrumentation";
  }

  /** Frames that have one of the flags, as 0 and 1; null if none has. */
  flagged(flags) {
    const found = Uint8Array.from(this.frameFlags, (own) => (own & flags ? 1 : 0));
    return found.includes(1) ? found : null;
  }

  /** Frames that wait where they are the leaf, as 0 and 1; null for none. */
  get waiting() {
    if (this.knownWaiting === undefined) this.knownWaiting = this.flagged(this.leavesWaitingOut ? AWAITING : AWAITING | IDLE);
    return this.knownWaiting;
  }

  /** Whether the sampler skipped threads that wait: a leaf that looks like waiting then ran native code. */
  get leavesWaitingOut() {
    return this.isPySpy && !(this.meta.mode || "").split(",").includes("idle");
  }

  get isPySpy() {
    return Boolean(this.meta.sampler?.startsWith("py-spy"));
  }

  /** An optional section's columns by their names without the prefix; null if it isn't there. */
  section(prefix) {
    if (!this.sections.has(prefix)) this.sections.set(prefix, this.#section(prefix));
    return this.sections.get(prefix);
  }

  #section(prefix) {
    const found = {};
    for (const [name, column] of Object.entries(this.columns)) {
      if (name.startsWith(`${prefix}_`)) found[name.slice(prefix.length + 1)] = column;
    }
    if (!Object.keys(found).length) return null;
    let nodes;
    if (found.step) Object.defineProperty(found, "node", { get: () => (nodes ??= running(found.step)) });
    return found;
  }
}

function running(steps) {
  const sums = new Uint32Array(steps.length);
  for (let i = 0, sum = 0; i < steps.length; i++) sums[i] = sum += steps[i];
  return sums;
}
