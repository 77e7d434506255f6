// What the colours mean. Packages are buttons: pressing one marks its boxes, its menu hides it.

import { element } from "./dom.js";
import { formatNumberOf, formatShare, shorten } from "./format.js";

const KEYS = 14;

export class Legend {
  /** @param {{mark: (index: number) => void, menu: (index: number, x: number, y: number, from: HTMLElement) => void}} handlers */
  constructor(profile, handlers) {
    this.profile = profile;
    this.handlers = handlers;
    this.element = element("div", "wb-fg-legend", { role: "group", "aria-label": "Colours" });
  }

  /** @param {import("./palette.js").Colouring} colouring */
  show(colouring, theme) {
    const entries = colouring.legend(this.profile, theme).filter(({ weight }) => weight === undefined || weight > 0);
    this.element.replaceChildren(...entries.slice(0, KEYS).map((entry) => this.#key(entry)));
    const more = entries.slice(KEYS);
    if (!more.length) return;
    const share = formatShare(more.reduce((sum, { weight }) => sum + (weight || 0), 0), this.profile.whole);
    this.element.append(element("span", "wb-fg-share wb-fg-key", {}, `${formatNumberOf(more.length, "more package")} ${share}`));
  }

  #key({ label, colour, text = "", package: index, striped }) {
    const swatch = element("span", striped ? "wb-fg-swatch wb-fg-striped" : "wb-fg-swatch");
    swatch.style.backgroundColor = colour;
    const parts = [swatch, shorten(label, 40), " ", element("span", "wb-fg-share", {}, text)];
    if (index === undefined) return element("span", "wb-fg-key", {}, ...parts);
    const made = element("button", "wb-fg-key", { type: "button", "aria-pressed": "false", title: "Self time; press to mark, right-click to hide" }, ...parts);
    made.addEventListener("click", () => {
      const pressed = made.getAttribute("aria-pressed") !== "true";
      this.release();
      made.setAttribute("aria-pressed", String(pressed));
      this.handlers.mark(pressed ? index : -1);
    });
    made.addEventListener("contextmenu", (event) => {
      event.preventDefault();
      event.stopPropagation();
      const { left, bottom } = made.getBoundingClientRect();
      this.handlers.menu(index, event.clientX || left, event.clientY || bottom, made);
    });
    return made;
  }

  /** No package is marked any more. */
  release() {
    for (const each of this.element.querySelectorAll("button")) each.setAttribute("aria-pressed", "false");
  }
}
