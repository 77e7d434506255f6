"""The scenario's own options, given as text: what the simulator does, what the graph is, how the scan goes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import Any

from workbench.errors import UsageError
from workbench.services.azure.options import AzureOptions
from workbench.services.azure.throttle import Throttle
from workbench.services.simulator.faults import Faults

__all__ = ["OPTIONS", "ScanOptions", "read_options"]


@dataclass(frozen=True, slots=True)
class ScanOptions:
    """``graph`` is embedded, neo4j or an address; ``changed`` the share of resources that changed since then.

    ``wrong_secret`` is a fault to test with: the scan logs in with a secret that isn't the service's.
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
    wrong_secret: bool = False


def _limit(text: str) -> int | None:
    return None if text.lower() == "none" else _positive(text)


def _positive(text: str) -> int:
    value = int(text)
    if not 0 < value <= 1_000_000:
        raise ValueError
    return value


def _flag(text: str) -> bool:
    if text.lower() not in ("true", "false"):
        raise ValueError
    return text.lower() == "true"


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split("+") if name.strip())


def _share(text: str) -> float:
    value = float(text)
    if not 0 <= value <= 1:
        raise ValueError
    return value


def _seconds(text: str) -> float:
    value = float(text)
    if not 0 < value < 1e6:
        raise ValueError
    return value


Readers = Mapping[str, Callable[[str], Any]]

_SERVER: Readers = {
    "latency_scale": float,
    "page_size": int,
    "token_lifetime_s": float,
    "describe_limit": int,
}
_THROTTLE: Readers = {"bucket": _limit, "refill": float}
_FAULTS: Readers = {
    "error_rate": float,
    "reset_rate": float,
    "slow_body_rate": float,
    "slow_body_s": float,
    "truncate_rate": float,
    "html_rate": float,
    "unauthorized_after": _limit,
    "always_429": _flag,
    "bad_resources": _names,
}
_SCAN: Readers = {
    "graph": str,
    "workers": _positive,
    "batch_size": _positive,
    "resource_limit": _limit,
    "changed": _share,
    "descriptions": _flag,
    "refused_rows": int,
    "timeout_s": _seconds,
    "patience_s": _seconds,
    "dashboard": _flag,
    "wrong_secret": _flag,
}
_ALL: Readers = {**_SERVER, **_THROTTLE, **_FAULTS, **_SCAN}

OPTIONS = tuple(_ALL)
"""The names of all options; ``bad_resources`` joins ids with ``+``, ``bucket=none`` switches throttling off."""


def read_options(options: Mapping[str, str], seed: int) -> tuple[AzureOptions, ScanOptions]:
    """What the texts mean. Raises ``UsageError`` for an unknown name or a value that can't be read.

    Without service latency (``latency_scale=0``, as the CPU floor is measured) there is no throttle either, unless
    it is asked for: the floor is what processors need.
    """
    values = {name: _read(name, text) for name, text in options.items()}

    def chosen(readers: Readers) -> dict[str, Any]:
        return {name: values[name] for name in readers if name in values}

    throttle = Throttle(capacity=None) if values.get("latency_scale") == 0 else Throttle()
    if "bucket" in values and values.get("latency_scale") != 0:
        throttle = replace(throttle, capacity=values["bucket"])
    if "refill" in values:
        throttle = replace(throttle, refill_per_s=values["refill"])
    faults = replace(Faults(), **chosen(_FAULTS))
    server = AzureOptions(seed=seed, throttle=throttle, faults=faults, **chosen(_SERVER))
    return server, ScanOptions(**chosen(_SCAN))


def _read(name: str, text: str) -> Any:
    reader = _ALL.get(name)
    if reader is None:
        close = get_close_matches(name, OPTIONS, n=1)
        hint = f"did you mean {close[0]!r}?" if close else f"known: {', '.join(OPTIONS)}"
        raise UsageError(f"scenario azure has no option {name!r}; {hint}")
    try:
        return reader(text.strip())
    except ValueError as error:
        raise UsageError(f"scenario azure: can't read option {name}={text!r}") from error
