"""A measure over commits as a plotly figure: every run, the level of each stretch, and its change points."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from workbench.analysis.detectable import POWER
from workbench.analysis.history import Series
from workbench.statistics import median
from workbench.views.numbers import format_measure, format_number_of
from workbench.views.tables import printable

__all__ = ["MEASURE_NAMES", "Mark", "history_chart", "quiet_sentence"]

MEASURE_NAMES = {
    "wall": "time",
    "cpu": "CPU time",
    "peak_rss": "peak memory",
    "statements": "SQL statements",
    "cypher_statements": "Cypher statements",
    "requests": "requests",
    "connects": "connects",
    "bytes_sent": "bytes sent",
    "bytes_received": "bytes received",
}
"""What people call a measure."""

_POINT, _LEVEL, _WORSE, _BETTER = "#ee8866", "#77aadd", "#aa3377", "#44aa77"
_GRID = "rgba(128,128,128,0.25)"
_TICKS = 12
_SHORT = 7


@dataclass(frozen=True, slots=True)
class Mark:
    """What a change point's label says: the commit, and what is known of it, in a few words."""

    index: int
    text: str


def quiet_sentence(series: Series) -> str:
    """What "no change point" is worth: the smallest change that would have been found in this series."""
    found = f"no change point in {format_number_of(series.commits, 'commit')}"
    if series.detectable is None or not series.detectable:
        return found
    if math.isinf(series.detectable):
        return f"{found}; too few commits, or too much scatter, to tell even a tenfold change"
    percent = math.ceil(100 * series.detectable - 1e-6)
    return (
        f"{found}; a lasting change of {percent} % or more in the middle of them would have been found "
        f"({100 * POWER:.0f} % of the time)"
    )


def history_chart(series: Series, marks: Sequence[Mark] = (), *, labels: Sequence[str] = ()) -> Any:
    """The series as a figure; ``labels`` are the names of its points' commits (default: the commits, shortened).

    Commits stand at equal distances, in the order of the history; runs of one commit above each other.
    """
    import plotly.graph_objects as go

    places = {position: i for i, position in enumerate(sorted({p.position for p in series.points}))}
    x = [places[point.position] for point in series.points]
    names = [_plain(text) for text in (labels or [point.commit[:_SHORT] for point in series.points])]
    values = [point.value for point in series.points]
    title = MEASURE_NAMES.get(series.measure, series.measure)
    figure = go.Figure(layout=_layout(title, x, names, values, series.unit))
    figure.add_scatter(
        x=x, y=values, mode="markers", marker={"size": 7, "color": _POINT, "opacity": 0.8},
        text=[_hover(name, p.value, series.unit, p.dirty) for name, p in zip(names, series.points, strict=True)],
        hovertemplate="%{text}<extra></extra>",
    )  # fmt: skip
    _add_levels(figure, series, x, values)
    for change in series.changes:
        at = (x[change.index - 1] + x[change.index]) / 2
        colour = _WORSE if change.after > change.before else _BETTER
        figure.add_shape(type="line", x0=at, x1=at, yref="paper", y0=0, y1=1, line={"color": colour, "dash": "dot"})
    if series.detectable and not series.changes:
        figure.add_annotation(
            x=0, y=0, xref="paper", yref="paper", text=_plain(quiet_sentence(series)), showarrow=False,
            xanchor="left", yanchor="bottom", font={"size": 11},
        )  # fmt: skip
    for number, mark in enumerate(marks):
        at = (x[mark.index - 1] + x[mark.index]) / 2
        figure.add_annotation(
            x=at, y=1.0 - 0.09 * (number % 3), yref="paper", text=_plain(mark.text), showarrow=False,
            xanchor="left" if at < max(x) * 0.6 else "right", yanchor="top", font={"size": 12},
        )  # fmt: skip
    return figure


def _add_levels(figure: Any, series: Series, x: Sequence[int], values: Sequence[float]) -> None:
    """The median of each stretch between two change points, as a line."""
    edges = [0, *(change.index for change in series.changes), len(values)]
    for start, end in pairwise(edges):
        level = median(values[start:end])
        figure.add_scatter(
            x=[x[start] - 0.4, x[end - 1] + 0.4], y=[level, level], mode="lines",
            line={"color": _LEVEL, "width": 3}, hoverinfo="skip",
        )  # fmt: skip


def _layout(
    title: str, x: Sequence[int], names: Sequence[str], values: Sequence[float], unit: str
) -> dict[str, Any]:
    by_place = dict(zip(x, names, strict=True))
    step = max(1, -(-len(by_place) // _TICKS))
    shown = sorted(by_place)[::step]
    top = max(values)
    ticks = _ticks(top * 1.15, unit)
    return {
        "height": 320,
        "margin": {"l": 10, "r": 20, "t": 10, "b": 40},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"family": "system-ui, sans-serif", "size": 13},
        "showlegend": False,
        "dragmode": False,
        "xaxis": {
            "tickvals": shown, "ticktext": [by_place[place] for place in shown], "gridcolor": _GRID,
            "zeroline": False, "automargin": True, "range": [-0.6, max(x) + 0.6], "title": {"text": ""},
        },
        "yaxis": {
            "title": {"text": title}, "gridcolor": _GRID, "zeroline": False, "automargin": True,
            "range": [0, top * 1.15 or 1], "tickvals": ticks,
            "ticktext": [format_measure(tick, unit) for tick in ticks],
        },
    }  # fmt: skip


def _ticks(top: float, unit: str) -> list[float]:
    """Some round values from 0 to the top, in steps of 1, 2 or 5 times a power of ten; bytes in their own units."""
    if not 0 < top < math.inf:
        return [0.0]
    scale = 1024.0 ** math.floor(math.log(top, 1024)) if unit == "bytes" and top > 1 else 1.0
    rough = top / scale / 4
    power = 10.0 ** math.floor(math.log10(rough))
    step = scale * power * next(factor for factor in (1, 2, 5, 10) if factor * power >= rough * (1 - 1e-9))
    return [step * number for number in range(math.floor(top / step) + 1)]


def _hover(name: str, value: float, unit: str, dirty: bool) -> str:
    return f"{name}{' with uncommitted changes' if dirty else ''}: {format_measure(value, unit)}"


def _plain(text: str) -> str:
    """Text as plotly shows it: it understands a little HTML, so that is written out."""
    return printable(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
