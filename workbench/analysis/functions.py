"""Which functions took more or less time: self time per function in two call trees."""

from __future__ import annotations

from workbench.calltree import CallTree
from workbench.capture.frames import AWAIT
from workbench.model import Frame, FunctionChange

__all__ = ["function_changes", "self_seconds", "total_change"]


def self_seconds(tree: CallTree, executions: float = 1.0) -> dict[Frame, float]:
    """Self time in seconds per execution of the body, by function, all its call paths together.

    What a function awaits counts as its own time, like any other call that waits.
    """
    return {frame: ns / 1e9 / executions for frame, ns in _self_ns(tree).items()}


def _self_ns(tree: CallTree) -> dict[Frame, int]:
    """By function. Integers: equal samples give exactly equal sums, in whatever order they came."""
    by_frame = [0] * len(tree.frames)
    frames, parents = tree.node_frame.tolist(), tree.node_parent.tolist()
    for node, weight_ns in enumerate(tree.self_ns().tolist()):
        # "[await] got faster" names nobody: time waited for is charged to the function that awaits.
        waits = tree.frames[frames[node]] == AWAIT and parents[node] >= 0
        by_frame[frames[parents[node] if waits else node]] += weight_ns
    return {tree.frames[i]: ns for i, ns in enumerate(by_frame) if ns}


def function_changes(
    base: CallTree, new: CallTree, *, base_executions: float = 1.0, new_executions: float = 1.0
) -> list[FunctionChange]:
    """Self time of every function in either tree, the greatest absolute change first.

    ``*_executions``: how often the body ran while the tree was sampled (rounds × inner loops), so that seconds are
    those of one execution. Shares are fractions of all sampled time of their tree. A function that only one side
    has is listed with 0 on the other; a tree against itself changes nowhere, exactly.
    """
    before, after = _self_ns(base), _self_ns(new)
    base_total, new_total = sum(before.values()) or 1, sum(after.values()) or 1
    changes = [
        FunctionChange(
            frame=frame,
            base_seconds=before.get(frame, 0) / 1e9 / base_executions,
            new_seconds=after.get(frame, 0) / 1e9 / new_executions,
            base_share=before.get(frame, 0) / base_total,
            new_share=after.get(frame, 0) / new_total,
        )
        for frame in dict.fromkeys((*before, *after))
    ]
    return sorted(changes, key=_by_change)


def total_change(changes: list[FunctionChange]) -> float:
    """The change of all sampled time, in seconds per execution."""
    return sum(change.new_seconds - change.base_seconds for change in changes)


def _by_change(change: FunctionChange) -> tuple[float, float, str, str, int]:
    delta = abs(change.new_seconds - change.base_seconds)
    frame = change.frame
    return (-delta, -max(change.base_seconds, change.new_seconds), frame.file, frame.function, frame.line)
