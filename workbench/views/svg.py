"""A still picture of a flame graph, for pages where no script runs: one small SVG of the widest boxes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from workbench.calltree import CallTree, Int64
from workbench.views.layout import FlameLayout, lay_out
from workbench.views.numbers import format_number_of, format_seconds, format_share
from workbench.views.packages import package_of, ranked
from workbench.views.tables import html_text

__all__ = ["flamegraph_svg", "ink_on", "shaded"]

ROW = 18
_CHARACTER = 6.6  # width of one character of the 11 px monospaced labels
_NARROWEST = 1.0
_SHADES = 4
_MOST_ROWS = 42  # below the box over all; a recursion a hundred deep would fill two pages
_ROOT_COLOUR = "#d9dce2"
_AWAIT = "<await>"
_STRIPES = (
    '<defs><pattern id="waits" width="7" height="7" patternUnits="userSpaceOnUse">'
    '<path d="M-1 8L8 -1M-1 1L1 -1M6 8L8 6" stroke="#000000" stroke-opacity="0.2"/></pattern></defs>'
)


def ink_on(colour: str) -> str:
    """Black or white, whichever is read better on a colour "#rrggbb" (relative luminance of WCAG 2.2)."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return "#161616" if 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.2 else "#ffffff"


def shaded(colour: str, function: str) -> str:
    """The function's own shade of its package's colour: static/palette.js's on white, by the same hash (FNV-1a)."""
    value = 0x811C9DC5
    units = function.encode("utf-16-le", "surrogatepass")
    for low, high in zip(units[::2], units[1::2], strict=True):
        value = ((value ^ (low | high << 8)) * 0x01000193) & 0xFFFFFFFF
    share = 0.09 * (value % _SHADES)
    parts = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    return "#" + "".join(f"{math.floor(part + (255 - part) * share + 0.5):02x}" for part in parts)


@dataclass(frozen=True, slots=True)
class _Box:
    """One box in pixels."""

    x: float
    depth: int
    width: float
    colour: str
    label: str
    title: str
    waits: bool = False

    def to_svg(self) -> str:
        y, width = self.depth * ROW, max(0.3, self.width - 0.7)
        shape = f'<rect x="{self.x:.1f}" y="{y}" width="{width:.1f}" height="{ROW - 1}" fill="{self.colour}"/>'
        if self.waits:
            shape += f'<rect x="{self.x:.1f}" y="{y}" width="{width:.1f}" height="{ROW - 1}" fill="url(#waits)"/>'
        room = int((self.width - 8) / _CHARACTER)
        text = ""
        if room >= 3:
            cut = self.label if len(self.label) <= room else f"{self.label[: room - 1]}…"
            ink = "" if ink_on(self.colour) != "#ffffff" else ' fill="#ffffff"'
            text = f'<text x="{self.x + 4:.1f}" y="{y + 12.5}"{ink}>{html_text(cut)}</text>'
        return f"<g><title>{html_text(self.title)}</title>{shape}{text}</g>"


def _colours(tree: CallTree, layout: FlameLayout) -> list[str]:
    """The colour of each frame: that of its package."""
    packages = [package_of(f.file) for f in tree.frames]
    weights = dict.fromkeys(packages, 0)
    self_ns = np.bincount(tree.node_frame[layout.node], weights=layout.self_ns, minlength=len(tree.frames))
    for package, weight in zip(packages, self_ns.tolist(), strict=True):
        weights[package] += int(weight)
    colour = dict(ranked(weights))
    return [colour[p] for p in packages]


def _boxes(
    tree: CallTree,
    layout: FlameLayout,
    width: int,
    max_boxes: int,
    node_colours: Sequence[str] | None,
    unit_s: float,
    rounds: int,
    each: str,
    told: str,
) -> list[_Box]:
    """The widest boxes under a box over all of them; parents are never narrower than their children."""
    whole = layout.whole_ns
    depth = np.repeat(np.arange(len(layout.levels) - 1), np.diff(layout.levels))
    near = np.flatnonzero(depth < _MOST_ROWS)
    widest = near[np.lexsort((depth[near], -layout.total_ns[near]))][:max_boxes]
    shown = np.sort(widest[layout.total_ns[widest] * width >= _NARROWEST * whole])
    of_frame = _colours(tree, layout)
    told = told or f"{format_seconds(whole * unit_s)}{f' a {each}' if rounds > 1 else ''}"
    boxes = [_Box(0, 0, width, _ROOT_COLOUR, f"all · {told}", f"all: {told}")]
    for row in shown.tolist():
        frame_number = int(tree.node_frame[layout.node[row]])
        frame, total = tree.frames[frame_number], int(layout.total_ns[row])
        share = format_share(total, whole)
        boxes.append(
            _Box(
                x=float(layout.x_ns[row]) / whole * width,
                depth=int(depth[row]) + 1,
                width=total / whole * width,
                colour=node_colours[int(layout.node[row])]
                if node_colours
                else shaded(of_frame[frame_number], frame.function),
                label=frame.function,
                title=f"{frame.function} ({frame.file}): {format_seconds(total * unit_s)}, {share}",
                waits=frame.file == _AWAIT,
            )
        )
    return boxes


def flamegraph_svg(
    tree: CallTree,
    width: int = 960,
    max_boxes: int = 400,
    *,
    self_ns: Int64 | None = None,
    unit_ns: float = 1.0,
    node_colours: Sequence[str] | None = None,
    rounds: int = 1,
    each: str = "round",
    told: str = "",
) -> str:
    """An SVG element, at most ``max_boxes`` boxes, scaled to the page's width; "" for a tree without weight.

    ``self_ns`` sizes the boxes by other weights than the samples', in units of ``unit_ns``; ``node_colours``
    replace those of packages. Times are means of ``rounds``, as the live view has them; ``told`` stands in the box
    over all.
    Presentation attributes only, no style attribute: a strict Content-Security-Policy lets it pass.
    """
    layout = lay_out(tree, self_ns)
    if not len(layout):
        return ""
    boxes = _boxes(
        tree, layout, width, max_boxes, node_colours, unit_ns / 1e9 / max(1, rounds), max(1, rounds), each, told
    )
    rows = max(b.depth for b in boxes) + 1
    deeper = len(layout.levels) - 1 - _MOST_ROWS
    more = ""
    if deeper > 0:
        text = f"{format_number_of(deeper, 'more row')} in the live view"
        more = f'<text x="4" y="{rows * ROW + 12.5}" fill="#777777">{text}</text>'
    height = (rows + bool(more)) * ROW
    drawn = (_STRIPES if any(box.waits for box in boxes) else "") + "".join(box.to_svg() for box in boxes) + more
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="100%" role="img" '
        f'aria-label="Flame graph" font-family="ui-monospace, Menlo, Consolas, monospace" font-size="11" '
        f'fill="#1b1b1b">{drawn}</svg>'
    )
