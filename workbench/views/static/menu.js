// What opens over the page and closes with Escape or a press elsewhere: menus of actions, and boxes of options.

import { element } from "./dom.js";

/** Put an open popover at a point of the window, moved so that all of it is seen. */
function placeAt(popover, x, y) {
  const left = Math.max(4, Math.min(x, window.innerWidth - popover.offsetWidth - 4));
  const top = Math.max(4, Math.min(y, window.innerHeight - popover.offsetHeight - 4));
  popover.style.transform = `translate(${Math.round(left)}px, ${Math.round(top)}px)`;
}

/** A menu of actions (https://www.w3.org/WAI/ARIA/apg/patterns/menubar/), made anew each time it opens. */
export class Menu {
  constructor() {
    this.element = element("div", "wb-fg-menu", { role: "menu", popover: "auto" });
    this.element.addEventListener("keydown", (event) => this.#key(event));
    this.element.addEventListener("toggle", (event) => event.newState === "closed" && this.back?.focus?.({ preventScroll: true }));
  }

  /**
   * @param {{label: string, act: () => void, keys?: string}[]} items
   * @param {{label: string, x: number, y: number, back?: HTMLElement}} options  `back` gets the focus afterwards
   */
  open(items, { label, x, y, back }) {
    this.back = back;
    this.element.setAttribute("aria-label", label);
    this.element.replaceChildren(
      ...items.map(({ label: text, act, keys }) => {
        const item = element("button", "wb-fg-item", { type: "button", role: "menuitem", tabindex: "-1" }, element("span", "", {}, text));
        if (keys) item.append(element("kbd", "", {}, keys));
        item.addEventListener("click", () => {
          this.element.hidePopover();
          act();
        });
        return item;
      }),
    );
    this.element.showPopover();
    placeAt(this.element, x, y);
    this.element.firstElementChild?.focus();
  }

  #key(event) {
    event.stopPropagation(); // JupyterLab has keys of its own
    const items = [...this.element.children];
    const at = items.indexOf(document.activeElement);
    const next = { ArrowDown: (at + 1) % items.length, ArrowUp: (at - 1 + items.length) % items.length, Home: 0, End: items.length - 1 }[event.key];
    if (next !== undefined) {
      event.preventDefault();
      items[next].focus();
    } else if (event.key === "Escape" || event.key === "Tab") {
      event.preventDefault();
      this.element.hidePopover();
    }
  }
}

/** A button and the box of options that it opens below itself. */
export class Dropdown {
  constructor(label, content, attributes = {}) {
    this.button = element("button", "wb-fg-button", { type: "button", "aria-expanded": "false", "aria-haspopup": "dialog", ...attributes }, label);
    this.element = element("div", "wb-fg-options", { popover: "auto", role: "dialog", "aria-label": label }, content);
    this.button.popoverTargetElement = this.element; // the browser opens and closes it
    this.element.addEventListener("toggle", (event) => {
      if (event.newState !== "open") return;
      const { left, bottom } = this.button.getBoundingClientRect();
      placeAt(this.element, left, bottom + 4);
    });
    this.element.addEventListener("toggle", (event) => this.button.setAttribute("aria-expanded", String(event.newState === "open")));
    this.element.addEventListener("keydown", (event) => event.stopPropagation());
  }
}
