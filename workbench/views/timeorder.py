"""The samples in time order, in at most 4,096 slices: what a flame chart shows, whatever the number of samples."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from workbench.calltree import CallTree, Samples
from workbench.views.layout import FlameLayout

__all__ = ["BUCKETS", "TimeAxis", "TimeOrder", "time_axis", "time_order"]

BUCKETS = 4096
ENTRIES = 1 << 16  # over all lanes and buckets; more would be narrower than a pixel anyway
_MANY_NODES = 200_000  # beyond, half as many: a page has to carry the tree, too
_FINE_NS = 10**8  # profiles shorter than this count nanoseconds, others microseconds

Int64 = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class TimeAxis:
    """Sampled rounds laid end to end: ``starts`` and ``lengths`` go with ``rounds``; ``unit_ns`` is its step."""

    rounds: tuple[int, ...]
    starts: tuple[int, ...]
    lengths: tuple[int, ...]

    @property
    def length_ns(self) -> int:
        return sum(self.lengths)

    @property
    def unit_ns(self) -> int:
        return 1000 if self.length_ns >= _FINE_NS else 1


@dataclass(frozen=True, slots=True, eq=False)
class TimeOrder:
    """Entries of (row of the layout or -1, ns) in order; ``count`` of each bucket of each lane, lane by lane."""

    bucket_ns: int
    buckets: int
    lanes: tuple[int, ...]  # thread numbers
    count: Int64
    row: Int64
    weight_ns: Int64


def time_axis(ends: dict[int, int]) -> TimeAxis:
    """The axis of rounds that end at these nanoseconds."""
    rounds = tuple(sorted(ends))
    lengths = tuple(max(1, ends[r]) for r in rounds)
    starts = tuple(int(s) for s in np.cumsum((0, *lengths))[:-1])
    return TimeAxis(rounds, starts, lengths)


def time_order(tree: CallTree, layout: FlameLayout, axis: TimeAxis) -> TimeOrder:
    """The samples of the axis' rounds, sliced and folded.

    Where intervals of one thread overlap, the later begins where the earlier ends. A bucket keeps each stack once,
    at its first moment; beyond its share of the entries the lightest go to the node that they all have in common.
    """
    lanes = np.unique(tree.samples.thread)
    buckets = max(1, min(BUCKETS, ENTRIES // max(1, len(lanes)), axis.length_ns // axis.unit_ns))
    step = axis.unit_ns * buckets
    bucket_ns = -(-axis.length_ns // step) * axis.unit_ns
    buckets = -(-axis.length_ns // bucket_ns)
    lane, start, end, row = _intervals(tree.samples, layout, lanes, axis, len(tree))
    slot, row, weight = _sliced(lane * buckets + start // bucket_ns, start, end, row, bucket_ns)
    slot, row, weight = _folded(slot, row, weight)
    entries = ENTRIES // 2 if len(layout) > _MANY_NODES else ENTRIES
    most = max(4, entries // max(1, len(lanes) * buckets))
    slot, row, weight = _limited(slot, row, weight, most, layout)
    count = np.bincount(slot, minlength=len(lanes) * buckets)
    return TimeOrder(bucket_ns, buckets, tuple(lanes.tolist()), count, row, weight)


def _intervals(
    samples: Samples, layout: FlameLayout, lanes: npt.NDArray[np.int32], axis: TimeAxis, nodes: int
) -> tuple[Int64, Int64, Int64, Int64]:
    """Lane, start, end and row of every sample with weight, by lane and time, without overlap within a lane."""
    row_of = np.full(nodes, -1, dtype=np.int64)
    row_of[layout.node] = np.arange(len(layout))
    offset = np.array(axis.starts, dtype=np.int64)[np.searchsorted(axis.rounds, samples.round)]
    end = samples.time_ns + offset
    start = np.maximum(end - samples.weight_ns, offset)
    lane = np.searchsorted(lanes, samples.thread).astype(np.int64)
    order = np.lexsort((end, lane))
    lane, start, end, row = lane[order], start[order], end[order], row_of[samples.node[order]]
    shift = lane * (axis.length_ns + 1)  # keeps the lanes apart on one axis
    before = np.concatenate(([0], np.maximum.accumulate(end + shift)[:-1])) if len(end) else end
    start = np.maximum(start, before - shift)
    kept = (start < end) & (row >= 0)
    return lane[kept], start[kept], end[kept], row[kept]


def _sliced(slot: Int64, start: Int64, end: Int64, row: Int64, bucket_ns: int) -> tuple[Int64, Int64, Int64]:
    """Intervals cut at the buckets' edges: slot, row and weight of each piece."""
    pieces = (end - 1) // bucket_ns - start // bucket_ns + 1
    which = np.repeat(np.arange(len(slot)), pieces)
    nth = np.arange(len(which)) - np.repeat(np.cumsum(pieces) - pieces, pieces)
    left = (start[which] // bucket_ns + nth) * bucket_ns
    weight = np.minimum(end[which], left + bucket_ns) - np.maximum(start[which], left)
    return slot[which] + nth, row[which], weight


def _folded(slot: Int64, row: Int64, weight: Int64) -> tuple[Int64, Int64, Int64]:
    """Each stack once in a slot, at its first place."""
    if not len(slot):
        return slot, row, weight
    key = slot * (int(row.max()) + 2) + row + 1
    _, first, inverse = np.unique(key, return_index=True, return_inverse=True)
    summed = np.bincount(inverse, weights=weight).astype(np.int64)
    order = np.lexsort((first, slot[first]))
    return slot[first][order], row[first][order], summed[order]


def _limited(slot: Int64, row: Int64, weight: Int64, most: int, layout: FlameLayout) -> tuple[Int64, Int64, Int64]:
    """At most that many stacks a slot: the lightest are replaced by one entry for what they have in common."""
    order = np.lexsort((-weight, slot))
    opens = np.concatenate(([True], slot[order][1:] != slot[order][:-1])) if len(slot) else np.empty(0, bool)
    rank = np.arange(len(slot)) - np.maximum.accumulate(np.where(opens, np.arange(len(slot)), 0))
    ranked = np.empty(len(slot), dtype=np.int64)
    ranked[order] = rank
    crowded = np.bincount(slot, minlength=1)[slot] > most if len(slot) else opens
    light = crowded & (ranked >= most - 1)
    if not light.any():
        return slot, row, weight
    rest = np.flatnonzero(light)
    first = np.concatenate(([True], slot[rest][1:] != slot[rest][:-1]))
    common = _common_callers(row[rest], np.flatnonzero(first), layout)
    return _folded(
        np.concatenate((slot[~light], slot[rest][first])),
        np.concatenate((row[~light], common)),
        np.concatenate((weight[~light], np.add.reduceat(weight[rest], np.flatnonzero(first)))),
    )


def _common_callers(row: Int64, firsts: Int64, layout: FlameLayout) -> Int64:
    """The lowest common caller of each group of rows that begins at ``firsts``; -1 where they share none."""
    depth_of = np.repeat(np.arange(len(layout.levels) - 1), np.diff(layout.levels))
    group = np.zeros(len(row), dtype=np.int64)
    group[firsts[1:]] = 1
    group = np.cumsum(group)
    depth = np.where(row >= 0, depth_of[row], -1)
    lowest = np.minimum.reduceat(depth, firsts)[group]
    row = row.copy()
    while (above := depth > lowest).any():
        row[above] = layout.parent[row[above]]
        depth[above] -= 1
    while True:
        same = np.minimum.reduceat(row, firsts) == np.maximum.reduceat(row, firsts)
        if same.all():
            return row[firsts]
        apart = ~same[group]
        row[apart] = np.where(row[apart] >= 0, layout.parent[row[apart]], -1)
