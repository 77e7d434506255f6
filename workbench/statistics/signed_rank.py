"""Paired timings: the signed-rank test's distribution, the Hodges–Lehmann estimate and its interval."""

from __future__ import annotations

import math
from functools import lru_cache
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

from workbench.statistics import order
from workbench.statistics.dependence import lag1_autocorrelation
from workbench.statistics.estimate import ALPHA, Estimate, Floats, Values, interval_label, logs
from workbench.statistics.sequential import LOOKS

__all__ = [
    "hodges_lehmann",
    "paired_ratio",
    "signed_rank_critical",
    "signed_rank_distribution",
    "signed_rank_interval",
    "walsh_averages",
]

_EXACT_PAIRS = 400  # beyond, the normal approximation differs from the exact distribution in the fourth digit
_CACHED_PAIRS = LOOKS[-1]


@lru_cache(maxsize=256)
def signed_rank_distribution(n: int) -> Floats:
    """``P(T <= t)`` of the signed-rank statistic for n pairs under the null hypothesis, t = 0 … n(n+1)/2."""
    probability = np.zeros(n * (n + 1) // 2 + 1)
    probability[0] = 1.0
    for rank in range(1, n + 1):  # each rank is positive with probability 1/2, independently
        probability[rank:] = (probability[rank:] + probability[: len(probability) - rank]) / 2
        probability[:rank] /= 2
    cumulative = np.cumsum(probability)
    cumulative.flags.writeable = False
    return cumulative


def signed_rank_critical(n: int, alpha: float) -> int:
    """The k for which the k-th smallest and k-th largest Walsh average bound the centre with confidence 1 − alpha.

    0 where n pairs are too few for any such interval (fewer than 6 for alpha 0.05). Exact up to 400 pairs, then by
    the normal approximation.
    """
    if n <= _EXACT_PAIRS:
        return int(np.searchsorted(signed_rank_distribution(n), alpha / 2, side="right"))
    mean, sd = n * (n + 1) / 4, math.sqrt(n * (n + 1) * (2 * n + 1) / 24)
    return max(0, math.floor(mean + 0.5 + sd * NormalDist().inv_cdf(alpha / 2)))


def walsh_averages(differences: Values) -> Floats:
    """All n(n+1)/2 averages of two differences (each with itself too), ascending."""
    averages: Floats = np.sort(_averages(np.asarray(differences, dtype=np.float64)))
    return averages


def _averages(d: Floats) -> Floats:
    i, j = _index_pairs(d.size) if d.size <= _CACHED_PAIRS else np.triu_indices(d.size)
    averages: Floats = (d[i] + d[j]) / 2
    return averages


@lru_cache(maxsize=len(LOOKS) + 1)
def _index_pairs(n: int) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    return np.triu_indices(n)


def hodges_lehmann(differences: Values) -> float:
    """Hodges–Lehmann estimate of the centre: the median of the Walsh averages; NaN of nothing."""
    d = np.asarray(differences, dtype=np.float64)
    return _centre_and_ends(d, 0)[0] if d.size else math.nan


def signed_rank_interval(differences: Values, confidence: float = 1 - ALPHA) -> tuple[float, float] | None:
    """The signed-rank interval of the centre, or None where there are too few differences for ``confidence``."""
    k = signed_rank_critical(len(differences), 1 - confidence)
    return _centre_and_ends(np.asarray(differences, dtype=np.float64), k)[1:] if k else None


def paired_ratio(base: Values, new: Values, confidence: float = 1 - ALPHA) -> Estimate:
    """Ratio new / base of paired timings: Hodges–Lehmann estimate and signed-rank interval of the log ratios.

    ``base[i]`` and ``new[i]`` form pair i; both of one unit, positive and finite (``ValueError`` otherwise). With
    too few pairs for ``confidence`` (fewer than 6 at 95 %), low and high are the smallest and largest pair's ratio.
    """
    d = logs(new) - logs(base)
    n = d.size
    if n == 0:
        return Estimate(math.nan, math.nan, math.nan, 0, False, confidence, "no pairs")
    k = signed_rank_critical(n, 1 - confidence)
    centre, low, high = _centre_and_ends(d, k)
    if not k:
        low, high = float(d.min()), float(d.max())
    label = interval_label(confidence) if k else f"range of {n} pair{'s' if n > 1 else ''}"
    rho = lag1_autocorrelation(d)
    ratio, low, high = (math.exp(x) for x in (centre, low, high))
    return Estimate(ratio, low, high, n, bool(k) and n <= _EXACT_PAIRS, confidence, label, rho)


def _centre_and_ends(d: Floats, k: int) -> tuple[float, float, float]:
    """The median, the k-th smallest and the k-th largest Walsh average."""
    size = d.size * (d.size + 1) // 2
    if size <= order.ALL_SUMS:
        return order.of_all(_averages(d), k)
    halves = np.sort(d) / 2
    return order.of_selected(halves, halves, np.arange(d.size), size, k)
