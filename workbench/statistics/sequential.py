"""Looks at a comparison while its pairs come in, and the error that each of them may spend."""

from __future__ import annotations

import math
from collections.abc import Sequence

__all__ = ["LOOKS", "VERDICT_ALPHA", "final_alpha", "look_alphas"]

VERDICT_ALPHA = 0.01
"""Two-sided error of a whole comparison, however many looks it takes: a false REGRESSION has half of it."""

LOOKS = (15, 20, 30, 40, 60, 80, 120, 160, 240, 320, 480)
"""Numbers of pairs at which a sequential comparison looks at its data; the last is its budget."""


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
