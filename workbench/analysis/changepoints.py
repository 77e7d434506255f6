"""Change points of a series by E-divisive: where its distribution changed, without assuming which it has.

Source: Matteson & James, "A Nonparametric Approach for Multiple Change Point Analysis of Multivariate Data", JASA
109 (2014) 334–345: hierarchical bisection by the energy statistic (their equations 5 to 7, moment index 1), each
candidate tested by permutation (section 3.2). As in Daly et al., "The Use of Change Point Detection to Identify
Software Performance Regressions in a Continuous Integration System" (ICPE 2020), both sides of a candidate are
whole segments. Permutations end early where the answer is clear: Besag & Clifford, Biometrika 78 (1991) 301–304.

Values are points of a series in order; ``positions`` says which belong together (the runs of one commit), so that
no change point falls between them. What is permuted is all points of a segment, which assumes that one run is as
noisy as another whichever commit it measures.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["PERMUTATIONS", "SIGNIFICANCE", "ChangePoint", "change_points", "energy"]

Floats = npt.NDArray[np.float64]

SIGNIFICANCE = 0.01
"""Chance of a false change point in a segment that has none. Small: a history has many series."""

PERMUTATIONS = 999
_ENOUGH_EXCEEDANCES = 30  # as many permutations reached the statistic: its p-value is known well enough
_BATCH = 37


@dataclass(frozen=True, slots=True)
class ChangePoint:
    """``index`` is the first point after the change. ``p`` is of the permutation test."""

    index: int
    p: float


def change_points(
    values: Sequence[float] | Floats,
    positions: Sequence[int] | None = None,
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


def _borders(place: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Where a segment may be divided: before a point of another position."""
    return np.flatnonzero(np.diff(place)) + 1


def _divide(
    x: Floats, borders: npt.NDArray[np.int64], significance: float, permutations: int, seed: int
) -> ChangePoint | None:
    if not borders.size or np.ptp(x) == 0:
        return None
    distance = np.abs(x[:, None] - x[None, :])
    statistic = energy(distance, borders)
    best = int(np.argmax(statistic))
    p = _p_value(distance, borders, float(statistic[best]), significance, permutations, seed)
    return ChangePoint(int(borders[best]), p) if p <= significance else None


def _p_value(
    distance: Floats,
    borders: npt.NDArray[np.int64],
    observed: float,
    significance: float,
    permutations: int,
    seed: int,
) -> float:
    """The share of permutations that reach what was observed (itself counted), once it is known well enough."""
    random = np.random.default_rng(seed)
    limit = max(_ENOUGH_EXCEEDANCES, int(significance * (permutations + 1)) + 1)
    reached = done = 0
    threshold = observed * (1 - 1e-9)  # sums in another order differ in the last digits
    while done < permutations and reached < limit:
        for _ in range(min(_BATCH, permutations - done)):
            order = random.permutation(len(distance))
            reached += float(energy(distance[order][:, order], borders).max()) >= threshold
            done += 1
    return (reached + 1) / (done + 1)


def energy(distance: Floats, borders: npt.NDArray[np.int64]) -> Floats:
    """The scaled energy statistic of dividing before each border, from all pairs' distances (symmetric).

    ``mn/(m+n) · (2·mean between − mean within left − mean within right)`` for m points left and n right.
    """
    size = len(distance)
    m = borders.astype(np.float64)
    n = size - m
    # Sums of the distances among the first k points and between them and all, for every k at once.
    rows = distance.sum(axis=1).cumsum()
    corner = np.concatenate(([0.0], np.tril(distance, -1).sum(axis=1).cumsum()))
    left = corner[borders]
    between = rows[borders - 1] - 2 * left
    right = corner[size] - left - between
    within_left = left / np.maximum(m * (m - 1) / 2, 1)
    within_right = right / np.maximum(n * (n - 1) / 2, 1)
    statistic: Floats = m * n / (m + n) * (2 * between / (m * n) - within_left - within_right)
    return statistic
