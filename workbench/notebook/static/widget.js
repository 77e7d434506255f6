// The flame graph as a Jupyter widget (https://anywidget.dev): model in, view out.

import { mount } from "./flamegraph.js";

async function render({ model, el }) {
  const host = document.createElement("div");
  el.append(host);
  try {
    const graph = await mount(host, model.get("payload"), { height: model.get("height") });
    return () => graph.destroy();
  } catch (error) {
    host.textContent = `This flame graph can't be shown: ${error.message}`;
    return () => host.remove();
  }
}

export default { render };
