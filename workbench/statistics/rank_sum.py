"""Timings that were not taken in pairs: the rank-sum test's distribution, estimate and interval."""

from __future__ import annotations

import math
from functools import lru_cache
from statistics import NormalDist

import numpy as np

from workbench.statistics import order
from workbench.statistics.estimate import ALPHA, Estimate, Floats, Values, interval_label, logs

__all__ = ["rank_sum_critical", "rank_sum_distribution", "unpaired_ratio"]

_EXACT_SAMPLE = 60


@lru_cache(maxsize=64)
def rank_sum_distribution(m: int, n: int) -> Floats:
    """``P(U <= u)`` of the Mann–Whitney statistic of samples of m and n under the null, u = 0 … mn."""
    rows: list[Floats] = [np.ones(1) for _ in range(n + 1)]  # m = 0: U is 0
    for i in range(1, m + 1):
        previous, rows = rows, [np.ones(1)]
        for j in range(1, n + 1):
            p = np.zeros(i * j + 1)
            p[j:] += previous[j] * (i / (i + j))  # the largest value is of the first sample, above all j
            p[: i * (j - 1) + 1] += rows[j - 1] * (j / (i + j))
            rows.append(p)
    cumulative = np.cumsum(rows[n])
    cumulative.flags.writeable = False
    return cumulative


def rank_sum_critical(m: int, n: int, alpha: float) -> int:
    """As ``signed_rank_critical``, for the k-th smallest and largest of the mn differences between two samples."""
    if max(m, n) <= _EXACT_SAMPLE:
        return int(np.searchsorted(rank_sum_distribution(m, n), alpha / 2, side="right"))
    mean, sd = m * n / 2, math.sqrt(m * n * (m + n + 1) / 12)
    return max(0, math.floor(mean + 0.5 + sd * NormalDist().inv_cdf(alpha / 2)))


def unpaired_ratio(base: Values, new: Values, confidence: float = 1 - ALPHA) -> Estimate:
    """Ratio new / base of timings not taken side by side: two-sample Hodges–Lehmann, rank-sum interval.

    The interval knows nothing of what changed on the machine between the two samples: advisory at best. ``pairs``
    is the smaller sample's size.
    """
    n = min(len(base), len(new))
    if n == 0:
        return Estimate(math.nan, math.nan, math.nan, 0, False, confidence, "no pairs")
    k = rank_sum_critical(len(base), len(new), 1 - confidence)
    rows, columns = np.sort(logs(new)), np.sort(-logs(base))
    size = rows.size * columns.size
    if size <= order.ALL_SUMS:
        centre, low, high = order.of_all((rows[:, None] + columns[None, :]).ravel(), k)
    else:
        centre, low, high = order.of_selected(rows, columns, np.zeros(rows.size, dtype=np.int64), size, k)
    label = f"{interval_label(confidence)}, unpaired" if k else f"range of {len(base)} against {len(new)} rounds"
    exact = bool(k) and max(len(base), len(new)) <= _EXACT_SAMPLE
    return Estimate(math.exp(centre), math.exp(low), math.exp(high), n, exact, confidence, label)
