// Searching functions and files, and marks on boxes.

/**
 * A predicate on strings for a search box's text: a substring in any case, or a /regular expression/flags.
 * Throws a SyntaxError for a bad expression.
 * @param {string} query
 */
export function matcher(query) {
  const expression = /^\/(.*)\/([imsu]*)$/.exec(query);
  if (expression) {
    const pattern = new RegExp(expression[1], expression[2]);
    return (text) => pattern.test(text);
  }
  const needle = query.toLowerCase();
  return (text) => text.toLowerCase().includes(needle);
}

/** Frames whose function or file matches, as 1, and how many. */
export function matchingFrames(profile, query) {
  const test = matcher(query);
  const inFile = profile.files.map(test);
  const inFunction = profile.functions.map(test);
  const frames = new Uint8Array(profile.frameFile.length);
  let count = 0;
  for (let frame = 1; frame < frames.length; frame++) {
    frames[frame] = inFunction[profile.frameFunction[frame]] || inFile[profile.frameFile[frame]] ? 1 : 0;
    count += frames[frame];
  }
  return { frames, count };
}

/** Time under the outermost nodes of the marked frames (recursion counts once) in a tree from the top. */
export function covered(tree, frames) {
  const within = new Uint8Array(tree.size);
  let weight = 0;
  for (let node = 1; node < tree.size; node++) {
    const above = within[tree.parent[node]];
    const own = tree.frame[node] < frames.length ? frames[tree.frame[node]] : 0;
    within[node] = above | own;
    if (own && !above) weight += tree.total[node];
  }
  return weight;
}

/** Marked nodes of one tree: `nodes` 0 or 1, `next[i]` the first marked one from i on (the tree's size: none). */
export class Marks {
  constructor(tree, isMarked) {
    this.nodes = new Uint8Array(tree.size);
    this.next = new Uint32Array(tree.size + 1);
    this.next[tree.size] = tree.size;
    for (let node = tree.size - 1; node >= 0; node--) {
      const marked = node > 0 && isMarked(node);
      this.nodes[node] = marked ? 1 : 0;
      this.next[node] = marked ? node : this.next[node + 1];
    }
  }

  /** The marked nodes, widest first, at most so many. */
  widest(tree, most) {
    const found = [];
    for (let node = this.next[0]; node < tree.size; node = this.next[node + 1]) found.push(node);
    return found.sort((a, b) => tree.total[b] - tree.total[a]).slice(0, most);
  }
}
