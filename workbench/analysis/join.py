"""Put the call trees of several recordings of one program together."""

from __future__ import annotations

import numpy as np

from workbench.calltree import CallTree, CallTreeBuilder, Lines, Samples

__all__ = ["joined"]


def joined(first: CallTree, second: CallTree, *, round_offset: int = 0) -> tuple[CallTree, list[int]]:
    """One tree with the samples of both, and the number in it of each node of ``second``.

    Nodes of ``first`` keep their numbers; the rounds of ``second`` are moved up by ``round_offset``. Samples of
    ``second`` follow those of ``first``.
    """
    builder = CallTreeBuilder()
    _add_nodes(builder, first)
    nodes = np.array(_add_nodes(builder, second), dtype=np.int32)
    threads = tuple(dict.fromkeys((*first.threads, *second.threads)))
    thread_of = np.array([threads.index(name) for name in second.threads] or [0], dtype=np.int32)
    tasks = tuple(dict.fromkeys((*first.tasks, *second.tasks)))
    task_of = np.array([*(tasks.index(name) for name in second.tasks), -1], dtype=np.int32)  # -1 finds the last
    a, b = first.samples, second.samples
    samples = Samples(
        time_ns=np.concatenate([a.time_ns, b.time_ns]),
        weight_ns=np.concatenate([a.weight_ns, b.weight_ns]),
        node=np.concatenate([a.node, nodes[b.node]]),
        thread=np.concatenate([a.thread, thread_of[b.thread]]),
        round=np.concatenate([a.round, b.round + np.int32(round_offset)]),
        task=np.concatenate([a.task, task_of[b.task]]),
    )
    shape = builder.build()
    lines = _joined_lines(first.lines, second.lines, nodes)
    return CallTree(
        shape.frames, shape.node_parent, shape.node_frame, threads, lines, samples, tasks
    ), nodes.tolist()


def _add_nodes(builder: CallTreeBuilder, tree: CallTree) -> list[int]:
    frames = [builder.frame(frame) for frame in tree.frames]
    numbers: list[int] = []
    for parent, frame in zip(tree.node_parent.tolist(), tree.node_frame.tolist(), strict=True):
        numbers.append(builder.child(numbers[parent] if parent >= 0 else -1, frames[frame]))
    return numbers


def _joined_lines(first: Lines, second: Lines, nodes: np.ndarray[tuple[int], np.dtype[np.int32]]) -> Lines:
    """Line weights by (node, line), those in both added up."""
    keys = np.stack(
        [np.concatenate([first.node, nodes[second.node]]), np.concatenate([first.line, second.line])], axis=1
    )
    weights = np.concatenate([first.weight_ns, second.weight_ns])
    distinct, where = np.unique(keys, axis=0, return_inverse=True)
    total = np.zeros(len(distinct), dtype=np.int64)
    np.add.at(total, where.ravel(), weights)
    return Lines(distinct[:, 0].astype(np.int32), distinct[:, 1].astype(np.int32), total)
