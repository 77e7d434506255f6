"""Differences that resemble each other, and how much wider that makes an interval."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

from workbench.statistics.estimate import ALPHA, Estimate, Values
from workbench.statistics.student_t import student_quantile

__all__ = ["autocorrelation_factor", "cluster_factor", "lag1_autocorrelation", "widened"]


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


def cluster_factor(
    differences: Values, clusters: Sequence[int] | npt.NDArray[np.integer], alpha: float = ALPHA
) -> float:
    """How much wider an interval must be where differences of one cluster resemble each other.

    The root of Kish's design effect 1 + (m − 1) · ICC (*Survey Sampling*, 1965, section 5.4), with m = Σmᵢ² / n and
    the intraclass correlation of a one-way analysis of variance. Outliers are drawn in to three (robust) standard
    deviations, as one would hide what all others agree on. A ratio of variances within one standard error of 1
    counts as no correlation; where there is any, few clusters tell its size badly, so that Student's quantile for
    clusters − 1 degrees of freedom stands in for the normal's, at the interval's two-sided error ``alpha``.
    ``clusters`` are the numbers of the clusters, one for each difference.
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
    quantile = 1 - alpha / 2
    few = student_quantile(quantile, between) / NormalDist().inv_cdf(quantile) if 0 < alpha < 1 else 1.0
    return few * math.sqrt(1 + (float((sizes**2).sum()) / d.size - 1) * icc)


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
