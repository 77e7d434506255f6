// All functions as a sortable table: what a screen reader reads instead of the canvas, and what chooses a function.

import { button, element } from "./dom.js";
import { formatCount, formatShare, shorten } from "./format.js";

const ROWS = 200; // at first; the rest on demand

/**
 * @typedef {{id: string, label: string, value: (row: Row) => number | string, text: (row: Row) => string, title?: string}} Column
 * @typedef {{frame: number, line: number, self: number, total: number, samples: number}} Row
 */

export class FunctionTable {
  /**
   * @param {{choose: (frame: number) => void, open: (frame: number) => void, search: () => void}} handlers  `open`: the
   *   sandwich of a function
   */
  constructor(profile, handlers) {
    this.profile = profile;
    this.handlers = handlers;
    this.sort = { id: "self", falling: true };
    this.limit = ROWS;
    this.rows = [];
    this.chosen = -1;
    this.columns = this.#ownColumns();
    this.head = element("thead");
    this.body = element("tbody");
    this.caption = element("caption", "wb-fg-live");
    this.table = element("table", "wb-fg-table", {}, this.caption, this.head, this.body);
    this.note = element("p", "wb-fg-note");
    this.more = button("Show all", () => this.#showAll());
    this.element = element("div", "wb-fg-functions", { tabindex: "0", role: "region", "aria-label": "Functions" }, this.table, this.note, this.more);
    this.body.addEventListener("click", (event) => this.#press(event));
    this.body.addEventListener("dblclick", (event) => this.#open(event));
    this.element.addEventListener("keydown", (event) => this.#key(event));
  }

  #ownColumns() {
    const { profile } = this;
    const weight = (value) => profile.text(profile.value(value));
    const share = (value) => formatShare(value, profile.whole);
    const columns = [
      { id: "name", label: "Function", value: (row) => this.#name(row), text: (row) => shorten(this.#name(row)) },
      { id: "file", label: "File", value: (row) => this.#place(row), text: (row) => shorten(this.#place(row)) },
      { id: "self", label: "Self", value: (row) => row.self, text: (row) => weight(row.self), title: "Time in the function itself" },
      { id: "self-share", label: "Self %", value: (row) => row.self, text: (row) => share(row.self) },
      { id: "total", label: "Total", value: (row) => row.total, text: (row) => weight(row.total), title: "Time in it and all it calls; recursion counts once" },
      { id: "total-share", label: "Total %", value: (row) => row.total, text: (row) => share(row.total) },
    ];
    if (profile.columns.frame_calls) {
      const calls = profile.columns.frame_calls;
      columns.push({ id: "calls", label: "Calls", value: (row) => calls[row.frame], text: (row) => (calls[row.frame] ? formatCount(calls[row.frame]) : "–") });
    }
    return columns;
  }

  #name({ frame, line }) {
    return line ? `${this.profile.functionName(frame)}:${line}` : this.profile.functionName(frame);
  }

  #place({ frame, line }) {
    const at = line || this.profile.frameLine[frame];
    return at ? `${this.profile.fileName(frame)}:${at}` : this.profile.fileName(frame);
  }

  /** A plugin's column; `first` makes it the one that is sorted by. */
  addColumn({ id, label, value, text, first = false }) {
    this.columns.push({ id, label, value: (row) => value(row.frame), text: (row) => text(value(row.frame)) });
    if (first) this.sort = { id, falling: true };
    this.#render();
  }

  /** @param {Row[]} rows */
  show(rows) {
    this.rows = rows;
    this.limit = ROWS;
    this.#render();
  }

  /** Only rows for which `test(frame)` holds; null: all. */
  filter(test) {
    this.test = test;
    this.#render();
  }

  choose(frame) {
    this.chosen = frame;
    for (const row of this.body.children) this.#mark(row);
  }

  /** Scroll so that the chosen function's row is in view. */
  reveal() {
    const row = this.body.querySelector(".wb-fg-chosen");
    if (!row) return;
    const { scrollTop, clientHeight } = this.element;
    const top = row.offsetTop - this.head.offsetHeight;
    if (top < scrollTop || row.offsetTop + row.offsetHeight > scrollTop + clientHeight) this.element.scrollTop = Math.max(0, top - clientHeight / 3);
  }

  #mark(row) {
    const chosen = Number(row.dataset.frame) === this.chosen;
    row.classList.toggle("wb-fg-chosen", chosen);
    row.querySelector("button").setAttribute("aria-pressed", String(chosen));
  }

  /** The rows by the chosen column; what recording cost is nobody's function and stands last. */
  #sorted() {
    const rows = this.test ? this.rows.filter(({ frame }) => this.test(frame)) : [...this.rows];
    const { value } = this.columns.find(({ id }) => id === this.sort.id);
    const sign = this.sort.falling ? -1 : 1;
    const keyed = rows.map((row) => [value(row), row, this.profile.isRecording(row.frame)]);
    keyed.sort(([a, left, aside], [b, right, other]) => aside - other || (a < b ? -sign : a > b ? sign : left.frame - right.frame || left.line - right.line));
    return keyed.map(([, row]) => row);
  }

  #render() {
    const rows = this.#sorted();
    this.head.replaceChildren(this.#headRow());
    this.body.replaceChildren(...rows.slice(0, this.limit).map((row) => this.#bodyRow(row)));
    const by = this.columns.find(({ id }) => id === this.sort.id).label;
    this.caption.textContent = `Functions by ${by}`;
    this.note.textContent = rows.length ? "" : "No function matches.";
    this.more.hidden = rows.length <= this.limit;
    this.more.textContent = `Show all ${formatCount(rows.length)}`;
  }

  #headRow() {
    const row = element("tr");
    for (const { id, label, title } of this.columns) {
      const sorted = this.sort.id === id;
      const cell = element("th", "", { scope: "col", "aria-sort": sorted ? (this.sort.falling ? "descending" : "ascending") : "none" });
      const sort = element("button", "wb-fg-sort", { type: "button" }, label, element("span", "wb-fg-arrow", { "aria-hidden": "true" }, sorted ? (this.sort.falling ? "▾" : "▴") : ""));
      if (title) sort.title = title;
      sort.addEventListener("click", () => this.sortBy(id));
      cell.append(sort);
      row.append(cell);
    }
    return row;
  }

  sortBy(id) {
    const text = id === "name" || id === "file";
    this.sort = { id, falling: this.sort.id === id ? !this.sort.falling : !text };
    this.#render();
    const at = this.columns.findIndex((column) => column.id === id);
    this.head.querySelectorAll("button")[at]?.focus({ preventScroll: true });
  }

  #bodyRow(row) {
    const made = element("tr", this.profile.isRecording(row.frame) ? "wb-fg-aside" : "", { "data-frame": String(row.frame) });
    for (const { id, text } of this.columns) {
      const content = text(row);
      if (id !== "name") made.append(element("td", "", {}, content));
      else made.append(element("th", "", { scope: "row" }, element("button", "wb-fg-choose", { type: "button" }, content)));
    }
    this.#mark(made);
    return made;
  }

  #press(event) {
    const row = event.target.closest("tr");
    if (row) this.handlers.choose(Number(row.dataset.frame));
  }

  #open(event) {
    const row = event.target.closest("tr");
    if (row) this.handlers.open(Number(row.dataset.frame));
  }

  #key(event) {
    const row = event.target.closest?.("tbody tr");
    if (!row || event.ctrlKey || event.metaKey || event.altKey) return;
    const other = { ArrowDown: row.nextElementSibling, ArrowUp: row.previousElementSibling, Home: this.body.firstElementChild, End: this.body.lastElementChild }[event.key];
    if (other !== undefined) {
      event.preventDefault();
      event.stopPropagation(); // JupyterLab has keys of its own
      other?.querySelector("button").focus();
    } else if (event.key === "s") {
      event.stopPropagation();
      this.handlers.open(Number(row.dataset.frame));
    } else if (event.key === "/") {
      event.preventDefault();
      event.stopPropagation();
      this.handlers.search();
    }
  }

  #showAll() {
    this.limit = Infinity;
    this.#render();
  }
}
