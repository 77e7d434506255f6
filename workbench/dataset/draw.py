"""Seeded draws that give the same values on every platform, Python version and hash seed.

Only ``Random.random()`` is guaranteed to repeat across Python versions (documentation of ``random``, "Notes on
Reproducibility"), so all draws are built on it alone.
"""

from __future__ import annotations

import math
import random
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import accumulate
from typing import TypeVar

__all__ = ["Stream"]

T = TypeVar("T")


@lru_cache(maxsize=64)
def _zipf_cumulative(count: int, exponent: float) -> tuple[float, ...]:
    return tuple(accumulate(1.0 / (rank + 1) ** exponent for rank in range(count)))


class Stream:
    """A stream of draws of its own, named by ``key``: one table's draws never shift another's."""

    def __init__(self, *key: str | int) -> None:
        self._random = random.Random("/".join(map(str, key)))  # a string is seeded by SHA-512, not by hash()

    def fraction(self) -> float:
        """Uniform in [0, 1)."""
        return self._random.random()

    def chance(self, probability: float) -> bool:
        return self.fraction() < probability

    def number(self, low: int, high: int) -> int:
        """Uniform whole number, both ends included."""
        return low + int(self.fraction() * (high - low + 1))

    def pick(self, items: Sequence[T]) -> T:
        return items[int(self.fraction() * len(items))]

    def weighted(self, weights: Mapping[T, float]) -> T:
        """One key, with a probability proportional to its weight."""
        items = tuple(weights)
        cumulative = tuple(accumulate(weights.values()))
        return items[min(bisect_right(cumulative, self.fraction() * cumulative[-1]), len(items) - 1)]

    def skewed(self, items: Sequence[T], exponent: float = 1.0) -> T:
        """One item by Zipf's law: the k-th of ``items`` has weight 1/k**exponent."""
        cumulative = _zipf_cumulative(len(items), exponent)
        return items[min(bisect_right(cumulative, self.fraction() * cumulative[-1]), len(items) - 1)]

    def several(self, items: Sequence[T], count: int, exponent: float = 1.0) -> tuple[T, ...]:
        """At most ``count`` different items by Zipf's law, in order of first draw."""
        chosen: dict[T, None] = {}
        for _ in range(count):
            chosen[self.skewed(items, exponent)] = None
        return tuple(chosen)

    def shuffled(self, items: Sequence[T]) -> list[T]:
        """Fisher-Yates."""
        result = list(items)
        for last in range(len(result) - 1, 0, -1):
            other = self.number(0, last)
            result[last], result[other] = result[other], result[last]
        return result

    def log_normal(self, median: float, sigma: float, low: int, high: int) -> int:
        """Whole number from a log-normal with this median, clipped to [low, high] (Box-Muller)."""
        radius = math.sqrt(-2.0 * math.log(1.0 - self.fraction()))
        normal = radius * math.cos(2.0 * math.pi * self.fraction())
        return max(low, min(high, round(median * math.exp(sigma * normal))))

    def hexadecimal(self, digits: int) -> str:
        return "".join("0123456789abcdef"[self.number(0, 15)] for _ in range(digits))
