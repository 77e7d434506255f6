"""The smallest lasting change that a series could have shown: the power of the change-point test on it.

"No change point" says little without it: a noisy or short series has none whatever the code did. So a step is put
into the middle of the series' own values in random orders, and the smallest step is looked for that the test of
``changepoints`` tells in four of five of them. The same orders serve every step. What is as clear by chance is told
by permutations of all of them together, each by its own spread, as a test for each takes a hundred times as long;
short series, where a few permutations decide, then pass the test itself.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from workbench.analysis.changepoints import (
    PERMUTATIONS,
    SIGNIFICANCE,
    are_enough,
    change_points,
    energies,
    laid_out,
    t_test,
)

__all__ = ["MOST", "POWER", "smallest_step"]

POWER = 0.8
"""Share of the random orders in which a step must be found."""

MOST = 9.0
"""Largest relative change that is looked for: ten times as much. Else there are too few points."""

_DRAWS = 111
_OF_EACH = PERMUTATIONS // _DRAWS  # permutations of each draw: together as many as the test's own
_EXACT_TO = 1.06  # of the step: the draws don't tell it any better
_SHORT = 60  # points; of more, the permutations of all draws together tell what those of each would
_TESTED = 20  # draws of a short series
_RAISES = 9  # up to 1.6 times as much

Floats = npt.NDArray[np.float64]
Orders = npt.NDArray[np.int64]
Masks = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class _Series:
    """Random orders of one series' values. All arrays are of points × draws, or × permutations.

    ``raised``: the points after the step; ``ends``: where a commit ends, so that the series may be divided there.
    """

    enough: bool
    values: Floats
    orders: Orders
    raised: Masks
    ends: Masks
    shuffled: Orders
    shuffled_ends: Masks


def smallest_step(
    values: Sequence[float],
    positions: Sequence[int],
    *,
    least: float,
    most: float,
    significance: float = SIGNIFICANCE,
    seed: int = 1,
) -> float | None:
    """The smallest step in the middle of ``values`` that would be found with ``POWER``, from ``least`` to ``most``.

    ``values`` hold no change of their own; points of one position stay together. Steps and values are of one scale,
    such as logarithms. ``least`` is also the smallest difference of medians that counts as a change. None where
    not even ``most`` would be found. The same arguments give the same answer.
    """
    x = np.asarray(values, dtype=np.float64)
    sizes = np.unique(np.asarray(positions), return_counts=True)[1]
    if sizes.size < 2:
        return None
    series = _draw(x - np.median(x), sizes, significance, np.random.default_rng(seed))

    def found(step: float) -> bool:
        return _power(series, step, least, significance) >= POWER

    if not found(most):
        return None
    high = least if found(least) else _bisected(found, least, most)
    if x.size > _SHORT:
        return high
    raised = (high * _EXACT_TO**more for more in range(_RAISES))
    return next((step for step in raised if _passes(series, step, significance)), None)


def _bisected(found: Callable[[float], bool], low: float, high: float) -> float:
    """The smallest that is found, where ``low`` isn't and ``high`` is."""
    while high > low * _EXACT_TO:
        middle = math.sqrt(low * high)
        low, high = (low, middle) if found(middle) else (middle, high)
    return high


def _passes(series: _Series, step: float, significance: float) -> bool:
    """Whether the test itself finds the step often enough."""
    stepped = series.values[:, None] + step * series.raised
    missed = 0
    for draw in range(_TESTED):
        x = stepped[series.orders[:, draw], draw]
        place = np.concatenate(([0], series.ends[:, draw].cumsum()))
        missed += not change_points(x, place, significance=significance)
        if missed > _TESTED * (1 - POWER):
            return False
    return True


def _draw(values: Floats, sizes: Orders, significance: float, random: np.random.Generator) -> _Series:
    middle = sizes.size // 2
    blocks = np.split(np.arange(values.size), np.cumsum(sizes)[:-1])
    enough = are_enough(sizes.size, middle, significance)
    orders, raised, ends, shuffled, shuffled_ends = [], [], [], [], []
    for _ in range(_DRAWS):
        chosen = random.permutation(sizes.size)
        order, last = laid_out(blocks, chosen)
        orders.append(order)
        ends.append(last)
        raised.append(np.isin(np.arange(values.size), np.concatenate([blocks[each] for each in chosen[middle:]])))
        for _ in range(_OF_EACH):
            # As the test does: commits change places, or points do where there are too few commits for that.
            other = (
                laid_out(blocks, random.permutation(sizes.size)) if enough else (random.permutation(order), last)
            )
            shuffled.append(other[0])
            shuffled_ends.append(other[1])
    columns = (np.array(each).T for each in (orders, raised, ends, shuffled, shuffled_ends))
    return _Series(enough, values, *columns)


def _power(series: _Series, step: float, least: float, significance: float) -> float:
    """The share of the draws in which the step is found."""
    stepped = series.values[:, None] + step * series.raised
    scaled = stepped / stepped.std(axis=0)
    apart = np.array([np.abs(scaled - row).sum(axis=0) for row in scaled])
    ordered, among = (np.take_along_axis(each, series.orders, axis=0) for each in (scaled, apart))
    observed = energies(ordered, among, series.ends)
    draws = np.repeat(np.arange(_DRAWS), _OF_EACH)
    mixed, among = (np.take_along_axis(each[:, draws], series.shuffled, axis=0) for each in (scaled, apart))
    by_chance = energies(mixed, among, series.shuffled_ends).max(axis=0)
    reaching = int(significance * (by_chance.size + 1) + 1e-9) - 1  # as many may be as clear
    if reaching < 0:
        return 0.0
    critical = np.sort(by_chance)[by_chance.size - 1 - reaching]
    clear = observed.max(axis=0) * (1 - 1e-9) > critical
    best = observed.argmax(axis=0)
    ordered = np.take_along_axis(stepped, series.orders, axis=0)
    told = [
        _is_told(ordered[:, draw], series.ends[:, draw], int(best[draw]) + 1, series.enough, least, significance)
        for draw in np.flatnonzero(clear)
    ]
    return sum(told) / _DRAWS


def _is_told(x: Floats, ends: Masks, at: int, enough: bool, least: float, significance: float) -> bool:
    """Whether a division that is clear by its statistic becomes a change point worth a name, and upwards."""
    if np.median(x[at:]) - np.median(x[:at]) < least * (1 - 1e-9):
        return False
    borders = np.flatnonzero(ends) + 1
    left = int(np.searchsorted(borders, at)) + 1
    if enough:
        return are_enough(borders.size + 1, left, significance)
    middles = np.array([np.median(part) for part in np.split(x, borders)])
    return t_test(middles, left) <= significance
