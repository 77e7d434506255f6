"""Which functions took more or less time: self time per function in two call trees."""

from __future__ import annotations

from workbench.calltree import CallTree
from workbench.model import Frame, FunctionChange

__all__ = ["function_changes", "self_seconds", "total_change"]


def self_seconds(tree: CallTree, executions: float = 1.0) -> dict[Frame, float]:
    """Self time in seconds per execution of the body, by function (all its call paths together)."""
    if executions <= 0:
        raise ValueError("a call tree covers at least some of one execution")
    by_frame = [0] * len(tree.frames)
    for frame, weight_ns in zip(tree.node_frame.tolist(), tree.self_ns().tolist(), strict=True):
        by_frame[frame] += weight_ns  # integers: equal trees give exactly equal sums in any order
    return {tree.frames[i]: ns / 1e9 / executions for i, ns in enumerate(by_frame) if ns}


def function_changes(
    base: CallTree, new: CallTree, *, base_executions: float = 1.0, new_executions: float = 1.0
) -> list[FunctionChange]:
    """Self time of every function in either tree, the greatest absolute change first.

    ``*_executions``: how often the body ran while the tree was sampled (rounds × inner loops), so that seconds are
    those of one execution. Shares are fractions of all sampled time of their tree. A function that only one side
    has is listed with 0 on the other; a tree against itself changes nowhere, exactly.
    """
    before, after = self_seconds(base, base_executions), self_seconds(new, new_executions)
    base_total, new_total = sum(before.values()), sum(after.values())
    changes = [
        FunctionChange(
            frame=frame,
            base_seconds=before.get(frame, 0.0),
            new_seconds=after.get(frame, 0.0),
            base_share=before.get(frame, 0.0) / base_total if base_total else 0.0,
            new_share=after.get(frame, 0.0) / new_total if new_total else 0.0,
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
