"""How a cost grows with the size of the work: its exponent with an interval, and whether that exponent grew.

A cost that follows ``c · n^b`` is a straight line of slope b over log n and log cost, so the exponent is the
least-squares slope over the sizes' medians; a constant part makes it smaller at small sizes, never larger. Its
interval comes from the scatter of the rounds within each size ("pure error": Draper & Smith, *Applied Regression
Analysis*, 3rd ed., 2.1), told by their median absolute deviation, as single rounds are disturbed by far, and, where
it is wider, from how far the medians lie from the line ("lack of fit", with sizes - 2 degrees of freedom): a cost
that bends has no single exponent, and rounds that agree don't make it one. Counts that every round repeats have no
scatter and an exact exponent, as far as these sizes go.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from workbench.analysis.counts import COUNTS, counted, told
from workbench.analysis.pairs import CLOCKS, LOOPS, execution_seconds
from workbench.model import RoundKind, Run, Status, Verdict
from workbench.statistics.student_t import student_quantile

__all__ = [
    "BASELINE",
    "CHOSEN_SIZES",
    "FEWEST_SIZES",
    "LIMITS",
    "MEASURES",
    "MEMORY",
    "SIZE",
    "TIME",
    "Exponent",
    "Growth",
    "exponents",
    "fit_exponent",
    "grown",
    "overall",
]

SIZE = "size"
"""Parameter of a run: the size of the work that it was measured on."""

LIMITS, BASELINE, CHOSEN_SIZES = "max_exponent", "baseline_session", "sizes"
"""Parameters of a session: the greatest exponents allowed (``requests=1,time=1.2``), and whose it was judged by."""

TIME, MEMORY = "time", "memory"
"""Seconds of one execution; bytes that Python allocated at the peak of one execution, above those before it."""

MEASURES = (TIME, *COUNTS, MEMORY)
"""What can have an exponent, and a limit of it."""

FEWEST_SIZES = 3
_ONE_KIND = 1.0  # from n to n², say
_CONFIDENCE = 0.95
_ROUNDING = 1e-9  # of floating-point numbers: a line to that many digits is one
_TO_SD = 1.4826  # of the median absolute deviation, for the normal distribution
_OF_MEDIAN = math.pi / 2  # times a mean's variance
_TOLERANCE: Mapping[str, float] = {TIME: 0.15, MEMORY: 0.15}
_TOLERANCE_OF_COUNTS = 0.05
"""Exponents closer than these are the same: caches and allocators bend a line, a constant part bends a count's."""


@dataclass(frozen=True, slots=True)
class Exponent:
    """``value`` b of a cost ~ n^b; ``low`` to ``high`` its 95 % interval, equal to it where every round agreed.

    ``end`` is the exponent between the two largest sizes. ``sizes`` and ``costs`` are the points (medians per
    size). Low and high are NaN where single rounds don't tell their scatter. ``begins_at`` is the first size with a
    cost where smaller ones have none, else 0: there the exponent is at least ``value``. ``begins_alike`` is whether
    every round at that size has the same cost.
    """

    name: str
    value: float
    low: float
    high: float
    end: float
    sizes: tuple[float, ...]
    costs: tuple[float, ...]
    error: float = 0.0
    freedom: int = 0
    begins_at: float = 0.0
    begins_alike: bool = True

    @property
    def is_exact(self) -> bool:
        return self.low == self.high == self.value and not self.begins_at

    @property
    def tolerance(self) -> float:
        return _TOLERANCE.get(self.name, _TOLERANCE_OF_COUNTS)


