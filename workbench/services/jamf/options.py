"""What can be chosen when the simulator is started: its latency, limits and faults."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from workbench.errors import UsageError
from workbench.services.simulator.faults import Faults

__all__ = ["Faults", "JamfOptions"]


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
        return cls(**{**value, "faults": Faults.from_json(value["faults"])})
