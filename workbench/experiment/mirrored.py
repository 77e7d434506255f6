"""Two sides measured in mirrored pairs, however a round of theirs is taken: warm-up, then pairs until a verdict."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

from workbench.analysis.pairs import CLOCKS
from workbench.analysis.verdict import Sequential
from workbench.errors import CaptureError
from workbench.experiment.interleave import sweeps
from workbench.experiment.warmup import Steadiness
from workbench.model import Verdict
from workbench.statistics import Estimate

__all__ = [
    "MAX_SECONDS",
    "SAMPLED_ROUND_S",
    "SETTLE_EVERY",
    "SHORTEST_ROUND_S",
    "PairedTiming",
    "TimedSide",
    "by_clock",
    "warm_up",
]

MAX_SECONDS = 60.0
"""Budget of timing where neither the caller nor the project says."""

SHORTEST_ROUND_S = 0.005
"""Of a timing round: a shorter body is repeated within it."""

SAMPLED_ROUND_S = 0.1
"""The same of a sampled round, without the sampler's cost, which makes a call-heavy round several times longer."""

SETTLE_EVERY = 50
"""Pairs after which what was recorded meanwhile is set aside for the collector too."""

_WARMUP_SHARE = 0.1
_WARMUP_PAIRS = 30
_CLOCK_FAILURES = 10


class TimedSide(Protocol):
    """``seconds``: of one execution in each timing round."""

    @property
    def seconds(self) -> list[float]: ...

    @property
    def steadiness(self) -> Steadiness: ...


S = TypeVar("S", bound=TimedSide)


def warm_up(
    sides: tuple[S, ...],
    pair: Callable[[tuple[S, ...], int], None],
    *,
    asked: int | None,
    max_seconds: float,
    seed: int,
    done: int = 0,
) -> str:
    """Rounds of all sides, ``asked`` of each; else until all are steady, or a tenth of ``max_seconds`` is spent.

    ``pair`` is given the order and how many were before; ``done`` pairs are behind the sides already. Returns a
    remark where it ended before all were steady, else "".
    """
    began = time.monotonic()
    for pairs, order in enumerate(sweeps(sides, seed=seed), start=done):
        if asked is not None:
            if pairs >= asked:
                return ""
        elif all(side.steadiness.is_steady for side in sides):
            return ""
        elif pairs and (time.monotonic() - began > _WARMUP_SHARE * max_seconds or pairs >= _WARMUP_PAIRS):
            return f"not seen to be steady after {pairs} warm-up round{'s' if pairs > 1 else ''} of each side"
        pair(order, pairs)
    raise AssertionError("sweeps are endless")


@dataclass(slots=True)
class PairedTiming(Generic[S]):
    """Timed pairs, judged as they come in. ``sides`` are base and new.

    ``process`` is the number of the processes that are measured in now, for whoever changes them (``renewing``):
    pairs of one process share its luck. ``elapsed`` is in seconds. ``untimed`` counts pairs in which the ``clock``
    (its name) stood still or ran backwards: they are kept in the runs, but can't be judged.
    """

    sides: tuple[S, ...]
    sequential: Sequential
    clock: str = CLOCKS[0]
    renewing: bool = False
    process: int = 0
    verdict: Verdict | None = None
    elapsed: float = 0.0
    untimed: int = 0
    _processes: list[int] = field(default_factory=list)

    @property
    def estimate(self) -> Estimate:
        """Of the last look."""
        return self.sequential.estimate

    def run(
        self,
        pair: Callable[[tuple[S, ...], int], None],
        *,
        max_seconds: float,
        seed: int,
        between: Callable[[int], None],
    ) -> None:
        """Measure until there is a verdict, or ``max_seconds`` allow no further pair.

        ``pair`` is given the order and how many were before, ``between`` how many there are now, if there will be
        more. Raises ``CaptureError`` where most pairs can't be timed.
        """
        began = time.monotonic()
        for tried, order in enumerate(sweeps(self.sides, seed=seed), start=1):
            pair(order, tried - 1)
            self._count(tried)
            self.elapsed = time.monotonic() - began
            verdict = self.sequential.look(*self._judged())
            if verdict is None and self.elapsed * (tried + 1) / tried > max_seconds:
                verdict = self.sequential.final(*self._judged())
            if verdict is not None:
                self.verdict = verdict
                return
            between(tried)

    def estimate_so_far(self) -> None:
        """For the estimate alone: no verdict follows from what was cut short."""
        if self.verdict is None:
            self.sequential.final(*self._judged())

    @property
    def left_out(self) -> tuple[str, ...]:
        """The remark on pairs that couldn't be timed, if there were any."""
        pairs = f"{self.untimed} pair{'' if self.untimed == 1 else 's'}"
        return (f"{pairs} left out, in which the clock stood still or ran backwards",) if self.untimed else ()

    def _judged(self) -> tuple[list[float], list[float], list[int]]:
        """Both sides' seconds and the processes, of as many pairs as all have: the last may have been cut short."""
        base, new = (side.seconds for side in self.sides)
        pairs = min(len(base), len(new), len(self._processes))
        return base[:pairs], new[:pairs], self._processes[:pairs] if self.renewing else []

    def _count(self, tried: int) -> None:
        if all(_positive(side.seconds[-1]) for side in self.sides):
            self._processes.append(self.process)
            return
        for side in self.sides:
            side.seconds.pop()
        self.untimed += 1
        if self.untimed >= _CLOCK_FAILURES and 2 * self.untimed > tried:
            raise CaptureError(
                f"the {self.clock} clock stood still or ran backwards in {self.untimed} of {tried} pairs: "
                "nothing can be timed on this machine now"
            )


def by_clock(clock: str) -> tuple[str, ...]:
    """The remark that a verdict by another clock than the wall's needs."""
    return () if clock == CLOCKS[0] else (f"judged by {clock.upper()} time, which waiting doesn't count in",)


def _positive(seconds: float) -> bool:
    return seconds > 0 and math.isfinite(seconds)
