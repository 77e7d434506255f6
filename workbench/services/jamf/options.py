"""What can be chosen when the simulator is started: its latency, limits and faults."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from workbench.errors import UsageError

__all__ = ["Faults", "JamfOptions"]


@dataclass(frozen=True, slots=True)
class Faults:
    """Faults on requests for resources, never on the token endpoints: a client can always log in.

    The rates are shares of the requests, drawn like the latencies as a function of seed, endpoint, resource and the
    number of the request, so that a repeated session meets the same faults; together they are at most 1.
    """

    error_rate: float = 0.0  # answered with 500
    reset_rate: float = 0.0  # the connection is reset before the answer
    slow_body_rate: float = 0.0  # the body comes in two halves, slow_body_s apart
    truncate_rate: float = 0.0  # the connection closes in the middle of the body
    html_rate: float = 0.0  # a load balancer's page with status 200 in place of the answer
    slow_body_s: float = 2.0
    unauthorized_after: int | None = None  # a token is revoked after that many requests; 0: it never works
    always_429: bool = False
    bad_resources: tuple[str, ...] = ()  # such as "policies/3": always answered with 500

    def __post_init__(self) -> None:
        rates = self.rates()
        if any(not 0 <= rate <= 1 for rate in rates.values()) or sum(rates.values()) > 1:
            raise UsageError("fault rates are shares between 0 and 1 that add up to at most 1")
        if not self.slow_body_s >= 0:
            raise UsageError("slow_body_s is a number of seconds, 0 or more")

    def rates(self) -> Mapping[str, float]:
        """The drawn faults and their shares, in the order in which one draw is divided among them."""
        return {
            "error": self.error_rate,
            "reset": self.reset_rate,
            "slow_body": self.slow_body_rate,
            "truncate": self.truncate_rate,
            "html": self.html_rate,
        }


@dataclass(frozen=True, slots=True)
class JamfOptions:
    """``latency_scale`` multiplies every latency; 0 leaves none, which gives the floor that processors set.

    ``concurrency_limit`` is the number of requests in flight past which one is answered with 429 and
    ``Retry-After: retry_after_s``; None for no limit.
    """

    latency_scale: float = 1.0
    seed: int = 1
    concurrency_limit: int | None = 60
    retry_after_s: int = 1
    token_lifetime_s: float = 1800.0
    faults: Faults = field(default_factory=Faults)

    def __post_init__(self) -> None:
        if not 0 <= self.latency_scale < math.inf:
            raise UsageError("latency_scale is a factor, 0 or more")
        if self.concurrency_limit is not None and self.concurrency_limit < 1:
            raise UsageError("concurrency_limit is a number of requests, 1 or more, or None for no limit")
        if not 0 < self.token_lifetime_s < 1e9:
            raise UsageError("token_lifetime_s is a number of seconds above 0")
        if self.retry_after_s < 0:
            raise UsageError("retry_after_s is a number of seconds, 0 or more")

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> JamfOptions:
        faults = dict(value["faults"])
        faults["bad_resources"] = tuple(faults["bad_resources"])
        return cls(**{**value, "faults": Faults(**faults)})
