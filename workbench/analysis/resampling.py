"""Resampling over repetitions: a test, an interval and a false-discovery rate for many quantities at once.

Rows are repetitions (rounds), columns are quantities (functions, call paths); a row is kept whole, so that whatever
dependence there is between the quantities of a round stays in every resample.

Sources. Permutation test of midranks (Pitman's argument on Wilcoxon's scores): Good, *Permutation, Parametric and
Bootstrap Tests of Hypotheses*, 3rd ed., 3.2; of randomly drawn permutations the observed one is counted too, else
p could be 0: Phipson & Smyth, *Stat. Appl. Genet. Mol. Biol.* 9 (2010) 39. Expanded percentile interval, as plain
percentiles are too short for few repetitions: Hesterberg, *The American Statistician* 69 (2015) 371–386, 5.3.
False-discovery rate: Benjamini & Hochberg, *J. R. Stat. Soc. B* 57 (1995) 289–300.
"""

from __future__ import annotations

import math
from functools import lru_cache
from itertools import combinations
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

from workbench.student_t import student_quantile

__all__ = [
    "FALSE_DISCOVERY_RATE",
    "FEWEST_ROUNDS",
    "benjamini_hochberg",
    "difference_interval",
    "permutation_p_values",
    "smallest_p",
]

Floats = npt.NDArray[np.float64]

FALSE_DISCOVERY_RATE = 0.05
"""Expected share of false ones among what is told to have changed, at most."""

FEWEST_ROUNDS = 6
"""Of either side; with fewer no permutation is surprising enough to survive a correction for twenty functions."""

_EXACT = 13_000  # C(16, 8) = 12,870: up to eight repetitions a side, all permutations are gone through
_DRAWN = 9_999
_BOOTSTRAPS = 4_000
_SEED = 20261123  # resampling must not make a stored comparison differ from the one that was printed


def permutation_p_values(base: Floats, new: Floats) -> Floats:
    """Two-sided p of each column: how often relabelled rows have rank sums as far apart as those observed.

    ``base`` is m × k and ``new`` n × k. Ranks instead of values, so that a single disturbed round decides nothing.
    Valid where rows are exchangeable under the hypothesis of no change, as for interleaved rounds of equal code.
    """
    m, n = len(base), len(new)
    ranks = _midranks(np.concatenate([base, new]))
    centred = ranks - ranks.mean(axis=0)
    chosen, exact = _relabellings(m + n, n)
    observed = np.abs(centred[m:].sum(axis=0))
    p = np.empty(centred.shape[1])
    for start in range(0, len(p), 512):  # memory: permutations × columns at a time
        part = slice(start, start + 512)
        extreme = (np.abs(chosen @ centred[:, part]) >= observed[part] - 1e-9).sum(axis=0)
        p[part] = extreme / len(chosen) if exact else (extreme + 1) / (len(chosen) + 1)
    return p


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


def difference_interval(
    base: Floats, new: Floats, confidence: float = 0.95, *, whole: Floats | None = None
) -> tuple[Floats, Floats]:
    """Bounds of mean(new) − mean(base) for each column, by resampling rows; NaN with fewer than two of either.

    Percentiles are widened from the normal's to Student's quantile for the smaller side, and by √(n / (n − 1)),
    as a mean of few resampled rows varies too little. With ``whole`` (a value for each row of base, of which its
    columns are parts) the change is resampled as a fraction of base's mean whole, and no column of what can't be
    negative loses more than it had.
    """
    fewest = min(len(base), len(new))
    if fewest < 2:
        nothing = np.full(base.shape[1], math.nan)
        return nothing, nothing.copy()
    rng = np.random.default_rng(_SEED)
    means = _means(rng, new)
    if whole is None or not whole.min() > 0:
        differences = means - _means(rng, base)
    else:
        beside = _means(rng, np.column_stack([base, whole]))
        differences = (means - beside[:, :-1]) / beside[:, -1:] * float(whole.mean())
    t = student_quantile(1 - (1 - confidence) / 2, fewest - 1)
    tail = NormalDist().cdf(-t * math.sqrt(fewest / (fewest - 1)))
    low, high = np.quantile(differences, [tail, 1 - tail], axis=0)
    least = -math.inf if whole is None else -base.mean(axis=0)
    return np.maximum(low, least), np.maximum(high, least)


def _means(rng: np.random.Generator, rows: Floats) -> Floats:
    weights = rng.multinomial(len(rows), np.full(len(rows), 1 / len(rows)), size=_BOOTSTRAPS) / len(rows)
    means: Floats = weights @ rows
    return means


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
