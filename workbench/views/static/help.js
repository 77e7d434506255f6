// The keys, in a dialog.

import { button, element } from "./dom.js";

export const KEYS = [
  ["Arrow keys", "select a box beside, below or above"],
  ["Enter or Space", "zoom to the selected box"],
  ["Escape", "zoom out to the caller"],
  ["Backspace", "back to what was shown before"],
  ["Home or 0", "the whole profile"],
  ["+  −", "zoom in and out"],
  ["A  D", "move left and right"],
  ["/", "search; Enter and Shift+Enter (or N, P) go through the matches"],
  ["1 – 5", "flame graph, time order, bottom-up, sandwich, functions"],
  ["I", "root at the top or bottom"],
  ["R", "collapse recursion"],
  ["F", "fold imports to one box each"],
  ["W", "leave out waiting"],
  ["S", "callers and callees of the selected function"],
  ["H", "hide the selected function"],
  ["U", "show all that is hidden"],
  ["C", "copy the function's name"],
  ["L", "copy file:line"],
  ["M", "menu of the selected box"],
  ["Ctrl + wheel", "zoom around the pointer; Shift + wheel and dragging move"],
  ["?", "this list"],
];

export class Help {
  constructor() {
    const rows = KEYS.map(([keys, what]) => element("tr", "", {}, element("th", "", { scope: "row" }, element("kbd", "", {}, keys)), element("td", "", {}, what)));
    const close = button("Close", () => this.element.close());
    this.element = element("dialog", "wb-fg-help", { "aria-label": "Keys" }, element("table", "", {}, element("tbody", "", {}, ...rows)), close);
    this.element.addEventListener("keydown", (event) => event.stopPropagation());
  }

  open(back) {
    const giveBack = () => {
      // Told some time after it closed: by then a key may have opened a menu, which has the focus.
      const active = this.element.getRootNode().activeElement;
      if (!active || active === document.body || this.element.contains(active)) back?.focus({ preventScroll: true });
    };
    this.element.addEventListener("close", giveBack, { once: true });
    this.element.showModal();
  }
}
