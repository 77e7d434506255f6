// The card beside the pointer or the selected box: a popover, which no scrolling ancestor cuts off.

import { element, tableRow } from "./dom.js";
import { formatCount, formatNumberOf, formatShare, shorten } from "./format.js";

export class Card {
  constructor() {
    this.element = element("div", "wb-fg-card", { role: "tooltip", popover: "manual" });
    this.facts = []; // functions that add rows
  }

  get isOpen() {
    return this.element.matches(":popover-open");
  }

  hide() {
    if (this.isOpen) this.element.hidePopover();
  }

  /** Hide it once the page has scrolled away under it. */
  hideIfMoved() {
    if (this.isOpen && this.pane.canvas.getBoundingClientRect().top !== this.top) this.hide();
  }

  /** Its shares of the zoomed box, once another one is zoomed. */
  refocus() {
    if (this.isOpen) this.show(this.pane, this.node, this.x, this.y);
  }

  /** Facts about a node of a pane near (x, y) in the canvas' pixels, on the side where there is room. */
  show(pane, node, x, y) {
    [this.pane, this.node, this.x, this.y] = [pane, node, x, y];
    const { tree } = pane;
    this.element.replaceChildren(
      element("div", "wb-fg-name", {}, shorten(tree.name(node))),
      element("div", "wb-fg-place", {}, shorten(tree.place(node))),
      this.#weights(pane, node),
      ...this.#rows(tree, node),
    );
    if (!this.isOpen) this.element.showPopover();
    this.#place(x, y);
  }

  #weights({ tree, focus }, node) {
    const { unit } = tree.profile.meta;
    const wholes = [["of all", tree.unit === tree.profile.unit ? tree.profile.whole : tree.whole]];
    if (tree.frame[0] > 0) wholes.push(["of function", tree.whole]);
    if (focus > 0) wholes.push(["of zoomed", tree.total[focus]]);
    const table = element("table", "wb-fg-weights");
    table.append(tableRow("th", ["", { bytes: "size", count: "count" }[unit] ?? "time", ...wholes.map(([heading]) => heading)]));
    const own = tree.frame[0] === 0 && node === 0 ? 0 : tree.self[node];
    for (const [label, weight] of [["Self", own], ["Total", tree.total[node]]]) {
      table.append(tableRow("td", [label, tree.weightText(weight), ...wholes.map(([, whole]) => formatShare(weight, whole))]));
    }
    return table;
  }

  #rows(tree, node) {
    const lines = [];
    if (tree.samples[node] > 0) {
      lines.push(`${formatNumberOf(tree.samples[node], "sample")}, ${formatCount(tree.ownSamples[node])} in itself`);
    }
    for (const fact of this.facts) for (const [label, text] of fact(node, tree)) lines.push(`${label}: ${shorten(text)}`);
    return lines.map((line) => element("div", "wb-fg-place", {}, line));
  }

  #place(x, y) {
    const canvas = this.pane.canvas.getBoundingClientRect();
    this.top = canvas.top;
    const { offsetWidth, offsetHeight } = this.element;
    const beside = (at, size, room) => (at + 16 + size <= room ? at + 16 : Math.max(0, at - 16 - size));
    const left = beside(canvas.left + x, offsetWidth, window.innerWidth);
    const top = beside(canvas.top + y, offsetHeight, window.innerHeight);
    this.element.style.transform = `translate(${Math.round(left)}px, ${Math.round(top)}px)`;
  }
}
