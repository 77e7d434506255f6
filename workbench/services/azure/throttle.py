"""Azure Resource Manager's throttling: a token bucket for each subscription."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

from workbench.errors import UsageError

__all__ = ["Buckets", "Throttle"]


@dataclass(frozen=True, slots=True)
class Throttle:
    """``capacity`` reads at once, refilled by ``refill_per_s`` reads a second; a capacity of None: no limit.

    The defaults are Azure's for reads of a subscription by one principal ("Understand how Azure Resource Manager
    throttles requests"). ``Throttle.per_minute(250)`` is a quota by the minute: a minute refills the capacity.
    """

    capacity: int | None = 250
    refill_per_s: float = 25.0

    def __post_init__(self) -> None:
        if self.capacity is not None and self.capacity < 1:
            raise UsageError("the throttle's capacity is a number of requests, 1 or more, or None for no limit")
        if not 0 < self.refill_per_s < math.inf:
            raise UsageError("refill_per_s is a number of requests a second above 0")

    @classmethod
    def per_minute(cls, requests: int) -> Throttle:
        return cls(requests, requests / 60)


class Buckets:
    """One bucket a key, full at first. ``clock`` gives seconds."""

    def __init__(self, throttle: Throttle, clock: Callable[[], float] = time.monotonic) -> None:
        self._throttle = throttle
        self._clock = clock
        self._levels: dict[str, tuple[float, float]] = {}

    def take(self, key: str) -> tuple[int, float]:
        """One request: (requests that are left, 0.0), or (0, seconds until there is one again)."""
        capacity, refill = self._throttle.capacity, self._throttle.refill_per_s
        if capacity is None:
            return 2**31 - 1, 0.0
        now = self._clock()
        level, since = self._levels.get(key, (float(capacity), now))
        level = min(capacity, level + (now - since) * refill)
        if level < 1:
            self._levels[key] = level, now
            return 0, (1 - level) / refill
        self._levels[key] = level - 1, now
        return int(level - 1), 0.0

    def refill(self) -> None:
        """Fill all of them."""
        self._levels.clear()
