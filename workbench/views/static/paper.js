// What paper has in the place of a canvas: a drawing, sharp at any size, of as many rows as leave room for the text around
// it, and words for the rows that it leaves out.

import { element } from "./dom.js";
import { formatNumberOf } from "./format.js";
import { drawing } from "./picture.js";

const WIDTH = 1040; // units across the page: names in about 6 points on A4 and Letter
const ROWS = 28; // a third of a page: what is left of the one before it is never half of it
const CALLERS = 3; // rows above a zoomed box, where not all fit

/** Put the drawing beside the pane's canvas, which the style sheet leaves out on paper. */
export function layOnPaper(pane) {
  takeOffPaper(pane);
  const { tree, focus } = pane;
  if (!tree || tree.size < 2) return;
  const end = tree.depth[focus] + tree.height(focus);
  const first = end - pane.skip > ROWS ? Math.max(pane.skip, tree.depth[focus] - CALLERS) : pane.skip;
  const rows = Math.max(1, Math.min(ROWS, end - first));
  const picture = drawing(pane, { width: WIDTH, first, rows });
  const told = leftOut(first - pane.skip, end - first - rows);
  pane.paper = [picture, ...(told ? [element("p", "wb-fg-unprinted", {}, told)] : [])];
  pane.element.append(...pane.paper);
}

export function takeOffPaper(pane) {
  for (const part of pane.paper ?? []) part.remove();
  pane.paper = undefined;
}

function leftOut(callers, deeper) {
  const parts = [callers > 0 && formatNumberOf(callers, "row") + " of callers", deeper > 0 && formatNumberOf(deeper, "deeper row")].filter(Boolean);
  return parts.length ? `${parts.join(" and ")} ${callers + deeper === 1 ? "is" : "are"} not printed.` : "";
}
