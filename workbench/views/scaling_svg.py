"""Costs over sizes as one SVG on logarithmic axes: a straight line is a power, its slope the exponent.

Presentation attributes only, no style attribute: a strict Content-Security-Policy lets it pass.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

from workbench.analysis.scaling import Exponent, Growth
from workbench.views.scaling import COLOURS, exponent_text
from workbench.views.tables import html_text

__all__ = ["scaling_svg"]

_WIDTH, _HEIGHT, _LEFT, _TOP, _RIGHT = 900, 400, 70, 16, 880
_LINE, _GRID = 20, "#80808060"


def scaling_svg(fits: Mapping[str, Exponent], growths: Sequence[Growth] = ()) -> str:
    """Each measure's cost, times that of the smallest size; a baseline's and a limit's dashed. "" without any."""
    judged = {growth.name: growth for growth in growths}
    lines: list[tuple[str, str, str, Exponent]] = []
    for number, (name, fit) in enumerate(fits.items()):
        colour, growth = COLOURS[number % len(COLOURS)], judged.get(name)
        lines.append((exponent_text(fit, growth), colour, "", fit))
        if growth is not None and growth.base is not None:
            lines.append((f"baseline: n^{growth.base.value:.2f}", colour, "6 4", growth.base))
        elif growth is not None and any(cost > 0 for cost in fit.costs):
            lines.append((f"allowed: n^{growth.limit:.2f}", colour, "2 4", _allowed(fit, growth.limit)))
    points = [(x, y) for *_, fit in lines for x, y in _points(fit)]
    if not points:
        return ""
    (left, right), (low, high) = ((min(each), max(each)) for each in zip(*points, strict=True))
    bottom = _HEIGHT - 50
    height = _HEIGHT + _LINE * len(lines)

    def at(x: float, y: float) -> tuple[float, float]:
        across, up = (x - left) / ((right - left) or 1), (y - low) / ((high - low) or 1)
        return _LEFT + 10 + across * (_RIGHT - _LEFT - 20), bottom - 8 - up * (bottom - _TOP - 16)

    drawn = []
    for x in sorted({x for x, _ in points}):
        place = at(x, low)[0]
        drawn.append(f'<line x1="{place:.1f}" x2="{place:.1f}" y1="{_TOP}" y2="{bottom}" stroke="{_GRID}"/>')
        drawn.append(f'<text x="{place:.1f}" y="{bottom + 18}" text-anchor="middle">{math.exp(x):.0f}</text>')
    for decade in range(math.ceil(low / math.log(10) - 1e-9), math.floor(high / math.log(10) + 1e-9) + 1):
        place = at(left, decade * math.log(10))[1]
        drawn.append(f'<line x1="{_LEFT}" x2="{_RIGHT}" y1="{place:.1f}" y2="{place:.1f}" stroke="{_GRID}"/>')
        drawn.append(f'<text x="{_LEFT - 6}" y="{place + 4:.1f}" text-anchor="end">{10.0**decade:g}×</text>')
    for number, (label, colour, dash, fit) in enumerate(lines):
        places = [at(x, y) for x, y in _points(fit)]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
        dashed = f' stroke-dasharray="{dash}"' if dash else ""
        drawn.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"{dashed}/>')
        drawn += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="{colour}"/>' for x, y in places if not dash]
        y = _HEIGHT + _LINE * number
        drawn.append(
            f'<line x1="{_LEFT}" x2="{_LEFT + 30}" y1="{y}" y2="{y}" stroke="{colour}" stroke-width="3"{dashed}/>'
            f'<text x="{_LEFT + 40}" y="{y + 4}">{html_text(label)}</text>'
        )
    middle = (_LEFT + _RIGHT) / 2
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{height}" '
        f'viewBox="0 0 {_WIDTH} {height}" '
        'role="img" aria-label="Costs over sizes, as in the table" fill="currentColor" font-family="sans-serif" '
        f'font-size="13">{"".join(drawn)}<text x="{middle}" y="{bottom + 36}" text-anchor="middle">'
        "size; cost in times that of the smallest size (both logarithmic)</text></svg>"
    )


def _allowed(fit: Exponent, limit: float) -> Exponent:
    """What the cost may be, from its first point on."""
    size, cost = next(each for each in zip(fit.sizes, fit.costs, strict=True) if each[1] > 0)
    costs = tuple(cost * (each / size) ** limit for each in fit.sizes)
    return replace(fit, value=limit, costs=costs)


def _points(fit: Exponent) -> list[tuple[float, float]]:
    """Logarithms of sizes and of relative costs; what has none isn't drawn."""
    first = next((cost for cost in fit.costs if cost > 0), 1.0)
    return [
        (math.log(s), math.log(c / first)) for s, c in zip(fit.sizes, fit.costs, strict=True) if s > 0 and c > 0
    ]
