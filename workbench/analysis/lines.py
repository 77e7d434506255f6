"""Where in a function its time goes: self time by line, told apart by what happened there."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from workbench.calltree import CallTree
from workbench.capture.roles import Role, owners, role_of
from workbench.model import Frame

__all__ = ["LineTime", "line_times"]


@dataclass(frozen=True, slots=True)
class LineTime:
    """Nanoseconds on one line: in Python code, in C functions called there, and awaiting there.

    What the line calls in Python is not in it: samplers tell the executing line of the innermost frame only.
    """

    line: int
    python_ns: int = 0
    c_ns: int = 0
    await_ns: int = 0

    @property
    def self_ns(self) -> int:
        return self.python_ns + self.c_ns + self.await_ns


def line_times(tree: CallTree) -> dict[Frame, list[LineTime]]:
    """The lines of every function with time on them, in order; a C function's or an await's are its caller's."""
    owner = owners(tree)[tree.lines.node]
    kinds = np.array([_kind(frame) for frame in tree.frames], dtype=np.int64)
    kind = np.where(owner == tree.lines.node, 0, kinds[tree.node_frame[tree.lines.node]])
    found: dict[tuple[int, int], list[int]] = {}
    columns = (owner, tree.lines.line, kind, tree.lines.weight_ns)
    for node, line, column, weight in zip(*(values.tolist() for values in columns), strict=True):
        if node >= 0:
            found.setdefault((int(tree.node_frame[node]), line), [0, 0, 0])[column] += weight
    result: dict[Frame, list[LineTime]] = {}
    for (frame, line), weights in sorted(found.items()):
        result.setdefault(tree.frames[frame], []).append(LineTime(line, *weights))
    return result


def _kind(frame: Frame) -> int:
    """Column of a leaf without source of its own: C or await."""
    return 2 if role_of(frame) is Role.AWAIT else 1
