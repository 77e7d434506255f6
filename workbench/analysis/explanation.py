"""What explains a difference: one function, the user's own with what it calls, or many; or nothing at all.

A name is told only where sampled rounds tell the function's change from noise and went the way of the clock. Where
the clock differs threefold from end to end and rounds were too few for a test, whoever carries most of it is named
untested: noise is no such thing. What isn't shown is said in a line, in place of a table: functions that shrank
explain no regression.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from workbench.analysis.causes import Cause, cause, sampled_time
from workbench.analysis.functions import total_change, was_tested
from workbench.analysis.resampling import FEWEST_ROUNDS
from workbench.analysis.verdict import LARGE_EFFECT
from workbench.analysis.weights import sampled_rounds
from workbench.calltree import CallTree
from workbench.model import Comparison, FunctionChange, Run

__all__ = [
    "Explanation",
    "contradicted",
    "direction",
    "explained_by",
    "is_large",
    "own_cause",
    "told_functions",
    "unexplained",
]

_MOST = 0.5
"""Of all that changed the same way: whoever has more of it is what the difference mostly is."""

_AGAINST_FROM = 0.01  # of base's sampled time: less is no direction


@dataclass(frozen=True, slots=True)
class Explanation:
    """Whichever carries more than half of the difference: a ``function`` by itself, or the user's ``own``.

    Where neither does, the difference is spread over ``many`` functions of which ``function`` is the first.
    ``seconds``, of one execution, and ``share``, of all that changed the same way, are those of the one named.
    """

    seconds: float
    share: float
    function: FunctionChange | None = None
    own: Cause | None = None
    many: int = 0


def direction(low: float, high: float) -> int:
    """1 where the clock's interval says slower, -1 for faster, 0 where it holds no change or there is none."""
    return 1 if low > 1 else -1 if high < 1 else 0


def contradicted(functions: Sequence[FunctionChange], towards: int) -> bool:
    """Whether the sampled rounds went the other way than the clock (1 slower, -1 faster)."""
    whole = sum(change.base_seconds for change in functions)
    sampled = total_change(list(functions)) / whole if whole > 0 else 0.0
    return sampled * towards <= -_AGAINST_FROM


def own_cause(
    base: Run, new: Run, base_tree: CallTree, new_tree: CallTree, low: float, high: float, *, one_sitting: bool
) -> Cause | None:
    """The user's own function that changed most with the libraries it calls, by the rounds of two runs.

    Unless they are of ``one_sitting``, in turns, its part of its round has changed, too: all may be slower.
    """
    towards = direction(low, high)
    before, after = sampled_rounds(base), sampled_rounds(new)
    if not towards or not before or not after:
        return None
    sides = (sampled_time(base_tree, before), sampled_time(new_tree, after))
    return cause(sides[:1], sides[1:], slower=towards > 0, one_sitting=one_sitting)


def is_large(low: float, high: float) -> bool:
    """Whether all of the clock's interval or range is a difference that a comparison may end at early."""
    return low >= LARGE_EFFECT or high <= 1 / LARGE_EFFECT


def explained_by(
    functions: Sequence[FunctionChange], towards: int, own: Cause | None = None, *, large: bool = False
) -> Explanation | None:
    """What explains a difference in that direction; None where no function's change is told from noise that way.

    Untested functions count where the difference is ``large``.
    """
    if large and not was_tested(list(functions)):
        functions = _taken_as_told(functions, towards)
    grown = [(_towards(change, towards), change) for change in functions]
    told = [(delta, change) for delta, change in grown if delta > 0 and change.change in ("grew", "shrank")]
    if not towards or not told or contradicted(functions, towards):
        return None
    whole = sum(delta for delta, _ in grown if delta > 0)
    delta, first = max(told, key=lambda pair: pair[0])
    if delta > _MOST * whole:
        return Explanation(delta, delta / whole, function=first)
    if own is not None and own.share > _MOST:
        return Explanation(abs(own.seconds), own.share, own=own)
    return Explanation(delta, delta / whole, function=first, many=len(told))


def told_functions(comparison: Comparison) -> tuple[FunctionChange, ...]:
    """The functions to show: those told from noise, and none where they don't explain a difference on the clock."""
    told = tuple(change for change in comparison.functions if change.change)
    towards, large = direction(*comparison.ci), is_large(*comparison.ci)
    if towards and (found := explained_by(comparison.functions, towards, large=large)) is None:
        return ()
    if towards and found is not None and not told and found.function is not None:
        return (next(change for change in comparison.functions if change.frame == found.function.frame),)
    return told


def unexplained(comparison: Comparison) -> str:
    """A line in place of the functions where there are none to show; "" where there are, or none was sampled."""
    functions, towards = comparison.functions, direction(*comparison.ci)
    if not functions or told_functions(comparison):
        return ""
    tested = sum(not math.isnan(change.q) for change in functions)
    if not was_tested(list(functions)):
        number = f"{len(functions)} function{'' if len(functions) == 1 else 's'}"
        return (
            f"no function's change is told from noise: {number} looked at, in fewer than {FEWEST_ROUNDS} sampled "
            "rounds of each side"
        )
    against = contradicted(functions, towards)
    if towards and (against or any(change.change in ("grew", "shrank") for change in functions)):
        return "the sampled rounds don't show this difference: no explanation"
    return f"no function's change is told from noise: {tested} looked at"


def _taken_as_told(functions: Sequence[FunctionChange], towards: int) -> list[FunctionChange]:
    """The one function that carries most of what changed that way, as if it had been told."""
    whole = sum(max(_towards(change, towards), 0.0) for change in functions)
    word = "grew" if towards > 0 else "shrank"
    most = [whole > 0 and _towards(change, towards) > _MOST * whole for change in functions]
    return [replace(change, change=word) if m else change for change, m in zip(functions, most, strict=True)]


def _towards(change: FunctionChange, towards: int) -> float:
    return (change.new_seconds - change.base_seconds) * towards
