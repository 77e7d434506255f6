"""How long the simulator takes for a request; ``services.simulator.draws`` says how it is drawn.

The medians are plausible for a hosted Jamf Pro server, from its clients' published logs; they are parameters of the
simulation, not a claim about the product.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from workbench.services.simulator.draws import log_normal_mean_s, log_normal_s

__all__ = ["MEDIANS_S", "latency_s", "mean_latency_s"]

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


def latency_s(seed: int, endpoint: str, resource: str, nth: int, scale: float = 1.0) -> float:
    """Seconds the service takes for the ``nth`` request (from 1) for that resource."""
    return log_normal_s(MEDIANS_S[endpoint], seed, endpoint, resource, nth, scale)


def mean_latency_s(endpoint: str, scale: float = 1.0) -> float:
    """The expectation of ``latency_s``."""
    return log_normal_mean_s(MEDIANS_S[endpoint], scale)
