"""What link, latencies and limits allow: the times that no correct export of an estate can beat.

Each term is a lower bound by itself, so the bound is the largest. With R the link's round-trip time, L the
service's latency of a request as the simulator draws it for the first one of a round, and ``start`` what must have
passed before any resource is known (connect R, TLS 1.3 handshake R, token R + L, listing of a kind of roots R + L):

* critical path: ``start`` and the requests that must follow one another, each R + L, until the last resource is
  there: a root, what it refers to, what that refers to in turn (each by its quickest chain), and a script's
  download beside its description;
* places: ``start`` and the work of all requests, R + L each, spread evenly over the client's connections;
* server: ``start`` and the latencies alone, spread over the requests that the server takes at once;
* bytes: the contents that must travel, over the bandwidth.

Not in them: the processors' work (measured apart, as the CPU floor), slow start, and the overhead of TLS and HTTP.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Mapping

from workbench.scenarios.base import BoundTerm
from workbench.scenarios.jamf.account import CONNECTIONS
from workbench.scenarios.jamf.graph import EstateGraph
from workbench.scenarios.jamf.resources import Kind, Ref
from workbench.services.link import LinkProfile

__all__ = ["Latency", "bound_terms"]

Latency = Callable[[str, str], float]
"""Seconds of service by endpoint and resource."""

_ENDPOINTS: Mapping[Kind, tuple[str, str]] = {
    Kind.POLICY: ("policies", "policies"),
    Kind.PROFILE: ("osxconfigurationprofiles", "osxconfigurationprofiles"),
    Kind.SCRIPT: ("v1/scripts", "scripts"),
    Kind.PACKAGE: ("v1/packages", "packages"),
    Kind.CATEGORY: ("v1/categories", "categories"),
    Kind.GROUP: ("computergroups", "computergroups"),
    Kind.EXTENSION_ATTRIBUTE: ("computerextensionattributes", "computerextensionattributes"),
}
# The simulator's names of the endpoint and of the collection, which its draws are keyed by.

_CONNECT_ROUND_TRIPS = 2  # TCP, and TLS 1.3 in one more (RFC 8446, 2)


def bound_terms(
    graph: EstateGraph, link: LinkProfile, latency: Latency, concurrency_limit: int | None
) -> tuple[BoundTerm, ...]:
    """The terms, largest first."""
    rtt = link.rtt_s
    start = {kind: _start(kind, rtt, latency) for kind in (Kind.POLICY, Kind.PROFILE)}
    first = min(start[root.kind] for root in graph.roots)
    terms = [_critical_path(graph, start, rtt, latency), _places(graph, first, rtt, latency)]
    if concurrency_limit is not None:
        terms.append(_server(graph, first, concurrency_limit, latency))
    if link.bandwidth_bps:
        seconds = graph.contents * 8 / link.bandwidth_bps
        formula = f"{graph.contents} bytes × 8 / {link.bandwidth_bps / 1e6:g} Mbit/s"
        terms.append(BoundTerm("bytes", seconds, formula))
    return tuple(sorted(terms, key=lambda term: -term.seconds))


def _start(kind: Kind, rtt: float, latency: Latency) -> float:
    connect = _CONNECT_ROUND_TRIPS * rtt
    return connect + rtt + latency("token", "token") + rtt + _listing(kind, latency)


def _critical_path(graph: EstateGraph, start: dict[Kind, float], rtt: float, latency: Latency) -> BoundTerm:
    """When the last resource can be there, each asked for as soon as the *first* that refers to it is known.

    Dijkstra's algorithm over the references: what is shared is reached by the quickest of its chains.
    """
    known: dict[Ref, tuple[float, tuple[Ref, ...]]] = {}
    waiting: list[tuple[float, tuple[Ref, ...]]] = [
        (start[root.kind] + rtt + _item(root, latency), (root,)) for root in graph.roots
    ]
    heapq.heapify(waiting)
    while waiting:
        seconds, chain = heapq.heappop(waiting)
        if chain[-1] in known:
            continue
        known[chain[-1]] = (seconds, chain)
        for need in graph.needs[chain[-1]]:
            heapq.heappush(waiting, (seconds + rtt + _item(need, latency), (*chain, need)))
    seconds, chain = max((_with_download(ref, at, rtt, latency), chain) for ref, (at, chain) in known.items())
    path = " → ".join(["connect", "TLS", "token", "listing", *map(str, chain)])
    return BoundTerm("critical path", seconds, f"{path}; {rtt * 1e3:g} ms round trip each, and the drawn latencies")


def _with_download(ref: Ref, known_at: float, rtt: float, latency: Latency) -> float:
    """A script's contents are asked for beside its description: what takes longer counts."""
    if ref.kind is not Kind.SCRIPT:
        return known_at
    return known_at + max(0.0, _download(ref, latency) - _item(ref, latency))


def _places(graph: EstateGraph, first: float, rtt: float, latency: Latency) -> BoundTerm:
    calls = _calls(graph, latency)
    seconds = first + sum(rtt + call for call in calls) / CONNECTIONS
    formula = (
        f"start {first:.3f} s + {len(calls)} requests × ({rtt * 1e3:g} ms round trip + "
        f"{_mean_ms(calls):.1f} ms mean latency) / {CONNECTIONS} connections"
    )
    return BoundTerm("places", seconds, formula)


def _server(graph: EstateGraph, first: float, limit: int, latency: Latency) -> BoundTerm:
    calls = _calls(graph, latency)
    formula = (
        f"start {first:.3f} s + {len(calls)} requests × {_mean_ms(calls):.1f} ms mean latency / "
        f"{limit} at once on the server"
    )
    return BoundTerm("server", first + sum(calls) / limit, formula)


def _calls(graph: EstateGraph, latency: Latency) -> list[float]:
    """The latency of every request for a resource or a script's contents, each asked for once."""
    calls = [_item(ref, latency) for ref in graph.needs]
    scripts = (ref for ref in graph.needs if ref.kind is Kind.SCRIPT)
    return calls + [_download(ref, latency) for ref in scripts]


def _item(ref: Ref, latency: Latency) -> float:
    endpoint, collection = _ENDPOINTS[ref.kind]
    return latency(f"{endpoint}/item", f"{collection}/{ref.id}")


def _download(script: Ref, latency: Latency) -> float:
    return latency("v1/scripts/download", f"scripts/{script.id}")


def _listing(kind: Kind, latency: Latency) -> float:
    endpoint, collection = _ENDPOINTS[kind]
    return latency(f"{endpoint}/list", collection)


def _mean_ms(calls: list[float]) -> float:
    return 1e3 * sum(calls) / len(calls)
