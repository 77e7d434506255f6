"""The content-addressed calling-context tree, as columns.

A node is a function in the context of its callers. ``frame_id = hash(file, function, line)`` and
``node_id = hash(parent_id, frame_id)``, so that the same stack has the same id in every run, process and machine
and a difference between two runs is a join. Inside one tree, nodes are numbered 0..n-1 with every parent before
its children; samples and line weights refer to these numbers. Executing lines are weights of a node, not identity.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import blake2b

import numpy as np
import numpy.typing as npt

from workbench.model import Frame

__all__ = ["ROOT_ID", "CallTree", "CallTreeBuilder", "Lines", "Samples", "frame_id", "node_id", "tree_from_stacks"]

Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]
UInt64 = npt.NDArray[np.uint64]

ROOT_ID = 0
"""The ``parent_id`` of a node without a caller."""


@lru_cache(maxsize=65536)
def frame_id(frame: Frame) -> int:
    """64-bit content address of a frame: BLAKE2b-64 over its NUL-joined fields (never 0)."""
    text = f"{frame.file}\0{frame.function}\0{frame.line}"
    digest = blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8, person=b"wb.frame").digest()
    return int.from_bytes(digest, "little") or 1


def node_id(parent_id: int, frame: int) -> int:
    """64-bit content address of a node: BLAKE2b-64 over the parent's node id and the frame id (never 0)."""
    digest = blake2b(struct.pack("<QQ", parent_id, frame), digest_size=8, person=b"wb.node").digest()
    return int.from_bytes(digest, "little") or 1


def _no_int32() -> Int32:
    return np.empty(0, dtype=np.int32)


def _no_int64() -> Int64:
    return np.empty(0, dtype=np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class Samples:
    """Samples in time order within a round; columns of one length m.

    ``time_ns`` is the end of the interval that the sample stands for, since the start of its round;
    ``weight_ns`` the interval's length; ``node`` the run-local number of the leaf; ``thread`` an index into
    ``CallTree.threads``; ``round`` the index of the sampled round within the run; ``task`` an index into
    ``CallTree.tasks``, -1 where no task ran or waited (the column may be left out: all -1, then).
    """

    time_ns: Int64 = field(default_factory=_no_int64)
    weight_ns: Int64 = field(default_factory=_no_int64)
    node: Int32 = field(default_factory=_no_int32)
    thread: Int32 = field(default_factory=_no_int32)
    round: Int32 = field(default_factory=_no_int32)
    task: Int32 = field(default_factory=_no_int32)

    def __post_init__(self) -> None:
        if len(self.task) != len(self.node):
            object.__setattr__(self, "task", np.full(len(self.node), -1, dtype=np.int32))

    def __len__(self) -> int:
        return len(self.node)


@dataclass(frozen=True, slots=True, eq=False)
class Lines:
    """Self time by executing line: ``weight_ns`` of ``node`` spent on ``line``."""

    node: Int32 = field(default_factory=_no_int32)
    line: Int32 = field(default_factory=_no_int32)
    weight_ns: Int64 = field(default_factory=_no_int64)


@dataclass(frozen=True, slots=True, eq=False)
class CallTree:
    """Frames, nodes, line weights and samples of one run."""

    frames: tuple[Frame, ...]
    node_parent: Int32  # -1 for a root
    node_frame: Int32  # index into frames
    threads: tuple[str, ...] = ()
    lines: Lines = field(default_factory=Lines)
    samples: Samples = field(default_factory=Samples)
    tasks: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.node_parent)

    def depth(self) -> Int32:
        """Callers above each node: 0 for a root."""
        depth = np.zeros(len(self), dtype=np.int32)
        parents = self.node_parent.tolist()
        for node, parent in enumerate(parents):  # parents come first, so one pass suffices
            if parent >= 0:
                depth[node] = depth[parent] + 1
        return depth

    def self_ns(self) -> Int64:
        """Time in each node itself, summed over samples, in nanoseconds."""
        weights = np.bincount(self.samples.node, weights=self.samples.weight_ns, minlength=len(self))
        return weights.astype(np.int64)

    def total_ns(self) -> Int64:
        """Time in each node and all below it, in nanoseconds."""
        return self.totals_of(self.self_ns())

    def totals_of(self, values: Int64) -> Int64:
        """Values of nodes, each with those of all nodes below it added."""
        total, depth = values.copy(), self.depth()
        for level in range(int(depth.max(initial=0)), 0, -1):
            at = np.flatnonzero(depth == level)
            np.add.at(total, self.node_parent[at], total[at])
        return total

    def recursive(self) -> npt.NDArray[np.bool_]:
        """Whether a node's function stands above it, too: all nodes climb together, one caller a step."""
        recursive = np.zeros(len(self), dtype=np.bool_)
        climbing = np.flatnonzero(self.node_parent >= 0)
        above = self.node_parent[climbing]
        while len(climbing):
            met = self.node_frame[above] == self.node_frame[climbing]
            recursive[climbing[met]] = True
            above = self.node_parent[above]
            on = ~met & (above >= 0)
            climbing, above = climbing[on], above[on]
        return recursive

    def frame_ids(self) -> UInt64:
        return np.array([frame_id(f) for f in self.frames], dtype=np.uint64)

    def node_ids(self) -> UInt64:
        """Content address of each node."""
        ids = np.zeros(len(self), dtype=np.uint64)
        frames = self.frame_ids().tolist()
        known: list[int] = []
        for parent, frame in zip(self.node_parent.tolist(), self.node_frame.tolist(), strict=True):
            known.append(node_id(known[parent] if parent >= 0 else ROOT_ID, frames[frame]))
        ids[:] = known
        return ids

    def stack(self, node: int) -> tuple[Frame, ...]:
        """Frames from the root to this node."""
        frames: list[Frame] = []
        while node >= 0:
            frames.append(self.frames[self.node_frame[node]])
            node = int(self.node_parent[node])
        return tuple(reversed(frames))


