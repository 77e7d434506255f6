"""What can go wrong with a simulated service."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from workbench.errors import UsageError

__all__ = ["Faults"]


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

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Faults:
        return cls(**{**value, "bad_resources": tuple(value["bad_resources"])})
