"""Whose time is awaited: that of the function of the user's own code whose ``await`` it was.

A sampler marks awaiting with a leaf of its own, often deep below in a library (``asyncio.sleep``, a socket of
httpx's). "[await] 79 %" names nobody, and the library's coroutine is not what a reader would change.
"""

from __future__ import annotations

import re

import numpy as np

from workbench.calltree import CallTree, Int32, Int64
from workbench.capture.frames import AWAIT, INSTRUMENTATION
from workbench.capture.roles import Role, role_of
from workbench.model import Frame
from workbench.paths import is_user_code

__all__ = ["awaiting_nodes", "awaiting_of_functions", "charged_nodes", "recording_ns", "without_recording"]

_RUN = re.compile(r"(.*\.)?_?run(_once|_forever|_until_complete)?")


def awaiting_nodes(tree: CallTree) -> Int32:
    """The nodes that stand for awaiting."""
    return np.flatnonzero(_is(tree, AWAIT)[tree.node_frame]).astype(np.int32)


def awaiting_of_functions(tree: CallTree, self_ns: Int64 | None = None) -> Int64:
    """Nanoseconds that each frame of the tree awaited.

    ``self_ns``: the nodes' own times, where these are not the samples'.
    """
    self_ns = tree.self_ns() if self_ns is None else self_ns
    waits = awaiting_nodes(tree)
    charged = tree.node_frame[charged_nodes(tree)[waits]]
    return np.bincount(charged, weights=self_ns[waits], minlength=len(tree.frames)).astype(np.int64)


def charged_nodes(tree: CallTree) -> Int32:
    """The node that each node's own time is charged to: itself, but for awaiting.

    That is the nearest function's of own code above the await in its task, else its caller's, else the marker's.
    """
    nodes: Int32 = np.arange(len(tree), dtype=np.int32)
    waits = awaiting_nodes(tree)
    nodes[waits] = _charged(tree, waits)
    return nodes


def recording_ns(tree: CallTree) -> int:
    """Nanoseconds of all samples that were the recording's own cost."""
    self_ns = tree.self_ns()
    return int((self_ns - without_recording(tree, self_ns)).sum())


def without_recording(tree: CallTree, self_ns: Int64) -> Int64:
    """The nodes' own times, 0 for those that are the recording's cost."""
    weights: Int64 = np.where(_is(tree, INSTRUMENTATION)[tree.node_frame], 0, self_ns)
    return weights


def _is(tree: CallTree, marker: Frame) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    return np.array([frame == marker for frame in tree.frames], dtype=np.bool_)


def _runs_tasks(frame: Frame) -> bool:
    """Whether an event loop runs its tasks in it: what stands above it called the loop and awaits nothing."""
    return role_of(frame) is Role.LOOP and _RUN.fullmatch(frame.function) is not None


def _charged(tree: CallTree, waits: Int32) -> Int32:
    """The node that each of these is charged to; all climb together, one caller a step."""
    own = np.array([is_user_code(frame.file) for frame in tree.frames], dtype=np.bool_)
    runs = np.array([_runs_tasks(frame) for frame in tree.frames], dtype=np.bool_)
    parent = tree.node_parent
    charged: Int32 = np.where(parent[waits] >= 0, parent[waits], waits)
    at = parent[waits].copy()
    rising = np.flatnonzero(at >= 0)
    while len(rising):
        found = own[tree.node_frame[at[rising]]]
        charged[rising[found]] = at[rising[found]]
        rising = rising[~found & ~runs[tree.node_frame[at[rising]]]]
        at[rising] = parent[at[rising]]
        rising = rising[at[rising] >= 0]
    return charged
