"""Where every box of a flame graph stands: the call tree in breadth-first order, siblings heaviest first.

In this order each depth is one contiguous run of nodes sorted from left to right, the children of a node stand
together and the subtree of a node is one contiguous range in every depth below it. A renderer then needs no
sorting, only binary searches. (This is the *left-heavy* order; stacks are merged, time order is not kept.)
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from workbench.calltree import CallTree

__all__ = ["FlameLayout", "FunctionTotals", "function_totals", "lay_out"]

Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class FlameLayout:
    """Columns of one length n, one row a box with weight; ``levels`` has one entry more than there are depths.

    ``node`` is the box's number in the call tree, ``parent`` the row of its caller (-1 for a root),
    ``x_ns`` its left edge (0 is the left edge of the whole), ``self_ns`` and ``total_ns`` its weights.
    Rows ``levels[d]:levels[d + 1]`` are the boxes of depth d from left to right.
    """

    node: Int32
    parent: Int32
    x_ns: Int64
    self_ns: Int64
    total_ns: Int64
    levels: Int32

    def __len__(self) -> int:
        return len(self.node)

    @property
    def whole_ns(self) -> int:
        """Time in all stacks together."""
        roots = self.total_ns[: self.levels[1]] if len(self.levels) > 1 else self.total_ns[:0]
        return int(roots.sum())


def _weighted_levels(tree: CallTree, total: Int64) -> list[Int32]:
    """The nodes with weight, by depth."""
    nodes = np.flatnonzero(total > 0).astype(np.int32)
    depth = tree.depth()[nodes]
    nodes = nodes[np.argsort(depth, kind="stable")]
    if not len(nodes):
        return []
    return np.split(nodes, np.flatnonzero(np.diff(np.sort(depth))) + 1)


def _offsets(parent: Int32, width: Int64, left: Int64) -> Int64:
    """Left edges of boxes that fill their parents from the left; boxes of one parent stand together."""
    before = np.cumsum(width) - width
    first = np.concatenate(([True], parent[1:] != parent[:-1]))
    start = before[first][np.cumsum(first) - 1]
    edge: Int64 = left + before - start
    return edge


def lay_out(tree: CallTree, self_ns: Int64 | None = None) -> FlameLayout:
    """The layout of all nodes with weight; nodes known from spans alone have none and are left out.

    ``self_ns`` sizes the boxes by other weights than the samples'.
    """
    if self_ns is None:
        self_ns = tree.self_ns()
    total = tree.totals_of(self_ns)
    row = np.full(len(tree) + 1, -1, dtype=np.int32)  # row of each node; the last entry serves parent -1
    nodes, parents, edges, levels = [], [], [], [0]
    edge_of = np.zeros(len(tree) + 1, dtype=np.int64)
    for level in _weighted_levels(tree, total):
        above = tree.node_parent[level]
        order = np.lexsort((tree.node_frame[level], -total[level], row[above]))
        level, above = level[order], above[order]
        edge_of[level] = _offsets(row[above], total[level], edge_of[above])
        row[level] = np.arange(levels[-1], levels[-1] + len(level), dtype=np.int32)
        nodes.append(level)
        parents.append(row[above])
        edges.append(edge_of[level])
        levels.append(levels[-1] + len(level))
    node = np.concatenate(nodes) if nodes else np.empty(0, dtype=np.int32)
    return FlameLayout(
        node=node,
        parent=np.concatenate(parents) if parents else np.empty(0, dtype=np.int32),
        x_ns=np.concatenate(edges) if edges else np.empty(0, dtype=np.int64),
        self_ns=self_ns[node],
        total_ns=total[node],
        levels=np.array(levels, dtype=np.int32),
    )


@dataclass(frozen=True, slots=True, eq=False)
class FunctionTotals:
    """Per frame of the call tree: self and total time in ns; a recursive function's time counts once."""

    self_ns: Int64
    total_ns: Int64


def function_totals(tree: CallTree, layout: FlameLayout) -> FunctionTotals:
    """Self and total time of each frame.

    A box lies within another of the same frame exactly if that one is its recursive caller, so the total of a
    frame is the length of the union of its boxes: those that reach past all earlier ones count.
    """
    count = len(tree.frames)
    self_ns, total_ns = np.zeros(count, dtype=np.int64), np.zeros(count, dtype=np.int64)
    frame = tree.node_frame[layout.node]
    np.add.at(self_ns, frame, layout.self_ns)
    if not len(layout):
        return FunctionTotals(self_ns, total_ns)
    depth = np.repeat(np.arange(len(layout.levels) - 1), np.diff(layout.levels))
    order = np.lexsort((depth, layout.x_ns, frame))
    frame, left, width = frame[order], layout.x_ns[order], layout.total_ns[order]
    shift = frame.astype(np.int64) * (layout.whole_ns + 1)  # keeps the frames' boxes apart on one axis
    right = np.maximum.accumulate(left + width + shift)
    outermost = np.concatenate(([True], left[1:] + shift[1:] >= right[:-1]))
    np.add.at(total_ns, frame[outermost], width[outermost])
    return FunctionTotals(self_ns, total_ns)
