"""The payload's optional sections as columns and entries of the header; ``views.payload`` tells the format."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from workbench.calltree import CallTree
from workbench.model import Span
from workbench.views.extras import Difference, Extras, Grouping, SourceText
from workbench.views.layout import FlameLayout
from workbench.views.timeorder import TimeAxis, time_axis, time_order

__all__ = [
    "SPANS",
    "Section",
    "in_units",
    "intern",
    "sections",
    "self_weights",
    "several_lines",
    "source_section",
    "steps_per_ns",
    "weights_of",
]

SPANS = 20_000
Column = npt.NDArray[Any]


@dataclass(frozen=True, slots=True, eq=False)
class Section:
    """What a section adds to the header and to the columns."""

    header: Mapping[str, Any] = field(default_factory=dict)
    columns: Mapping[str, Column] = field(default_factory=dict)


def in_units(weights: npt.NDArray[np.int64], unit_ns: int) -> Column:
    """Weights as multiples of the unit: each within one, their sum within half of one (errors are carried on)."""
    edges = (np.cumsum(weights) + unit_ns // 2) // unit_ns
    return np.diff(edges, prepend=0)


def intern(texts: list[str]) -> tuple[list[str], Column]:
    """The distinct texts in the order first seen, and each text's index among them."""
    table = {text: index for index, text in enumerate(dict.fromkeys(texts))}
    return list(table), np.array([table[t] for t in texts], dtype=np.int64)


def self_weights(tree: CallTree, difference: Difference | None) -> npt.NDArray[np.int64] | None:
    """What boxes are sized by where that isn't the samples: the larger of base and new per round, in steps."""
    return None if difference is None else np.maximum(*_per_round(difference))


def weights_of(tree: CallTree, extras: Extras) -> npt.NDArray[np.int64]:
    """Every weight whose sums are in the payload; a difference's in steps."""
    if extras.difference is not None:
        return np.concatenate(_per_round(extras.difference))
    tasks = extras.tasks.weight_ns if extras.tasks is not None else tree.samples.weight_ns[:0]
    return np.concatenate((tree.samples.weight_ns, tasks))


def steps_per_ns(difference: Difference | None) -> int:
    """How finely a difference is held: the larger side's round is 1e9 steps or more, whatever little time it takes.

    A round of some nanoseconds, looped millions of times, has functions below 1 ns: whole nanoseconds lose them.
    """
    if difference is None:
        return 1
    base = int(difference.base_ns.sum()) / max(1, difference.base_rounds)
    new = int(difference.new_ns.sum()) / max(1, difference.new_rounds)
    whole = max(base, new)
    return 10 ** max(0, 9 - math.floor(math.log10(whole))) if whole > 0 else 1


def _per_round(difference: Difference) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Self weights of a round of either side, in steps."""
    steps = steps_per_ns(difference)
    base, new = (
        np.rint(ns * (steps / max(1, rounds))).astype(np.int64)
        for ns, rounds in (
            (difference.base_ns, difference.base_rounds),
            (difference.new_ns, difference.new_rounds),
        )
    )
    return base, new


def sections(tree: CallTree, layout: FlameLayout, unit_ns: int, extras: Extras) -> list[Section]:
    """All that there is something to tell of. A difference has no time of its own: its lines, threads, tasks and
    time order would be those of neither run."""
    if extras.difference is not None:
        return [_difference(layout, unit_ns, extras.difference)]
    row = _rows(tree, layout)
    axis = _axis(tree, extras)
    return [
        _lines(tree, layout, row, unit_ns),
        _groups("thread", _threads(tree), row, unit_ns),
        _groups("task", extras.tasks or _tasks(tree), row, unit_ns),
        _time(tree, layout, axis, extras),
        _spans(tree, row, axis, extras),
    ]


def source_section(source: Mapping[int, SourceText], number: Mapping[int, int]) -> Section:
    """Source of the frames that are in the payload, by their numbers there."""
    texts = [
        [number[frame], text.first, list(text.lines), text.reason]
        for frame, text in sorted(source.items())
        if frame in number
    ]
    return Section({"source": texts}) if texts else Section()


def _rows(tree: CallTree, layout: FlameLayout) -> Column:
    """The payload's node of every node of the tree; 0 for those without weight."""
    row = np.zeros(len(tree) + 1, dtype=np.int64)  # the last entry serves node -1
    row[layout.node] = np.arange(1, len(layout) + 1)
    return row


