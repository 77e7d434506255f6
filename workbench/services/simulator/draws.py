"""How long a service takes for a request, and which fault it meets: pure functions of seed and request.

A draw depends on the seed, the endpoint, the resource and on how often that resource was asked for, and on nothing
else: not on the order or the number of other requests. So every variant of a scenario meets the same draws.

Response times of web services are right-skewed and near log-normal; a log-normal with median m and sigma s is
m·exp(s·z) with z standard normal, and its mean is m·exp(s²/2).
"""

from __future__ import annotations

import math
from hashlib import blake2b
from statistics import NormalDist

from workbench.services.simulator.faults import Faults

__all__ = ["SIGMA", "fault", "log_normal_mean_s", "log_normal_s"]

SIGMA = 0.35
"""Standard deviation of the logarithm: the 95th percentile is 1.8 medians, the 99th 2.3."""

_NORMAL = NormalDist()


def log_normal_s(median_s: float, seed: int, endpoint: str, resource: str, nth: int, scale: float = 1.0) -> float:
    """Seconds the service takes for the ``nth`` request (from 1) for that resource."""
    if scale == 0:
        return 0.0
    z = _NORMAL.inv_cdf(_uniform(f"latency/{seed}/{endpoint}/{resource}/{nth}"))
    return scale * median_s * math.exp(SIGMA * z)


def log_normal_mean_s(median_s: float, scale: float = 1.0) -> float:
    """The expectation of ``log_normal_s``."""
    return scale * median_s * math.exp(SIGMA**2 / 2)


def fault(faults: Faults, seed: int, endpoint: str, resource: str, nth: int) -> str:
    """The name of the fault that this request meets, as in ``Faults.rates``, or an empty string."""
    rates = faults.rates()
    if not any(rates.values()):
        return ""
    draw = _uniform(f"fault/{seed}/{endpoint}/{resource}/{nth}")
    for name, rate in rates.items():
        if draw < rate:
            return name
        draw -= rate
    return ""


def _uniform(key: str) -> float:
    """A number in the open interval (0, 1), fixed by the key."""
    value = int.from_bytes(blake2b(key.encode(), digest_size=8).digest(), "big")
    return ((value >> 12) + 0.5) / 2**52  # 52 bits, so that half a unit from either end is still exact
