// Parts below the graph, each with a button that opens and closes it, and lines of text above it.

import { button, element } from "./dom.js";

export class Panels {
  /** @param {HTMLElement} buttons  where the buttons go */
  constructor(buttons) {
    this.buttons = buttons;
    this.element = element("div", "wb-fg-panels");
    this.banners = element("div", "wb-fg-banners");
    this.all = [];
  }

  /** See plugins.js. */
  add({ id, label, element: content, views, open = false, shown }) {
    const body = element("section", "wb-fg-panel", { "aria-label": label, "data-panel": id }, content);
    const panel = { id, views, body, wanted: open, open: false, shown };
    panel.button = button(label, () => this.#press(panel), { "aria-pressed": "false" });
    this.buttons.append(panel.button);
    this.element.append(body);
    this.all.push(panel);
    this.#show(panel);
    return { open: () => this.#want(panel, true), close: () => this.#want(panel, false), isOpen: () => panel.open };
  }

  /** Another view is shown: panels of other views go. */
  update(view) {
    this.view = view;
    this.all.forEach((panel) => this.#show(panel));
  }

  banner(text, kind = "note") {
    this.banners.append(element("p", `wb-fg-banner wb-fg-${kind}`, { role: kind === "warning" ? "alert" : "note" }, text));
  }

  /** What was asked for may stand below the window: it comes into view, and the focus stays on the button. */
  #press(panel) {
    this.#want(panel, !panel.wanted);
    if (panel.open) panel.body.scrollIntoView({ block: "nearest", behavior: "instant" });
  }

  #want(panel, open) {
    panel.wanted = open;
    this.#show(panel);
  }

  #show(panel) {
    const fits = !panel.views || panel.views.includes(this.view);
    const open = fits && panel.wanted;
    panel.button.hidden = !fits;
    panel.button.setAttribute("aria-pressed", String(panel.wanted));
    panel.body.hidden = !open;
    if (open === panel.open) return;
    panel.open = open;
    panel.shown?.(open);
  }
}
