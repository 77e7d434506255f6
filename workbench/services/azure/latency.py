"""How long the simulator takes for a request; ``services.simulator.draws`` says how it is drawn.

The medians are plausible for Azure Resource Manager, whose answers to a GET wait for the resource provider behind
it; they are parameters of the simulation, not a claim about the product.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from workbench.services.simulator.draws import log_normal_mean_s, log_normal_s

__all__ = ["MEDIANS_S", "latency_s", "mean_latency_s", "resource_endpoint"]

MEDIANS_S: Mapping[str, float] = MappingProxyType(
    {
        "discovery": 0.050,
        "token": 0.180,
        "tenants/list": 0.080,
        "subscriptions/list": 0.120,
        "subscriptions/item": 0.080,
        "locations/list": 0.100,
        "groups/list": 0.150,
        "groups/item": 0.080,
        "resources/list": 0.350,
        "providers/list": 0.450,
        "providers/item": 0.120,
        "resource/Microsoft.Compute": 0.180,
        "resource/Microsoft.Network": 0.130,
        "resource/Microsoft.Storage": 0.110,
        "resource/Microsoft.Web": 0.300,
        "resource/Microsoft.Sql": 0.260,
        "resource/Microsoft.Insights": 0.160,
        "resource/other": 0.200,
        "describe": 0.900,
    }
)
"""Median seconds by endpoint; ``resource/…`` is a GET by id, by the provider's namespace."""

_BY_NAMESPACE = {name.partition("/")[2].lower(): name for name in MEDIANS_S if name.startswith("resource/")}


def resource_endpoint(namespace: str) -> str:
    """The endpoint of a GET by id at that provider."""
    return _BY_NAMESPACE.get(namespace.lower(), "resource/other")


def latency_s(seed: int, endpoint: str, resource: str, nth: int, scale: float = 1.0) -> float:
    """Seconds the service takes for the ``nth`` request (from 1) for that resource."""
    return log_normal_s(MEDIANS_S[endpoint], seed, endpoint, resource, nth, scale)


def mean_latency_s(endpoint: str, scale: float = 1.0) -> float:
    """The expectation of ``latency_s``."""
    return log_normal_mean_s(MEDIANS_S[endpoint], scale)
