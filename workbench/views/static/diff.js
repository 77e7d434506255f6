// Base against new on one flame graph: colours by difference, facts in the card, and a table of functions. A box is as
// wide as the larger of the two, so that what vanished is there, too. Colours go from blue (less) over grey to red
// (more), which every colour vision tells apart; what is new or gone says so in words as well.

import { element } from "./dom.js";
import { formatCount, formatShare, shorten } from "./format.js";
import { functionTotals } from "./functions.js";

const STEPS = [0.001, 0.005, 0.02, 0.1]; // shares of the larger whole at which the next colour begins
const LESS = ["#d1e5f0", "#92c5de", "#4393c3", "#2b7bba", "#1a5a9c"];
const MORE = ["#fddbc7", "#f4a582", "#e06b50", "#c9373c", "#a01029"];
const DARK_LESS = ["#2c3f51", "#2f5d84", "#3a80ba", "#569bd3", "#7cbaee"];
const DARK_MORE = ["#533b35", "#87493c", "#bf594a", "#dd6c5c", "#f28a79"];
const [SAME, GONE, FRESH] = [0, 1 + LESS.length + MORE.length, 2 + LESS.length + MORE.length];
const ROWS = 100;
const MODES = [["time", "Time per repetition"], ["share", "Share of the whole"]];
const LABELS = { time: "Change in time", share: "Change in share" };
const COLOURS = { time: "difference", share: "difference-share" };

/** @param {import("./plugins.js").Shell} shell */
export function mount(shell) {
  const section = shell.profile.section("diff");
  if (!section) return;
  const difference = new Difference(shell.profile, section);
  const { base_name: base, new_name: fresh, warnings } = shell.profile.header.diff;
  for (const warning of warnings) shell.banner(shorten(warning, 600), "warning");
  shell.banner(`Base: ${shorten(base, 120)}. New: ${shorten(fresh, 120)}. Boxes are as wide as the larger of the two.`, "note");
  for (const [mode] of MODES) shell.addColouring(colouring(difference, mode, LABELS[mode]));
  shell.initially({ colour: COLOURS.time });
  shell.addFacts((node, tree) => difference.facts(node, tree));
  const table = new DifferenceTable(shell, difference);
  shell.addState("xdiff", "time", (mode) => table.show(mode === "share" ? "share" : "time"));
  shell.on("choose", ({ frame }) => table.mark(frame));
  shell.addPanel({ id: "difference", label: "Differences", element: table.element, open: true });
}

/** Weights of both sides, of nodes of the profile and of functions. */
class Difference {
  constructor(profile, { base, new: fresh }) {
    this.profile = profile;
    this.base = side(profile, base);
    this.fresh = side(profile, fresh);
    this.largest = Math.max(this.base.whole, this.fresh.whole) || 1;
  }

  /** How much more or less, as a share of the larger whole or as a difference of shares. */
  change(before, after, mode) {
    if (mode === "time") return (after - before) / this.largest;
    return after / (this.fresh.whole || 1) - before / (this.base.whole || 1);
  }

  slot(before, after, mode) {
    if (before > 0 && after === 0) return GONE;
    if (before === 0 && after > 0) return FRESH;
    const change = this.change(before, after, mode);
    if (Math.abs(change) < 1e-12) return SAME;
    let step = 0;
    while (step < STEPS.length && Math.abs(change) > STEPS[step]) step++;
    return 1 + step + (change > 0 ? LESS.length : 0);
  }

  /** Both sides' total and self of a box: its own in the whole tree, its function's wherever boxes were put together. */
  of(node, tree) {
    if (tree === this.profile) return { label: "", before: this.base.total[node], after: this.fresh.total[node] };
    const frame = tree.frame[node];
    if (!tree.isFunction(node)) return null;
    return { label: "function's ", before: this.base.functions.total[frame], after: this.fresh.functions.total[frame] };
  }