def _steps(rows: Column) -> Column:
    """Sorted numbers as differences, which deflate better."""
    return np.diff(rows, prepend=0)


def _summed(key: Column, weight: Column) -> tuple[Column, Column]:
    """Distinct keys in order and the weights of each."""
    keys, inverse = np.unique(key, return_inverse=True)
    return keys, np.bincount(inverse, weights=weight).astype(np.int64)


def several_lines(tree: CallTree, layout: FlameLayout) -> npt.NDArray[np.bool_]:
    """Whether the section of lines tells of a row of the layout: several executed, or one for a part of it."""
    return _lines_of(tree, layout, _rows(tree, layout))[3]


def _lines_of(
    tree: CallTree, layout: FlameLayout, row: Column
) -> tuple[Column, Column, Column, npt.NDArray[np.bool_]]:
    """Payload's node, line and weight of each line of a node; of each row of the layout whether it needs them."""
    span = int(tree.lines.line.max(initial=0)) + 1
    keys, weight = _summed(row[tree.lines.node] * span + tree.lines.line, tree.lines.weight_ns)
    rows, line = keys // span, keys % span
    count = np.bincount(rows, minlength=len(layout) + 1)[1:]
    known = np.bincount(rows, weights=weight, minlength=len(layout) + 1)[1:]
    return rows, line, weight, (count > 1) | ((count == 1) & (known < layout.self_ns))


def _lines(tree: CallTree, layout: FlameLayout, row: Column, unit_ns: int) -> Section:
    """Lines of nodes that executed more than one; a single line is told by the node column."""
    rows, line, weight, needed = _lines_of(tree, layout, row)
    several = np.concatenate(([False], needed))[rows]
    if not several.any():
        return Section()
    rows, line, weight = rows[several], line[several], weight[several]
    return Section({}, {"line_step": _steps(rows), "line_line": line, "line_self": in_units(weight, unit_ns)})


def _threads(tree: CallTree) -> Grouping | None:
    samples = tree.samples
    if len(np.unique(samples.thread[samples.weight_ns > 0])) < 2:
        return None
    return Grouping(tree.threads, samples.node, samples.thread, samples.weight_ns)


def _tasks(tree: CallTree) -> Grouping | None:
    in_task = np.flatnonzero(tree.samples.task >= 0)
    if not len(in_task):
        return None
    samples = tree.samples
    return Grouping(tree.tasks, samples.node[in_task], samples.task[in_task], samples.weight_ns[in_task])


