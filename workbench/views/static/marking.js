// Which boxes are marked: those of a search, of a chosen function or package, or single ones that a plugin names.

import { covered, Marks, matchingFrames } from "./search.js";

/** Frames that a state marks: {frames, count, bad}; null where it marks none. */
export function markedFrames(profile, { query, mark }) {
  if (query) {
    try {
      return { ...matchingFrames(profile, query), bad: false };
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      return { frames: null, count: 0, bad: true };
    }
  }
  const number = Number(mark.slice(1));
  if (mark[0] === "f") return { frames: Uint8Array.from(profile.frameFile, (_, frame) => (frame === number ? 1 : 0)), count: 1, bad: false };
  if (mark[0] !== "p") return null;
  const frames = Uint8Array.from(profile.frameFile, (_, frame) => (frame > 0 && profile.packageOf(frame) === number ? 1 : 0));
  return { frames, count: frames.reduce((sum, value) => sum + value, 0), bad: false };
}

/** Marks of frames on a tree. */
export function marksOf(tree, frames) {
  const { frame } = tree;
  const known = frames.length;
  return new Marks(tree, (node) => frame[node] < known && frames[frame[node]] === 1);
}

/** Marks of single nodes of the profile. */
export function marksOfNodes(tree, map, nodes) {
  const wanted = new Set(nodes);
  const boxes = new Set(map ? nodes.map((node) => map[node]) : []);
  return new Marks(tree, (node) => boxes.has(node) || wanted.has(tree.originOf(node)));
}

/** Weight under the marked frames, each recursion once. */
export function markedWeight(tree, frames) {
  return covered(tree, frames);
}
