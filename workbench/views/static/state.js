// What a view shows, as one flat record of texts: it is compared, remembered for Back, and written into an address.

/**
 * view; root "" or "bottom"; order "" or "name"; merge "" or "line"; group "", "thread" or "task"; recursion "" or
 * "collapse"; loop and imports "" or "fold"; waits "" or "drop"; hidden: "f3.p2.m7" (frames, packages, files); lane: thread of the flame chart;
 * task: "" or the only one that it shows, as its number + 1; colour;
 * frame: the function of the sandwich; mark: "f3" or "p2"; query; focus and above: zoomed box of the graph and of the
 * sandwich's upper half, as a path of frames "3.17" or a box "b12"; range: "0.25-0.5", a free view as shares.
 */
export const INITIAL = Object.freeze({
  view: "flame", root: "", order: "", merge: "", group: "", recursion: "", loop: "", imports: "", waits: "", hidden: "", lane: "0", task: "",
  colour: "", frame: "", mark: "", query: "", focus: "", above: "", range: "",
});

const SHAPE = ["order", "merge", "group", "recursion", "loop", "imports", "waits", "hidden"];

/** What of a state decides how the tree from the top looks. */
export function shapeKey(state) {
  return SHAPE.map((name) => state[name]).join("|");
}

export function same(a, b) {
  return Object.keys(a).every((name) => a[name] === b[name]);
}

/** Frames that are hidden, as 1; null for none. */
export function hiddenFrames(profile, hidden) {
  const tokens = hidden.split(".").filter((token) => /^[fpm]\d+$/.test(token));
  if (!tokens.length) return null;
  const [frames, packages, files] = ["f", "p", "m"].map((kind) => new Set(tokens.filter((t) => t[0] === kind).map((t) => Number(t.slice(1)))));
  return Uint8Array.from(profile.frameFile, (file, frame) =>
    frame > 0 && (frames.has(frame) || files.has(file) || packages.has(profile.packageOf(frame))) ? 1 : 0,
  );
}

/** What a token of `hidden` or `mark` names. */
export function tokenName(profile, token) {
  const number = Number(token.slice(1));
  if (token[0] === "p") return profile.packages[number]?.name ?? "";
  if (token[0] === "m") return profile.files[number] ?? "";
  return number < profile.frameFile.length ? profile.functionName(number) : "";
}

/** A node as a state remembers it, and back; the root is "". */
export function nodeText(tree, node, byNumber) {
  if (node <= 0) return "";
  return byNumber ? `b${node}` : tree.path(node).join(".");
}

export function nodeOf(tree, text) {
  if (!text) return 0;
  if (text[0] === "b") return Math.min(Number(text.slice(1)) || 0, tree.size - 1);
  return tree.find(text.split(".").map(Number));
}

export function pathOf(text) {
  return text ? text.split(".").map(Number) : [];
}

/** What makes sense of a state that was told from outside, as by an address. */
export function sensible(profile, told) {
  const frames = profile.frameFile.length;
  const below = (limit) => (value) => /^\d{1,9}$/.test(value) && Number(value) < limit;
  const one = (...values) => (value) => values.includes(value);
  const tests = {
    view: one("flame", "callers", "sandwich", "functions", ...(profile.section("time") ? ["time"] : [])),
    root: one("bottom"),
    order: one("name"),
    merge: one("line"),
    group: one(...["thread", "task"].filter((name) => profile.section(name))),
    recursion: one("collapse"),
    loop: one("fold"),
    imports: one("fold"),
    waits: one("drop"),
    lane: below(profile.header.time?.lanes.length ?? 0),
    task: (value) => Boolean(profile.section("time")?.task) && Number(value) > 0 && below(profile.header.tasks.length + 1)(value),
    frame: (value) => below(frames)(value) && Number(value) > 0,
    mark: (value) => (value[0] === "f" && below(frames)(value.slice(1))) || (value[0] === "p" && below(profile.packages.length)(value.slice(1))),
    focus: (value) => /^(b\d{1,9}|\d{1,9}(\.\d{1,9})*)$/.test(value),
    above: (value) => /^\d{1,9}(\.\d{1,9})*$/.test(value),
  };
  return Object.fromEntries(Object.entries(told).filter(([name, value]) => !tests[name] || tests[name](value)));
}
