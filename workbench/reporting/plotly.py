"""A notebook's plotly figures, reduced to what can be drawn without a network and under a strict policy."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

from workbench.views.charts import CONFIG

__all__ = ["plain_figure"]

_DRAWN = (
    *("bar", "barpolar", "box", "candlestick", "contour", "funnel", "funnelarea", "heatmap", "histogram"),
    *("histogram2d", "histogram2dcontour", "icicle", "indicator", "ohlc", "pie", "sankey", "scatter"),
    *("scatterpolar", "scatterternary", "sunburst", "table", "treemap", "violin", "waterfall"),
)
"""Kinds of traces that are SVG. WebGL ones compile code, which the policy forbids; maps ask the network."""

_UNWANTED = ("images", "template", "map", "mapbox", "geo", "updatemenus", "sliders")
_STYLED = re.compile(r"</?(?:b|i|em|strong|s|u|sup|sub|span|a)(?:\s[^<>]*)?>", re.IGNORECASE)
_MARKUP = re.compile(r"<(?!br\s*/?>|/?extra>)", re.IGNORECASE)
_HEIGHT = 450
_GRID = "rgba(128,128,128,0.3)"


def plain_figure(figure: object) -> dict[str, Any] | None:
    """``{data, layout, config}`` for the page's script; None for no figure, or one with a trace that needs more."""
    if not isinstance(figure, dict) or not isinstance(figure.get("data"), list):
        return None
    traces = [trace for trace in figure["data"] if isinstance(trace, dict)]
    made = [{**trace, "type": str(trace.get("type") or "scatter").removesuffix("gl")} for trace in traces]
    if not made or any(trace["type"] not in _DRAWN for trace in made):
        return None
    given = figure.get("layout")
    layout = (
        {key: value for key, value in given.items() if key not in _UNWANTED} if isinstance(given, Mapping) else {}
    )
    height = layout.get("height")
    layout["height"] = height if isinstance(height, int | float) and 50 <= height <= 4000 else _HEIGHT
    for axis in ("xaxis", "yaxis"):
        given = layout.get(axis)
        layout[axis] = {"gridcolor": _GRID, "zerolinecolor": _GRID, **(given if isinstance(given, Mapping) else {})}
    layout |= {"paper_bgcolor": "rgba(0,0,0,0)", "plot_bgcolor": "rgba(0,0,0,0)"}
    return {"data": _plain(made), "layout": _plain(layout), "config": dict(CONFIG)}


def _plain(value: Any) -> Any:
    """Without NaN and infinities, which JSON has no word for, and without markup but line breaks.

    plotly draws a little HTML in its texts by style attributes, which the policy refuses.
    """
    if isinstance(value, str):
        return _MARKUP.sub("&lt;", _STYLED.sub("", value))
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_plain(each) for each in value]
    return value
