// The colours that the style sheet has chosen: JupyterLab's theme there, the system's in a report.

/** @returns {import("./palette.js").Theme} */
export function readTheme(root) {
  const style = getComputedStyle(root);
  const read = (name, otherwise) => style.getPropertyValue(`--wb-fg-${name}`).trim() || otherwise;
  const dark = read("scheme", "light") === "dark";
  return {
    dark,
    background: read("background", dark ? "#1b1c1f" : "#ffffff"),
    text: read("text", dark ? "#e4e6ea" : "#1b1c1f"),
    soft: read("soft", dark ? "#a2a8b3" : "#5b616b"),
    line: read("line", dark ? "#3a3d44" : "#d5d9e0"),
    accent: read("accent", dark ? "#7fb2ec" : "#2f6fb5"),
  };
}

/** Call back with true before the page is printed, when a canvas must be painted at once, and with false after it. */
export function watchPaper(signal, changed) {
  window.addEventListener("beforeprint", () => changed(true), { signal });
  window.addEventListener("afterprint", () => changed(false), { signal });
}

/** Call back when the page may look different. */
export function watchTheme(signal, changed) {
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", changed, { signal });
  const observer = new MutationObserver(changed);
  const attributeFilter = ["data-jp-theme-light", "data-theme", "class"];
  for (const target of [document.documentElement, document.body]) observer.observe(target, { attributes: true, attributeFilter });
  signal.addEventListener("abort", () => observer.disconnect());
}
