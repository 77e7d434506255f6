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
    """Entries of (row of the layout or -1, task or -1, ns) in order; ``count`` of each bucket of each lane, lane by
    lane."""

    bucket_ns: int
    buckets: int
    lanes: tuple[int, ...]  # thread numbers
    count: Int64
    row: Int64
    task: Int64
    weight_ns: Int64


def time_axis(ends: dict[int, int]) -> TimeAxis:
    """The axis of rounds that end at these nanoseconds."""
    rounds = tuple(sorted(ends))
    lengths = tuple(max(1, ends[r]) for r in rounds)
    starts = tuple(int(s) for s in np.cumsum((0, *lengths))[:-1])
    return TimeAxis(rounds, starts, lengths)


def time_order(tree: CallTree, layout: FlameLayout, axis: TimeAxis) -> TimeOrder:
    """The samples of the axis' rounds, sliced and folded.

    Where intervals of one thread overlap, the later begins where the earlier ends. A bucket keeps each stack of
    each task once, at its first moment; beyond its share of the entries the lightest go to the node that they all
    have in common, and to the task if they have one in common.
    """
    lanes = np.unique(tree.samples.thread)
    buckets = max(1, min(BUCKETS, ENTRIES // max(1, len(lanes)), axis.length_ns // axis.unit_ns))
    step = axis.unit_ns * buckets
    bucket_ns = -(-axis.length_ns // step) * axis.unit_ns
    buckets = -(-axis.length_ns // bucket_ns)
    lane, start, end, sample = _intervals(tree.samples, lanes, axis)
    which, slot, weight = _sliced(lane * buckets + start // bucket_ns, start, end, bucket_ns)
    sample = sample[which]
    entries = _Entries(slot, _rows_of(tree, layout)[tree.samples.node[sample]], _tasks_of(tree)[sample], weight)
    entries = _folded(entries.only(entries.row >= 0))
    limit = ENTRIES // 2 if len(layout) > _MANY_NODES else ENTRIES
    entries = _limited(entries, max(4, limit // max(1, len(lanes) * buckets)), layout)
    count = np.bincount(entries.slot, minlength=len(lanes) * buckets)
    return TimeOrder(bucket_ns, buckets, tuple(lanes.tolist()), count, entries.row, entries.task, entries.weight)


@dataclass(frozen=True, slots=True, eq=False)
class _Entries:
    """Stacks in buckets: columns of one length, by bucket."""

    slot: Int64
    row: Int64
    task: Int64
    weight: Int64

    def only(self, which: npt.NDArray[np.bool_] | Int64) -> _Entries:
        return _Entries(self.slot[which], self.row[which], self.task[which], self.weight[which])


def _rows_of(tree: CallTree, layout: FlameLayout) -> Int64:
    """The layout's row of every node of the tree, -1 for those without weight."""
    rows = np.full(len(tree), -1, dtype=np.int64)
    rows[layout.node] = np.arange(len(layout))
    return rows


def _tasks_of(tree: CallTree) -> Int64:
    """The task of every sample, -1 where none is known."""
    task = tree.samples.task.astype(np.int64)
    return np.where((task >= 0) & (task < len(tree.tasks)), task, -1)


def _intervals(samples: Samples, lanes: npt.NDArray[np.int32], axis: TimeAxis) -> tuple[Int64, Int64, Int64, Int64]:
    """Lane, start, end and number of every sample with weight, by lane and time, without overlap within a lane."""
    offset = np.array(axis.starts, dtype=np.int64)[np.searchsorted(axis.rounds, samples.round)]
    end = samples.time_ns + offset
    start = np.maximum(end - samples.weight_ns, offset)
    lane = np.searchsorted(lanes, samples.thread).astype(np.int64)
    order = np.lexsort((end, lane))
    lane, start, end = lane[order], start[order], end[order]
    shift = lane * (axis.length_ns + 1)  # keeps the lanes apart on one axis
    before = np.concatenate(([0], np.maximum.accumulate(end + shift)[:-1])) if len(end) else end
    start = np.maximum(start, before - shift)
    kept = start < end
    return lane[kept], start[kept], end[kept], order[kept]


def _sliced(slot: Int64, start: Int64, end: Int64, bucket_ns: int) -> tuple[Int64, Int64, Int64]:
    """Intervals cut at the buckets' edges: the interval, the slot and the weight of each piece."""
    pieces = (end - 1) // bucket_ns - start // bucket_ns + 1
    which = np.repeat(np.arange(len(slot)), pieces)
    nth = np.arange(len(which)) - np.repeat(np.cumsum(pieces) - pieces, pieces)
    left = (start[which] // bucket_ns + nth) * bucket_ns
    weight = np.minimum(end[which], left + bucket_ns) - np.maximum(start[which], left)
    return which, slot[which] + nth, weight


def _folded(entries: _Entries) -> _Entries:
    """Each stack of each task once in a slot, at its first place."""
    slot, row, task = entries.slot, entries.row, entries.task
    if not len(slot):
        return entries
    key = (slot * (int(task.max()) + 2) + task + 1) * (int(row.max()) + 2) + row + 1
    _, first, inverse = np.unique(key, return_index=True, return_inverse=True)
    summed = np.bincount(inverse, weights=entries.weight).astype(np.int64)
    order = np.lexsort((first, slot[first]))
    return _Entries(slot[first][order], row[first][order], task[first][order], summed[order])


def _limited(entries: _Entries, most: int, layout: FlameLayout) -> _Entries:
    """At most that many stacks a slot: the lightest are replaced by one entry for what they have in common."""
    slot, weight = entries.slot, entries.weight
    order = np.lexsort((-weight, slot))
    opens = np.concatenate(([True], slot[order][1:] != slot[order][:-1])) if len(slot) else np.empty(0, bool)
    rank = np.arange(len(slot)) - np.maximum.accumulate(np.where(opens, np.arange(len(slot)), 0))
    ranked = np.empty(len(slot), dtype=np.int64)
    ranked[order] = rank
    crowded = np.bincount(slot, minlength=1)[slot] > most if len(slot) else opens
    light = crowded & (ranked >= most - 1)
    if not light.any():
        return entries
    rest, kept = entries.only(light), entries.only(~light)
    firsts = np.flatnonzero(np.concatenate(([True], rest.slot[1:] != rest.slot[:-1])))
    common = _common_callers(rest.row, firsts, layout)
    task = np.minimum.reduceat(rest.task, firsts)
    task = np.where(task == np.maximum.reduceat(rest.task, firsts), task, -1)
    return _folded(
        _Entries(
            np.concatenate((kept.slot, rest.slot[firsts])),
            np.concatenate((kept.row, common)),
            np.concatenate((kept.task, task)),
            np.concatenate((kept.weight, np.add.reduceat(rest.weight, firsts))),
        )
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
