"""The seconds that rounds took, and which round of one run stands beside which of another."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from workbench.model import Round, RoundKind, Run, Status

__all__ = [
    "CLOCKS",
    "LOOPS",
    "each_of",
    "execution_seconds",
    "paired_seconds",
    "paired_values",
    "seconds",
    "seconds_of",
]

LOOPS = "loops"
"""Measure: how often the body ran within a round (absent: once)."""

CLOCKS = ("wall", "cpu")
"""Measures that a round's time may be read from; both are always kept."""

_WALL = "wall"


def execution_seconds(measures: Mapping[str, float], clock: str = _WALL) -> float:
    """Seconds of one execution of the body, by one of ``CLOCKS``: the round's time over its inner loops."""
    return measures[clock] / measures.get(LOOPS, 1.0)


def seconds(run: Run) -> tuple[RoundKind, list[float]]:
    """Seconds of each completed timing round; of the sampled rounds where a run has no others.

    The kind tells which: a user's block has one sampled round and its time includes the sampler's cost.
    """
    for kind in (RoundKind.TIMING, RoundKind.SAMPLED):
        if values := seconds_of(run, kind):
            return kind, values
    return RoundKind.TIMING, []


def seconds_of(run: Run, kind: RoundKind, clock: str = _WALL) -> list[float]:
    """Seconds of one execution of the body in each completed round of that kind."""
    return [execution_seconds(r.measures, clock) for r in run.rounds if r.kind is kind and _timed(r, clock)]


def each_of(runs: Iterable[Run]) -> str:
    """What times and counts are of, in a word: "call" where any round holds several of them, else "round"."""
    looped = any(r.measures.get(LOOPS, 1.0) > 1 for run in runs for r in run.rounds)
    return "call" if looped else "round"


def paired_seconds(
    base: Run, new: Run, kind: RoundKind = RoundKind.TIMING, clock: str = _WALL
) -> tuple[Sequence[float], Sequence[float]]:
    """Seconds of the rounds of two runs of one session that stood in the same sweep, in order.

    Each sweep holds one round of either, so the i-th of one belongs to the i-th of the other; a pair of which
    either failed or is missing is left out.
    """
    return paired_values(_of_kind(base, kind), _of_kind(new, kind), clock)


def paired_values(
    base: Sequence[Round], new: Sequence[Round], clock: str = _WALL
) -> tuple[Sequence[float], Sequence[float]]:
    """Seconds of two sequences of rounds, by place, without the pairs of which either is no completed round."""
    pairs = [
        (execution_seconds(b.measures, clock), execution_seconds(n.measures, clock))
        for b, n in zip(base, new, strict=False)
        if _timed(b, clock) and _timed(n, clock)
    ]
    return [b for b, _ in pairs], [n for _, n in pairs]


def _of_kind(run: Run, kind: RoundKind) -> list[Round]:
    return [r for r in run.rounds if r.kind is kind]


def _timed(round_: Round, clock: str = _WALL) -> bool:
    return round_.status is Status.OK and round_.measures.get(clock, 0.0) > 0
