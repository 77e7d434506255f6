// How many rows are out of view below (or, with the root at the bottom, above), in the corner where they go on: not every
// platform shows a scrollbar before one scrolls.

import { element } from "./dom.js";
import { formatNumberOf } from "./format.js";

export class More {
  /** @param {HTMLElement} scroller  beside which the hint stands */
  constructor(scroller) {
    this.scroller = scroller;
    this.element = element("span", "wb-fg-more", { hidden: "" });
    scroller.after(this.element);
    this.told = "";
  }

  /** @param {number} content  height of all rows  @param {number} height  of those in view  @param {number} row  of one  @param {boolean} [above]  they go on upwards */
  update(content, height, row, above = false) {
    const { scrollTop } = this.scroller;
    const rows = Math.round((above ? scrollTop : content - scrollTop - height) / row);
    const paper = this.element.closest(".wb-fg-paper"); // which nobody scrolls
    const text = rows > 0 ? `${formatNumberOf(rows, "more row")} ${paper ? "not printed" : above ? "↑" : "↓"}` : "";
    if (text === this.told) return;
    this.told = this.element.textContent = text;
    this.element.hidden = !text;
    this.element.classList.toggle("wb-fg-above", above);
  }
}
