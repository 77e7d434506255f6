// Runs in each viewer's page before its own scripts, and is the same for all: when is the picture there, how long is a step.
// A picture counts as there once a pixel of every canvas can be read back: reading waits for all drawing to be carried out.
(() => {
  const contexts = new Set();
  const getContext = HTMLCanvasElement.prototype.getContext;
  HTMLCanvasElement.prototype.getContext = function (...given) {
    const context = getContext.apply(this, given);
    if (context) contexts.add(context);
    return context;
  };
  const pixel = new Uint8Array(4);
  const settle = () => {
    for (const context of contexts) {
      if (context.readPixels) context.readPixels(0, 0, 1, 1, context.RGBA, context.UNSIGNED_BYTE, pixel);
      else if (context.canvas.isConnected && context.canvas.width) context.getImageData(0, 0, 1, 1);
    }
  };
  const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));

  const patience = 60_000; // milliseconds
  const until = async (holds, what) => {
    const start = performance.now();
    while (!holds()) {
      if (performance.now() - start > patience) throw new Error(`${what}: not within ${patience / 1000} s on ${location}`);
      await frame();
    }
  };

  /** Milliseconds from the start of the navigation until `ready()` holds and its pixels are there. */
  const firstPaint = async (ready) => {
    await until(ready, "first paint");
    settle();
    return performance.now();
  };

  /** Milliseconds from `act()` until `done()` holds after a frame and its pixels are there. */
  const step = async (act, done = () => true) => {
    const start = performance.now();
    act();
    await frame();
    await until(done, "a step");
    settle();
    return performance.now() - start;
  };

  /** A turn of the wheel over the middle of an element, as a pinch sends it. */
  const wheel = (element, deltaY) => {
    const { left, top, width, height } = element.getBoundingClientRect();
    const at = { clientX: left + width / 2, clientY: top + Math.min(height / 2, 200) };
    element.dispatchEvent(new WheelEvent("wheel", { deltaY, ctrlKey: true, bubbles: true, cancelable: true, ...at }));
  };
  window.__viewer = { firstPaint, step, wheel, frame };
})();
