// Mouse, pen, touch and wheel on a pane: hover, click, drag, zoom.

const DRAG_FROM = 4; // pixels before a press becomes a drag

export class Pointer {
  /**
   * @param {import("./pane.js").Pane} pane
   * @param {{hover: (node: number, x: number, y: number) => void, pick: (node: number) => void, reset: () => void,
   *   menu: (node: number, x: number, y: number) => void, moved: () => void}} handlers
   */
  constructor(pane, handlers, signal) {
    this.pane = pane;
    this.handlers = handlers;
    const on = (type, handler, more = {}) => pane.canvas.addEventListener(type, handler, { signal, ...more });
    on("pointerdown", (event) => this.#press(event));
    on("pointermove", (event) => this.#move(event));
    on("pointerup", (event) => this.#release(event));
    on("pointercancel", () => (this.pressed = undefined));
    on("pointerleave", () => handlers.hover(-1, 0, 0));
    on("dblclick", () => handlers.reset());
    on("contextmenu", (event) => this.#menu(event));
    on("wheel", (event) => this.#wheel(event), { passive: false });
  }

  #press(event) {
    if (event.button !== 0) return;
    const { view, scroller } = this.pane;
    this.pressed = { x: event.clientX, y: event.clientY, view: { ...view }, scroll: scroller.scrollTop, dragged: false };
    this.pane.canvas.setPointerCapture(event.pointerId);
  }

  #move(event) {
    if (this.pressed && this.#drag(event)) return;
    const node = this.pane.hitTest(event.offsetX, event.offsetY);
    this.handlers.hover(node, event.offsetX, event.offsetY);
  }

  #drag(event) {
    const { pressed, pane } = this;
    const [dx, dy] = [event.clientX - pressed.x, event.clientY - pressed.y];
    if (!pressed.dragged && Math.hypot(dx, dy) < DRAG_FROM) return false;
    pressed.dragged = true;
    this.handlers.hover(-1, 0, 0);
    pane.motion.pan(pressed.view, (-dx / pane.width) * (pressed.view.right - pressed.view.left));
    pane.scroller.scrollTop = pressed.scroll - dy;
    this.handlers.moved();
    return true;
  }

  #release(event) {
    const { pressed, pane } = this;
    this.pressed = undefined;
    if (!pressed || pressed.dragged) return;
    const node = pane.hitTest(event.offsetX, event.offsetY);
    pane.canvas.focus({ preventScroll: true });
    if (node < 0) return;
    this.handlers.hover(-1, 0, 0);
    this.handlers.pick(node);
  }

  #menu(event) {
    const node = this.pane.hitTest(event.offsetX, event.offsetY);
    if (node < 0) return;
    event.preventDefault();
    event.stopPropagation(); // JupyterLab has a menu of its own
    this.handlers.menu(node, event.clientX, event.clientY);
  }

  /** Ctrl or Cmd (a pinch) zooms around the pointer, sideways pans; plain vertical wheels scroll, as on any page. */
  #wheel(event) {
    const across = Math.abs(event.deltaX) > Math.abs(event.deltaY) ? event.deltaX : 0;
    const sideways = event.shiftKey ? event.deltaY || event.deltaX : across;
    const zooms = event.ctrlKey || event.metaKey;
    if (!zooms && !sideways) return;
    event.preventDefault();
    this.handlers.hover(-1, 0, 0);
    const { view, width, motion } = this.pane;
    if (zooms) this.pane.scaleAround(Math.exp(event.deltaY * 0.004), event.offsetX / width);
    else motion.pan(view, (sideways / width) * (view.right - view.left));
    this.handlers.moved();
  }
}
