// Every function's self and total time in a tree from the top.

/**
 * Per frame (with those past the profile's own): self weight, total weight, own samples. Recursion counts once.
 * @param {import("./tree.js").Tree} tree
 */
export function functionTotals(tree) {
  const count = tree.profile.frameFile.length + tree.names.length;
  const self = new Float64Array(count);
  const total = new Float64Array(count);
  const samples = new Float64Array(count);
  const open = new Uint32Array(count); // how often a function stands on the path from the root
  const stack = new Int32Array(2 * tree.size + 2);
  let height = 0;
  stack[height++] = 0;
  while (height) {
    const at = stack[--height];
    if (at < 0) {
      open[tree.frame[~at]]--;
      continue;
    }
    if (at > 0) {
      const frame = tree.frame[at];
      self[frame] += tree.self[at];
      samples[frame] += tree.ownSamples[at];
      if (open[frame]++ === 0) total[frame] += tree.total[at];
      stack[height++] = ~at;
    }
    for (let child = tree.firstChild[at]; child < tree.firstChild[at + 1]; child++) stack[height++] = child;
  }
  return { self, total, samples };
}

/** Self weight by line: [{frame, line, self}], for the table that is merged by line. */
export function lineTotals(tree) {
  const rows = new Map();
  for (let node = 1; node < tree.size; node++) {
    if (!(tree.self[node] > 0) || !tree.isFunction(node)) continue;
    const line = tree.line ? tree.line[node] : 0;
    const key = `${tree.frame[node]}:${line}`;
    const row = rows.get(key) || { frame: tree.frame[node], line, self: 0 };
    row.self += tree.self[node];
    rows.set(key, row);
  }
  return [...rows.values()];
}
