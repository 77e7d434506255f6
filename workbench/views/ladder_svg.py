"""The ladder of variants as one inline SVG: every round a point, the median a dot on the range, the bound a line.

Positions are percentages and texts keep their size, so that the picture fits a phone and paper without a script.
Presentation attributes only, no style attribute: a strict Content-Security-Policy lets it pass. Text takes the
page's colour; the shapes' colours stand out by 3 : 1 and more on white and on a dark page alike.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from workbench.statistics import median
from workbench.views.charts import LadderStep
from workbench.views.numbers import format_interval, format_ratio, format_seconds, format_tick
from workbench.views.tables import html_text

__all__ = ["ladder_svg"]

_ROW, _TOP, _BOTTOM = 46, 26, 46
_LEFT, _RIGHT = 1.5, 97.0  # per cent of the width between which the axis runs
_RANGE, _POINT, _BOUND, _GRID = "#4477aa", "#cc6644", "#c0438c", "#80808060"
_NAME = 60

Scale = Callable[[float], float]


def ladder_svg(steps: Sequence[LadderStep], *, bound_s: float | None = None) -> str:
    """Seconds of a round of each variant; logarithmic once the slowest takes eight times the fastest.

    Dots, not bars: on a logarithmic axis a bar's length means nothing. Steps without a round are left out; "" where
    fewer than two have one.
    """
    steps = [step for step in steps if step.seconds]
    if len(steps) < 2:
        return ""
    values = [value for step in steps for value in step.seconds] + ([bound_s] if bound_s else [])
    scale, ticks, title = _axis(min(values), max(values))
    height = _TOP + _ROW * len(steps) + _BOTTOM
    bottom = height - _BOTTOM
    drawn = [_tick(scale(tick), format_tick(tick), bottom) for tick in ticks]
    if bound_s:  # before the steps, whose names stand over it
        drawn.append(_bound(scale(bound_s), bottom))
    drawn += [_step(step, _TOP + _ROW * number, scale) for number, step in enumerate(steps)]
    return (
        f'<svg class="ladder-chart" xmlns="http://www.w3.org/2000/svg" width="100%" height="{height}" role="img" '
        f'aria-label="Wall time of a round of each variant, as in the table" fill="currentColor" '
        f'font-size="13">{"".join(drawn)}'
        f'<text x="50%" y="{height - 6}" text-anchor="middle">wall time of a round{title}</text></svg>'
    )


def _axis(low: float, high: float) -> tuple[Scale, list[float], str]:
    """Seconds to per cent of the width, the ticks, and what the axis' title says about itself."""
    if low <= 0 or high / low < 8:
        top = high * 1.1 or 1.0
        step = 10 ** math.floor(math.log10(top))
        step = next(step * part for part in (0.1, 0.2, 0.5, 1.0, 2.0) if top / (step * part) <= 8)
        ticks = [number * step for number in range(int(top / step) + 1)]
        return lambda s: _LEFT + (_RIGHT - _LEFT) * s / top, ticks, ""
    low, high = math.log10(low / 1.4), math.log10(high * 1.4)
    decades = range(math.floor(low), math.ceil(high) + 1)
    ticks = [m * 10.0**d for d in decades for m in (1, 2, 5) if low <= math.log10(m * 10.0**d) <= high]
    if len(ticks) > 9:
        ticks = [tick for tick in ticks if math.log10(tick).is_integer()]
    return lambda s: _LEFT + (_RIGHT - _LEFT) * (math.log10(s) - low) / (high - low), ticks, " (logarithmic)"


def _tick(x: float, label: str, bottom: int) -> str:
    anchor = "start" if x < 3 else "middle"
    return (
        f'<line x1="{x:.2f}%" x2="{x:.2f}%" y1="{_TOP - 8}" y2="{bottom}" stroke="{_GRID}"/>'
        f'<text x="{x:.2f}%" y="{bottom + 17}" text-anchor="{anchor}" font-size="12">{label}</text>'
    )


def _step(step: LadderStep, top: int, scale: Scale) -> str:
    """A variant: name and figures, below them its range, rounds and median."""
    middle, y = median(step.seconds), top + 29
    name = step.name if len(step.name) <= _NAME else f"{step.name[: _NAME - 1]}…"
    low, high, at = scale(min(step.seconds)), scale(max(step.seconds)), scale(middle)
    rounds = "".join(
        f'<circle cx="{scale(s):.2f}%" cy="{y}" r="3.5" fill="{_POINT}"><title>{format_seconds(s)}</title></circle>'
        for s in step.seconds
    )
    return (
        f'<text x="{_LEFT}%" y="{top + 14}"><tspan font-weight="600">{html_text(name)}</tspan>'
        f'<tspan dx="10">{_figures(step, middle)}</tspan></text>'
        f'<line x1="{_LEFT}%" x2="{_RIGHT}%" y1="{y}" y2="{y}" stroke="{_GRID}"/>'
        f'<line x1="{low:.2f}%" x2="{high:.2f}%" y1="{y}" y2="{y}" stroke="{_RANGE}" stroke-width="6" '
        f'stroke-linecap="round"/><circle cx="{at:.2f}%" cy="{y}" r="7" fill="{_RANGE}"/>{rounds}'
    )


def _figures(step: LadderStep, middle: float) -> str:
    """Median and ratio; a narrow page leaves out the interval, which the table has too."""
    parts = [format_seconds(middle)]
    if step.ratio is not None:
        parts.append(format_ratio(step.ratio))
    shown = html_text(" · ".join(parts))
    if step.interval is None:
        return shown
    return f'{shown}<tspan class="wide-only"> {html_text(format_interval(*step.interval))}</tspan>'


def _bound(x: float, bottom: int) -> str:
    anchor = "end" if x > 90 else "middle" if x > 5 else "start"
    return (
        f'<line x1="{x:.2f}%" x2="{x:.2f}%" y1="{_TOP - 8}" y2="{bottom}" stroke="{_BOUND}" stroke-width="1.5" '
        f'stroke-dasharray="6 4"/><text x="{x:.2f}%" y="13" text-anchor="{anchor}" font-weight="600">bound</text>'
    )
