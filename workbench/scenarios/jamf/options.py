"""The scenario's own options, given as text: what the simulator does, and how patient the client is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from workbench.scenarios.fault_texts import FAULTS, read_faults
from workbench.scenarios.option_texts import (
    Readers,
    chosen,
    count,
    number,
    or_none,
    read_texts,
    seconds,
)
from workbench.services.jamf.options import JamfOptions

__all__ = ["OPTIONS", "ClientOptions", "read_options"]


@dataclass(frozen=True, slots=True)
class ClientOptions:
    """Seconds for each connect, read and write, and seconds without any good answer after which retries end."""

    timeout_s: float = 30.0
    patience_s: float = 30.0


_SERVER: Readers = {
    "latency_scale": number(0, 1000),
    "concurrency_limit": or_none(count(1)),
    "retry_after_s": count(0, 3600),
    "token_lifetime_s": number(0, 1e9),
}
_CLIENT: Readers = {"timeout_s": seconds, "patience_s": seconds}
_ALL: Readers = {**_SERVER, **FAULTS, **_CLIENT}

OPTIONS = tuple(_ALL)
"""The names of all options; ``bad_resources`` joins several with ``+``: ``policies/3+scripts/1``."""


def read_options(options: Mapping[str, str], seed: int) -> tuple[JamfOptions, ClientOptions]:
    """What the texts mean. Raises ``UsageError`` for an unknown name or a value that can't be read."""
    values = read_texts("jamf", _ALL, options)
    server = JamfOptions(seed=seed, faults=read_faults(values), **chosen(values, _SERVER))
    return server, ClientOptions(**chosen(values, _CLIENT))