class CallTreeBuilder:
    """Interns frames and stacks while a run is recorded; not thread-safe, one builder a run.

    Frames, nodes, threads and tasks are numbered in the order first seen; a parent always before its child.
    """

    def __init__(self) -> None:
        self._frames: dict[Frame, int] = {}
        self._nodes: dict[tuple[int, int], int] = {}
        self._parents: list[int] = []
        self._node_frames: list[int] = []
        self._threads: dict[str, int] = {}
        self._tasks: dict[str, int] = {}
        self._lines: dict[tuple[int, int], int] = {}
        self._samples: list[tuple[int, int, int, int, int, int]] = []

    def frame(self, frame: Frame) -> int:
        """Number of the frame."""
        return self._frames.setdefault(frame, len(self._frames))

    def child(self, parent: int, frame: int) -> int:
        """Number of the node for frame number ``frame`` called from node ``parent`` (-1 for a root)."""
        key = (parent, frame)
        node = self._nodes.get(key)
        if node is None:
            node = self._nodes[key] = len(self._parents)
            self._parents.append(parent)
            self._node_frames.append(frame)
        return node

    def node(self, stack: Iterable[Frame]) -> int:
        """Number of the node at the end of a stack given from the root; -1 for an empty stack."""
        node = -1
        for frame in stack:
            node = self.child(node, self.frame(frame))
        return node

    def thread(self, name: str) -> int:
        """Number of the thread."""
        return self._threads.setdefault(name, len(self._threads))

    def task(self, name: str) -> int:
        """Number of the task; -1 for no name."""
        return self._tasks.setdefault(name, len(self._tasks)) if name else -1

    def sample(
        self,
        *,
        time_ns: int,
        weight_ns: int,
        node: int,
        thread: int = 0,
        round: int = 0,
        line: int = 0,
        task: int = -1,
    ) -> None:
        """Add one sample; ``line`` is the executing line of the leaf, 0 if unknown; ``task`` -1 for none."""
        self._samples.append((time_ns, weight_ns, node, thread, round, task))
        if line > 0:
            key = (node, line)
            self._lines[key] = self._lines.get(key, 0) + weight_ns

    def build(self) -> CallTree:
        """The finished tree; the builder may go on afterwards."""
        samples = np.array(self._samples, dtype=np.int64).reshape(-1, 6)
        lines = np.array([(*key, w) for key, w in self._lines.items()], dtype=np.int64).reshape(-1, 3)
        return CallTree(
            frames=tuple(self._frames),
            node_parent=np.array(self._parents, dtype=np.int32),
            node_frame=np.array(self._node_frames, dtype=np.int32),
            threads=tuple(self._threads),
            lines=Lines(lines[:, 0].astype(np.int32), lines[:, 1].astype(np.int32), lines[:, 2].copy()),
            samples=Samples(
                time_ns=samples[:, 0].copy(),
                weight_ns=samples[:, 1].copy(),
                node=samples[:, 2].astype(np.int32),
                thread=samples[:, 3].astype(np.int32),
                round=samples[:, 4].astype(np.int32),
                task=samples[:, 5].astype(np.int32),
            ),
            tasks=tuple(self._tasks),
        )


def tree_from_stacks(weighted: Sequence[tuple[Sequence[Frame], int]]) -> CallTree:
    """A tree of (stack from the root, weight in ns) pairs, each one sample, laid end to end on thread 0."""
    builder = CallTreeBuilder()
    builder.thread("MainThread")
    now = 0
    for stack, weight_ns in weighted:
        now += weight_ns
        builder.sample(time_ns=now, weight_ns=weight_ns, node=builder.node(stack))
    return builder.build()
