"""What link, latencies and throttle allow: the times that no correct first scan of a tenant can beat.

With R the link's round-trip time and L the service's latency of a request as the simulator draws it for the first
one of a round, ``start`` is what must have passed before any resource can be asked for (connect R, TLS 1.3 R, token
R + L, list of subscriptions R + L, the first page of the fastest subscription R + L):

* critical path: ``start``, the slowest single resource R + L, and its write, a transaction of two round trips;
* throttle: ``start``, with the bucket full again, and for the subscription with the most resources its reads beyond
  the bucket's capacity at the rate of refill: one for each resource (Azure lists no properties) and one for each
  page of its list but the first; then the answer to the last of them, R + L of the fastest, and its write.

Not in them: the processors' work (measured apart, as the CPU floor), and the bytes, which are few.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

from workbench.dataset.azure.identifiers import subscription_of
from workbench.dataset.azure.model import Resource, Tenant
from workbench.scenarios.base import BoundTerm
from workbench.services.azure.throttle import Throttle
from workbench.services.link import LinkProfile

__all__ = ["Latency", "bound_terms"]

Latency = Callable[[str, str], float]
"""Seconds of service by endpoint and what is asked for."""

_CONNECT_ROUND_TRIPS = 2  # TCP, and TLS 1.3 in one more (RFC 8446, 2)
_WRITE_ROUND_TRIPS = 2  # the statement with its transaction's begin, and the commit


class _Start(NamedTuple):
    seconds: float
    formula: str


def bound_terms(
    tenant: Tenant, link: LinkProfile, latency: Latency, throttle: Throttle, page_size: int
) -> tuple[BoundTerm, ...]:
    """The terms, largest first."""
    start = _start(tenant, link.rtt_s, latency)
    terms = [_critical_path(tenant, start, link.rtt_s, latency)]
    if throttle.capacity is not None:
        terms.append(_throttle(tenant, start, link.rtt_s, latency, throttle, page_size))
    return tuple(sorted(terms, key=lambda term: -term.seconds))


def _start(tenant: Tenant, rtt: float, latency: Latency) -> _Start:
    first_page = min(latency("resources/list", each.id) for each in tenant.subscriptions)
    service = latency("token", "token") + latency("subscriptions/list", "subscriptions") + first_page
    seconds = (_CONNECT_ROUND_TRIPS + 3) * rtt + service
    return _Start(seconds, f"start {seconds:.3f} s (connect, TLS, token, subscriptions, a page)")


def _critical_path(tenant: Tenant, start: _Start, rtt: float, latency: Latency) -> BoundTerm:
    slowest = max((_get(resource, latency) for resource in tenant.resources), default=0.0)
    seconds = start.seconds + rtt + slowest + _WRITE_ROUND_TRIPS * rtt
    formula = (
        f"{start.formula} + the slowest resource {slowest * 1e3:.0f} ms + "
        f"{1 + _WRITE_ROUND_TRIPS} round trips of {rtt * 1e3:g} ms"
    )
    return BoundTerm("critical path", seconds, formula)


def _throttle(
    tenant: Tenant,
    start: _Start,
    rtt: float,
    latency: Latency,
    throttle: Throttle,
    page_size: int,
) -> BoundTerm:
    capacity = throttle.capacity or 0
    counts = {each.subscription_id: 0 for each in tenant.subscriptions}
    for resource in tenant.resources:
        counts[subscription_of(resource.id)] += 1
    most = max(counts.values(), default=0)
    reads = max(0, most + math.ceil(most / page_size) - 1)
    beyond = max(0, reads - capacity) / throttle.refill_per_s
    fastest = min((_get(resource, latency) for resource in tenant.resources), default=0.0)
    formula = (
        f"{start.formula} + ({reads} more reads of the largest subscription - {capacity}) / "
        f"{throttle.refill_per_s:g} a second + the fastest resource {fastest * 1e3:.0f} ms + "
        f"{1 + _WRITE_ROUND_TRIPS} round trips of {rtt * 1e3:g} ms"
    )
    return BoundTerm("throttle", start.seconds + beyond + fastest + (1 + _WRITE_ROUND_TRIPS) * rtt, formula)


def _get(resource: Resource, latency: Latency) -> float:
    from workbench.services.azure.latency import resource_endpoint

    return latency(resource_endpoint(resource.type.partition("/")[0]), resource.id)
