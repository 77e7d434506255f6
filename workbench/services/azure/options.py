"""What can be chosen when the simulator is started: its latency, limits and faults."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from workbench.errors import UsageError
from workbench.services.azure.throttle import Throttle
from workbench.services.simulator.faults import Faults

__all__ = ["AzureOptions"]


@dataclass(frozen=True, slots=True)
class AzureOptions:
    """``latency_scale`` multiplies every latency; 0 leaves none, which gives the floor that processors set.

    ``page_size`` is the most that one page of resources holds (Azure's is 1,000). ``describe_limit`` is the number
    of descriptions under way past which one is answered with 429. ``faults.bad_resources`` are resource ids.
    """

    latency_scale: float = 1.0
    seed: int = 1
    throttle: Throttle = field(default_factory=Throttle)
    page_size: int = 200
    token_lifetime_s: float = 3599.0
    describe_limit: int = 4
    faults: Faults = field(default_factory=Faults)

    def __post_init__(self) -> None:
        if not 0 <= self.latency_scale < math.inf:
            raise UsageError("latency_scale is a factor, 0 or more")
        if not 1 <= self.page_size <= 1000:
            raise UsageError("page_size is a number of resources from 1 to 1000")
        if not 0 < self.token_lifetime_s < 1e9:
            raise UsageError("token_lifetime_s is a number of seconds above 0")
        if self.describe_limit < 1:
            raise UsageError("describe_limit is a number of requests, 1 or more")

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> AzureOptions:
        parts = {"throttle": Throttle(**value["throttle"]), "faults": Faults.from_json(value["faults"])}
        return cls(**{**value, **parts})
