// The tree from the top, changed: functions hidden, recursion collapsed, the event loop and imports folded, boxes split by line or
// grouped by thread or task, siblings by name. Weights are never lost: what is taken out is charged to its caller;
// only waiting, where it is left out, is gone.

import { EVENT_LOOP, IMPORTING } from "./profile.js";
import { Builder } from "./tree.js";

/**
 * @typedef {object} Shape
 * @property {Uint8Array | null} hidden  1 for frames to take out
 * @property {boolean} fold  take out the event loop's own frames
 * @property {boolean} waits  leave out what waited (the only shape that has less weight than the profile)
 * @property {boolean} imports  make one box of an import with all that it ran
 * @property {boolean} collapse  let a call belong to the outermost call of the same function
 * @property {"function" | "line"} merge
 * @property {"" | "thread" | "task"} group
 * @property {boolean} byName  siblings by name instead of weight
 */

/**
 * Returns {tree, map}: `map` leads from a node of the profile to the tree's, null where one became several.
 * @param {import("./profile.js").Profile} profile
 * @param {Shape} shape
 */
export function reshape(profile, shape) {
  const section = shape.group ? profile.section(shape.group) : null;
  const lines = shape.merge === "line";
  const dropped = droppedFrames(profile, shape);
  const imports = shape.imports ? profile.flagged(IMPORTING) : null;
  const waits = shape.waits ? profile.waiting : null;
  if (!section && !lines && !dropped && !imports && !waits && !shape.collapse && !shape.byName) return { tree: profile, map: null, same: true };
  const groups = section ? [...profile.header[`${shape.group}s`], `no ${shape.group}`] : [];
  const names = imports ? [...groups, "imports"] : groups;
  const imported = profile.frameFile.length + groups.length; // the frame of that name
  const builder = new Builder(profile.size + 1024);
  const place = section ? placeGroups : placeAll;
  const map = place(profile, builder, { dropped, imports, waits, imported, collapse: shape.collapse, section, groups, lines: lines ? lineShares(profile) : null });
  const rank = shape.byName ? nameRanks(profile, names) : null;
  const { tree, moved } = builder.finish(profile, { names, rank });
  const lead = waits ? (node, leaf) => (waits[profile.frame[leaf]] ? 0 : moved[node]) : (node) => moved[node];
  return { tree, map: map && map.map(lead), same: false };
}

function droppedFrames(profile, { hidden, fold }) {
  const loop = fold ? profile.flagged(EVENT_LOOP) : null;
  if (!hidden || !loop) return hidden || loop;
  return hidden.map((value, frame) => value | loop[frame]);
}

/** The node that a node of the profile becomes below `above`, the one its parent became. */
function placed(profile, builder, node, above, { dropped, imports, imported, collapse }) {
  const frame = profile.frame[node];
  if (imports && builder.frame[above] === imported) return above;
  if (imports && imports[frame]) return builder.child(above, imported, node);
  if (dropped && dropped[frame]) return above;
  if (collapse) {
    for (let at = above; at > 0; at = builder.parent[at]) if (builder.frame[at] === frame) return at;
  }
  return builder.child(above, frame, node);
}

function placeAll(profile, builder, options) {
  const map = new Int32Array(profile.size);
  for (let node = 1; node < profile.size; node++) {
    map[node] = placed(profile, builder, node, map[profile.parent[node]], options);
    if (!isLeftOut(profile, node, options)) charge(profile, builder, map[node], node, profile.self[node], profile.ownSamples[node], options.lines);
  }
  return map;
}

function isLeftOut(profile, node, { waits }) {
  return waits !== null && waits[profile.frame[node]] === 1;
}

/** Add a weight to a box; by line, to the line's own box below it. */
function charge(profile, builder, box, node, weight, samples, lines) {
  if (!lines || box === 0 || builder.frame[box] >= profile.frameFile.length) {
    builder.self[box] += weight;
    builder.samples[box] += samples;
    return;
  }
  let left = weight;
  const add = (line, share) => {
    const at = line ? builder.child(box, profile.frame[node], node, line) : box;
    builder.self[at] += share;
    left -= share;
    return at;
  };
  const [first, end] = [lines.first[node], lines.first[node + 1]];
  const scale = profile.self[node] > 0 ? weight / profile.self[node] : 0;
  for (let row = first; row < end; row++) builder.samples[add(lines.line[row], lines.self[row] * scale)] += 1;
  if (left > 0 && weight > 0) builder.samples[add(first < end ? 0 : profile.lines[node], left)] += samples;
}

/** Rows of the section of lines by node. */
function lineShares(profile) {
  const section = profile.section("line");
  const first = new Uint32Array(profile.size + 1);
  if (!section) return { first, line: [], self: [] };
  for (const node of section.node) first[node + 1]++;
  for (let node = 0; node < profile.size; node++) first[node + 1] += first[node];
  return { first, line: section.line, self: section.self };
}

/** A box for every group, and in it the stacks it has weight in. */
function placeGroups(profile, builder, options) {
  const { section, groups } = options;
  const frames = profile.frameFile.length;
  const rest = Float64Array.from(profile.self);
  const map = new Int32Array(profile.size); // of one group at a time: valid where `seen` has its number
  const seen = new Int32Array(profile.size);
  const trail = [];
  const place = (group, leaf, weight) => {
    if (isLeftOut(profile, leaf, options)) return;
    const top = builder.child(0, frames + group);
    let node = leaf;
    for (; node > 0 && seen[node] !== group + 1; node = profile.parent[node]) trail.push(node);
    let above = node > 0 ? map[node] : top;
    while (trail.length) {
      node = trail.pop();
      above = map[node] = placed(profile, builder, node, above, options);
      seen[node] = group + 1;
    }
    const samples = profile.self[leaf] > 0 ? Math.round((profile.ownSamples[leaf] * weight) / profile.self[leaf]) : 0;
    charge(profile, builder, above, leaf, weight, samples, options.lines);
  };
  const order = Uint32Array.from(section.node.keys()).sort((a, b) => section.group[a] - section.group[b] || a - b);
  for (const row of order) {
    place(section.group[row], section.node[row], section.self[row]);
    rest[section.node[row]] -= section.self[row];
  }
  for (let node = 1; node < profile.size; node++) if (rest[node] > 0.5) place(groups.length - 1, node, rest[node]);
  return null;
}

/** Each frame's place among all by name. */
function nameRanks(profile, names) {
  const count = profile.frameFile.length;
  const name = (frame) => (frame < count ? profile.functionName(frame) : names[frame - count]);
  const order = Array.from({ length: count + names.length }, (_, frame) => frame);
  order.sort((a, b) => (name(a) < name(b) ? -1 : name(a) > name(b) ? 1 : a - b));
  const rank = new Uint32Array(order.length);
  order.forEach((frame, at) => (rank[frame] = at));
  return rank;
}
