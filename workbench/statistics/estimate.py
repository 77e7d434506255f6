"""A ratio with its interval, and the summaries that need no test."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["ALPHA", "Estimate", "Floats", "Values", "interval_label", "logs", "median", "quantile"]

Floats = npt.NDArray[np.float64]
Values = Sequence[float] | Floats

ALPHA = 0.05
"""Two-sided error of an interval by itself; a comparison that ends in a verdict has ``VERDICT_ALPHA``."""


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


def logs(values: Values) -> Floats:
    """Logarithms of timings. Raises ``ValueError`` for one that is not positive and finite."""
    array = np.asarray(values, dtype=np.float64)
    if not (np.isfinite(array).all() and (array > 0).all()):
        raise ValueError("timings must be positive and finite to be compared as ratios")
    found: Floats = np.log(array)
    return found


def interval_label(confidence: float) -> str:
    """``95 %``."""
    return f"{100 * confidence:.4g} %"
