"""Resampling over repetitions: a test, an interval and a false-discovery rate for many quantities at once.

Rows are repetitions (rounds), columns are quantities (functions, call paths); a row is kept whole, so that whatever
dependence there is between the quantities of a round stays in every resample.

Sources. Permutation test of midranks (Pitman's argument on Wilcoxon's scores): Good, *Permutation, Parametric and
Bootstrap Tests of Hypotheses*, 3rd ed., 3.2; of randomly drawn permutations the observed one is counted too, else
p could be 0: Phipson & Smyth, *Stat. Appl. Genet. Mol. Biol.* 9 (2010) 39. Interval that inverts the rank-sum test:
Hollander, Wolfe, Chicken, *Nonparametric Statistical Methods*, 3rd ed., 4.3. False-discovery rate: Benjamini &
Hochberg, *J. R. Stat. Soc. B* 57 (1995) 289–300; the intervals of what it selects: Benjamini & Yekutieli, *J. Am.
Stat. Assoc.* 100 (2005) 71–81.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations

import numpy as np
import numpy.typing as npt

from workbench.statistics import rank_sum_critical

__all__ = [
    "FALSE_DISCOVERY_RATE",
    "FEWEST_ROUNDS",
    "Told",
    "benjamini_hochberg",
    "permutation_p_values",
    "shift_interval",
    "smallest_p",
    "told_changes",
]

Floats = npt.NDArray[np.float64]

FALSE_DISCOVERY_RATE = 0.05
"""Expected share of false ones among what is told to have changed, at most."""

FEWEST_ROUNDS = 6
"""Of either side; with fewer no permutation is surprising enough to survive a correction for twenty functions."""

_EXACT = 13_000  # C(16, 8) = 12,870: up to eight repetitions a side, all permutations are gone through
_DRAWN = 9_999
_SEED = 20261123  # resampling must not make a stored comparison differ from the one that was printed


@dataclass(frozen=True, slots=True)
class Told:
    """By column: the adjusted p-value, the interval of the change, and 1 or -1 where one is told (else 0)."""

    q: Floats
    low: Floats
    high: Floats
    direction: npt.NDArray[np.int8]


def permutation_p_values(base: Floats, new: Floats) -> Floats:
    """Two-sided p of each column: how often relabelled rows have rank sums as far apart as those observed.

    ``base`` is m × k and ``new`` n × k. Ranks instead of values, so that a single disturbed round decides nothing.
    Valid where rows are exchangeable under the hypothesis of no change, as for interleaved rounds of equal code.
    """
    return _rank_sum_tests(base, new)[0]


def _rank_sum_tests(base: Floats, new: Floats) -> tuple[Floats, Floats]:
    """p of each column, and the sign of its rank sum: 1 where new ranks higher."""
    m, n = len(base), len(new)
    ranks = _midranks(np.concatenate([base, new]))
    centred = ranks - ranks.mean(axis=0)
    chosen, exact = _relabellings(m + n, n)
    sums = centred[m:].sum(axis=0)
    observed = np.abs(sums)
    p = np.empty(centred.shape[1])
    for start in range(0, len(p), 512):  # memory: permutations × columns at a time
        part = slice(start, start + 512)
        extreme = (np.abs(chosen @ centred[:, part]) >= observed[part] - 1e-9).sum(axis=0)
        p[part] = extreme / len(chosen) if exact else (extreme + 1) / (len(chosen) + 1)
    return p, np.sign(np.where(observed < 1e-9, 0.0, sums))


def smallest_p(m: int, n: int) -> float:
    """The least two-sided p that m against n rows can have."""
    ways = math.comb(m + n, m)
    return min(2 / ways, 1.0) if ways <= _EXACT else 1 / (_DRAWN + 1)


def _midranks(values: Floats) -> Floats:
    """Rank of each value within its column; equal values share the mean of theirs."""
    order = np.sort(values, axis=0)
    low = np.stack([np.searchsorted(order[:, c], values[:, c], "left") for c in range(values.shape[1])], axis=1)
    high = np.stack([np.searchsorted(order[:, c], values[:, c], "right") for c in range(values.shape[1])], axis=1)
    ranks: Floats = (low + high + 1) / 2
    return ranks


@lru_cache(maxsize=8)
def _relabellings(rows: int, chosen: int) -> tuple[Floats, bool]:
    """Which rows count as new in each relabelling (1) and which don't (0); and whether these are all there are."""
    exact = math.comb(rows, chosen) <= _EXACT
    if exact:
        picks = np.array(list(combinations(range(rows), chosen)), dtype=np.intp).reshape(-1, chosen)
    else:
        rng = np.random.default_rng(_SEED)
        picks = rng.permuted(np.tile(np.arange(rows), (_DRAWN, 1)), axis=1)[:, :chosen]
    table = np.zeros((len(picks), rows))
    np.put_along_axis(table, picks, 1.0, axis=1)
    table.flags.writeable = False
    return table, exact


def told_changes(base: Floats, new: Floats, changes: Floats, least: Floats) -> Told:
    """Which columns of ``new`` differ from those of ``base``, with an interval of each change that says the same.

    ``changes`` are the changes that a reader sees beside the intervals (means, which add up), ``least`` the least
    that each can be. A column is told where its rank sum and its change have one direction and q is at most
    ``FALSE_DISCOVERY_RATE``. Its interval inverts that rank sum (Hodges & Lehmann's differences), at the level at
    which it was told: of k columns of which R are told, 1 - 0.05 R / k (Benjamini & Yekutieli 2005), which is why
    what is told excludes 0. All others are at the level that the next to be told would have, and include it. Every
    interval holds its column's change: a wider one misses no oftener. At least one row of either.
    """
    p, direction = _rank_sum_tests(base, new)
    while True:
        q = benjamini_hochberg(p)
        told = q <= FALSE_DISCOVERY_RATE
        level = FALSE_DISCOVERY_RATE * max(int(told.sum()), 1) / max(len(p), 1)
        low, high = shift_interval(base, new, 1 - level)
        low, high = np.maximum(np.minimum(low, changes), least), np.maximum(high, changes)
        unclear = told & (np.where(direction > 0, low, -high) <= 0)
        if not unclear.any():
            break
        p[unclear] = (
            1.0  # ties, or permutations drawn at random, on the very edge; ends, as fewer are told each time
        )
    low, high = np.where(told, low, np.minimum(low, 0.0)), np.where(told, high, np.maximum(high, 0.0))
    return Told(q, low, high, np.where(told, direction, 0.0).astype(np.int8))


def shift_interval(base: Floats, new: Floats, confidence: float) -> tuple[Floats, Floats]:
    """Bounds of how much further each column lies in new: the rank-sum interval over all differences of two rows.

    The range of all differences where there are too few rows for ``confidence``.
    """
    differences = np.sort((new[:, None, :] - base[None, :, :]).reshape(-1, base.shape[1]), axis=0)
    k = max(rank_sum_critical(len(base), len(new), 1 - confidence), 1)
    return differences[k - 1], differences[-k]


def benjamini_hochberg(p: Floats) -> Floats:
    """Adjusted p-values: rejecting those of at most q holds the false-discovery rate at q."""
    m = len(p)
    if m == 0:
        return p.copy()
    order = np.argsort(p)[::-1]
    adjusted = np.minimum.accumulate(p[order] * m / np.arange(m, 0, -1))
    q = np.empty(m)
    q[order] = np.minimum(adjusted, 1.0)
    return q
