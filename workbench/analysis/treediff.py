"""The differential call tree: two call trees over the union of their stacks.

Stacks are content-addressed, so that the union is a join. Weights are time per execution of the body and never
counts of samples: a run sampled twice as long, or at another rate, isn't twice as slow. All sums are of integers
and both sides go the same way, so that a tree against itself differs nowhere, exactly.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from workbench.analysis.join import joined
from workbench.analysis.pairs import LOOPS
from workbench.calltree import CallTree, Int64
from workbench.model import Frame, RoundKind, Run, Status

__all__ = ["FunctionDelta", "Side", "TreeDifference", "sampled_side", "tree_difference"]

Float = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Side:
    """A call tree with its self times in ns, and how often the body ran while they were taken."""

    tree: CallTree
    self_ns: Int64
    executions: int = 1


@dataclass(frozen=True, slots=True)
class FunctionDelta:
    """Seconds of one function per execution; a recursive function's total counts once."""

    frame: Frame
    base_self: float
    new_self: float
    base_total: float
    new_total: float

    @property
    def change(self) -> float:
        """Of self time, in seconds."""
        return self.new_self - self.base_self


@dataclass(frozen=True, slots=True, eq=False)
class TreeDifference:
    """Base and new over one tree: ``base_ns`` and ``new_ns`` are the self time of each of its nodes, all
    executions together. The tree's samples are not to be used."""

    tree: CallTree
    base_ns: Int64
    new_ns: Int64
    base_executions: int = 1
    new_executions: int = 1

    def base_seconds(self) -> Float:
        """Self time of each node per execution."""
        return self.base_ns / 1e9 / self.base_executions

    def new_seconds(self) -> Float:
        """Self time of each node per execution."""
        return self.new_ns / 1e9 / self.new_executions

    def base_total_ns(self) -> Int64:
        """Of each node and all below it, all executions together."""
        return self.tree.totals_of(self.base_ns)

    def new_total_ns(self) -> Int64:
        """Of each node and all below it, all executions together."""
        return self.tree.totals_of(self.new_ns)

    def vanished(self) -> Flags:
        """Nodes in which, and below which, only base spent time."""
        gone: Flags = (self.new_total_ns() == 0) & (self.base_total_ns() > 0)
        return gone

    def appeared(self) -> Flags:
        """Nodes in which, and below which, only new spent time."""
        fresh: Flags = (self.base_total_ns() == 0) & (self.new_total_ns() > 0)
        return fresh

    def functions(self) -> list[FunctionDelta]:
        """Every function that took time on either side, the greatest absolute change of self time first."""
        sides = ((self.base_ns, self.base_executions), (self.new_ns, self.new_executions))
        recursive = self.tree.recursive()
        columns = [
            _by_frame(self.tree, values) / 1e9 / executions
            for self_ns, executions in sides
            for values in (self_ns, np.where(recursive, 0, self.tree.totals_of(self_ns)))
        ]
        deltas = [
            FunctionDelta(frame, base_self, new_self, base_total, new_total)
            for frame, base_self, base_total, new_self, new_total in zip(
                self.tree.frames, *(column.tolist() for column in columns), strict=True
            )
            if base_total or new_total
        ]
        return sorted(deltas, key=lambda d: (-abs(d.change), -max(d.base_self, d.new_self), d.frame.function))


def sampled_side(run: Run, tree: CallTree) -> Side:
    """What a run says of one execution: its completed sampled rounds, all where none was completed.

    A round that failed half-way would make its side look faster. Without rounds (an imported profile, a bare tree)
    all is one execution.
    """
    sampled = [r for r in run.rounds if r.kind is RoundKind.SAMPLED]
    counted = [r for r in sampled if r.status is Status.OK] or sampled
    executions = round(sum(r.measures.get(LOOPS, 1.0) for r in counted)) or 1
    samples = tree.samples
    weights = samples.weight_ns
    if len(counted) < len(sampled):
        weights = np.where(np.isin(samples.round, [r.index for r in counted]), weights, 0)
    return Side(tree, _summed(samples.node, weights, len(tree)), executions)


def tree_difference(base: Side, new: Side) -> TreeDifference:
    """The union of two call trees, with the self times of both."""
    union, numbers = joined(base.tree, new.tree)
    base_ns, new_ns = np.zeros(len(union), dtype=np.int64), np.zeros(len(union), dtype=np.int64)
    base_ns[: len(base.tree)] = base.self_ns
    np.add.at(new_ns, np.array(numbers, dtype=np.int64), new.self_ns)
    return TreeDifference(union, base_ns, new_ns, base.executions, new.executions)


def _by_frame(tree: CallTree, values: Int64) -> Int64:
    """Values of nodes summed by frame, as integers."""
    return _summed(tree.node_frame, values, len(tree.frames))


def _summed(group: npt.NDArray[np.int32], values: Int64, count: int) -> Int64:
    result = np.zeros(count, dtype=np.int64)
    np.add.at(result, group, values)
    return result
