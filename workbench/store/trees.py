"""A call tree as columns, and back.

Samples are kept as gap and weight instead of times: for a sampler whose samples follow each other without a break
the gap is constantly zero, for one with a fixed interval the weight is constant, and a constant takes no space.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from workbench.calltree import CallTree, Int32, Int64, Lines, Samples
from workbench.capture.roles import role_of
from workbench.model import Frame

__all__ = ["Column", "Columns", "build_tree", "gaps", "times", "tree_columns"]

Column = npt.NDArray[Any]
Columns = dict[str, Column]


def tree_columns(key: int, tree: CallTree) -> dict[str, Columns]:
    """Rows of ``frames``, ``nodes``, ``run_nodes``, ``line_weights`` and ``samples`` for the run with that key."""
    samples, lines = tree.samples, tree.lines
    return {
        **_shared(tree),
        "run_nodes": _run_nodes(key, tree),
        "line_weights": {
            **_keyed(key, len(lines.node)),
            "node": lines.node,
            "line": lines.line,
            "weight_ns": lines.weight_ns,
        },
        "samples": {
            **_keyed(key, len(samples)),
            "round": samples.round,
            "thread": samples.thread,
            "node": samples.node,
            "gap_ns": gaps(samples),
            "weight_ns": samples.weight_ns,
            "task": samples.task,
        },
    }


def _keyed(key: int, count: int) -> Columns:
    return {"run_key": np.full(count, key, dtype=np.int64), "number": np.arange(count, dtype=np.int32)}


def _shared(tree: CallTree) -> dict[str, Columns]:
    """Frames and nodes, each once: redaction may have made two files one."""
    frame_ids, node_ids = tree.frame_ids(), tree.node_ids()
    used = tree.node_frame
    parents = np.where(tree.node_parent >= 0, node_ids[tree.node_parent], np.uint64(0)) if len(tree) else node_ids
    _, first_frame = np.unique(frame_ids, return_index=True)
    _, first_node = np.unique(node_ids, return_index=True)
    first_frame = first_frame[np.isin(frame_ids[first_frame], frame_ids[used])]  # frames no node uses stay out
    frames = [tree.frames[at] for at in first_frame.tolist()]
    return {
        "frames": {
            "frame_id": frame_ids[first_frame],
            "file": np.array([f.file for f in frames], dtype=object),
            "function": np.array([f.function for f in frames], dtype=object),
            "line": np.array([f.line for f in frames], dtype=np.int32),
            "role": np.array([str(role_of(f)) for f in frames], dtype=object),
        },
        "nodes": {
            "node_id": node_ids[first_node],
            "parent_id": parents[first_node].astype(np.uint64),
            "frame_id": frame_ids[used][first_node],
        },
    }


def _run_nodes(key: int, tree: CallTree) -> Columns:
    return {
        **_keyed(key, len(tree)),
        "parent": tree.node_parent,
        "node_id": tree.node_ids(),
        "depth": tree.depth(),
        "recursive": tree.recursive(),
        "samples": np.bincount(tree.samples.node, minlength=len(tree)).astype(np.int32),
        "self_ns": tree.self_ns(),
        "total_ns": tree.total_ns(),
    }


def _by_thread(samples_round: Int32, thread: Int32) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.bool_]]:
    """The order that lays each round's threads end to end, and where in it a thread begins."""
    order = np.lexsort((thread, samples_round))  # stable: keeps the recorded order within a thread
    begins = np.ones(len(order), dtype=np.bool_)
    begins[1:] = (np.diff(samples_round[order]) != 0) | (np.diff(thread[order]) != 0)
    return order, begins


def gaps(samples: Samples) -> Int64:
    """Nanoseconds from the end of the thread's previous sample in the round, or the round's start, to the begin."""
    order, begins = _by_thread(samples.round, samples.thread)
    ends = samples.time_ns[order]
    before = np.zeros_like(ends)
    before[1:] = ends[:-1]
    before[begins] = 0
    result = np.empty_like(ends)
    result[order] = ends - samples.weight_ns[order] - before
    return result


def times(samples_round: Int32, thread: Int32, gap_ns: Int64, weight_ns: Int64) -> Int64:
    """The inverse of :func:`gaps`."""
    order, begins = _by_thread(samples_round, thread)
    running = np.cumsum((gap_ns + weight_ns)[order])
    starts = np.flatnonzero(begins)
    base = np.zeros(len(starts), dtype=np.int64)
    base[1:] = running[starts[1:] - 1]
    result = np.empty_like(running)
    result[order] = running - np.repeat(base, np.diff(np.append(starts, len(order))))
    return result


def build_tree(
    nodes: Mapping[str, Column],
    frames: Mapping[int, Frame],
    threads: tuple[str, ...],
    tasks: tuple[str, ...],
    rest: Mapping[str, Columns],
) -> CallTree:
    """The tree from rows in order of their numbers; frames are numbered as nodes first use them."""
    ids, first, inverse = np.unique(nodes["frame_id"], return_index=True, return_inverse=True)
    by_use = np.argsort(first)
    rank = np.empty(len(ids), dtype=np.int32)
    rank[by_use] = np.arange(len(ids), dtype=np.int32)
    samples, lines = rest["samples"], rest["line_weights"]
    return CallTree(
        frames=tuple(frames[key] for key in ids[by_use].tolist()),
        node_parent=nodes["parent"].astype(np.int32),
        node_frame=rank[inverse.reshape(-1)],
        threads=threads,
        lines=Lines(lines["node"], lines["line"], lines["weight_ns"]),
        samples=Samples(
            time_ns=times(samples["round"], samples["thread"], samples["gap_ns"], samples["weight_ns"]),
            weight_ns=samples["weight_ns"],
            node=samples["node"],
            thread=samples["thread"],
            round=samples["round"],
            task=samples["task"],
        ),
        tasks=tasks,
    )