def fit_exponent(name: str, costs: Mapping[float, Sequence[float]]) -> Exponent | None:
    """The exponent of costs by size (each a round's); None where fewer than three sizes have one.

    A cost that is 0 at every size has the exponent 0. A count that is 0 at some sizes has no logarithm there: it
    counts as half of the least that was counted, so that one that begins at larger sizes is seen to grow (by less
    than it does). Other costs of 0 are left out.
    """
    if len(costs) >= FEWEST_SIZES and not any(value for values in costs.values() for value in values):
        return Exponent(name, 0.0, 0.0, 0.0, 0.0, tuple(sorted(costs)), (0.0,) * len(costs))
    least = min((value for values in costs.values() for value in values if value > 0), default=0.0) / 2
    counts = name in COUNTS
    known = {size: values for size, values in sorted(costs.items()) if values and (counts or min(values) > 0)}
    if len(known) < FEWEST_SIZES:
        return None
    x = np.log(np.array(list(known), dtype=np.float64))
    logs = [np.log(np.maximum(np.asarray(values, dtype=np.float64), least)) for values in known.values()]
    middles = np.array([np.median(each) for each in logs])
    lever = (x - x.mean()) / ((x - x.mean()) ** 2).sum()
    value = float(lever @ middles)
    error, freedom = _error(lever, logs, counts)
    bent, spare = _lack_of_fit(x, middles), len(known) - 2
    if not counts and freedom and bent > _ROUNDING and _half(bent, spare) > _half(error, freedom):
        error, freedom = bent, spare
    half = _half(error, freedom)
    medians = [float(np.median(values)) for values in known.values()]
    begins_at = _begins_at(list(known), medians)
    return Exponent(
        name=name,
        value=value,
        low=value - half,
        high=value + half,
        end=float((middles[-1] - middles[-2]) / (x[-1] - x[-2])),
        sizes=tuple(known),
        costs=tuple(medians if 0.0 in medians else np.exp(middles).tolist()),
        error=error,
        freedom=freedom,
        begins_at=begins_at,
        begins_alike=len(set(known.get(begins_at, ()))) <= 1,
    )


def _begins_at(sizes: Sequence[float], medians: Sequence[float]) -> float:
    """The first size with a cost, where smaller ones have none; else 0."""
    first = next((number for number, cost in enumerate(medians) if cost > 0), 0)
    return sizes[first] if first else 0.0


def _half(error: float, freedom: int) -> float:
    """Half the width of the interval."""
    return student_quantile(0.5 + _CONFIDENCE / 2, freedom) * error if freedom and error else error


def _lack_of_fit(x: np.ndarray, middles: np.ndarray) -> float:
    """Standard error of the slope from the distances of the sizes' medians to the line."""
    away = x - x.mean()
    square = float((away**2).sum())
    rest = middles - middles.mean() - away * float((away * middles).sum()) / square
    return math.sqrt(max(float((rest**2).sum()), 0.0) / (len(x) - 2) / square)


def _error(lever: np.ndarray, logs: Sequence[np.ndarray], counted: bool) -> tuple[float, int]:
    """Standard error of the slope from the scatter within the sizes, pooled; NaN for a single round's time."""
    freedom = sum(len(each) - 1 for each in logs)
    if not freedom:
        return (0.0 if counted else math.nan), 0
    variances = np.array([_variance(each) for each in logs])
    counts = np.array([len(each) for each in logs])
    scatter = float((variances * (counts - 1)).sum()) / freedom
    return math.sqrt(_OF_MEDIAN * scatter * float((lever**2 / counts).sum())), freedom


def _variance(logs: np.ndarray) -> float:
    """From the median absolute deviation, which a few disturbed rounds don't move; 0 for fewer than two."""
    n = len(logs)
    deviation = float(np.median(np.abs(logs - np.median(logs))))
    return (_TO_SD * deviation) ** 2 * n / (n - 1) if n > 1 else 0.0


def exponents(runs: Sequence[Run], clock: str = CLOCKS[0]) -> dict[str, Exponent]:
    """The exponent of each measure of runs that state their size: time by that clock, counts, bytes and memory."""
    sized = {float(size): run for run in runs if isinstance(size := run.parameters.get(SIZE), int | float)}
    found = {}
    for name in MEASURES:
        costs = {size: values for size, run in sized.items() if (values := _costs(run, name, clock))}
        if (fit := fit_exponent(name, costs)) and any(fit.costs):
            found[name] = fit
    return found


def _costs(run: Run, name: str, clock: str) -> list[float]:
    """The measure per execution in each completed round that has it."""
    kind = RoundKind.WARMUP if name == MEMORY else RoundKind.TIMING  # memory is traced in rounds of its own
    rounds = [r.measures for r in run.rounds if r.kind is kind and r.status is Status.OK]
    if name == TIME:
        return [execution_seconds(measures, clock) for measures in rounds if clock in measures]
    if name == MEMORY:
        return [measures[name] for measures in rounds if name in measures]
    return [
        value / measures.get(LOOPS, 1.0) for measures in rounds if (value := counted(measures, name)) is not None
    ]


@dataclass(frozen=True, slots=True)
class Growth:
    """A measure's exponent against what it may be. ``limit`` is the baseline's value, or the one declared."""

    name: str
    verdict: Verdict
    new: Exponent
    limit: float
    base: Exponent | None = None

    @property
    def text(self) -> str:
        """``requests: n^0.00 → n^0.98``; no figure where the interval holds more than one kind of growth."""
        before = f"n^{self.limit:.2f}" if self.base else f"at most n^{self.limit:.2f}"
        return f"{self.name.replace('_', ' ')}: {before} → {_figure(self.new)}"


