"""What can be chosen when the local object store is started: its latency and its faults."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from workbench.errors import UsageError

__all__ = ["S3Faults", "S3Options"]


@dataclass(frozen=True, slots=True)
class S3Faults:
    """Faults on requests; the rates are shares of the requests, drawn by seed, operation, key and n-th request."""

    slow_down_rate: float = 0.0  # answered with 503 SlowDown, as S3 throttles
    reset_rate: float = 0.0  # the connection is reset before the answer
    bad_keys: tuple[str, ...] = ()  # requests for a key that holds one of these are always answered with 503

    def __post_init__(self) -> None:
        rates = (self.slow_down_rate, self.reset_rate)
        if any(not 0 <= rate <= 1 for rate in rates) or sum(rates) > 1:
            raise UsageError("fault rates are shares between 0 and 1 that add up to at most 1")


@dataclass(frozen=True, slots=True)
class S3Options:
    """``latency_scale`` multiplies every latency; 0 leaves none, which gives the floor that processors set."""

    latency_scale: float = 1.0
    seed: int = 1
    faults: S3Faults = field(default_factory=S3Faults)

    def __post_init__(self) -> None:
        if not 0 <= self.latency_scale < math.inf:
            raise UsageError("latency_scale is a factor, 0 or more")

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> S3Options:
        faults = dict(value["faults"])
        faults["bad_keys"] = tuple(faults["bad_keys"])
        return cls(**{**value, "faults": S3Faults(**faults)})
