"""What a profile says of the user's own code: how much are imports, and whom the rest belongs to."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from workbench.calltree import CallTree, Int64
from workbench.capture.roles import imports
from workbench.model import Frame
from workbench.paths import is_user_code

__all__ = ["OwnTime", "own_times", "owner_of_node", "under_imports", "without_imports"]


_STRING = "<string>"


@dataclass(frozen=True, slots=True)
class OwnTime:
    """Nanoseconds that belong to a function of the user's own: its own, and what it called of others' code."""

    frame: Frame
    weight_ns: int


def under_imports(tree: CallTree) -> npt.NDArray[np.bool_]:
    """Whether a node belongs to an import statement: to the import system or to what it runs."""
    machinery: list[bool] = np.array([imports(f) for f in tree.frames], dtype=np.bool_)[tree.node_frame].tolist()
    for node, parent in enumerate(tree.node_parent.tolist()):  # parents come first
        if parent >= 0 and machinery[parent]:
            machinery[node] = True
    return np.array(machinery, dtype=np.bool_)


def without_imports(tree: CallTree) -> Int64:
    """Self time of each node in nanoseconds, 0 for those that belong to an import."""
    weights: Int64 = np.where(under_imports(tree), 0, tree.self_ns())
    return weights


def owner_of_node(tree: CallTree) -> Int64:
    """Number of the nearest node of own code at or above each node, -1 where there is none.

    What a program executes from a string is its own where no other own code is above it (``python -c``); below a
    file's code it was generated, by ``dataclasses`` or an ORM, and belongs to whoever calls it.
    """
    own = _of_nodes(tree, [is_user_code(f.file) for f in tree.frames])
    generated = _of_nodes(tree, [f.file == _STRING for f in tree.frames])
    owner = list(range(len(tree)))
    for node, parent in enumerate(tree.node_parent.tolist()):
        if generated[node] and parent >= 0:
            own[node] = owner[parent] < 0 or generated[owner[parent]]
        if not own[node]:
            owner[node] = owner[parent] if parent >= 0 else -1
    return np.array(owner, dtype=np.int64)


def _of_nodes(tree: CallTree, of_frames: list[bool]) -> list[bool]:
    found: list[bool] = np.array(of_frames, dtype=np.bool_)[tree.node_frame].tolist()
    return found


def own_times(tree: CallTree, self_ns: Int64) -> list[OwnTime]:
    """Self times by the nearest function of own code at or above each node, most first; the rest belongs to none.

    ``self_ns`` is that of each node, such as ``without_imports`` gives it.
    """
    owners = owner_of_node(tree)
    owned = owners >= 0
    frames = tree.node_frame[owners[owned]]
    weights = np.bincount(frames, weights=self_ns[owned], minlength=len(tree.frames)).astype(np.int64)
    order = np.argsort(-weights, kind="stable")
    return [OwnTime(tree.frames[i], int(weights[i])) for i in order.tolist() if weights[i] > 0]
