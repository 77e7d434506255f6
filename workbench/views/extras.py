"""What a picture can carry besides the call tree: tasks, spans, a difference and source. All of it is optional.

Node numbers are those of the call tree that is encoded, frame numbers are indices into its ``frames``; ``encode``
turns both into the payload's own. Weights are nanoseconds over all sampled rounds, as in ``calltree.Samples``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from workbench.model import Span

__all__ = ["Difference", "Extras", "Grouping", "SourceText"]

Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Grouping:
    """Self time by group (a task, a thread): ``weight_ns`` of ``node`` spent in ``names[group]``.

    Columns of one length; a (node, group) pair may occur more than once. What no row covers belongs to no group.
    """

    names: tuple[str, ...]
    node: Int32
    group: Int32
    weight_ns: Int64


@dataclass(frozen=True, slots=True, eq=False)
class Difference:
    """Base and new over one tree that holds the stacks of both (the union of their nodes).

    ``base_ns`` and ``new_ns``: self time of every node of that tree, summed over the run's sampled rounds; the
    picture divides by the rounds. ``warnings`` say why the two are not comparable, one sentence each; the picture
    shows them all. The samples of the union tree itself are not used.
    """

    base_ns: Int64
    new_ns: Int64
    base_name: str = "base"
    new_name: str = "new"
    base_rounds: int = 1
    new_rounds: int = 1
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SourceText:
    """The lines of one function, the first being number ``first``; none where ``reason`` says why not.

    Only what still has the recorded digest may carry lines: else a reader would see times beside the wrong lines.
    """

    first: int = 1
    lines: tuple[str, ...] = ()
    reason: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Extras:
    """The optional sections. ``source`` and ``calls`` (how often a function was called, where that is counted)
    go by frame number. Spans of rounds without samples are left out, except where the tree has no samples at all.
    ``tasks`` stands in for the samples' own.
    """

    tasks: Grouping | None = None
    spans: Sequence[Span] = ()
    difference: Difference | None = None
    source: Mapping[int, SourceText] = field(default_factory=dict)
    calls: Mapping[int, int] = field(default_factory=dict)
