"""Spans without a script: a still picture of when they were under way, and a table of the longest.

The live timeline (``static/timeline.js``) stands under the flame chart, whose payload carries the spans.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from workbench.calltree import CallTree
from workbench.model import Span
from workbench.views.numbers import format_number_of, format_seconds
from workbench.views.svg import ink_on
from workbench.views.tables import TextTable, html_text

__all__ = ["COLOURS", "span_rows", "spans_svg", "spans_table"]

COLOURS = {
    "http": "#77aadd",
    "connect": "#eedd88",
    "tls": "#ffaabb",
    "sql": "#44bb99",
    "cypher": "#99ddff",
    "cache": "#bbcc33",
    "pool-wait": "#ee8866",
}
"""By kind of span, as in static/timeline.js; others are grey."""

_OTHER, _FAILED = "#c4c8d0", "#b3261e"
_ROW, _HEAD, _MOST_ROWS, _MOST_SPANS = 13, 18, 40, 400
_CHARACTER = 5.5  # width of one of the 9 px labels
_INK, _SOFT, _GRID = "#1b1b1b", "#777777", "#d5d9e0"


def span_rows(spans: Sequence[Span]) -> list[int]:
    """A row for each span, so that none covers another of its round; the kinds one below another."""
    kinds = list(dict.fromkeys(span.kind for span in spans))
    rows, first = [0] * len(spans), 0
    for kind in kinds:
        ends: list[tuple[int, int]] = []  # (round, end) of the last span in each row
        own = [number for number, span in enumerate(spans) if span.kind == kind]
        for number in sorted(own, key=lambda n: (spans[n].round, spans[n].start_ns)):
            span = spans[number]
            begin, end = (span.round, span.start_ns), (span.round, span.start_ns + max(span.duration_ns, 1))
            row = next((row for row, last in enumerate(ends) if last <= begin), len(ends))
            ends[row : row + 1] = [end]
            rows[number] = first + row
        first += len(ends)
    return rows


def spans_svg(spans: Sequence[Span], width: int = 960) -> str:
    """An SVG element of one round's spans under an axis of time, the longest if they are many; "" for none."""
    if not spans:
        return ""
    shown = sorted(spans, key=lambda span: -span.duration_ns)[:_MOST_SPANS]
    rows = span_rows(shown)
    whole = max(span.start_ns + span.duration_ns for span in shown) or 1
    scale = width / whole
    boxes = [_box(span, row, scale) for span, row in zip(shown, rows, strict=True) if row < _MOST_ROWS]
    bottom = _HEAD + (min(max(rows), _MOST_ROWS - 1) + 1) * _ROW
    left_out = len(spans) - len(boxes)
    more = ""
    if left_out:
        text = f"{format_number_of(left_out, 'more span')} in the live view"
        more = f'<text x="4" y="{bottom + 11}" fill="{_SOFT}">{text}</text>'
    drawn = "".join([*_axis(whole, width, bottom), *boxes, more])
    height = bottom + (16 if more else 0)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="100%" role="img" '
        f'aria-label="Timeline of spans, {html_text(format_seconds(whole / 1e9))}" '
        f'font-family="ui-monospace, Menlo, Consolas, monospace" font-size="9">{drawn}</svg>'
    )


def _axis(whole: int, width: int, bottom: int) -> list[str]:
    """Lines at round times with their labels along the top."""
    power = 10 ** math.floor(math.log10(whole / 8))
    step = next(power * part for part in (1, 2, 5, 10) if power * part * 8 >= whole)
    lines = []
    for tick in range(int(whole / step) + 1):
        x = tick * step * width / whole
        lines.append(f'<line x1="{x:.1f}" x2="{x:.1f}" y1="0" y2="{bottom}" stroke="{_GRID}"/>')
        if x + 50 < width:
            label = html_text(format_seconds(tick * step / 1e9))
            lines.append(f'<text x="{x + 3:.1f}" y="10" fill="{_SOFT}">{label}</text>')
    return lines


def _box(span: Span, row: int, scale: float) -> str:
    title = f"{span.kind} {span.name}: {format_seconds(span.duration_ns / 1e9)}"
    colour = _FAILED if span.status != "ok" else COLOURS.get(span.kind, _OTHER)
    x, y, width = span.start_ns * scale, _HEAD + row * _ROW, max(0.5, span.duration_ns * scale)
    shape = f'<rect x="{x:.1f}" y="{y}" width="{width:.1f}" height="{_ROW - 2}" fill="{colour}"/>'
    room = int((width - 6) / _CHARACTER)
    text = ""
    if room >= 4:
        cut = span.name if len(span.name) <= room else f"{span.name[: room - 1]}…"
        text = f'<text x="{x + 3:.1f}" y="{y + 8.5}" fill="{ink_on(colour)}">{html_text(cut)}</text>'
    return f"<g><title>{html_text(title)}</title>{shape}{text}</g>"


def spans_table(spans: Sequence[Span], tree: CallTree | None = None, most: int = 10) -> TextTable:
    """The longest spans: what, how long, when in their round, and which function issued them."""
    longest = sorted(spans, key=lambda span: -span.duration_ns)[:most]
    rows = tuple(
        (
            span.kind,
            span.name,
            format_seconds(span.duration_ns / 1e9),
            format_seconds(span.start_ns / 1e9),
            _issuer(span, tree),
            span.site,
            span.status,
        )
        for span in longest
    )
    caption = f"The {most} longest of {len(spans)} spans" if len(spans) > most else "Spans, the longest first"
    columns = ("Kind", "Name", "Duration", "Start", "Issued by", "Line", "Status")
    return TextTable(columns, rows, caption, numbers=(2, 3))


def _issuer(span: Span, tree: CallTree | None) -> str:
    if tree is None or not 0 <= span.node < len(tree):
        return ""
    return tree.frames[int(tree.node_frame[span.node])].function
