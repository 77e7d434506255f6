// The menus of a box and of a package, and the line that says what is hidden.

import { element } from "./dom.js";
import { shorten } from "./format.js";
import { tokenName } from "./state.js";

/** What can be done with a box. `graph` is the FlameGraph. */
export function boxMenu(graph, pane, node) {
  const { tree } = pane;
  const { profile } = graph;
  const zoom = { label: "Zoom in", act: () => graph.zoom(pane, node), keys: "Enter" };
  if (!tree.isFunction(node)) return [zoom];
  const frame = tree.frame[node];
  const file = profile.frameFile[frame];
  const { name } = profile.packages[profile.packageOf(frame)];
  const items = [
    zoom,
    { label: "Callers and callees", act: () => graph.openSandwich(frame), keys: "S" },
    { label: "Mark this function", act: () => graph.choose(frame, tree.originOf(node)) },
    { label: "Hide this function", act: () => graph.hide(`f${frame}`), keys: "H" },
    { label: `Hide file ${shorten(profile.files[file], 40)}`, act: () => graph.hide(`m${file}`) },
    { label: `Hide ${shorten(name, 40)}`, act: () => graph.hide(`p${profile.packageOf(frame)}`) },
    { label: "Copy name", act: () => graph.copy(tree.name(node)), keys: "C" },
    { label: "Copy file:line", act: () => graph.copy(tree.place(node)), keys: "L" },
  ];
  const address = sourceAddress(profile, tree.file(node), tree.lineOf(node));
  if (address) items.push({ label: "Open in editor", act: () => window.open(address, "_blank", "noopener") });
  return items;
}

/** Where the file can be opened; "" without a template or with one that a page must not follow. */
export function sourceAddress(profile, file, line) {
  const template = profile.meta.link || "";
  if (!/^(https?|vscode|vscode-insiders|cursor|pycharm|idea|jetbrains|zed|file):/.test(template) || !file || file[0] === "<") return "";
  return template.replaceAll("{file}", file.split("/").map(encodeURIComponent).join("/")).replaceAll("{line}", String(line || 1));
}

export function packageMenu(graph, index) {
  const name = shorten(graph.profile.packages[index].name, 40);
  return [
    { label: `Mark ${name}`, act: () => graph.set({ mark: `p${index}`, query: "" }) },
    { label: `Hide ${name}`, act: () => graph.hide(`p${index}`) },
  ];
}

/** Fill the line that says what is hidden; each name's button shows it again. */
export function hiddenLine(line, profile, hidden, show) {
  const tokens = hidden ? hidden.split(".") : [];
  line.hidden = !tokens.length;
  line.replaceChildren("Hidden, their time is their callers': ");
  for (const token of tokens) {
    const name = shorten(tokenName(profile, token), 60);
    const chip = element("button", "wb-fg-chip", { type: "button", title: "Show again", "aria-label": `Show ${name} again` }, name, " ✕");
    chip.addEventListener("click", () => show(tokens.filter((other) => other !== token).join(".")));
    line.append(chip);
  }
}
