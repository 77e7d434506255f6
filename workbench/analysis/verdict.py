"""The verdict on paired timings: magnitude and significance, with looks at fixed numbers of pairs.

With (L, U) the interval of new / base at the level of the look, in this order:

1. REGRESSION if L > 1 + regression (1 %),
2. IMPROVEMENT if U < 1 − improvement (1 %),
3. PASS if U < 1 + max_regression (3 %),
4. otherwise more pairs, until the budget: INCONCLUSIVE.

Looks spend the error as ``statistics.look_alphas`` says, so that over all looks together a false REGRESSION has at
most the chance alpha / 2, and so has a false PASS. Intervals are widened where successive pairs resemble each other
(``statistics.autocorrelation_factor``), or those of the same processes (``statistics.cluster_factor``).

Differences of three times and more stop at 5 pairs, when *all* of them are that large and of one direction. No
distribution-free interval exists there, so low and high are the pairs' range. Under identical code this takes five
noise ratios beyond 3× in one direction in a row: at most 2p⁵ where p is the chance of one (p = 1 %: 2 in 10¹⁰;
at a log-normal noise of sd 26 % p is 1 in 100,000).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from workbench.analysis.counts import CountChange, risen, risen_counts
from workbench.errors import UsageError
from workbench.model import Verdict
from workbench.statistics import (
    LOOKS,
    VERDICT_ALPHA,
    Estimate,
    Values,
    cluster_factor,
    final_alpha,
    look_alphas,
    paired_ratio,
    widened,
)

__all__ = ["LARGE_EFFECT", "LARGE_EFFECT_PAIRS", "Rule", "Sequential", "judge", "parse_percent"]

LARGE_EFFECT = 3.0
LARGE_EFFECT_PAIRS = 5


@dataclass(frozen=True, slots=True)
class Rule:
    """Margins (fractions: 0.03 is 3 %), error of the whole comparison, and the numbers of pairs to look at.

    ``ignored_counts`` are counts that may rise (see ``with_counts``).
    """

    max_regression: float = 0.03
    regression: float = 0.01
    improvement: float = 0.01
    alpha: float = VERDICT_ALPHA
    looks: tuple[int, ...] = LOOKS
    ignored_counts: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        if not self.max_regression > 0:
            raise UsageError(f"max_regression must be above 0, not {self.max_regression:g}")
        if not 0 < self.regression <= self.max_regression:
            raise UsageError(
                f"regression ({self.regression:g}) must lie above 0 and not above max_regression "
                f"({self.max_regression:g}): what passes is no regression"
            )
        if not 0 < self.improvement < 1 or not 0 < self.alpha < 1:
            raise UsageError("improvement and alpha must lie between 0 and 1")
        if not self.looks or list(self.looks) != sorted(set(self.looks)) or self.looks[0] < 1:
            raise UsageError("looks must be ascending numbers of pairs")

    @classmethod
    def of(cls, max_regression: float) -> Rule:
        """The rule that tolerates ``max_regression``: PASS below it, REGRESSION above a third of it."""
        return cls(max_regression=max_regression, regression=max_regression / 3)

    @property
    def budget(self) -> int:
        """Pairs after which a comparison ends."""
        return self.looks[-1]

    def limited(self, pairs: int) -> Rule:
        """The rule with a budget of at most ``pairs``; the alpha of each look follows."""
        if pairs < 1:
            raise UsageError(f"a comparison needs at least 1 pair, not {pairs}")
        if pairs >= self.budget:
            return self
        return replace(self, looks=(*(look for look in self.looks if look < pairs), pairs))

    def fixed(self, pairs: int) -> Rule:
        """The rule for a number of pairs that was chosen beforehand: one look, which has the whole alpha."""
        return replace(self, looks=(max(pairs, 1),))

    def decide(self, estimate: Estimate) -> Verdict | None:
        """The verdict that this interval allows, or None; a range of too few pairs allows none."""
        if not estimate.is_interval:
            return None
        if estimate.low > 1 + self.regression:
            return Verdict.REGRESSION
        if estimate.high < 1 - self.improvement:
            return Verdict.IMPROVEMENT
        return Verdict.PASS if estimate.high < 1 + self.max_regression else None

    def risen(self, counts: Iterable[CountChange]) -> list[str]:
        """A line for each count that rose and may not; bytes may by ``max_regression``."""
        return risen(counts, tolerance=self.max_regression, ignored=self.ignored_counts)

    def risen_names(self, counts: Iterable[CountChange]) -> list[str]:
        """The names of those counts."""
        found = risen_counts(counts, tolerance=self.max_regression, ignored=self.ignored_counts)
        return [change.name for change in found]

    def with_counts(self, verdict: Verdict, estimate: Estimate, counts: Iterable[CountChange]) -> Verdict:
        """The verdict of the clock, overruled by a count that rose: that is a REGRESSION by itself.

        Only a clock that is faster from end to end of its interval, or range, outweighs it: more requests or
        connections that make it faster are a trade, which is reported and not judged. A count that fell is
        reported too, and changes no verdict.
        """
        faster = estimate.high < 1 - self.improvement
        return Verdict.REGRESSION if self.risen(counts) and not faster else verdict


class Sequential:
    """One comparison as its pairs come in; ``estimate`` is that of the last look.

    The interval stated at the end is the one that decided, at the look's own level: over all looks together it
    covers the true ratio with 1 − alpha at least. Ask ``look`` after every pair, and ``final`` when time is up.
    """

    def __init__(self, rule: Rule | None = None) -> None:
        self.rule = rule or Rule()
        self.estimate = paired_ratio([], [])
        self._alphas = look_alphas(self.rule.looks, self.rule.alpha)

    def look(self, base: Values, new: Values, processes: Sequence[int] = ()) -> Verdict | None:
        """The verdict on all pairs so far, if this is a moment to look at them and they allow one.

        INCONCLUSIVE at the budget. ``base`` and ``new`` are the seconds of the pairs, in the order measured;
        ``processes`` the number of the processes that each pair was measured in, where they changed.
        """
        pairs = len(base)
        if pairs == LARGE_EFFECT_PAIRS and (verdict := self._large_effect(base, new)):
            return verdict
        if pairs not in self._alphas:
            return None
        verdict = self._decide(base, new, processes, self._alphas[pairs])
        return verdict or (Verdict.INCONCLUSIVE if pairs >= self.rule.budget else None)

    def final(self, base: Values, new: Values, processes: Sequence[int] = ()) -> Verdict:
        """The verdict when no more pairs will come, with all the alpha that earlier looks left."""
        if len(base) in self._alphas:
            return self.look(base, new, processes) or Verdict.INCONCLUSIVE
        alpha = final_alpha(len(base), self.rule.looks, self.rule.alpha)
        return self._decide(base, new, processes, alpha) or Verdict.INCONCLUSIVE

    def _decide(self, base: Values, new: Values, processes: Sequence[int], alpha: float) -> Verdict | None:
        # The label states what holds over all looks together, not the level of this one.
        estimate = paired_ratio(base, new, 1 - alpha)
        label = f"{100 * (1 - self.rule.alpha):g} %" if estimate.is_interval else estimate.label
        clusters = cluster_factor(np.log(np.divide(new, base)), processes, alpha) if len(processes) else 1.0
        self.estimate = widened(replace(estimate, confidence=1 - self.rule.alpha, label=label), clusters)
        return self.rule.decide(self.estimate)

    def _large_effect(self, base: Values, new: Values) -> Verdict | None:
        self.estimate = paired_ratio(base, new, confidence=1.0)  # 1: always the range
        if self.estimate.low >= LARGE_EFFECT:
            return Verdict.REGRESSION
        return Verdict.IMPROVEMENT if self.estimate.high <= 1 / LARGE_EFFECT else None


def judge(base: Values, new: Values, rule: Rule | None = None, *, replay: bool) -> tuple[Verdict, Estimate]:
    """The verdict on stored pairs, and the estimate it rests on.

    ``replay`` repeats the looks of a sequential comparison in order, which gives the verdict that it gave when it
    was measured; otherwise the number of pairs was fixed beforehand, and one look at all has the whole alpha.
    """
    rule = rule or Rule()
    sequential = Sequential(rule if replay else rule.fixed(len(base)))
    for pairs in range(1, len(base) + 1) if replay else ():
        verdict = sequential.look(base[:pairs], new[:pairs])
        if verdict is not None:
            return verdict, sequential.estimate
    return sequential.final(base, new), sequential.estimate


def parse_percent(text: str) -> float:
    """``"5%"``, ``"5 %"`` or ``"0.05"`` as a fraction; ``UsageError`` otherwise.

    A bare number of 1 and more is refused: 10 meant as a percentage would be a gate that never closes.
    """
    stripped = text.strip()
    bare = not stripped.endswith("%")
    try:
        value = float(stripped.removesuffix("%")) / (1 if bare else 100)
    except ValueError:
        raise UsageError(f"{text!r} is no percentage; write it like 5% or 0.05") from None
    if not 0 < value < (1 if bare else 100):
        raise UsageError(f"{text!r} is out of range; write a percentage above 0, like 5% or 0.05")
    return value
