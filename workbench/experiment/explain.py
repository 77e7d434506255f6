"""How many sampled rounds a comparison takes, and in which order: more where there is a difference to explain."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import TypeVar

from workbench.analysis.resampling import FEWEST_ROUNDS
from workbench.experiment.interleave import sweeps
from workbench.model import Verdict

__all__ = ["MOST_SAMPLED_ROUNDS", "SAMPLED_ROUNDS", "sampling_sweeps"]

T = TypeVar("T")

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


def sampling_sweeps(
    sides: Sequence[T], *, asked: int | None, verdict: Verdict | None, timing_s: float, seed: int
) -> Iterator[tuple[T, ...]]:
    """The sides in the order of each sampled round, interleaved as the timing rounds; exactly ``asked`` if given.

    Otherwise as many as the verdict calls for, as long as sampling takes no longer than the timing did
    (``timing_s``) or some seconds.
    """
    differs = verdict in (Verdict.REGRESSION, Verdict.IMPROVEMENT)
    rounds = asked if asked is not None else MOST_SAMPLED_ROUNDS if differs else SAMPLED_ROUNDS
    began = time.monotonic()
    for done, order in enumerate(islice(sweeps(sides, seed=seed), rounds)):
        allowed_s = _SAMPLING_FEWEST_S if differs and done < FEWEST_ROUNDS else _SAMPLING_S
        late = time.monotonic() - began > max(allowed_s, timing_s)
        if asked is None and late and done >= SAMPLED_ROUNDS:
            return
        yield order
