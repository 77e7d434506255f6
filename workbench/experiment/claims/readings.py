"""From the rounds of a point to the figure that a claim is about."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from workbench.experiment.claims.model import Claim, Metric
from workbench.statistics import median, paired_ratio

__all__ = ["Figure", "figure"]

Figure = tuple[float, float, float, int, str]
"""Estimate, low, high, number of pairs or rounds, and what low to high is."""

Rounds = Sequence[Mapping[str, float]]


def figure(claim: Claim, rounds: Mapping[str, Rounds]) -> Figure | None:
    """The claim's figure, None where these rounds can't tell: a variant or a measure is missing, or is zero.

    Rounds that stand at the same place are a pair. With fewer than 6 pairs there is no 95 % interval, and low and
    high are the least and the greatest pair; the same holds for a value, whose rounds have no counterpart.
    """
    if not all(rounds.get(variant) for variant in claim.variants):
        return None
    series = [_series(claim, rounds[variant]) for variant in claim.variants]
    if claim.metric is Metric.VALUE:
        return _value(series[0])
    base, new = series
    pairs = [(b, n) for b, n in zip(base, new, strict=False) if _positive(b) and _positive(n)]
    if not pairs:
        return None
    estimate = paired_ratio([b for b, _ in pairs], [n for _, n in pairs])
    ends = sorted(_as_metric(claim.metric, ratio) for ratio in (estimate.low, estimate.high))
    return _as_metric(claim.metric, estimate.ratio), ends[0], ends[1], estimate.pairs, estimate.label


def _series(claim: Claim, rounds: Rounds) -> list[float]:
    """The measured quantity in each round; NaN where it is missing, so that places are kept."""
    return [_quantity(claim, measures) for measures in rounds]


def _quantity(claim: Claim, measures: Mapping[str, float]) -> float:
    value = measures.get(claim.measure, math.nan)
    divisor = measures.get(claim.per, math.nan) if claim.per else 1.0
    return claim.factor * value / divisor if divisor else math.nan


def _positive(value: float) -> bool:
    return math.isfinite(value) and value > 0


def _value(series: Sequence[float]) -> Figure | None:
    known = [value for value in series if math.isfinite(value)]
    if not known:
        return None
    plural = "s" if len(known) > 1 else ""
    return median(known), min(known), max(known), len(known), f"range of {len(known)} round{plural}"


def _as_metric(metric: Metric, ratio: float) -> float:
    """``ratio`` is new / base."""
    if metric is Metric.SPEED_UP:
        return 1 / ratio
    return 100 * (1 - ratio if metric is Metric.SAVING else ratio - 1)
