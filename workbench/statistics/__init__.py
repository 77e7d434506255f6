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

from workbench.statistics.dependence import autocorrelation_factor, cluster_factor, lag1_autocorrelation, widened
from workbench.statistics.estimate import ALPHA, Estimate, Values, median, quantile
from workbench.statistics.rank_sum import rank_sum_critical, rank_sum_distribution, unpaired_ratio
from workbench.statistics.sequential import LOOKS, VERDICT_ALPHA, final_alpha, look_alphas
from workbench.statistics.signed_rank import (
    hodges_lehmann,
    paired_ratio,
    signed_rank_critical,
    signed_rank_distribution,
    signed_rank_interval,
    walsh_averages,
)

__all__ = [
    "ALPHA",
    "LOOKS",
    "VERDICT_ALPHA",
    "Estimate",
    "Values",
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
