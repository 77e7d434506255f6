// The explorer: the runs of a store as a table to filter and choose from, and what can be done with the chosen ones.
// The other side is workbench/notebook/explorer.py. All text enters the page as text.

const POLL_MS = 2000;
const COLUMNS = [
  ["name", "Name"],
  ["started", "Started (UTC)"],
  ["status", "Status"],
  ["rounds", "Rounds"],
  ["seconds", "Median"],
  ["sampler", "Sampler"],
  ["tags", "Tags"],
  ["id", "Run"],
];
const NUMBERS = new Set(["rounds", "seconds"]);

function el(tag, properties = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

/**
 * Show the panel in `host`. `send(question)` asks the kernel; `first` is its opening message and `mount` draws a flame
 * graph. Returns {answer(message, buffers), destroy()}.
 */
export function mountExplorer(host, send, first, mount) {
  const panel = new Explorer(host, send, mount);
  panel.list(first);
  return { answer: (message, buffers) => panel.answer(message, buffers), destroy: () => panel.destroy() };
}

class Explorer {
  constructor(host, send, mount) {
    this.send = send;
    this.mount = mount;
    this.runs = [];
    this.stamp = "";
    this.chosen = new Set(); // run ids
    this.sort = { by: "started", down: true };
    this.waiting = false; // for the answer to a poll
    this.root = el("div", { className: "wb-fg wb-ex" });
    this.#build();
    host.append(this.root);
    host.__explorer = this;
    // JupyterLab has keys of its own: "dd" would delete the cell.
    for (const type of ["keydown", "keypress", "keyup"]) this.root.addEventListener(type, (e) => e.stopPropagation());
    this.timer = setInterval(() => this.#poll(), POLL_MS);
  }

  destroy() {
    clearInterval(this.timer);
    this.graph?.destroy();
    this.root.remove();
  }

  // ---- what the kernel says

  answer(message, buffers) {
    if (message.of === "poll") this.#polled(message.do !== "failed");
    else this.#busy("");
    if (message.do === "list") this.list(message);
    else if (message.do === "compared") this.#showComparison(message, buffers[0]);
    else if (message.do === "refused") this.#showRefusal(message);
    else if (message.do === "graph") this.#showGraph(message, buffers[0]);
    else if (message.do === "failed") this.#say(message.error, true);
  }

  list(message) {
    this.stamp = message.stamp;
    this.runs = message.runs;
    const known = new Set(this.runs.map((run) => run.id));
    for (const id of this.chosen) if (!known.has(id)) this.chosen.delete(id);
    this.more = message.more;
    this.place.textContent = message.store ?? "";
    if (message.error) this.#say(message.error, true);
    else if (message.of && message.of !== "poll") this.#say("");
    this.#render();
  }

  // ---- building

  #build() {
    this.filter = el("input", {
      type: "search",
      className: "wb-fg-search",
      placeholder: "Filter: words of name, tag, status, id",
      ariaLabel: "Filter runs",
    });
    this.filter.addEventListener("input", () => this.#render());
    this.actions = {};
    const bar = el("div", { className: "wb-ex-bar", role: "toolbar", ariaLabel: "Chosen runs" }, this.filter);
    for (const [name, label, act] of [
      ["graph", "Flame graph", () => this.#ask({ do: "graph" }, "drawing…")],
      ["compare", "Compare", () => this.#ask({ do: "compare", runs: this.#inTime() }, "comparing…")],
      ["tag", "Tag…", () => this.#askText("tag", "Tags, separated by spaces", "")],
      ["untag", "Untag…", () => this.#askTag()],
      ["rename", "Rename…", () => this.#askText("rename", "New name", this.#first()?.name ?? "")],
      ["delete", "Delete…", () => this.#confirmDelete()],
    ]) {
      const button = el("button", { type: "button", className: "wb-fg-button", textContent: label });
      button.dataset.do = name;
      button.addEventListener("click", act);
      this.actions[name] = button;
      bar.append(button);
    }
    this.form = el("form", { className: "wb-ex-form", hidden: true });
    this.status = el("p", { className: "wb-ex-status" });
    this.status.setAttribute("role", "status");
    this.head = el("tr");
    this.body = el("tbody");
    this.table = el("table", { className: "wb-ex-table" }, el("thead", {}, this.head), this.body);
    this.scroller = el("div", { className: "wb-ex-scroller", tabIndex: 0, ariaLabel: "Runs" }, this.table);
    this.scroller.setAttribute("role", "region");
    this.place = el("span", { className: "wb-ex-place" });
    this.count = el("span", { className: "wb-ex-count" });
    this.detail = el("section", { className: "wb-ex-detail", hidden: true });
    const foot = el("p", { className: "wb-ex-foot" }, this.count, this.place);
    this.root.append(bar, this.form, this.status, this.scroller, foot, this.detail);
    this.#buildHead();
  }

  #buildHead() {
    this.all = el("input", { type: "checkbox", ariaLabel: "Choose all runs shown" });
    this.all.addEventListener("change", () => {
      for (const run of this.shown) this.all.checked ? this.chosen.add(run.id) : this.chosen.delete(run.id);
      this.#render();
    });
    this.head.append(el("th", { scope: "col" }, this.all));
    for (const [key, label] of COLUMNS) {
      const button = el("button", { type: "button", className: "wb-ex-sort", textContent: label });
      button.addEventListener("click", () => {
        this.sort = { by: key, down: this.sort.by === key ? !this.sort.down : NUMBERS.has(key) || key === "started" };
        this.#render();
      });
      const cell = el("th", { scope: "col" }, button);
      if (NUMBERS.has(key)) cell.className = "wb-ex-number";
      cell.dataset.key = key;
      this.head.append(cell);
    }
  }

  // ---- the table

  #render() {
    const words = this.filter.value.toLowerCase().split(/\s+/).filter(Boolean);
    const text = (run) => [run.name, run.status, run.sampler, run.id, run.session, ...run.tags].join(" ").toLowerCase();
    this.shown = this.runs.filter((run) => words.every((word) => text(run).includes(word)));
    const { by, down } = this.sort;
    const value = (run) => (by === "tags" ? run.tags.join(" ") : by === "started" ? run.at : (run[by] ?? -1));
    const order = (a, b) => (value(a) < value(b) ? -1 : value(a) > value(b) ? 1 : a.id < b.id ? -1 : 1);
    this.shown.sort((a, b) => (down ? order(b, a) : order(a, b)));
    this.#fill();
    for (const cell of this.head.querySelectorAll("[data-key]")) {
      if (cell.dataset.key === by) cell.setAttribute("aria-sort", down ? "descending" : "ascending");
      else cell.removeAttribute("aria-sort");
    }
    const more = this.more ? ", older ones left out" : "";
    const some = this.shown.length === this.runs.length ? "" : `${this.shown.length} of `;
    this.count.textContent = `${some}${this.runs.length} ${this.runs.length === 1 ? "run" : "runs"}${more}`;
    this.#enable();
  }

  /** New rows; the one that has the keyboard's focus keeps it. */
  #fill() {
    const focused = this.body.contains(document.activeElement) ? document.activeElement.closest("tr")?.dataset.run : "";
    this.body.replaceChildren(...this.shown.map((run) => this.#row(run)));
    if (!this.shown.length) {
      const nothing = this.runs.length ? "No run matches the filter." : "No runs are stored yet.";
      this.body.append(el("tr", {}, el("td", { colSpan: COLUMNS.length + 1, textContent: nothing })));
    }
    if (focused) this.body.querySelector(`tr[data-run="${CSS.escape(focused)}"] input`)?.focus();
  }

  #row(run) {
    const box = el("input", { type: "checkbox", checked: this.chosen.has(run.id), ariaLabel: `Choose ${run.name || run.id}` });
    const row = el("tr", {}, el("td", {}, box));
    row.dataset.run = run.id;
    row.classList.toggle("wb-ex-chosen", box.checked);
    const choose = (on) => {
      box.checked = on;
      on ? this.chosen.add(run.id) : this.chosen.delete(run.id);
      row.classList.toggle("wb-ex-chosen", on);
      this.#enable();
    };
    box.addEventListener("change", () => choose(box.checked));
    row.addEventListener("click", (event) => {
      if (event.target !== box && !getSelection().toString()) choose(!box.checked);
    });
    for (const [key] of COLUMNS) row.append(this.#cell(run, key));
    return row;
  }

  #cell(run, key) {
    if (key === "tags") {
      return el("td", {}, ...run.tags.map((tag) => this.#tag(run, tag)));
    }
    const cell = el("td", { textContent: key === "seconds" ? run.time : String(run[key] ?? "") });
    if (NUMBERS.has(key)) cell.className = "wb-ex-number";
    if (key === "name") cell.title = run.name;
    if (key === "status") cell.dataset.status = run.status;
    return cell;
  }

  /** A tag with the button that takes it off this run. */
  #tag(run, tag) {
    const label = `Remove tag ${tag} from ${run.name || run.id}`;
    const off = el("button", { type: "button", className: "wb-ex-untag", textContent: "✕", ariaLabel: label, title: label });
    off.addEventListener("click", (event) => {
      event.stopPropagation(); // the row would be chosen
      this.#ask({ do: "untag", runs: [run.id], tag }, "writing…");
    });
    return el("span", { className: "wb-ex-tag" }, el("span", { textContent: tag }), off);
  }

  #enable() {
    const number = this.chosen.size;
    const shown = this.shown.filter((run) => this.chosen.has(run.id)).length;
    this.all.checked = shown > 0 && shown === this.shown.length;
    this.all.indeterminate = shown > 0 && shown < this.shown.length;
    this.actions.graph.disabled = this.actions.rename.disabled = number !== 1;
    this.actions.compare.disabled = number !== 2;
    this.actions.untag.disabled = !this.#tagsOfChosen().length;
    this.actions.tag.disabled = this.actions.delete.disabled = number === 0;
    this.actions.delete.textContent = number > 1 ? `Delete ${number}…` : "Delete…";
  }

  // ---- asking the kernel

  #first() {
    return this.runs.find((run) => this.chosen.has(run.id));
  }

  /** The chosen runs, the older first: it is the base of a comparison. */
  #inTime() {
    const runs = this.runs.filter((run) => this.chosen.has(run.id));
    return runs.sort((a, b) => a.at - b.at).map((run) => run.id);
  }

  #ask(question, doing) {
    this.#closeForm();
    this.#busy(doing);
    this.send({ runs: [...this.chosen], ...question });
  }

  #busy(doing) {
    this.root.toggleAttribute("aria-busy", Boolean(doing));
    this.#say(doing ? `${doing} (waits while the kernel is busy)` : "");
  }

  #say(text, bad = false) {
    this.status.textContent = text;
    this.status.classList.toggle("wb-fg-bad", bad);
  }

  #poll() {
    if (this.waiting || !this.root.isConnected || document.hidden) return;
    this.waiting = true;
    this.send({ do: "poll", stamp: this.stamp });
    this.late = setTimeout(() => this.root.classList.add("wb-ex-late"), 2 * POLL_MS);
  }

  #polled(well) {
    this.waiting = false;
    if (well && this.pollFailed) this.#say("");
    this.pollFailed = !well;
    clearTimeout(this.late);
    this.root.classList.remove("wb-ex-late");
  }

  // ---- small forms, inside the panel: a browser's dialog would stop the whole page

  #openForm(fields, label, submit, bad = false) {
    const go = el("button", { type: "submit", className: "wb-fg-button", textContent: label });
    if (bad) go.classList.add("wb-ex-danger");
    const cancel = el("button", { type: "button", className: "wb-fg-button", textContent: "Cancel" });
    cancel.addEventListener("click", () => this.#closeForm());
    this.form.replaceChildren(...fields, go, cancel);
    this.form.hidden = false;
    this.form.onsubmit = (event) => {
      event.preventDefault();
      submit();
    };
    this.form.onkeydown = (event) => {
      if (event.key === "Escape") this.#closeForm();
    };
    (this.form.querySelector("input, select") ?? go).focus();
  }

  #closeForm() {
    this.form.hidden = true;
    this.form.replaceChildren();
  }

  #askText(what, label, value) {
    const input = el("input", { type: "text", className: "wb-fg-search", value, placeholder: label, ariaLabel: label, required: true });
    this.#openForm([input], what === "tag" ? "Tag" : "Rename", () => this.#ask({ do: what, text: input.value }, "writing…"));
    input.select();
  }

  /** The tags of the chosen runs, each once, by name. */
  #tagsOfChosen() {
    const tags = this.runs.filter((run) => this.chosen.has(run.id)).flatMap((run) => run.tags);
    return [...new Set(tags)].sort();
  }

  #askTag() {
    const choice = el("select", { className: "wb-fg-search", ariaLabel: "Tag to remove" });
    choice.append(...this.#tagsOfChosen().map((tag) => el("option", { value: tag, textContent: tag })));
    const number = this.chosen.size;
    const from = el("span", { textContent: `from the ${number === 1 ? "chosen run" : `${number} chosen runs`}` });
    this.#openForm([choice, from], "Remove", () => this.#ask({ do: "untag", tag: choice.value }, "writing…"));
  }

  #confirmDelete() {
    const number = this.chosen.size;
    const name = this.#first()?.name || this.#first()?.id;
    const what = number === 1 ? `“${name}”` : `${number} runs`;
    const question = el("span", { textContent: `Delete ${what} from the store? This can't be undone.` });
    this.#openForm([question], "Delete", () => this.#ask({ do: "delete" }, "deleting…"), true);
  }

  // ---- what is shown below the table

  #show(title, ...parts) {
    this.graph?.destroy();
    this.graph = undefined;
    const close = el("button", { type: "button", className: "wb-fg-button", textContent: "Close" });
    close.addEventListener("click", () => {
      this.graph?.destroy();
      this.graph = undefined;
      this.detail.hidden = true;
      this.detail.replaceChildren();
    });
    this.detail.replaceChildren(el("div", { className: "wb-ex-bar" }, el("strong", { textContent: title }), close), ...parts);
    this.detail.hidden = false;
  }

  #showComparison({ runs, names, html }, difference) {
    const result = el("div", { className: "wb-ex-result" });
    result.innerHTML = html; // made by ComparisonView, which escapes every text in it
    const swap = el("button", { type: "button", className: "wb-fg-button", textContent: "Swap base and new" });
    swap.addEventListener("click", () => this.#ask({ do: "compare", runs: [...runs].reverse() }, "comparing…"));
    const host = el("div");
    this.#show(`Base: ${names[0] || runs[0]}, new: ${names[1] || runs[1]}`, result, swap, host);
    if (difference) this.#draw(host, difference);
  }

  #showRefusal({ runs, error }) {
    const force = el("button", { type: "button", className: "wb-fg-button", textContent: "Compare all the same" });
    force.addEventListener("click", () => this.#ask({ do: "compare", runs, force: true }, "comparing…"));
    this.#show("Not comparable", el("p", { textContent: error }), force);
  }

  #showGraph({ runs }, payload) {
    const host = el("div");
    const run = this.runs.find((each) => each.id === runs[0]);
    this.#show(run?.name || runs[0], host);
    this.#draw(host, payload);
  }

  async #draw(host, payload) {
    try {
      const graph = await this.mount(host, payload, { height: 480 });
      if (host.isConnected) this.graph = graph;
      else graph.destroy(); // closed meanwhile
    } catch (error) {
      host.textContent = `This flame graph can't be shown: ${error.message}`;
    }
  }
}
