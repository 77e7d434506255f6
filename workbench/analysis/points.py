"""Changes of functions in points: percents of base's time, such that they add up to the change on the clock.

Sampled rounds are slower than timed ones, and call-heavy code much more so: a function's change in sampled seconds
can be larger than the whole difference that was timed. Only its part of the sampled change is kept, therefore, and
the whole is the clock's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from workbench.analysis.functions import total_change
from workbench.model import Comparison, FunctionChange

__all__ = ["Points", "clock_points", "points_of"]

_LEAST = -100.0  # nothing saves more than all there was


@dataclass(frozen=True, slots=True)
class Points:
    """``a_second``: points for a second of sampled change. ``on_clock``: whether they add up to the clock's change.

    Otherwise, where the clock shows no difference or the samples the opposite one, they are percents of base's
    sampled time.
    """

    a_second: float = 0.0
    on_clock: bool = False

    def of(self, seconds: float) -> float:
        """Points for a change by so many sampled seconds."""
        return max(self.a_second * seconds, _LEAST)


def clock_points(comparison: Comparison) -> Points:
    """For the functions of a comparison."""
    return points_of(comparison.functions, comparison.ratio, *comparison.ci)


def points_of(functions: Sequence[FunctionChange], ratio: float, low: float, high: float) -> Points:
    """For functions whose whole took ``ratio`` times as long by the clock (``low`` to ``high``).

    The changes are scaled to add up to ratio − 1. Where samples show less of a change than the clock, they are
    scaled up only as far as the largest of them is the whole difference: small sums would become anything.
    """
    whole = sum(change.base_seconds for change in functions)
    if not whole > 0:
        return Points()
    plain = 100 / whole
    net, clock = total_change(list(functions)) / whole, ratio - 1
    if not (low > 1 or high < 1) or not net * clock > 0:
        return Points(plain)
    scale = clock / net
    if scale > 1:
        largest = max((change.new_seconds - change.base_seconds) / whole / clock for change in functions)
        scale = max(1.0, min(scale, 1 / largest))
    return Points(plain * scale, on_clock=True)
