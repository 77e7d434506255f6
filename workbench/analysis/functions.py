"""Which functions took more or less time: self time per function in two call trees, and what of it is no noise.

With six sampled rounds and more on either side each function is tested: rounds are relabelled (``resampling``),
and the false-discovery rate over all functions is held at 5 %. A function whose time is unchanged but stands under
other callers has *moved* (``moved``). What is told to have changed comes before what is not, so that the head of
the list is the cause and not the noise.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from workbench.analysis.moved import edge_weights, moved_functions
from workbench.analysis.resampling import (
    FEWEST_ROUNDS,
    told_changes,
)
from workbench.analysis.weights import Floats, RoundWeights, function_of_node, together
from workbench.calltree import CallTree
from workbench.capture.frames import AWAIT, INSTRUMENTATION
from workbench.model import Frame, FunctionChange

__all__ = ["NOBODYS", "function_changes", "large_enough", "self_seconds", "total_change", "was_tested"]

LEAST_SHARE = 0.005
"""Of the sampled time of both sides together: what is less is not tested, as every further test costs the others.

The choice doesn't look at which side the time was on, so it leaves the error rates as they are.
"""

NOBODYS = (INSTRUMENTATION, AWAIT)
"""What no function of the program took: the cost of recording, and awaits under no function at all."""

_WORDS = {1: "grew", -1: "shrank", 0: ""}

Rounds = Mapping[int, float]
"""Index of each completed sampled round → how often the body ran in it."""


def self_seconds(tree: CallTree, executions: float = 1.0) -> dict[Frame, float]:
    """Self time in seconds per execution of the body, by function, all its call paths together.

    What a function awaits, in whatever library, counts as its own time, like any other call that waits.
    """
    return {frame: ns / 1e9 / executions for frame, ns in _self_ns(tree, {}).items()}


def _self_ns(tree: CallTree, rounds: Rounds) -> dict[Frame, int]:
    """By function, of these rounds (all if none are named). Whole numbers: equal samples give equal sums."""
    samples = tree.samples
    kept = np.isin(samples.round, list(rounds)) if rounds else np.ones(len(samples), dtype=np.bool_)
    functions = function_of_node(tree)[samples.node[kept]]
    weights = samples.weight_ns[kept].astype(np.float64)  # exact up to 2⁵³ ns, which are 104 days
    sums = np.bincount(functions, weights=weights, minlength=len(tree.frames))
    by_frame: dict[Frame, int] = {}
    for number in np.flatnonzero(sums).tolist():  # redaction may have made two frames one
        frame = tree.frames[number]
        by_frame[frame] = by_frame.get(frame, 0) + int(sums[number])
    return by_frame


def function_changes(
    base: CallTree,
    new: CallTree,
    *,
    base_executions: float = 1.0,
    new_executions: float = 1.0,
    base_rounds: Rounds | None = None,
    new_rounds: Rounds | None = None,
) -> list[FunctionChange]:
    """Self time of every function in either tree: those that changed first, by the size of their change.

    ``*_executions``: how often the body ran while the tree was sampled (rounds × inner loops), so that seconds are
    those of one execution. ``*_rounds`` name the completed sampled rounds: only these count then, and with at least
    ``FEWEST_ROUNDS`` of either side the functions are tested. Shares are fractions of all sampled time of their
    tree. A function that only one side has is listed with 0 on the other; a tree against itself changes nowhere,
    exactly. The cost of recording is in the sampled time, but it is no function that could be listed or named.
    """
    base_rounds, new_rounds = base_rounds or {}, new_rounds or {}
    before, after = _self_ns(base, base_rounds), _self_ns(new, new_rounds)
    base_executions = sum(base_rounds.values()) or base_executions
    new_executions = sum(new_rounds.values()) or new_executions
    base_total, new_total = sum(before.values()) or 1, sum(after.values()) or 1
    changes = {
        frame: FunctionChange(
            frame=frame,
            base_seconds=before.get(frame, 0) / 1e9 / base_executions,
            new_seconds=after.get(frame, 0) / 1e9 / new_executions,
            base_share=before.get(frame, 0) / base_total,
            new_share=after.get(frame, 0) / new_total,
        )
        for frame in dict.fromkeys((*before, *after))
        if frame not in NOBODYS
    }
    if min(len(base_rounds), len(new_rounds)) >= FEWEST_ROUNDS:
        _tell_changes(changes, base, new, base_rounds, new_rounds)
    return sorted(changes.values(), key=_by_change)


def _tell_changes(
    changes: dict[Frame, FunctionChange], base: CallTree, new: CallTree, base_rounds: Rounds, new_rounds: Rounds
) -> None:
    """Test what is large enough, and put intervals, q and what follows from them into ``changes``."""
    names, before, after = together(
        RoundWeights.of_functions(base, base_rounds), RoundWeights.of_functions(new, new_rounds)
    )
    tested = np.array([n for n in large_enough(before, after) if names[n] not in NOBODYS], dtype=np.intp)
    if not tested.size:
        return
    before, after = before[:, tested], after[:, tested]
    known = [changes[names[number]] for number in tested.tolist()]
    seconds = np.array([each.new_seconds - each.base_seconds for each in known])
    told = told_changes(before, after, seconds, np.array([-each.base_seconds for each in known]))
    for column, change in enumerate(known):
        changes[change.frame] = replace(
            change,
            low=float(told.low[column]),
            high=float(told.high[column]),
            q=float(told.q[column]),
            change=_WORDS[int(told.direction[column])],
        )
    edges = together(edge_weights(base, base_rounds), edge_weights(new, new_rounds))
    for frame, callers in moved_functions(*edges, LEAST_SHARE).items():
        if frame in changes and not changes[frame].change:
            changes[frame] = replace(changes[frame], change="moved", callers=callers)


def large_enough(before: Floats, after: Floats) -> npt.NDArray[np.intp]:
    """The columns that hold at least ``LEAST_SHARE`` of the time of both sides together."""
    both = before.sum(axis=0) + after.sum(axis=0)
    return np.flatnonzero(both >= LEAST_SHARE * max(float(both.sum()), 1e-12))


def was_tested(changes: list[FunctionChange]) -> bool:
    """Whether there were rounds enough to tell changes from noise."""
    return any(not math.isnan(change.q) for change in changes)


def total_change(changes: list[FunctionChange]) -> float:
    """The change of all sampled time, in seconds per execution."""
    return sum(change.new_seconds - change.base_seconds for change in changes)


def _by_change(change: FunctionChange) -> tuple[bool, float, float, str, str, int]:
    """What changed first; then by size; a function that merely moved stands where its size puts it."""
    delta = abs(change.new_seconds - change.base_seconds)
    frame = change.frame
    told = change.change in ("grew", "shrank")
    return (
        not told,
        -delta,
        -max(change.base_seconds, change.new_seconds),
        frame.file,
        frame.function,
        frame.line,
    )
