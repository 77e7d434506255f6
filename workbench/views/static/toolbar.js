// The parts above the graph: title, search, views, options.

import { tasksIn } from "./chart.js";
import { button, element } from "./dom.js";
import { formatNumberOf, formatShare, formatTime, shorten } from "./format.js";
import { Dropdown } from "./menu.js";
import { IMPORTING } from "./profile.js";

const TASKS = 500; // that one may choose from

export const VIEWS = [
  ["flame", "Flame graph", "Stacks merged, the heaviest first (1)"],
  ["time", "Time order", "Stacks in the order of time (2)"],
  ["callers", "Bottom-up", "Functions by self time, with their callers (3)"],
  ["sandwich", "Sandwich", "Callers above and callees below one function (4)"],
  ["functions", "Functions", "All functions as a table (5)"],
];

/** What the picture shows, in one line. */
export function describe(profile) {
  const { meta } = profile;
  const isDifference = Boolean(profile.section("diff")); // whose boxes, as wide as the larger side, add up to nothing
  const whole = isDifference ? profile.wholeText(profile) : profile.text(profile.value(profile.whole));
  const parts = [profile.rounds > 1 ? `${whole} per ${profile.each}` : whole];
  if (profile.rounds > 1) parts.push(`mean of ${formatNumberOf(profile.rounds, `sampled ${profile.each}`)}`);
  if (profile.samples[0] > 0) parts.push(formatNumberOf(profile.samples[0], "sample"));
  if (meta.sampler) parts.push(meta.interval_ns ? `${meta.sampler} every ${formatTime(meta.interval_ns)}` : meta.sampler);
  if (meta.clock && meta.clock !== "wall") parts.push(`clock: ${meta.clock}`);
  if (profile.isPySpy) parts.push(profile.leavesWaitingOut ? "running threads only" : "waiting threads, too");
  return parts.join(" · ");
}

/** The share of the whole within import statements: the outermost ones count. */
function importShare(profile) {
  const { frame, parent, total, size } = profile;
  const imports = profile.flagged(IMPORTING);
  const inside = new Uint8Array(size);
  let weight = 0;
  for (let node = 1; node < size; node++) {
    inside[node] = inside[parent[node]] | imports[frame[node]];
    if (inside[node] && !inside[parent[node]]) weight += total[node];
  }
  return weight / (profile.whole || 1);
}

