// Making elements. All text goes in through textContent: names in a profile are never markup.

/**
 * A DOM element with a class, attributes and children (elements or text).
 * @param {string} tag
 * @param {string} [className]
 * @param {Record<string, string>} [attributes]
 * @param {...(Node | string)} children
 * @returns {HTMLElement}
 */
export function element(tag, className = "", attributes = {}, ...children) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

/**
 * A button that calls `act` when it is pressed.
 * @param {string} text
 * @param {(event: MouseEvent) => void} act
 * @param {Record<string, string>} [attributes]
 */
export function button(text, act, attributes = {}) {
  const made = element("button", "wb-fg-button", { type: "button", ...attributes }, text);
  made.addEventListener("click", act);
  return made;
}

/** A row of a table, its cells all th or td. */
export function tableRow(cell, texts) {
  const attributes = cell === "th" ? { scope: "col" } : {};
  return element("tr", "", {}, ...texts.map((text) => element(cell, "", attributes, text)));
}

/** Put a text on the clipboard; where that is refused, through a selection. */
export async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = element("textarea", "wb-fg-live");
    area.value = text;
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    return done;
  }
}

/** Let the reader save a blob under a name. */
export function saveBlob(blob, name) {
  const link = element("a", "", { href: URL.createObjectURL(blob), download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
