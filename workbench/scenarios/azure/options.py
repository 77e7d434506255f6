"""The scenario's own options, given as text: what the simulator does, what the graph is, how the scan goes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from workbench.scenarios.fault_texts import FAULTS, read_faults
from workbench.scenarios.option_texts import (
    Readers,
    chosen,
    count,
    flag,
    number,
    or_none,
    read_texts,
    seconds,
    share,
)
from workbench.services.azure.options import AzureOptions
from workbench.services.azure.throttle import Throttle

__all__ = ["OPTIONS", "ScanOptions", "read_options"]


@dataclass(frozen=True, slots=True)
class ScanOptions:
    """``graph`` is embedded, neo4j or an address; ``changed`` the share of resources that changed since then.

    ``resume`` leaves the graph as it is, so that a scan goes on where a killed one was. ``wrong_secret`` is a fault
    to test with: the scan logs in with a secret that isn't the service's.
    """

    graph: str = ""
    workers: int = 50
    batch_size: int = 100
    resource_limit: int | None = None
    changed: float = 0.05
    descriptions: bool = False
    refused_rows: int = 0
    timeout_s: float = 30.0
    patience_s: float = 30.0
    dashboard: bool = False
    resume: bool = False
    wrong_secret: bool = False


_SERVER: Readers = {
    "latency_scale": number(0, 1000),
    "page_size": count(1),
    "token_lifetime_s": number(0, 1e9),
    "describe_limit": count(0),
}
_THROTTLE: Readers = {"bucket": or_none(count(1)), "refill": number(0.001, 1e6)}
_SCAN: Readers = {
    "graph": str,
    "workers": count(1),
    "batch_size": count(1),
    "resource_limit": or_none(count(1)),
    "changed": share,
    "descriptions": flag,
    "refused_rows": count(0),
    "timeout_s": seconds,
    "patience_s": seconds,
    "dashboard": flag,
    "resume": flag,
    "wrong_secret": flag,
}
_ALL: Readers = {**_SERVER, **_THROTTLE, **FAULTS, **_SCAN}

OPTIONS = tuple(_ALL)
"""The names of all options; ``bad_resources`` joins ids with ``+``, ``bucket=none`` switches throttling off."""


def read_options(options: Mapping[str, str], seed: int) -> tuple[AzureOptions, ScanOptions]:
    """What the texts mean. Raises ``UsageError`` for an unknown name or a value that can't be read.

    Without service latency (``latency_scale=0``, as the CPU floor is measured) there is no throttle either, unless
    it is asked for: the floor is what processors need.
    """
    values = read_texts("azure", _ALL, options)
    throttle = Throttle(capacity=None) if values.get("latency_scale") == 0 else Throttle()
    if "bucket" in values and values.get("latency_scale") != 0:
        throttle = replace(throttle, capacity=values["bucket"])
    if "refill" in values:
        throttle = replace(throttle, refill_per_s=values["refill"])
    server = AzureOptions(seed=seed, throttle=throttle, faults=read_faults(values), **chosen(values, _SERVER))
    return server, ScanOptions(**chosen(values, _SCAN))
