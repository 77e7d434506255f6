"""Plotly figures: the ladder of variants and the distribution of rounds.

A figure is drawn by plotly.js from JSON that holds numbers and names only. ``CONFIG`` switches off everything that
would send a profile anywhere.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from workbench.views.numbers import format_interval, format_ratio, format_seconds, format_tick
from workbench.views.tables import printable

__all__ = ["CONFIG", "LadderStep", "distribution_chart", "ladder_chart"]

CONFIG: Mapping[str, Any] = {
    "displayModeBar": False,
    "displaylogo": False,
    "responsive": False,  # plotly would forget the height; the page draws again when its width changes
    "showSendToCloud": False,
    "showEditInChartStudio": False,
    "plotlyServerURL": "",
    "topojsonURL": "",
}
"""Options for ``Plotly.newPlot``: no mode bar, no cloud, no URL."""

_BAR, _POINT, _BOUND = "#77aadd", "#ee8866", "#aa3377"
_GRID = "rgba(128,128,128,0.25)"
_NAME = 60


@dataclass(frozen=True, slots=True)
class LadderStep:
    """One variant: seconds of each timing round, and the ratio to the baseline where there is one."""

    name: str
    seconds: tuple[float, ...]
    ratio: float | None = None
    interval: tuple[float, float] | None = None

    def label(self) -> str:
        """Median, ratio and its interval, as text beside the bar."""
        parts = [format_seconds(median(self.seconds))]
        if self.ratio is not None:
            parts.append(format_ratio(self.ratio))
        if self.interval is not None:
            parts.append(format_interval(*self.interval))
        return "  ".join(parts)


def _plain(text: str) -> str:
    """A name as plotly shows it: its texts understand a little HTML, so that is written out."""
    cut = text if len(text) <= _NAME else f"{text[: _NAME - 1]}…"
    return printable(cut).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _layout(height: int, **more: Any) -> dict[str, Any]:
    return {
        "height": height,
        "margin": {"l": 10, "r": 20, "t": 10, "b": 40},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"family": "system-ui, sans-serif", "size": 13},
        "showlegend": False,
        "yaxis": {"autorange": "reversed", "automargin": True, "ticklabelstandoff": 8, "gridcolor": _GRID},
        "dragmode": False,
        **more,
    }


def _ticks(low: float, high: float) -> list[float]:
    """1, 2 and 5 times the powers of ten between two values."""
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    return [value for d in decades for m in (1, 2, 5) if low <= (value := m * 10.0**d) <= high]


def _axis(values: Sequence[float], title: str) -> dict[str, Any]:
    """A seconds axis; logarithmic once the slowest takes eight times the fastest."""
    low, high = min(values), max(values)
    axis: dict[str, Any] = {"title": {"text": title}, "gridcolor": _GRID, "zeroline": False}
    if low <= 0 or high / low < 8:
        return {**axis, "range": [0, high * 1.18], "tickformat": "~s", "ticksuffix": "s"}
    low, high = low / 1.6, high * 1.6
    ticks = _ticks(low, high)
    return {
        **axis,
        "type": "log",
        "range": [math.log10(low), math.log10(high)],
        "title": {"text": f"{title} (logarithmic)"},
        "tickvals": ticks,
        "ticktext": [format_tick(tick) for tick in ticks],
    }


def _bound_line(seconds: float) -> dict[str, Any]:
    line = {"color": _BOUND, "width": 1.5, "dash": "dash"}
    return {"type": "line", "x0": seconds, "x1": seconds, "yref": "paper", "y0": 0, "y1": 1, "line": line}


def ladder_chart(steps: Sequence[LadderStep], *, bound_s: float | None = None) -> Any:
    """Median wall time of each variant as a dot on its range, every round as a point, the bound as a dashed line.

    Dots, not bars: on a logarithmic axis a bar's length means nothing. Steps without a round are left out.
    """
    import plotly.graph_objects as go

    steps = [s for s in steps if s.seconds]
    names = [_plain(s.name) for s in steps]
    middles = [median(s.seconds) for s in steps]
    every = [(name, value) for name, s in zip(names, steps, strict=True) for value in s.seconds]
    values = [value for _, value in every] + ([bound_s] if bound_s else [])
    spread: dict[str, Any] = {
        "type": "data",
        "symmetric": False,
        "array": [max(s.seconds) - m for s, m in zip(steps, middles, strict=True)],
        "arrayminus": [m - min(s.seconds) for s, m in zip(steps, middles, strict=True)],
        "color": _BAR,
        "thickness": 6,
        "width": 0,
    }
    figure = go.Figure(layout=_layout(110 + 44 * len(steps)))
    figure.add_scatter(
        x=middles, y=names, mode="markers+text", error_x=spread, marker={"size": 13, "color": _BAR},
        text=[s.label() for s in steps], textposition="top center", cliponaxis=False, hoverinfo="skip",
    )  # fmt: skip
    figure.add_scatter(
        x=[value for _, value in every], y=[name for name, _ in every], mode="markers",
        marker={"size": 6, "color": _POINT, "opacity": 0.8}, hovertemplate="%{y}: %{x:.4g} s<extra></extra>",
    )  # fmt: skip
    figure.update_layout(xaxis=_axis(values, "wall time of a round"))
    if bound_s:
        figure.update_layout(shapes=[_bound_line(bound_s)])
        figure.add_annotation(x=_log10_if(figure, bound_s), y=1.02, yref="paper", text="bound", showarrow=False,
                              font={"color": _BOUND})  # fmt: skip
    return figure


def _log10_if(figure: Any, seconds: float) -> float:
    """Annotations on a logarithmic axis are placed by the logarithm, unlike shapes."""
    return math.log10(seconds) if figure.layout.xaxis.type == "log" else seconds


def distribution_chart(series: Mapping[str, Sequence[float]], *, title: str = "wall time of a round") -> Any:
    """A box with all its points for each name: seconds of its rounds."""
    import plotly.graph_objects as go

    figure = go.Figure(layout=_layout(90 + 60 * len(series)))
    for name, values in series.items():
        figure.add_box(
            x=list(values), y=[_plain(name)] * len(values), orientation="h", boxpoints="all", jitter=0.5,
            pointpos=0, marker={"size": 5, "color": _POINT}, line={"color": _BAR}, fillcolor="rgba(0,0,0,0)",
        )  # fmt: skip
    every = [value for values in series.values() for value in values]
    if every:
        figure.update_layout(xaxis=_axis(every, title))
    return figure
