"""When a workload has warmed up: caches filled, code specialised, connections pooled.

Noise only ever adds to a round, so the fastest round so far falls while a workload warms up and stays once it has.
Until neither side's fastest round has been beaten by more than 2 % over five rounds, rounds are warm-up. (Detecting
a change point instead needs hundreds of rounds: Barrett et al., *Virtual Machine Warmup Blows Hot and Cold*, OOPSLA
2017; and a fixed count is too few for one program and a waste for another.)
"""

from __future__ import annotations

import math
from dataclasses import dataclass

__all__ = ["STEADY_ROUNDS", "Steadiness"]

STEADY_ROUNDS = 5
"""Rounds without a faster one after which a side is warm."""

_FASTER = 0.98
_SLOW_ROUND_S = 0.25
"""Whoever waits this long for a round gets one warm-up round a side: five would cost more than they tell."""


@dataclass(slots=True)
class Steadiness:
    """One side's warm-up; tell it each round's seconds."""

    fastest: float = math.inf
    since: int = 0
    rounds: int = 0

    def add(self, seconds: float, round_s: float) -> None:
        """A round of ``round_s`` seconds, ``seconds`` for one execution of the body."""
        self.rounds += 1
        faster = seconds < _FASTER * self.fastest
        self.since = 0 if faster and self.rounds > 1 else self.since + 1
        self.fastest = min(self.fastest, seconds)
        if round_s >= _SLOW_ROUND_S:
            self.since = STEADY_ROUNDS

    @property
    def is_steady(self) -> bool:
        return self.since >= STEADY_ROUNDS
