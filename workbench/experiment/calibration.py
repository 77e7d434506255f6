"""How often a short body is repeated within a round, so that the round lasts as long as was asked for."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection

__all__ = ["GROWTH", "common_loops", "more_loops", "undisturbed"]

_CONFIRMING = 4
_DISTURBED = 20  # times longer, at most, is what a scheduler makes of a round
_AIM = 1.2
_UNEQUAL = 5

GROWTH = 10
"""Times the loops, at most at once: the first rounds of few loops tell little."""


def undisturbed(
    timed: Callable[[], float],
    seconds: float,
    *,
    at_most: float = math.inf,
    again: Callable[[], bool] = lambda: True,
) -> float:
    """Seconds of a round; where it looks as long as ``seconds``, the shortest of some, while ``again`` allows more.

    A disturbed one would end the search: one side's rounds would be shorter than the other's for all the
    comparison, and shorter rounds are disturbed less often. What looks much longer is believed, and not repeated,
    unless it is longer than what an earlier look allows, ``at_most``.
    """
    shortest = timed()
    for _ in range(_CONFIRMING):
        if not 0 < seconds <= shortest or _DISTURBED * seconds <= shortest <= at_most or not again():
            break
        shortest = min(shortest, timed())
    return shortest


def more_loops(loops: int, elapsed: float, seconds: float, most: int) -> int:
    """The loops to try where a round of ``loops`` took ``elapsed`` instead of ``seconds``; up to ``most``."""
    needed = math.ceil(_AIM * loops * seconds / max(elapsed, 1e-9))
    return min(max(needed, loops + 1), GROWTH * loops, most)


def common_loops(loops: Collection[int]) -> int | None:
    """The loops for all sides: of the one that needs most; None where another needs less than a fifth of that.

    The scheduler meets a long round oftener than a short one: sides that were calibrated in moments of different
    load would differ by the length of their rounds alone.
    """
    return max(loops) if loops and max(loops) <= _UNEQUAL * min(loops) else None
