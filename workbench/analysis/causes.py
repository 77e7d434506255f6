"""Which function explains a change between two groups of runs: one that is told from noise, the user's own first.

Time counts for the nearest function of the user's own at or above it: where a query for each row makes the
database's library busy, the function that asks is the cause, not the library's busiest line. What no own code
stands above counts for itself.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from workbench.analysis.functions import NOBODYS, large_enough
from workbench.analysis.own import owner_of_node
from workbench.analysis.resampling import FEWEST_ROUNDS, Told, told_changes
from workbench.analysis.weights import Floats, RoundWeights
from workbench.calltree import CallTree
from workbench.capture.frames import INSTRUMENTATION
from workbench.model import Frame
from workbench.paths import is_user_code

__all__ = ["Cause", "Sampled", "cause", "sampled_time"]

_COMPREHENSION = re.compile(r"(.+)\.<locals>\.<(?:listcomp|dictcomp|setcomp|genexpr)>")


@dataclass(frozen=True, slots=True)
class Cause:
    """``seconds`` that the function changed by in one execution, and its ``share`` of all that changed that way."""

    frame: Frame
    seconds: float
    share: float


@dataclass(frozen=True, slots=True)
class Sampled:
    """One run: seconds of each completed sampled round by function, and how often the body ran in each."""

    weights: RoundWeights[Frame]
    executions: Floats


def sampled_time(tree: CallTree, rounds: Mapping[int, float]) -> Sampled:
    """Of one run: library code is charged to the user's function that called it, the cost of recording to none.

    A comprehension is its function's.
    """
    owner = owner_of_node(tree)
    recording = np.array([frame == INSTRUMENTATION for frame in tree.frames], dtype=np.bool_)[tree.node_frame]
    frame = np.where((owner >= 0) & ~recording, tree.node_frame[owner], tree.node_frame).astype(np.int32)
    frame = np.array(_enclosing(tree.frames), dtype=np.int32)[frame]
    weights = RoundWeights.of_functions(replace(tree, node_frame=frame), rounds)
    return Sampled(weights, np.array([rounds[index] for index in sorted(rounds)], dtype=np.float64))


def _enclosing(frames: Sequence[Frame]) -> list[int]:
    """For each frame its own number, for a comprehension that of the function it stands in."""
    number = {frame: index for index, frame in enumerate(frames)}
    found = []
    for index, frame in enumerate(frames):
        outer = frame
        while match := _COMPREHENSION.fullmatch(outer.function):
            outer = replace(outer, function=match[1])
        found.append(number.get(outer, index))
    return found


def cause(
    base: Sequence[Sampled], new: Sequence[Sampled], *, slower: bool, one_sitting: bool = False
) -> Cause | None:
    """The function that took most of a change in that direction, of those told as compare tells them; else None.

    Of six runs and more on either side a run is one observation. With fewer, their rounds are: those of one sitting
    resemble each other, and another sitting's machine may be slower, so that a function's part of its round must
    have changed, too; unless all were measured in ``one_sitting``, in turns.
    """
    names, (before, after) = _stacked(base, new)
    by_run = min(len(base), len(new)) >= FEWEST_ROUNDS
    if by_run:
        before, after = _by_run(base, before), _by_run(new, after)
    if min(len(before), len(after)) < FEWEST_ROUNDS:
        return None
    tested = np.array([n for n in large_enough(before, after) if names[n] not in NOBODYS], dtype=np.intp)
    if not tested.size:
        return None
    sign = 1 if slower else -1
    told = _told(before[:, tested], after[:, tested]).direction == sign
    if not by_run and not one_sitting:
        told &= _told(_parts(before)[:, tested], _parts(after)[:, tested]).direction == sign
    changes = (after.mean(axis=0) - before.mean(axis=0)) * sign
    candidates = tested[told].tolist()
    own = [n for n in candidates if is_user_code(names[n].file)]
    most = max(own or candidates, key=lambda n: changes[n], default=None)
    if most is None:
        return None
    grown = float(np.maximum(changes, 0.0).sum())
    return Cause(names[most], float(changes[most]) * sign, float(changes[most]) / grown)


def _told(base: Floats, new: Floats) -> Told:
    return told_changes(base, new, new.mean(axis=0) - base.mean(axis=0), -base.mean(axis=0))


def _parts(rounds: Floats) -> Floats:
    """Each function's part of its round."""
    whole = rounds.sum(axis=1, keepdims=True)
    parts: Floats = rounds / np.where(whole > 0, whole, 1.0)
    return parts


def _stacked(*groups: Sequence[Sampled]) -> tuple[list[Frame], tuple[Floats, ...]]:
    """The rounds of each group's runs one below the other, with a column for each function of any of them."""
    column = {frame: 0 for group in groups for each in group for frame in each.weights.keys}
    column = {frame: number for number, frame in enumerate(column)}
    stacked = []
    for group in groups:
        spread = [each.weights.spread(column) for each in group]
        stacked.append(np.concatenate(spread) if spread else np.zeros((0, len(column))))
    return list(column), tuple(stacked)


def _by_run(group: Sequence[Sampled], rounds: Floats) -> Floats:
    """The mean execution of each run."""
    ends = np.cumsum([len(each.executions) for each in group])[:-1]
    return np.array(
        [
            np.average(part, axis=0, weights=each.executions)
            for each, part in zip(group, np.split(rounds, ends), strict=True)
        ]
    )
