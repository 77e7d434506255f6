"""Estimates and intervals for repeated timings: pure functions over arrays, distribution-free where it matters.

Timings are compared as ratios, so everything here works on log ratios ``d = log(new / base)``.

Sources. Hodges–Lehmann estimates and the intervals that invert the rank tests: Hollander, Wolfe, Chicken,
*Nonparametric Statistical Methods*, 3rd ed., sections 3.1–3.3 (paired) and 4.1–4.3 (two samples); their exact null
distributions by recurrence over ranks. Alpha spending: Lan & DeMets, *Biometrika* 70 (1983) 659–663.

Ties and zeros. An interval is a pair of order statistics of the Walsh averages, taken over *all* differences:
zero differences are kept and tied ones count as often as they occur. For continuous symmetric differences the
coverage is exact; with ties or zeros the closed interval covers at least as often, so no correction is made.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

__all__ = [
    "ALPHA",
    "LOOKS",
    "VERDICT_ALPHA",
    "Estimate",
    "autocorrelation_factor",
    "cluster_factor",
    "final_alpha",
    "hodges_lehmann",
    "lag1_autocorrelation",
    "look_alphas",
    "median",
    "paired_ratio",
    "quantile",
    "rank_sum_critical",
    "rank_sum_distribution",
    "signed_rank_critical",
    "signed_rank_distribution",
    "signed_rank_interval",
    "unpaired_ratio",
    "walsh_averages",
    "widened",
]

Floats = npt.NDArray[np.float64]
Values = Sequence[float] | Floats

ALPHA = 0.05
"""Two-sided error of an interval by itself; a comparison that ends in a verdict has ``VERDICT_ALPHA``."""

VERDICT_ALPHA = 0.01
"""Two-sided error of a whole comparison, however many looks it takes: a false REGRESSION has half of it."""

LOOKS = (15, 20, 30, 40, 60, 80, 120, 160, 240, 320, 480)
"""Numbers of pairs at which a sequential comparison looks at its data; the last is its budget."""

_EXACT_PAIRS = 400  # beyond, the normal approximation differs from the exact distribution in the fourth digit
_EXACT_SAMPLE = 60
_ALL_SUMS = 500_000
"""So many averages or differences are held at once (1,000 pairs); of more, single ones are found."""

_CACHED_PAIRS = LOOKS[-1]


@dataclass(frozen=True, slots=True)
class Estimate:
    """``ratio`` is new / base (0.5: twice as fast). ``label`` says in words what ``low`` to ``high`` is.

    ``exact`` is true where low and high bound the true ratio with ``confidence`` by an exact distribution-free
    interval; otherwise they are the range of the pairs' ratios (too few pairs for that confidence), or an
    approximation. All three are NaN without a single pair.
    """

    ratio: float
    low: float
    high: float
    pairs: int
    exact: bool
    confidence: float = 1 - ALPHA
    label: str = ""
    autocorrelation: float = 0.0

    @property
    def is_interval(self) -> bool:
        """Whether low and high are a confidence interval, rather than a range of values."""
        return not self.label.startswith(("range", "no pairs"))


def median(values: Values) -> float:
    """Median; NaN of nothing."""
    return quantile(values, 0.5)


def quantile(values: Values, q: float) -> float:
    """Quantile by linear interpolation (Hyndman & Fan's type 7); NaN of nothing."""
    array = np.asarray(values, dtype=np.float64)
    return float(np.quantile(array, q)) if array.size else math.nan


# ---------------------------------------------------------------------------------------------- paired


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
    d = _logs(new) - _logs(base)
    n = d.size
    if n == 0:
        return Estimate(math.nan, math.nan, math.nan, 0, False, confidence, "no pairs")
    k = signed_rank_critical(n, 1 - confidence)
    centre, low, high = _centre_and_ends(d, k)
    if not k:
        low, high = float(d.min()), float(d.max())
    label = _interval_label(confidence) if k else f"range of {n} pair{'s' if n > 1 else ''}"
    rho = lag1_autocorrelation(d)
    ratio, low, high = (math.exp(x) for x in (centre, low, high))
    return Estimate(ratio, low, high, n, bool(k) and n <= _EXACT_PAIRS, confidence, label, rho)


def _centre_and_ends(d: Floats, k: int) -> tuple[float, float, float]:
    """The median, the k-th smallest and the k-th largest Walsh average."""
    size = d.size * (d.size + 1) // 2
    if size <= _ALL_SUMS:
        return _of_all(_averages(d), k)
    halves = np.sort(d) / 2
    return _of_selected(halves, halves, np.arange(d.size), size, k)


def _of_all(values: Floats, k: int) -> tuple[float, float, float]:
    """The median, the k-th smallest and the k-th largest, without sorting the many between them."""
    below, above, first, last = _places(values.size, k)
    placed = np.partition(values, sorted({below, above, first, last}))
    return float(placed[below] + placed[above]) / 2, float(placed[first]), float(placed[last])


def _of_selected(
    rows: Floats, columns: Floats, start: npt.NDArray[np.int64], size: int, k: int
) -> tuple[float, float, float]:
    """As ``_of_all`` of the sums of ascending ``rows[i]`` and ``columns[j]``, j ≥ ``start[i]``, none held."""
    below, above, first, last = _places(size, k)
    found = {place: _selected(rows, columns, start, place) for place in {below, above, first, last}}
    return (found[below] + found[above]) / 2, found[first], found[last]


def _places(size: int, k: int) -> tuple[int, int, int, int]:
    return (size - 1) // 2, size // 2, max(k - 1, 0), size - max(k, 1)


def _selected(rows: Floats, columns: Floats, start: npt.NDArray[np.int64], place: int) -> float:
    """The sum at ``place`` in ascending order, exactly, in memory of n: bisection over the floating-point numbers.

    The sums of a row ascend, as rounding keeps order, so that a bisection in every row counts those up to a bound
    (Johnson & Mizoguchi, *SIAM Journal on Computing* 7 (1978) 147–153, select in such matrices). The smallest
    number up to which there are enough is one of the sums: 64 halvings at most find it, ties or not.
    """
    low, high = _ordinal(float(rows[0] + columns[0])), _ordinal(float(rows[-1] + columns[-1]))
    while low < high:
        middle = (low + high) // 2
        if _number_up_to(_number_at(middle), rows, columns, start) > place:
            high = middle
        else:
            low = middle + 1
    return _number_at(low)


def _number_up_to(bound: float, rows: Floats, columns: Floats, start: npt.NDArray[np.int64]) -> int:
    low, high = start.copy(), np.full(rows.size, columns.size)
    while (open_ := low < high).any():
        middle = (low + high) // 2
        within = open_ & (rows + columns[np.minimum(middle, columns.size - 1)] <= bound)
        low = np.where(within, middle + 1, low)
        high = np.where(open_ & ~within, middle, high)
    return int((low - start).sum())


def _ordinal(value: float) -> int:
    """Floating-point numbers in their order as whole numbers without gaps."""
    bits: int = struct.unpack("<q", struct.pack("<d", value))[0]
    return bits if bits >= 0 else -(bits & 0x7FFFFFFFFFFFFFFF)


def _number_at(ordinal: int) -> float:
    value: float = struct.unpack("<d", struct.pack("<q", abs(ordinal)))[0]
    return value if ordinal >= 0 else -value


def _logs(values: Values) -> Floats:
    array = np.asarray(values, dtype=np.float64)
    if not (np.isfinite(array).all() and (array > 0).all()):
        raise ValueError("timings must be positive and finite to be compared as ratios")
    logs: Floats = np.log(array)
    return logs


def _interval_label(confidence: float) -> str:
    return f"{100 * confidence:.4g} %"


# ---------------------------------------------------------------------------------------------- unpaired


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
    rows, columns = np.sort(_logs(new)), np.sort(-_logs(base))
    size = rows.size * columns.size
    if size <= _ALL_SUMS:
        centre, low, high = _of_all((rows[:, None] + columns[None, :]).ravel(), k)
    else:
        centre, low, high = _of_selected(rows, columns, np.zeros(rows.size, dtype=np.int64), size, k)
    label = f"{_interval_label(confidence)}, unpaired" if k else f"range of {len(base)} against {len(new)} rounds"
    exact = bool(k) and max(len(base), len(new)) <= _EXACT_SAMPLE
    return Estimate(math.exp(centre), math.exp(low), math.exp(high), n, exact, confidence, label)


# ---------------------------------------------------------------------------------------------- sequential looks


def look_alphas(looks: Sequence[int] = LOOKS, alpha: float = VERDICT_ALPHA) -> dict[int, float]:
    """The two-sided alpha of each look: by its n pairs ``alpha`` · √(n / budget) is spent.

    With the defaults 15: 0.0018, 20: 0.0003, 30: 0.0005, 40: 0.0004, 60: 0.0006, 80: 0.0005, 120: 0.0009,
    160: 0.0008, 240: 0.0013, 320: 0.0011, 480: 0.0018. They sum to ``alpha``; each look's interval is exact at its
    own level, so by the union bound the chance that *any* of them misses the true ratio is at most ``alpha``,
    whatever the correlation between looks and wherever one stops. (Lan and DeMets' boundaries use that correlation,
    but hold only asymptotically; these hold at every sample size.) The root leaves the early looks, where most
    comparisons end, more than a share in proportion to their pairs would: the first 120 pairs have half of all.
    """
    before = (0, *looks[:-1])
    return {n: alpha * (_spent(n, looks) - _spent(last, looks)) for n, last in zip(looks, before, strict=True)}


def _spent(pairs: int, looks: Sequence[int]) -> float:
    return math.sqrt(pairs / looks[-1])


def final_alpha(pairs: int, looks: Sequence[int] = LOOKS, alpha: float = VERDICT_ALPHA) -> float:
    """The two-sided alpha left for a last look at ``pairs``, when time rather than pairs ran out.

    All that earlier looks did not spend, as no further look will come. The union bound holds as long as the clock,
    not the pairs' ratios, chose the moment.
    """
    last = max((look for look in looks if look < pairs), default=0)
    return alpha * (1 - _spent(last, looks))


def lag1_autocorrelation(differences: Values) -> float:
    """Correlation of successive differences (0 for fewer than 3, or where all are equal)."""
    d = np.asarray(differences, dtype=np.float64)
    centred = d - d.mean() if d.size else d
    power = float(centred @ centred)
    return float(centred[:-1] @ centred[1:]) / power if d.size > 2 and power > 0 else 0.0


def autocorrelation_factor(rho: float, pairs: int) -> float:
    """How much wider an interval must be where successive differences resemble each other with lag-1 ``rho``.

    The mean of a first-order autoregressive series varies (1 + rho) / (1 − rho) as much as that of independent
    values, so the factor is the root of it. ``rho`` estimated from the series is too small by (1 + 3 rho) / pairs
    (Marriott & Pope, *Biometrika* 41 (1954) 390–402) and is corrected for that; then values within one standard
    error of zero (1/√pairs) count as zero, negative ones never narrow, and 0.9 is the cap.
    """
    if pairs < 4:
        return 1.0
    unbiased = min((pairs * rho + 1) / (pairs - 3), 0.9)
    return math.sqrt((1 + unbiased) / (1 - unbiased)) if unbiased > 1 / math.sqrt(pairs) else 1.0


def cluster_factor(differences: Values, clusters: Sequence[int] | npt.NDArray[np.integer]) -> float:
    """How much wider an interval must be where differences of one cluster resemble each other.

    The root of Kish's design effect 1 + (m − 1) · ICC (*Survey Sampling*, 1965, section 5.4), with m = Σmᵢ² / n and
    the intraclass correlation of a one-way analysis of variance. Outliers are drawn in to three (robust) standard
    deviations, as one would hide what all others agree on. A ratio of variances within one standard error of 1
    counts as no correlation. ``clusters`` are the numbers of the clusters, one for each difference.
    """
    d = np.asarray(differences, dtype=np.float64)
    _, member, sizes = np.unique(np.asarray(clusters), return_inverse=True, return_counts=True)
    between, within = sizes.size - 1, d.size - sizes.size
    if between < 1 or within < 1:
        return 1.0
    centre = float(np.median(d))
    reach = 3 * 1.4826 * float(np.median(np.abs(d - centre)))
    d = np.clip(d, centre - reach, centre + reach)
    means = np.bincount(member, weights=d) / sizes
    variance = float(((d - means[member]) ** 2).sum()) / within
    variance_of_means = float((sizes * (means - d.mean()) ** 2).sum()) / between
    if variance_of_means <= variance * (1 + math.sqrt(2 / between + 2 / within)):
        return 1.0
    usual_size = (d.size - float((sizes**2).sum()) / d.size) / between
    icc = (variance_of_means - variance) / (variance_of_means + (usual_size - 1) * variance)
    return math.sqrt(1 + (float((sizes**2).sum()) / d.size - 1) * icc)


def widened(estimate: Estimate, clusters: float = 1.0) -> Estimate:
    """The estimate with its interval widened, on the log scale, for its autocorrelation; ranges stay.

    ``clusters``: a factor of ``cluster_factor``, where it is the larger one.
    """
    factor = autocorrelation_factor(estimate.autocorrelation, estimate.pairs)
    why = f"autocorrelation {estimate.autocorrelation:.2f}"
    if clusters > factor:
        factor, why = clusters, "differences between processes"
    if factor == 1.0 or not estimate.is_interval:
        return estimate
    low = estimate.ratio * (estimate.low / estimate.ratio) ** factor
    high = estimate.ratio * (estimate.high / estimate.ratio) ** factor
    label = f"{estimate.label}, widened for {why}"
    return replace(estimate, low=low, high=high, exact=False, label=label)
