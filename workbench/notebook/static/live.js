// The page's side of workbench/notebook/bridge.py, as an anywidget module without a view (https://anywidget.dev).
//
// A saved output holds <div data-wb-live="ID"><div class="wb-still">…</div></div>. This finds such elements wherever
// they appear in the page, gets what ID stands for from the kernel, and mounts the live view in place of the still.

import { mount } from "./flamegraph.js";
import { mountExplorer } from "./explorer.js";

const LIVE = "[data-wb-live]";
const PATIENCE_MS = 400; // for content that is on its way; then it is asked for
const DETACHED = 20; // views kept while JupyterLab has scrolled their cells out of the page

class Page {
  constructor(model) {
    this.model = model;
    this.contents = new Map(); // id → the kernel's opening message and its buffers
    this.asked = new Set();
    this.views = new Map(); // element → {id, answer, destroy}
    this.receive = (message, buffers) => this.#receive(message, buffers);
    model.on("msg:custom", this.receive);
    this.observer = new MutationObserver(() => this.#soon());
    this.observer.observe(document.body, { childList: true, subtree: true });
    this.#soon();
  }

  stop() {
    this.observer.disconnect();
    clearTimeout(this.timer);
    this.model.off("msg:custom", this.receive);
    for (const element of [...this.views.keys()]) this.#unmount(element);
  }

  #soon() {
    this.timer ??= setTimeout(() => {
      this.timer = undefined;
      this.#scan();
    }, 30);
  }

  #scan() {
    for (const element of document.querySelectorAll(LIVE)) {
      if (element.wbLive) continue;
      const id = element.dataset.wbLive;
      if (this.contents.has(id)) this.#mount(element, id);
      else this.#ask(id);
    }
    const detached = [...this.views.keys()].filter((element) => !element.isConnected);
    for (const element of detached.slice(0, -DETACHED)) this.#unmount(element);
  }

  /** Other kernels' ids are in the page too: ours doesn't answer to those, so each is asked for once. */
  #ask(id) {
    if (this.asked.has(id)) return;
    this.asked.add(id);
    setTimeout(() => {
      if (!this.contents.has(id)) this.#send({ to: id, do: "open" });
    }, PATIENCE_MS);
  }

  /** A kernel that was shut down takes no messages; a panel that waits for its answer says that it is late. */
  #send(question) {
    try {
      this.model.send(question);
    } catch (error) {
      console.debug(`workbench: the kernel takes no messages: ${error.message}`);
    }
  }

  #receive(message, buffers) {
    const id = message.from;
    if (message.do === "open") {
      this.contents.set(id, { message, buffers });
      this.#soon();
      return;
    }
    for (const view of this.views.values()) if (view.id === id) view.answer?.(message, buffers);
  }

  async #mount(element, id) {
    const still = element.querySelector(".wb-still");
    const host = document.createElement("div");
    const view = { id, host, destroy: () => {} };
    host.dataset.lmSuppressShortcuts = "true"; // JupyterLab's, which it would take before we see the key
    element.wbLive = true;
    this.views.set(element, view);
    element.append(host);
    if (still) still.hidden = true;
    // JupyterLab's styles for text (tables above all) aren't meant for what is drawn here.
    view.styled = element.closest(".jp-RenderedHTMLCommon");
    view.styled?.classList.remove("jp-RenderedHTMLCommon");
    try {
      Object.assign(view, await this.#show(host, id));
    } catch (error) {
      host.textContent = `The live view can't be shown: ${error.message}`;
      if (still) still.hidden = false;
    }
  }

  async #show(host, id) {
    const { message, buffers } = this.contents.get(id);
    if (message.kind === "explorer") {
      return mountExplorer(host, (question) => this.#send({ ...question, to: id }), message, mount);
    }
    const graph = await mount(host, buffers[0], message.options);
    return { destroy: () => graph.destroy() };
  }

  #unmount(element) {
    const view = this.views.get(element);
    this.views.delete(element);
    view.destroy();
    view.host.remove();
    view.styled?.classList.add("jp-RenderedHTMLCommon");
    const still = element.querySelector(".wb-still");
    if (still) still.hidden = false;
    delete element.wbLive;
  }
}

function initialize({ model }) {
  const page = new Page(model);
  return () => page.stop();
}

export default { initialize };
