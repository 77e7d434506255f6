"""Change points of a series by E-divisive: where its distribution changed, without assuming which it has.

Source: Matteson & James, "A Nonparametric Approach for Multiple Change Point Analysis of Multivariate Data", JASA
109 (2014) 334–345: hierarchical bisection by the energy statistic (their equations 5 to 7, moment index 1), each
candidate tested by permutation (section 3.2). As in Daly et al., "The Use of Change Point Detection to Identify
Software Performance Regressions in a Continuous Integration System" (ICPE 2020), both sides of a candidate are
whole segments. Permutations end early where the answer is clear: Besag & Clifford, Biometrika 78 (1991) 301–304.

Values are points of a series in order; ``positions`` says which belong together (the runs of one commit), so that
no change point falls between them. What is permuted is positions with all their points, as runs of one commit that
were measured together resemble each other. Positions too few for that (five have ten divisions, so no p below 0.1)
are judged by their points, and by a t test of the positions' medians on both sides, which knows how far equal
positions lie apart. Two positions alone tell nothing of that: there the points decide.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from workbench.statistics.student_t import student_tail

__all__ = [
    "PERMUTATIONS",
    "SIGNIFICANCE",
    "ChangePoint",
    "are_enough",
    "change_points",
    "energies",
    "energy",
    "laid_out",
    "t_test",
]

Floats = npt.NDArray[np.float64]
Borders = npt.NDArray[np.int64]
Masks = npt.NDArray[np.bool_]

SIGNIFICANCE = 0.01
"""Chance of a false change point in a segment that has none. Small: a history has many series."""

PERMUTATIONS = 999
_ENOUGH_EXCEEDANCES = 30  # as many permutations reached the statistic: its p-value is known well enough
_BATCH = 37
# So many of all divisions of the positions may be as clear as the best: it, its mirror image, and one more, as with
# two the luck of the permutations would decide whether ten commits could ever show a change.
_DIVISIONS = 3


@dataclass(frozen=True, slots=True)
class ChangePoint:
    """``index`` is the first point after the change. ``p`` is of the permutation test."""

    index: int
    p: float


def change_points(
    values: Sequence[float] | Floats,
    positions: Sequence[int] | Borders | None = None,
    *,
    significance: float = SIGNIFICANCE,
    permutations: int = PERMUTATIONS,
    seed: int = 1,
) -> list[ChangePoint]:
    """The change points of ``values``, in order; none of fewer than 2 points. ``ValueError`` for what isn't finite.

    ``positions`` ascend; points of one position stay together. The same arguments give the same answer.
    """
    x = np.asarray(values, dtype=np.float64)
    place = np.arange(x.size) if positions is None else np.asarray(positions, dtype=np.int64)
    if not np.isfinite(x).all() or place.size != x.size or (np.diff(place) < 0).any():
        raise ValueError("a series is of finite values at ascending positions")
    found: list[ChangePoint] = []
    segments = [(0, x.size)]
    while segments:
        start, end = segments.pop()
        point = _divide(x[start:end], _borders(place[start:end]), significance, permutations, seed)
        if point is not None:
            middle = start + point.index
            found.append(ChangePoint(middle, point.p))
            segments += [(start, middle), (middle, end)]
    return sorted(found, key=lambda point: point.index)


def _borders(place: Borders) -> Borders:
    """Where a segment may be divided: before a point of another position."""
    return np.flatnonzero(np.diff(place)) + 1


def _divide(x: Floats, borders: Borders, significance: float, permutations: int, seed: int) -> ChangePoint | None:
    if not borders.size or np.ptp(x) == 0:
        return None
    distance = np.abs(x[:, None] - x[None, :])
    statistic = energy(distance, borders)
    best = int(np.argmax(statistic))
    positions = np.split(np.arange(x.size), borders)
    enough = are_enough(len(positions), best + 1, significance)
    units = positions if enough else [np.array([point]) for point in range(x.size)]
    p = _p_value(x, borders, units, float(statistic[best]), significance, permutations, seed)
    if not enough:
        p = max(p, t_test(np.array([np.median(x[each]) for each in positions]), best + 1))
    return ChangePoint(int(borders[best]), p) if p <= significance else None


def are_enough(positions: int, left: int, significance: float) -> bool:
    """Whether so many positions, ``left`` of them before the division, can be permuted to that significance."""
    return math.comb(positions, left) * significance >= _DIVISIONS


def t_test(middles: Floats, left: int) -> float:
    """Two-sided p of the first ``left`` values against the rest, for the choice among all divisions; 0 for a pair.

    Student's test of two samples with pooled variance; Bonferroni's bound for the choice.
    """
    freedom = middles.size - 2
    if freedom < 1:
        return 0.0
    before, after = middles[:left], middles[left:]
    rest = float(((before - before.mean()) ** 2).sum() + ((after - after.mean()) ** 2).sum())
    apart = abs(float(after.mean() - before.mean()))
    error = math.sqrt(rest / freedom * (1 / before.size + 1 / after.size))
    if error == 0:
        return 0.0 if apart else 1.0
    return min(1.0, 2 * student_tail(apart / error, freedom) * (middles.size - 1))


def _p_value(
    x: Floats,
    borders: Borders,
    units: Sequence[Borders],
    observed: float,
    significance: float,
    permutations: int,
    seed: int,
) -> float:
    """The share of permutations of ``units`` that reach what was observed, once it is known well enough.

    What was observed is counted, too. Where units differ in size, borders lie where the permuted units begin.
    """
    random = np.random.default_rng(seed)
    limit = max(_ENOUGH_EXCEEDANCES, int(significance * (permutations + 1)) + 1)
    reached = done = 0
    threshold = observed * (1 - 1e-9)  # sums in another order differ in the last digits
    single = len(units) == len(x)
    apart = np.abs(x[:, None] - x[None, :]).sum(axis=0)
    kept = np.zeros(x.size - 1, dtype=np.bool_)
    kept[borders - 1] = True
    while done < permutations and reached < limit:
        count = min(_BATCH, permutations - done)
        chosen = [random.permutation(len(units)) for _ in range(count)]
        laid = [(each, kept) if single else laid_out(units, each) for each in chosen]
        orders, ends = np.array([order for order, _ in laid]).T, np.array([last for _, last in laid]).T
        reached += int((energies(x[orders], apart[orders], ends).max(axis=0) >= threshold).sum())
        done += count
    return (reached + 1) / (done + 1)


def laid_out(units: Sequence[Borders], chosen: Borders) -> tuple[Borders, Masks]:
    """The points of the units in that order, and after which of them (but the last) a unit ends."""
    order = np.concatenate([units[each] for each in chosen])
    ends = np.zeros(order.size, dtype=np.bool_)
    ends[np.cumsum([units[each].size for each in chosen])[:-1] - 1] = True
    return order, ends[:-1]


def energies(x: Floats, apart: Floats, ends: Masks) -> Floats:
    """``energy`` of many series at once, a column each, for a division after every point but the last.

    ``apart``: each point's distances from all of its series, summed up. -inf where ``ends`` forbids the division.
    """
    size = len(x)
    left = np.zeros(x.shape)
    for i in range(1, size):
        left[i] = np.abs(x[:i] - x[i]).sum(axis=0)
    corner = left.cumsum(axis=0)
    m = np.arange(1, size, dtype=np.float64)[:, None]
    statistic = _scaled(m, size - m, apart.cumsum(axis=0)[:-1], corner[:-1], corner[-1])
    return np.where(ends, statistic, -np.inf)


def energy(distance: Floats, borders: Borders) -> Floats:
    """The scaled energy statistic of dividing before each border, from all pairs' distances (symmetric).

    ``mn/(m+n) · (2·mean between − mean within left − mean within right)`` for m points left and n right.
    """
    size = len(distance)
    m = borders.astype(np.float64)
    # Sums of the distances among the first k points and between them and all, for every k at once.
    rows = distance.sum(axis=1).cumsum()
    corner = np.concatenate(([0.0], np.tril(distance, -1).sum(axis=1).cumsum()))
    return _scaled(m, size - m, rows[borders - 1], corner[borders], corner[size])


def _scaled(m: Floats, n: Floats, rows: Floats, left: Floats, total: Floats) -> Floats:
    """The statistic from sums of distances: of the first ``m`` points from all, among them, and of all pairs."""
    between = rows - 2 * left
    right = total - left - between
    within_left = left / np.maximum(m * (m - 1) / 2, 1)
    within_right = right / np.maximum(n * (n - 1) / 2, 1)
    statistic: Floats = m * n / (m + n) * (2 * between / (m * n) - within_left - within_right)
    return statistic
