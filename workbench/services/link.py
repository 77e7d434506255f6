"""The link between client and service: round-trip time, jitter, bandwidth and the cost of a connection.

On loopback a handshake costs nothing, so pooling, batching and concurrency look pointless. A service is therefore
reached through a relay in a process of its own (``workbench.services.relay``), a parameter of the experiment.
What it models, and what not, is said in ``workbench.services.lanes``.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from types import MappingProxyType
from typing import Any

from workbench.errors import UsageError
from workbench.services.process import ServiceProcess, start_service
from workbench.services.stoppable import Stoppable
from workbench.suggestions import suggestion

__all__ = ["LINKS", "LinkProfile", "RunningLink", "parse_link", "start_link"]


@dataclass(frozen=True, slots=True)
class LinkProfile:
    """``rtt_s`` ± ``jitter_s`` seconds for a round trip, half of it each way; ``bandwidth_bps`` bits a second and
    direction, shared by all connections, 0 for unlimited. ``seed`` fixes the jitter's draws."""

    name: str
    rtt_s: float = 0.0
    jitter_s: float = 0.0
    bandwidth_bps: float = 0.0
    seed: int = 1

    @property
    def direct(self) -> bool:
        """Whether nothing stands between client and service."""
        return self.rtt_s == 0 and self.bandwidth_bps == 0

    @property
    def connect_cost_s(self) -> float:
        """What opening a TCP connection takes: SYN and its acknowledgement are one round trip (RFC 9293, 3.5)."""
        return self.rtt_s

    def describe(self) -> str:
        """Such as ``rtt=20ms,jitter=2ms,bandwidth=1000mbit``; ``parse_link`` reads it back."""
        parts = [f"rtt={self.rtt_s * 1e3:g}ms"]
        if self.jitter_s:
            parts.append(f"jitter={self.jitter_s * 1e3:g}ms")
        if self.bandwidth_bps:
            parts.append(f"bandwidth={self.bandwidth_bps / 1e6:g}mbit")
        return ",".join(parts)


LINKS: Mapping[str, LinkProfile] = MappingProxyType(
    {
        "none": LinkProfile("none"),
        "lan": LinkProfile("lan", rtt_s=0.0005),
        "cloud": LinkProfile("cloud", rtt_s=0.020, jitter_s=0.002, bandwidth_bps=1e9),
        "wan": LinkProfile("wan", rtt_s=0.080, jitter_s=0.010, bandwidth_bps=50e6),
    }
)

_UNITS: Mapping[str, Mapping[str, float]] = {
    "rtt": {"us": 1e-6, "ms": 1e-3, "s": 1.0},
    "jitter": {"us": 1e-6, "ms": 1e-3, "s": 1.0},
    "bandwidth": {"kbit": 1e3, "mbit": 1e6, "gbit": 1e9},
}
_TERM = re.compile(r"(\w+)=(\d+(?:\.\d+)?)([a-z]+)")
_LIMITS: Mapping[str, float] = {"rtt": 60.0, "jitter": 60.0, "bandwidth": 1e12}


def parse_link(text: str) -> LinkProfile:
    """A link by name, or by terms such as ``rtt=40ms,jitter=2ms,bandwidth=100mbit`` (rtt is needed). UsageError."""
    name = text.strip().lower()
    if name in LINKS:
        return LINKS[name]
    terms: dict[str, float] = {}
    for part in name.split(","):
        key, value = _term(part.strip(), text)
        if key in terms:
            raise _bad_link(text, f"{key} stands twice")
        terms[key] = value
    if "rtt" not in terms:
        raise _bad_link(text, "rtt is missing")
    if terms.get("jitter", 0.0) > terms["rtt"]:
        raise _bad_link(text, "jitter is larger than rtt")
    link = LinkProfile("custom", terms["rtt"], terms.get("jitter", 0.0), terms.get("bandwidth", 0.0))
    return LinkProfile(link.describe(), link.rtt_s, link.jitter_s, link.bandwidth_bps)


def _term(part: str, text: str) -> tuple[str, float]:
    match = _TERM.fullmatch(part)
    if match is None or match[1] not in _UNITS:
        raise _bad_link(text, f"can't read {part!r}")
    key, number, unit = match.groups()
    if unit not in _UNITS[key]:
        raise _bad_link(text, f"unit of {key} must be one of {', '.join(_UNITS[key])}")
    value = float(number) * _UNITS[key][unit]
    if not math.isfinite(value) or value > _LIMITS[key] or (key == "bandwidth" and value < 1e3):
        raise _bad_link(text, f"{key} is out of range")
    return key, value


def _bad_link(text: str, why: str) -> UsageError:
    hint = suggestion(text, LINKS, listed="use one of")
    return UsageError(f"unknown link {text!r}: {why}{hint}, or rtt=40ms,jitter=2ms,bandwidth=100mbit")


class RunningLink(Stoppable):
    """Where to connect to (``host``, ``port``) instead of the service; a context manager."""

    def __init__(self, profile: LinkProfile, host: str, port: int, process: ServiceProcess | None) -> None:
        self.profile = profile
        self.host = host
        self.port = port
        self.process = process

    def stats(self) -> dict[str, Any]:
        """The relay's counters: connections, bytes each way, its CPU seconds; empty for a direct link."""
        return self.process.ask("stats") if self.process else {}

    def stop(self) -> None:
        """Close every connection through the link and end its process."""
        if self.process:
            self.process.stop()


def start_link(profile: LinkProfile, upstream_host: str, upstream_port: int) -> RunningLink:
    """Put a link before a service. For ``none`` there is no relay at all: the service's own address is returned.

    Raises ServiceStartFailed.
    """
    if profile.direct:
        return RunningLink(profile, upstream_host, upstream_port, None)
    config = asdict(profile) | {"host": upstream_host, "port": upstream_port}
    process = start_service("workbench.services.relay", config, name=f"the link ({profile.name})")
    return RunningLink(profile, process.ready["host"], process.ready["port"], process)
