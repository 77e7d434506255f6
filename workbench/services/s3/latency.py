"""How long the store takes for a request, and which fault it meets: pure functions of seed and request.

A draw depends on the seed, the operation, the key and on how often that was asked for, and on nothing else, so that
every variant meets the same ones. AWS says that applications "can achieve consistent small object latencies (and
first-byte-out latencies for larger objects) of roughly 100–200 milliseconds" ("Best practices design patterns:
optimizing Amazon S3 performance"); the median here is the lower end of that.
"""

from __future__ import annotations

from workbench.dataset.draw import Stream
from workbench.services.s3.options import S3Faults

__all__ = ["MEDIAN_S", "SIGMA", "fault", "latency_s"]

MEDIAN_S = 0.100
SIGMA = 0.25
"""Standard deviation of the logarithm: the 95th percentile is 1.5 medians."""

_MICROSECONDS = 1e6


def latency_s(seed: int, operation: str, key: str, nth: int, scale: float = 1.0) -> float:
    """Seconds the store takes for the ``nth`` request (from 1) of that operation on that key."""
    if scale == 0:
        return 0.0
    stream = Stream(seed, "latency", operation, key, nth)
    return scale * stream.log_normal(MEDIAN_S * _MICROSECONDS, SIGMA, 0, 10_000_000) / _MICROSECONDS


def fault(faults: S3Faults, seed: int, operation: str, key: str, nth: int) -> str:
    """``slow_down``, ``reset``, or an empty string."""
    if any(part in key for part in faults.bad_keys):
        return "slow_down"
    if not faults.slow_down_rate and not faults.reset_rate:
        return ""
    draw = Stream(seed, "fault", operation, key, nth).fraction()
    if draw < faults.slow_down_rate:
        return "slow_down"
    return "reset" if draw < faults.slow_down_rate + faults.reset_rate else ""