  facts(node, tree) {
    const found = this.of(node, tree);
    if (!found) return [];
    const { label, before, after } = found;
    const rows = [
      [`${label}base`, this.both(before, this.base)],
      [`${label}new`, this.both(after, this.fresh)],
      ["change", `${this.signedTime(after - before)} · ${signedPoints(this.change(before, after, "share"))}`],
    ];
    const mark = markOf(before, after);
    return mark ? [...rows, ["", mark === "gone" ? "gone: only base has it" : "new: only new has it"]] : rows;
  }

  both(weight, { whole }) {
    return `${this.profile.text(this.profile.value(weight))} · ${formatShare(weight, whole)}`;
  }

  signedTime(weight) {
    const size = this.profile.text(this.profile.value(Math.abs(weight)));
    return weight > 0 ? `+${size}` : weight < 0 ? `−${size}` : "no change";
  }
}

function side(profile, self) {
  const total = Float64Array.from(self);
  for (let node = profile.size - 1; node > 0; node--) total[profile.parent[node]] += total[node];
  const { frame, firstChild, size, ownSamples } = profile;
  const functions = functionTotals({ profile, names: [], frame, firstChild, size, ownSamples, self, total });
  return { self, total, whole: total[0], functions };
}

function markOf(before, after) {
  return before > 0 && after === 0 ? "gone" : before === 0 && after > 0 ? "new" : "";
}

/** A difference of shares, in percentage points. */
function signedPoints(change) {
  const points = 100 * change;
  if (Math.abs(points) < 1e-9) return "no change";
  const size = Math.abs(points) < 0.01 ? "<0.01" : Math.abs(points).toFixed(Math.abs(points) < 10 ? 2 : 1);
  return `${points > 0 ? "+" : "−"}${size} points`;
}

/** @returns {import("./palette.js").Colouring} */
function colouring(difference, mode, label) {
  return {
    id: COLOURS[mode],
    label,
    resolve(tree, theme) {
      const fills = fillsOf(theme);
      if (tree === difference.profile) {
        const byNode = new Uint8Array(tree.size);
        const { base, fresh } = difference;
        for (let node = 1; node < tree.size; node++) byNode[node] = difference.slot(base.total[node], fresh.total[node], mode);
        return { fills, byNode };
      }
      const [before, after] = [difference.base.functions.total, difference.fresh.functions.total];
      return { fills, byFrame: Uint8Array.from(before, (weight, frame) => difference.slot(weight, after[frame], mode)) };
    },
    legend(_, theme) {
      const fills = fillsOf(theme);
      const edges = STEPS.map((share) => `${100 * share}`);
      const unit = mode === "time" ? " % of the whole" : " points";
      const steps = (word, first) =>
        [...edges, ""].map((edge, i) => {
          const size = i === 0 ? `up to ${edge}` : edge ? `${edges[i - 1]} – ${edge}` : `over ${edges[i - 1]}`;
          return { label: !edge ? `${word} by ${size}${unit}` : i === 0 ? `${word} by ${size}` : size, colour: fills[first + i] };
        });
      return [
        { label: "gone", colour: fills[GONE] },
        ...steps("less", 1).reverse(),
        { label: "no change", colour: fills[SAME] },
        ...steps("more", 1 + LESS.length),
        { label: "new", colour: fills[FRESH] },
      ];
    },
  };
}

/** The further from the background, the greater the change. */
function fillsOf({ dark }) {
  return dark ? ["#43474e", ...DARK_LESS, ...DARK_MORE, "#c8e5ff", "#ffcdbd"] : ["#e2e5ea", ...LESS, ...MORE, "#08306b", "#67000d"];
}