def _figure(fit: Exponent) -> str:
    if not (fit.begins_at or fit.is_exact) and fit.high - fit.low > _ONE_KIND:
        return f"between n^{fit.low:.2f} and n^{fit.high:.2f} (95 %; more sizes or rounds would tell)"
    return f"n^{fit.value:.2f}{_interval(fit)}"


def _interval(fit: Exponent) -> str:
    if fit.begins_at:
        return f" (at least; none below {fit.begins_at:g})"
    if fit.is_exact:
        return " (exact)"
    return "" if math.isnan(fit.low) else f" (95 % {fit.low:.2f} to {fit.high:.2f})"


def grown(
    new: Mapping[str, Exponent],
    base: Mapping[str, Exponent] | None = None,
    limits: Mapping[str, float] | None = None,
) -> list[Growth]:
    """Each measure judged against the baseline's exponent, or against its declared limit, which comes first.

    REGRESSION where even the interval's lower end is above what is allowed, PASS where its upper end is not; else
    INCONCLUSIVE, as more rounds would tell. IMPROVEMENT is a whole interval below the baseline's exponent. A
    measure that the baseline doesn't have didn't grow with the size there: its exponent was 0. A count that begins
    at a larger size, of either side, has only a least exponent: it may be a REGRESSION, if every round at that size
    counted the same, and is INCONCLUSIVE otherwise. The sum of all spans is judged by a limit only, where what it
    sums is there.
    """
    judged = []
    by_itself = told(dict.fromkeys(new, (0.0, 0.0)))
    for name, fit in new.items():
        if limits and name in limits:
            judged.append(_judge(fit, limits[name], None))
        elif base is not None and name in by_itself:
            judged.append(_judge(fit, base[name].value if name in base else 0.0, base.get(name)))
    return judged


def _judge(fit: Exponent, limit: float, base: Exponent | None) -> Growth:
    allowed = fit.tolerance if base is not None or limit == 0 else 0.0
    half = _half(*_difference(fit, base))
    rise = fit.value - limit
    begun = [each for each in (fit, base) if each is not None and each.begins_at]
    if math.isnan(half) or not all(each.begins_alike for each in begun):
        verdict = Verdict.INCONCLUSIVE
    elif begun and base is not None and _is_nowhere_above(fit, base):
        verdict = Verdict.PASS
    elif base is not None and base.begins_at:  # how fast it grew there isn't known
        verdict = Verdict.INCONCLUSIVE
    elif rise - half > allowed + 1e-9:
        verdict = Verdict.REGRESSION
    elif begun:  # "at least" is neither a PASS nor an IMPROVEMENT
        verdict = Verdict.INCONCLUSIVE
    elif base is not None and rise + half < -allowed:
        verdict = Verdict.IMPROVEMENT
    else:
        verdict = Verdict.PASS if rise + half <= allowed + 1e-9 else Verdict.INCONCLUSIVE
    return Growth(fit.name, verdict, fit, limit, base)


def _is_nowhere_above(new: Exponent, base: Exponent) -> bool:
    return new.sizes == base.sizes and all(n <= b for n, b in zip(new.costs, base.costs, strict=True))


def _difference(new: Exponent, base: Exponent | None) -> tuple[float, int]:
    """Standard error of the exponents' difference, with its degrees of freedom by Welch and Satterthwaite.

    Biometrics Bulletin 2 (1946) 110–114, rounded down: one side's error may come from scatter, the other's from the
    lack of fit, of which a few sizes tell little.
    """
    parts = [(fit.error**2, fit.freedom) for fit in (new, base) if fit is not None and fit.freedom and fit.error]
    error = math.hypot(new.error, base.error if base else 0.0)
    if not parts or math.isnan(error):
        return error, 0
    return error, int(sum(v for v, _ in parts) ** 2 / sum(v**2 / f for v, f in parts) + 1e-9)


def overall(growths: Sequence[Growth]) -> Verdict:
    """The worst of all; counts decide before the clock does."""
    verdicts = {growth.verdict for growth in growths}
    for verdict in (Verdict.REGRESSION, Verdict.INCONCLUSIVE, Verdict.IMPROVEMENT):
        if verdict in verdicts:
            return verdict
    return Verdict.PASS
