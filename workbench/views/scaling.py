"""Exponents as a table, and costs over sizes as a plotly figure."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from workbench.analysis.scaling import MEMORY, TIME, Exponent, Growth
from workbench.model import UNITS
from workbench.views.numbers import format_measure
from workbench.views.tables import TextTable, printable

__all__ = ["COLOURS", "exponent_text", "exponents_table", "scaling_chart"]

COLOURS = ("#4477aa", "#ee6677", "#228833", "#ccbb44", "#66ccee", "#aa3377", "#999999")
_GRID = "rgba(128,128,128,0.25)"


def exponents_table(fits: Mapping[str, Exponent], growths: Sequence[Growth] = ()) -> TextTable:
    """A measure a line: exponent, interval, cost at the smallest and at the largest size, limit and verdict."""
    judged = {growth.name: growth for growth in growths}
    columns: tuple[str, ...] = ("Measure", "Exponent", "95 % interval", "At the end", "Smallest", "Largest")
    if judged:
        columns = (*columns, "Allowed", "Verdict")
    rows = tuple(_cells(fit, judged.get(name), bool(judged)) for name, fit in fits.items())
    caption = "Costs grow with the size n as n to the power of the exponent"
    return TextTable(columns, rows, caption, numbers=range(1, 7))


def _cells(fit: Exponent, growth: Growth | None, judged: bool) -> tuple[str, ...]:
    unit = "s" if fit.name == TIME else "bytes" if fit.name == MEMORY else UNITS.get(fit.name, "")
    interval = _interval(fit) or "–"
    cells = (
        fit.name.replace("_", " "),
        f"{fit.value:.2f}",
        interval,
        f"{fit.end:.2f}",
        f"{format_measure(fit.costs[0], unit)} at {fit.sizes[0]:g}",
        f"{format_measure(fit.costs[-1], unit)} at {fit.sizes[-1]:g}",
    )
    if not judged:
        return cells
    return (*cells, f"{growth.limit:.2f}" if growth else "", str(growth.verdict) if growth else "")


def _interval(fit: Exponent) -> str:
    """ "" where single rounds don't tell it."""
    if fit.begins_at:
        return f"at least; none below {fit.begins_at:g}"
    return "exact" if fit.is_exact else "" if math.isnan(fit.low) else f"{fit.low:.2f} to {fit.high:.2f}"


def exponent_text(fit: Exponent, growth: Growth | None = None) -> str:
    """``time: n^1.60 (95 % 1.05 to 2.15), PASS``."""
    interval = _interval(fit)
    level = "95 % " if interval and not (fit.begins_at or fit.is_exact) else ""
    said = f" ({level}{interval})" if interval else ""
    return (
        f"{printable(fit.name).replace('_', ' ')}: n^{fit.value:.2f}{said}{f', {growth.verdict}' if growth else ''}"
    )


def scaling_chart(
    fits: Mapping[str, Exponent], base: Mapping[str, Exponent] | None = None, growths: Sequence[Growth] = ()
) -> Any:
    """Each measure's cost relative to its smallest size over the size, on logarithmic axes; a baseline's dashed."""
    import plotly.graph_objects as go

    figure = go.Figure()
    judged = {growth.name: growth for growth in growths}
    for number, (name, fit) in enumerate(fits.items()):
        colour = COLOURS[number % len(COLOURS)]
        label = exponent_text(fit, judged.get(name))
        figure.add_scatter(**_line(fit), name=label, mode="lines+markers", line={"color": colour})
        if base and (before := base.get(name)):
            dashed = {"color": colour, "dash": "dash"}
            figure.add_scatter(**_line(before), name=f"baseline: n^{before.value:.2f}", mode="lines", line=dashed)
    axis = {"type": "log", "gridcolor": _GRID, "zeroline": False}
    figure.update_layout(
        height=420,
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        font={"family": "system-ui, sans-serif", "size": 13},
        margin={"l": 10, "r": 20, "t": 10, "b": 40},
        xaxis={
            **axis,
            "title": {"text": "size"},
            "tickvals": _sizes(fits),
            "ticktext": [f"{s:g}" for s in _sizes(fits)],
        },
        yaxis={**axis, "title": {"text": "cost, times that of the smallest size"}, "automargin": True},
        dragmode=False,
    )
    return figure


def _line(fit: Exponent) -> dict[str, Any]:
    first = next((cost for cost in fit.costs if cost > 0), 1.0)
    return {"x": list(fit.sizes), "y": [cost / first if cost > 0 else None for cost in fit.costs]}


def _sizes(fits: Mapping[str, Exponent]) -> list[float]:
    return sorted({size for fit in fits.values() for size in fit.sizes})