/** Functions by their change, the greatest first, what recording cost last; the switch decides between time and shares. */
class DifferenceTable {
  constructor(shell, difference) {
    this.shell = shell;
    this.difference = difference;
    this.limit = ROWS;
    this.chosen = -1;
    this.switch = element("div", "wb-fg-views wb-diff-switch", { role: "group", "aria-label": "Differences as" });
    this.buttons = new Map(MODES.map(([mode, label]) => [mode, this.#modeButton(mode, label)]));
    this.head = element("thead");
    this.body = element("tbody");
    this.table = element("table", "wb-fg-table wb-diff-table", {}, element("caption", "wb-fg-live", {}, "Functions, the greatest change of self time first"), this.head, this.body);
    this.more = element("button", "wb-fg-button", { type: "button" });
    this.more.addEventListener("click", () => ((this.limit = Infinity), this.#render()), { signal: shell.signal });
    this.note = element("p", "wb-fg-note");
    const region = element("div", "wb-fg-functions wb-diff-functions", { tabindex: "0", role: "region", "aria-label": "Differences by function" }, this.table);
    this.element = element("div", "wb-diff", {}, this.switch, this.note, region, this.more);
    this.body.addEventListener("click", (event) => this.#press(event), { signal: shell.signal });
    this.rows = this.#functions();
    this.show("time");
  }

  #modeButton(mode, label) {
    const made = element("button", "wb-fg-button", { type: "button", "aria-pressed": "false", "data-mode": mode }, label);
    made.addEventListener("click", () => this.shell.set({ xdiff: mode, colour: COLOURS[mode] }), { signal: this.shell.signal });
    this.switch.append(made);
    return made;
  }

  #functions() {
    const { base, fresh, profile } = this.difference;
    const rows = [];
    for (let frame = 1; frame < profile.frameFile.length; frame++) {
      const totals = [base.functions.total[frame], fresh.functions.total[frame]];
      if (totals[0] || totals[1]) rows.push({ frame, self: [base.functions.self[frame], fresh.functions.self[frame]], totals, aside: profile.isRecording(frame) });
    }
    return rows;
  }

  show(mode) {
    this.mode = mode;
    for (const [name, made] of this.buttons) made.setAttribute("aria-pressed", String(name === mode));
    this.#render();
  }

  mark(frame) {
    this.chosen = frame;
    for (const row of this.body.children) row.classList.toggle("wb-fg-chosen", Number(row.dataset.frame) === frame);
  }

  #render() {
    const { difference, mode } = this;
    const change = ({ self }) => Math.abs(difference.change(self[0], self[1], mode));
    const rows = [...this.rows].sort((a, b) => a.aside - b.aside || change(b) - change(a) || b.totals[1] - a.totals[1] || a.frame - b.frame);
    const functions = rows.filter(({ aside }) => !aside);
    const changed = functions.filter((row) => change(row) > 1e-12).length;
    this.note.textContent = changed ? `${formatCount(changed)} of ${formatCount(functions.length)} functions differ in self time, noise and all.` : "No function differs.";
    const headings = ["Function", "File", "Base self", "New self", "Change", "Base total", "New total", "Note"];
    this.head.replaceChildren(element("tr", "", {}, ...headings.map((text) => element("th", "", { scope: "col" }, text))));
    this.body.replaceChildren(...rows.slice(0, this.limit).map((row) => this.#row(row)));
    this.more.hidden = rows.length <= this.limit;
    this.more.textContent = `Show all ${formatCount(rows.length)}`;
    this.mark(this.chosen);
  }

  #row({ frame, self, totals, aside }) {
    const { difference, mode } = this;
    const { profile, base, fresh } = difference;
    const side = (weight, { whole }) => (mode === "time" ? profile.text(profile.value(weight)) : formatShare(weight, whole));
    const change = mode === "time" ? difference.signedTime(self[1] - self[0]) : signedPoints(difference.change(...self, "share"));
    const name = element("button", "wb-fg-choose", { type: "button" }, shorten(profile.functionName(frame)));
    const mark = aside ? "" : markOf(...totals);
    const note = aside ? "cost of recording" : mark;
    const cells = [shorten(profile.fileName(frame)), side(self[0], base), side(self[1], fresh), change, side(totals[0], base), side(totals[1], fresh), note];
    const row = element("tr", aside ? "wb-fg-aside" : mark && `wb-diff-${mark}`, { "data-frame": String(frame) }, element("th", "", { scope: "row" }, name));
    row.append(...cells.map((text) => element("td", "", {}, text)));
    return row;
  }

  #press(event) {
    const row = event.target.closest("tr");
    if (row) this.shell.choose(Number(row.dataset.frame));
  }
}