/** Nothing was found; who typed a regular expression without its slashes learns of them. */
function noMatch(query) {
  return query[0] !== "/" && /[|*^$\\[(]|\.[+?]/.test(query) ? `no match; as a regular expression: /${shorten(query, 40)}/` : "no match";
}

/** The share of the whole in which a task or thread waited. */
function waitingShare({ frame, self, size, waiting, whole }) {
  let weight = 0;
  for (let node = 1; node < size; node++) if (waiting[frame[node]]) weight += self[node];
  return weight / (whole || 1);
}

/**
 * Handlers: {search(text), next(backwards), leave(), back(), reset(), set(change), png(), svg(), help()}.
 */
export class Toolbar {
  constructor(profile, handlers) {
    this.profile = profile;
    this.handlers = handlers;
    const title = element("div", "wb-fg-title", {}, element("strong", "", {}, profile.title.slice(0, 300)), " ", describe(profile));
    this.#makeSearch();
    this.back = button("Back", handlers.back, { title: "Back (Backspace)" });
    this.reset = button("Reset", handlers.reset, { title: "Whole profile (Home)" });
    this.first = element("div", "wb-fg-toolbar", {}, title, this.found, this.input, this.back, this.reset);
    this.views = element("div", "wb-fg-views", { role: "group", "aria-label": "View" });
    for (const [id, label, hint] of this.#available()) {
      this.views.append(button(label, () => handlers.set({ view: id }), { "data-view": id, title: hint, "aria-pressed": "false" }));
    }
    this.#makeOptions();
    this.#makeColour();
    this.#makeLane();
    this.#makeTask();
    this.plugins = element("span", "wb-fg-plugins");
    const save = new Dropdown("Export", this.#exports(), { title: "Save the picture" });
    const help = button("?", handlers.help, { title: "Keys (?)", "aria-label": "Keys" });
    this.second = element(
      "div", "wb-fg-toolbar wb-fg-second", {},
      this.views, this.lane, this.task, this.options.button, this.options.element, this.colour, this.plugins, element("span", "wb-fg-last", {}, save.button, save.element, help),
    );
  }

  #available() {
    return VIEWS.filter(([id]) => id !== "time" || this.profile.section("time"));
  }

  #makeSearch() {
    const { handlers } = this;
    this.input = element("input", "wb-fg-search", {
      type: "search",
      placeholder: "Search (or /regex/)",
      "aria-label": "Search functions and files; a regular expression between slashes",
      spellcheck: "false",
      autocomplete: "off",
    });
    this.found = element("span", "wb-fg-found", { role: "status" });
    this.input.addEventListener("input", () => handlers.search(this.input.value));
    this.input.addEventListener("keydown", (event) => {
      event.stopPropagation(); // JupyterLab has keys of its own
      if (event.key === "Enter") handlers.next(event.shiftKey);
      if (event.key !== "Escape") return;
      this.input.value = "";
      handlers.search("");
      handlers.leave();
    });
  }

  #makeOptions() {
    const { profile } = this;
    const choices = element("div", "wb-fg-choices");
    this.inputs = new Map();
    const add = (name, label, values) => choices.append(this.#choice(name, label, values));
    add("root", "Root", [["", "at the top"], ["bottom", "at the bottom"]]);
    add("order", "Siblings", [["", "heaviest first"], ["name", "by name"]]);
    add("merge", "Merge stacks by", [["", "function"], ["line", "line"]]);
    const groups = [["", "nothing"]];
    for (const group of ["thread", "task"]) if (profile.section(group)) groups.push([group, group]);
    if (groups.length > 1) add("group", "Group by", groups);
    add("recursion", "Recursion", [["", "as it was called"], ["collapse", "collapsed"]]);
    if (profile.flagged(2)) add("loop", "Event loop's frames", [["", "shown"], ["fold", "folded"]]);
    if (profile.waiting) add("waits", `Waiting (${formatShare(waitingShare(profile), 1)})`, [["", "shown"], ["drop", "left out"]]);
    if (profile.flagged(IMPORTING)) add("imports", `Imports (${formatShare(importShare(profile), 1)})`, [["", "shown"], ["fold", "as one box each"]]);
    this.options = new Dropdown("Options", choices, { title: "How stacks are arranged and merged" });
  }

  #choice(name, label, values) {
    const set = element("fieldset", "", {}, element("legend", "", {}, label));
    const group = `wb-fg-${name}-${Math.random().toString(36).slice(2)}`;
    for (const [value, text] of values) {
      const input = element("input", "", { type: "radio", name: group, value });
      input.addEventListener("change", () => this.handlers.set({ [name]: value }));
      this.inputs.set(`${name}=${value}`, input);
      set.append(element("label", "", {}, input, text));
    }
    return set;
  }

  #makeColour() {
    this.colourSelect = element("select", "wb-fg-select", { "aria-label": "Colour" });
    this.colourSelect.addEventListener("change", () => this.handlers.set({ colour: this.colourSelect.value }));
    this.colour = element("label", "wb-fg-label", {}, "Colour ", this.colourSelect);
    this.colourSelect.addEventListener("keydown", (event) => event.stopPropagation());
  }

  addColour(id, label) {
    this.colourSelect.append(element("option", "", { value: id }, label));
  }

  /** Threads of the flame chart, one of which is shown. */
  #makeLane() {
    const lanes = this.profile.header.time?.lanes ?? [];
    const select = element("select", "wb-fg-select", { "aria-label": "Thread" });
    lanes.forEach((name, index) => select.append(element("option", "", { value: String(index) }, name.slice(0, 60) || `thread ${index}`)));
    select.addEventListener("change", () => this.handlers.set({ lane: select.value }));
    select.addEventListener("keydown", (event) => event.stopPropagation());
    this.laneSelect = select;
    this.lane = element("label", "wb-fg-label", {}, "Thread ", select);
    this.lanes = lanes.length;
  }

  /** Tasks of the thread that is shown, one of which can be followed through the flame chart; the heaviest first. */
  #makeTask() {
    const select = element("select", "wb-fg-select", { "aria-label": "Task" });
    select.addEventListener("change", () => this.handlers.set({ task: select.value }));
    select.addEventListener("keydown", (event) => event.stopPropagation());
    this.taskSelect = select;
    this.task = element("label", "wb-fg-label", {}, "Task ", select);
    this.tasks = 0;
    this.tasksOf = ""; // the thread whose tasks are listed
  }

  #listTasks(lane) {
    if (this.tasksOf === lane) return;
    this.tasksOf = lane;
    const { profile } = this;
    const weights = new Float64Array(profile.header.tasks?.length ?? 0);
    profile.section("task")?.group.forEach((task, row) => (weights[task] += profile.section("task").self[row]));
    const heaviest = [...tasksIn(profile, Number(lane) || 0)].map((told) => told - 1).sort((a, b) => weights[b] - weights[a] || a - b);
    const options = heaviest.slice(0, TASKS).map((task) => {
      const name = profile.header.tasks[task].slice(0, 60) || `task ${task}`;
      return element("option", "", { value: String(task + 1) }, `${name} (${formatShare(weights[task], profile.whole)})`);
    });
    this.taskSelect.replaceChildren(element("option", "", { value: "" }, "all"), ...options);
    this.tasks = heaviest.length;
  }

  #exports() {
    return element(
      "div", "wb-fg-actions", {},
      ...[["PNG picture", this.handlers.png], ["SVG picture", this.handlers.svg]].map(([label, save]) =>
        button(label, (event) => {
          event.currentTarget.closest("[popover]").hidePopover();
          save();
        }),
      ),
    );
  }

  /** Show the state that the view is in. */
  update(state, steps) {
    this.updateSteps(steps);
    for (const each of this.views.children) each.setAttribute("aria-pressed", String(each.dataset.view === state.view));
    for (const [key, input] of this.inputs) {
      const [name, value] = key.split("=");
      input.checked = state[name] === value;
    }
    this.colourSelect.value = state.colour;
    this.lane.hidden = state.view !== "time" || this.lanes < 2;
    this.laneSelect.value = state.lane;
    if (state.view === "time") this.#listTasks(state.lane);
    this.task.hidden = state.view !== "time" || this.tasks < 2; // a notebook's kernel runs all cells in one
    this.taskSelect.value = state.task;
    if (this.input.value.trim() !== state.query) this.input.value = state.query;
  }

  updateSteps({ zoomed, canGoBack }) {
    this.back.disabled = !canGoBack;
    this.reset.disabled = !zoomed;
  }

  /** What a search or a mark has found: {count, share, bad}, or null. */
  tellFound(found, { query, mark }) {
    const functions = found && (found.count === 1 ? "1 function" : `${found.count} functions`);
    const share = found && `${formatShare(found.share, 1)} in ${functions}`;
    if (!query) this.showFound(found && mark ? share : "");
    else this.showFound(found.bad ? "not a regular expression" : found.count ? share : noMatch(query), found.bad);
  }

  showFound(text, bad = false) {
    this.found.textContent = text;
    this.found.classList.toggle("wb-fg-bad", bad);
  }
}
