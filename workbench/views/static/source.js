// The lines of the function that was chosen, with the self time of each beside it. Text is there only if the source was
// still the recorded one when the picture was made; where it wasn't, the reason is told and the lines stand without it.

import { element } from "./dom.js";
import { formatShare, shorten } from "./format.js";
import { AWAITING } from "./profile.js";

const NOT_SOURCE = new Set(["<built-in>", "<await>", "<instrumentation>", "<native>"]);
const KINDS = ["Python", "In C", "Awaiting"];
const LONGEST = 400;

/** @param {import("./plugins.js").Shell} shell */
export function mount(shell) {
  if (!shell.profile.header.source?.length) return;
  const listing = new Listing(shell);
  const panel = shell.addPanel({ id: "source", label: "Source", element: listing.element, shown: (open) => open && listing.render() });
  shell.on("choose", ({ frame, node }) => {
    listing.choose(frame, node);
    if (panel.isOpen()) listing.render();
  });
}

class Listing {
  constructor(shell) {
    this.shell = shell;
    this.profile = shell.profile;
    this.texts = new Map(shell.profile.header.source.map(([frame, first, lines, reason]) => [frame, { first, lines, reason }]));
    this.element = element("div", "wb-source");
    this.frame = -1;
  }

  /** A function without source of its own (C, an await) shows its caller's. */
  choose(frame, node) {
    const { profile } = this;
    if (NOT_SOURCE.has(profile.fileName(frame))) {
      const owner = ownerOf(profile, node);
      if (owner > 0) this.frame = profile.frame[owner];
      return;
    }
    if (frame > 0) this.frame = frame;
  }

  get times() {
    return (this.known ??= lineTimes(this.profile));
  }

  render() {
    if (this.frame < 0) this.frame = this.#heaviest();
    const { profile, frame } = this;
    const text = this.texts.get(frame) ?? { first: 1, lines: [], reason: "" };
    const times = this.times.get(frame) ?? new Map();
    const place = `${shorten(profile.fileName(frame))}${text.lines.length ? `:${text.first}` : ""}`;
    const title = element("div", "wb-source-title", {}, element("strong", "", {}, shorten(profile.functionName(frame), 160)), " ", element("span", "wb-fg-place", {}, place));
    const parts = [title];
    const reason = text.reason || (text.lines.length ? "" : "No source of this function is in this page.");
    if (reason) parts.push(element("p", "wb-source-reason", { role: "note" }, shorten(reason)));
    if (times.size || text.lines.length) parts.push(this.#table(text, times));
    if (!times.size) parts.push(element("p", "wb-fg-note", {}, "No time was sampled on its own lines; what it calls is in the graph."));
    this.element.replaceChildren(...parts);
    this.#reveal(times);
  }

  /** Scroll to the line with most self time; the page itself stays where it is. */
  #reveal(times) {
    let heaviest = 0;
    let most = 0;
    for (const [line, values] of times) if (sum(values) > most) [heaviest, most] = [line, sum(values)];
    const row = this.element.querySelector(`[data-line="${heaviest}"]`);
    const box = this.element.querySelector(".wb-source-lines");
    if (row) box.scrollTop = row.offsetTop - (box.clientHeight - row.offsetHeight) / 2;
  }

  /** The function with most time on its lines, of the user's own code if any has some. */
  #heaviest() {
    const { profile } = this;
    const weigh = ([frame, text]) => {
      const whole = text.lines.length ? sum([...(this.times.get(frame)?.values() ?? [])].map(sum)) : 0;
      const own = whole > 0 && profile.packages[profile.packageOf(frame)].kind === "user";
      return { frame, own, whole };
    };
    const ranked = [...this.texts].map(weigh).sort((a, b) => b.own - a.own || b.whole - a.whole);
    return ranked[0].frame;
  }

  #table({ first, lines }, times) {
    const known = [...new Set([...lines.map((_, i) => first + i), ...times.keys()])].sort((a, b) => a - b);
    const whole = sum([...times.values()].map(sum));
    const used = KINDS.map((_, kind) => [...times.values()].some((values) => values[kind] > 0));
    const headings = ["Line", "Self", "Self %", ...KINDS.filter((_, kind) => used[kind] && used.filter(Boolean).length > 1), "Source"];
    const head = element("tr", "", {}, ...headings.map((text) => element("th", "", { scope: "col" }, text)));
    const rows = known.map((line) => this.#row(line, lines[line - first] ?? "", times.get(line), whole, used));
    const caption = element("caption", "wb-fg-live", {}, `Lines of ${shorten(this.profile.functionName(this.frame), 200)} with self time per ${this.profile.each}`);
    const table = element("table", "wb-source-table", {}, caption, element("thead", "", {}, head), element("tbody", "", {}, ...rows));
    return element("div", "wb-source-lines", { tabindex: "0", role: "region", "aria-label": "Source with self time" }, table);
  }

  #row(line, text, values, whole, used) {
    const own = values ? sum(values) : 0;
    const time = (weight) => (weight > 0 ? this.shell.text.format(weight) : "");
    const share = element("td", "wb-source-share", {}, own > 0 ? formatShare(own, whole) : "");
    if (own > 0) share.style.setProperty("--wb-share", `${((100 * own) / whole).toFixed(1)}%`);
    const kinds = used.filter(Boolean).length > 1 ? KINDS.map((_, kind) => kind).filter((kind) => used[kind]) : [];
    const cells = kinds.map((kind) => element("td", "", {}, time(values?.[kind] ?? 0)));
    const code = element("td", "wb-source-code", {}, element("code", "", {}, text.slice(0, LONGEST)));
    const number = element("th", "", { scope: "row" }, String(line));
    return element("tr", own > 0 ? "wb-source-hot" : "", { "data-line": String(line) }, number, element("td", "", {}, time(own)), share, ...cells, code);
  }
}

function sum(values) {
  return values.reduce((whole, value) => whole + value, 0);
}

/** The nearest node at or above one that has source; 0 for none. */
function ownerOf(profile, node) {
  while (node > 0 && NOT_SOURCE.has(profile.fileName(profile.frame[node]))) node = profile.parent[node];
  return node;
}

/** By frame and line: weights in Python code, in C functions called there, and awaiting there. */
function lineTimes(profile) {
  const found = new Map();
  const add = (node, line, weight) => {
    const owner = ownerOf(profile, node);
    if (!(weight > 0) || !line || owner <= 0) return;
    const kind = owner === node ? 0 : profile.frameFlags[profile.frame[node]] & AWAITING ? 2 : 1;
    const lines = found.get(profile.frame[owner]) ?? found.set(profile.frame[owner], new Map()).get(profile.frame[owner]);
    const values = lines.get(line) ?? lines.set(line, [0, 0, 0]).get(line);
    values[kind] += weight;
  };
  const section = profile.section("line");
  const several = new Uint8Array(profile.size); // nodes whose lines the section tells
  section?.node.forEach((node, i) => {
    several[node] = 1;
    add(node, section.line[i], section.self[i]);
  });
  for (let node = 1; node < profile.size; node++) if (!several[node]) add(node, profile.lines[node], profile.self[node]);
  return found;
}
