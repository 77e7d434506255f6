"""Other tools' rules on the same samples: whether they would call new slower than base.

Each is what the tool does by default with raw samples at hand, written from its source: pytest-benchmark 5.3
(``--benchmark-compare-fail=mean:5%``: ``PercentageRegressionCheck``), asv 0.6 (``asv continuous``: medians apart by
the factor 1.1 and Mann–Whitney p < 0.002, ``asv/_stats.py: is_different``), StackGate 0.1.1
(``comparator.compare`` on run durations: permutation test of means at 5 %, at least +2 %, at least the noise floor
max(1 %, 1.96 CV/√K)), and Welch's t test at 5 %, as people write it themselves.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from workbench.statistics import rank_sum_distribution

__all__ = ["PEERS"]

Floats = npt.NDArray[np.float64]

_PERMUTATIONS = 2_000


def pytest_benchmark(base: Floats, new: Floats) -> bool:
    return bool(new.mean() / base.mean() * 100 - 100 > 5)


def asv(base: Floats, new: Floats) -> bool:
    return bool(np.median(new) > 1.1 * np.median(base)) and _mann_whitney(base, new) < 0.002


def welch(base: Floats, new: Floats) -> bool:
    """Two-sided p below 0.05 and new slower: one tail at 0.025, by the t distribution's normal-like quantile."""
    a, b = base.var(ddof=1) / base.size, new.var(ddof=1) / new.size
    if a + b == 0:
        return bool(new.mean() > base.mean())
    freedom = (a + b) ** 2 / (a**2 / (base.size - 1) + b**2 / (new.size - 1))
    return bool((new.mean() - base.mean()) / math.sqrt(a + b) > _t_975(freedom))


def stackgate(base: Floats, new: Floats) -> bool:
    percent = (new.mean() / base.mean() - 1) * 100
    floor = max(1.0, 1.96 * 100 * base.std(ddof=1) / base.mean() / math.sqrt(base.size))
    if percent < 2.0 or percent < floor:
        return False
    rng = np.random.default_rng(42)
    pooled = np.concatenate([base, new])
    order = rng.permuted(np.tile(pooled, (_PERMUTATIONS, 1)), axis=1)
    shifts = order[:, base.size :].mean(axis=1) - order[:, : base.size].mean(axis=1)
    p = (np.count_nonzero(shifts >= new.mean() - base.mean() - 1e-12) + 1) / (_PERMUTATIONS + 1)
    return bool(p <= 0.05)


def _mann_whitney(base: Floats, new: Floats) -> float:
    """Two-sided p; exact for small samples, the normal approximation with continuity correction beyond."""
    m, n = base.size, new.size
    u = float(
        np.count_nonzero(base[:, None] > new[None, :]) + 0.5 * np.count_nonzero(base[:, None] == new[None, :])
    )
    u = min(u, m * n - u)
    if max(m, n) <= 20:
        return min(1.0, 2 * float(rank_sum_distribution(m, n)[math.floor(u)]))
    z = (u + 0.5 - m * n / 2) / math.sqrt(m * n * (m + n + 1) / 12)
    return min(1.0, math.erfc(-z / math.sqrt(2)))


def _t_975(freedom: float) -> float:
    """97.5 % quantile of Student's t (Abramowitz & Stegun 26.7.5; 0.1 % off at 5 degrees of freedom)."""
    z = 1.959964
    terms = (
        (z**3 + z) / 4,
        (5 * z**5 + 16 * z**3 + 3 * z) / 96,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
    )
    return z + sum(term / freedom ** (power + 1) for power, term in enumerate(terms))


PEERS: dict[str, Callable[[Floats, Floats], bool]] = {
    "pytest-benchmark mean:5%": pytest_benchmark,
    "asv (factor 1.1)": asv,
    "Welch t, p < 0.05": welch,
    "StackGate 0.1.1": stackgate,
}
