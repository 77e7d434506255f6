"""A claim's sweep as one SVG file: each condition's figure with its interval, over the band that was stated.

It stands alone, as a file beside a Markdown page, so that it brings its own white ground and sizes.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from workbench.views.tables import html_text

__all__ = ["SweepPoint", "sweep_svg"]

_WIDTH, _LEFT, _RIGHT = 860, 20, 840
_ROW, _TOP, _BOTTOM = 44, 62, 46
_DOT, _BAND, _GRID, _TEXT, _SOFT = "#4477aa", "#ccddaa", "#dddddd", "#222222", "#666666"
_DECADES = 20  # from this ratio on, positive figures stand on a logarithmic axis
_NAME = 70

Scale = Callable[[float], float]


@dataclass(frozen=True, slots=True)
class SweepPoint:
    """The figure under one condition, with its bounds; ``said`` are figure and verdict in words."""

    condition: str
    value: float
    low: float
    high: float
    said: str = ""


def sweep_svg(
    title: str, points: Sequence[SweepPoint], *, unit: str, stated: tuple[float | None, float | None]
) -> str:
    """The picture; ``stated`` is the stated range, None where it is open. "" where there is no point."""
    if not points:
        return ""
    ends = [value for point in points for value in (point.value, point.low, point.high)]
    ends += [end for end in stated if end is not None]
    scale, ticks, kind = _axis([end for end in ends if math.isfinite(end)])
    height = _TOP + _ROW * len(points) + _BOTTOM
    bottom = height - _BOTTOM
    rows = "".join(_row(point, _TOP + _ROW * number, scale) for number, point in enumerate(points))
    grid = "".join(_tick(scale(tick), format(tick, "g"), bottom) for tick in ticks)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{height}" '
        f'viewBox="0 0 {_WIDTH} {height}" role="img" font-family="sans-serif" font-size="13" '
        f'fill="{_TEXT}"><title>{html_text(title)}</title>'
        f'<rect width="{_WIDTH}" height="{height}" fill="#ffffff"/>{_band(stated, scale, bottom)}'
        f'<text x="{_LEFT}" y="24" font-size="15" font-weight="600">{html_text(title)}</text>'
        f"{grid}{rows}"
        f'<text x="{_WIDTH / 2}" y="{height - 8}" text-anchor="middle" fill="{_SOFT}">{html_text(unit)}{kind}; '
        f"the band is what was stated</text></svg>\n"
    )


def _axis(ends: Sequence[float]) -> tuple[Scale, list[float], str]:
    low, high = min(ends), max(ends)
    if low > 0 and high / low >= _DECADES:
        first, last = math.log10(low / 1.3), math.log10(high * 1.3)
        ticks = [10.0**d for d in range(math.ceil(first), math.floor(last) + 1)]
        return lambda v: _at((math.log10(max(v, low / 1.3)) - first) / (last - first)), ticks, " (logarithmic)"
    low, high = min(low, 0.0), max(high, 0.0)
    margin = (high - low or 1.0) * 0.05
    low, high = low - (margin if low < 0 else 0), high + margin
    step = 10 ** math.floor(math.log10(high - low))
    step = next(step * part for part in (0.1, 0.2, 0.5, 1.0, 2.0) if (high - low) / (step * part) <= 10)
    ticks = [number * step for number in range(math.ceil(low / step), math.floor(high / step) + 1)]
    return lambda v: _at((v - low) / (high - low)), ticks, ""


def _at(part: float) -> float:
    return _LEFT + (_RIGHT - _LEFT) * min(max(part, 0.0), 1.0)


def _band(stated: tuple[float | None, float | None], scale: Scale, bottom: int) -> str:
    low, high = stated
    if low is None and high is None:
        return ""
    left = float(_LEFT) if low is None else scale(low)
    right = float(_RIGHT) if high is None else scale(high)
    width = max(right - left, 2.0)
    return (
        f'<rect x="{left:.1f}" y="{_TOP - 14}" width="{width:.1f}" height="{bottom - _TOP + 14}" fill="{_BAND}"/>'
    )


def _tick(x: float, label: str, bottom: int) -> str:
    return (
        f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{_TOP - 14}" y2="{bottom}" stroke="{_GRID}"/>'
        f'<text x="{x:.1f}" y="{bottom + 17}" text-anchor="middle" font-size="12">{html_text(label)}</text>'
    )


def _row(point: SweepPoint, top: int, scale: Scale) -> str:
    y = top + 26
    name = point.condition if len(point.condition) <= _NAME else f"{point.condition[: _NAME - 1]}…"
    low, high, at = scale(point.low), scale(point.high), scale(point.value)
    return (
        f'<text x="{_LEFT}" y="{top + 12}"><tspan font-weight="600">{html_text(name)}</tspan>'
        f'<tspan dx="10" fill="{_SOFT}">{html_text(point.said)}</tspan></text>'
        f'<line x1="{low:.1f}" x2="{high:.1f}" y1="{y}" y2="{y}" stroke="{_DOT}" stroke-width="5" '
        f'stroke-linecap="round"/><circle cx="{at:.1f}" cy="{y}" r="6" fill="{_DOT}"/>'
    )
