"""How many sampled rounds a comparison takes, and in which order: more where there is a difference to explain.

Once more as many where the sampled rounds don't show the difference that the clock found.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import TypeVar

from workbench.analysis.resampling import FEWEST_ROUNDS
from workbench.experiment.interleave import sweeps
from workbench.model import Verdict
from workbench.statistics import paired_ratio

__all__ = ["MOST_SAMPLED_ROUNDS", "SAMPLED_ROUNDS", "planned_rounds", "sampling_sweeps", "shows"]

T = TypeVar("T")

_DIFFERENCES = (Verdict.REGRESSION, Verdict.IMPROVEMENT)

SAMPLED_ROUNDS = 2
"""Of each side, where nothing is to be explained: a picture of both."""

MOST_SAMPLED_ROUNDS = 10
"""Of each side, where the verdict is a difference. With ten, a function that was slowed so much that the whole took
10 % longer stands first in nearly every case; whether it is told from noise is up to the machine
(benchmarks/functions.py)."""

_SAMPLING_S = 5.0
_SAMPLING_FEWEST_S = 15.0
"""Sampling may take as long as the timing took, and this long in any case: the more for as many rounds as a test of
the functions needs at least."""


def planned_rounds(asked: int | None, verdict: Verdict | None) -> int:
    """Sampled rounds of each side: as many as ``asked``, else what the verdict calls for."""
    if asked is not None:
        return asked
    return MOST_SAMPLED_ROUNDS if verdict in _DIFFERENCES else SAMPLED_ROUNDS


def sampling_sweeps(
    sides: Sequence[T],
    *,
    asked: int | None,
    verdict: Verdict | None,
    timing_s: float,
    seed: int,
    shown: Callable[[], bool] = lambda: True,
) -> Iterator[tuple[T, ...]]:
    """The sides in the order of each sampled round, interleaved as the timing rounds; exactly ``asked`` if given.

    Otherwise as many as the verdict calls for, as long as sampling takes no longer than the timing did
    (``timing_s``) or some seconds; and as many again, for as long again, while the difference is not ``shown``.
    """
    differs = verdict in _DIFFERENCES
    rounds = planned_rounds(asked, verdict)
    orders = sweeps(sides, seed=seed)
    yield from _planned(orders, rounds, asked=asked, differs=differs, timing_s=timing_s)
    if asked is None and differs:
        again = _planned(orders, rounds, asked=asked, differs=differs, timing_s=timing_s)
        while not shown() and (order := next(again, None)) is not None:
            yield order


def shows(verdict: Verdict | None, base: Sequence[float], new: Sequence[float]) -> bool:
    """Whether the sampled rounds of both sides, in seconds of one execution, differ as the verdict says.

    True where there is no difference to show, or a pair too few to tell.
    """
    pairs = min(len(base), len(new))
    if verdict not in _DIFFERENCES or pairs < FEWEST_ROUNDS:
        return True
    if min(*base, *new) <= 0:  # a clock that stood still tells nothing
        return True
    sampled = paired_ratio(list(base)[:pairs], list(new)[:pairs])
    return sampled.low > 1 if verdict is Verdict.REGRESSION else sampled.high < 1


def _planned(
    orders: Iterator[tuple[T, ...]], rounds: int, *, asked: int | None, differs: bool, timing_s: float
) -> Iterator[tuple[T, ...]]:
    began = time.monotonic()
    for done, order in enumerate(islice(orders, rounds)):
        allowed_s = _SAMPLING_FEWEST_S if differs and done < FEWEST_ROUNDS else _SAMPLING_S
        late = time.monotonic() - began > max(allowed_s, timing_s)
        if asked is None and late and done >= SAMPLED_ROUNDS:
            return
        yield order