def _groups(name: str, grouping: Grouping | None, row: Column, unit_ns: int) -> Section:
    if grouping is None or not len(grouping.node):
        return Section()
    span = len(grouping.names)
    keys, weight = _summed(row[grouping.node] * span + grouping.group, grouping.weight_ns)
    kept = (weight > 0) & (keys >= span)
    keys, weight = keys[kept], weight[kept]
    columns = {
        f"{name}_step": _steps(keys // span),
        f"{name}_group": keys % span,
        f"{name}_self": in_units(weight, unit_ns),
    }
    return Section({f"{name}s": list(grouping.names)}, columns)


def _axis(tree: CallTree, extras: Extras) -> TimeAxis:
    """Sampled rounds; without samples, the rounds of the spans."""
    samples = tree.samples
    numbers, which = np.unique(samples.round, return_inverse=True)
    last = np.zeros(len(numbers), dtype=np.int64)
    np.maximum.at(last, which, samples.time_ns)
    ends: dict[int, int] = dict(zip(numbers.tolist(), last.tolist(), strict=True))
    for span in extras.spans:
        if span.round in ends or not len(samples):
            ends[span.round] = max(ends.get(span.round, 0), span.start_ns + span.duration_ns)
    return time_axis(ends)


def _time(tree: CallTree, layout: FlameLayout, axis: TimeAxis, extras: Extras) -> Section:
    if not axis.rounds:
        return Section()
    unit = axis.unit_ns
    header = {
        "unit_ns": unit,
        "length": -(-axis.length_ns // unit),
        "rounds": [
            [r, s // unit, n // unit] for r, s, n in zip(axis.rounds, axis.starts, axis.lengths, strict=True)
        ],
    }
    if not len(layout):
        return Section({"time": {**header, "bucket": 0, "buckets": 0, "lanes": []}})
    order = time_order(tree, layout, axis)
    names = [tree.threads[i] if i < len(tree.threads) else f"thread {i}" for i in order.lanes]
    header |= {"bucket": order.bucket_ns // unit, "buckets": order.buckets, "lanes": names}
    columns = {
        "time_count": order.count,
        "time_node": order.row + 1,
        "time_length": in_units(order.weight_ns, unit),
    }
    tasks = extras.tasks or _tasks(tree)
    if tasks is not None and tasks.names == tree.tasks and (order.task >= 0).any():
        columns["time_task"] = order.task + 1
    return Section({"time": header}, columns)


def _spans(tree: CallTree, row: Column, axis: TimeAxis, extras: Extras) -> Section:
    """Spans of the rounds on the axis by their start, the longest where there are too many."""
    starts = dict(zip(axis.rounds, axis.starts, strict=True))
    spans = [s for s in extras.spans if s.round in starts]
    if not spans:
        return Section()
    longest = sorted(range(len(spans)), key=lambda i: -spans[i].duration_ns)[:SPANS]
    chosen = sorted((spans[i] for i in longest), key=lambda s: (starts[s.round], s.start_ns, -s.duration_ns))
    header, columns = _span_columns(tree, row, axis, chosen)
    return Section({**header, "spans_left_out": len(spans) - len(chosen)}, columns)


def _span_columns(
    tree: CallTree, row: Column, axis: TimeAxis, spans: list[Span]
) -> tuple[dict[str, Any], dict[str, Column]]:
    unit, starts = axis.unit_ns, dict(zip(axis.rounds, axis.starts, strict=True))
    kinds, kind = intern([s.kind for s in spans])
    names, name = intern([s.name for s in spans])
    sites, site = intern([s.site for s in spans])
    index = {s.number: i + 1 for i, s in enumerate(spans)}
    lane = {number: i + 1 for i, number in enumerate(np.unique(tree.samples.thread).tolist())}
    whole = np.array([starts[s.round] + s.start_ns for s in spans], dtype=np.int64)
    nodes = [s.node if -1 <= s.node < len(tree) else -1 for s in spans]
    return {"span_kinds": kinds, "span_names": names, "span_sites": sites}, {
        "span_start": np.maximum(whole, 0) // unit,
        "span_duration": np.array([-(-max(0, s.duration_ns) // unit) for s in spans], dtype=np.int64),
        "span_kind": kind,
        "span_name": name,
        "span_site": site,
        "span_node": row[nodes],
        "span_parent": np.array([index.get(s.parent, 0) for s in spans], dtype=np.int64),
        "span_lane": np.array([lane.get(s.thread, 0) for s in spans], dtype=np.int64),
        "span_failed": np.array([s.status != "ok" for s in spans], dtype=np.int64),
    }


def _difference(layout: FlameLayout, unit: int, difference: Difference) -> Section:
    base, new = (np.concatenate(([0], side[layout.node])) for side in _per_round(difference))
    header = {
        "base_name": difference.base_name,
        "new_name": difference.new_name,
        "base_rounds": difference.base_rounds,
        "new_rounds": difference.new_rounds,
        "warnings": list(difference.warnings),
    }
    return Section({"diff": header}, {"diff_base": in_units(base, unit), "diff_new": in_units(new, unit)})
