"""How long the service takes for a request, and which fault it meets: pure functions of seed and request.

A draw depends on the seed, the endpoint, the resource and on how often that resource was asked for, and on nothing
else: not on the order or the number of other requests. So every variant of a scenario meets the same draws.

Response times of web services are right-skewed and near log-normal; a log-normal with median m and sigma s is
m·exp(s·z) with z standard normal, and its mean is m·exp(s²/2). The medians are plausible for a hosted Jamf Pro
server, from its clients' published logs; they are parameters of the simulation, not a claim about the product.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from hashlib import blake2b
from statistics import NormalDist
from types import MappingProxyType

from workbench.services.jamf.options import Faults

__all__ = ["MEDIANS_S", "SIGMA", "fault", "latency_s", "mean_latency_s"]

SIGMA = 0.35
"""Standard deviation of the logarithm: the 95th percentile is 1.8 medians, the 99th 2.3."""

MEDIANS_S: Mapping[str, float] = MappingProxyType(
    {
        "token": 0.150,
        "auth": 0.060,
        "version": 0.040,
        # Classic API
        "policies/list": 0.200,
        "policies/item": 0.100,
        "osxconfigurationprofiles/list": 0.160,
        "osxconfigurationprofiles/item": 0.080,
        "scripts/list": 0.140,
        "scripts/item": 0.075,
        "packages/list": 0.140,
        "packages/item": 0.065,
        "categories/list": 0.120,
        "categories/item": 0.060,
        "computergroups/list": 0.180,
        "computergroups/item": 0.120,
        "computerextensionattributes/list": 0.130,
        "computerextensionattributes/item": 0.070,
        # Jamf Pro API
        "v1/scripts/list": 0.250,
        "v1/scripts/item": 0.070,
        "v1/scripts/download": 0.060,
        "v1/packages/list": 0.220,
        "v1/packages/item": 0.065,
        "v1/categories/list": 0.120,
        "v1/categories/item": 0.050,
    }
)
"""Median seconds by endpoint."""

_NORMAL = NormalDist()


def latency_s(seed: int, endpoint: str, resource: str, nth: int, scale: float = 1.0) -> float:
    """Seconds the service takes for the ``nth`` request (from 1) for that resource."""
    if scale == 0:
        return 0.0
    z = _NORMAL.inv_cdf(_uniform(f"latency/{seed}/{endpoint}/{resource}/{nth}"))
    return scale * MEDIANS_S[endpoint] * math.exp(SIGMA * z)


def mean_latency_s(endpoint: str, scale: float = 1.0) -> float:
    """The expectation of ``latency_s``."""
    return scale * MEDIANS_S[endpoint] * math.exp(SIGMA**2 / 2)


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
