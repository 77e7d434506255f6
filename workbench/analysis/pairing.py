"""Which functions of two compared files are the same one: ``old.py:f`` stands for ``new.py:f``.

Stacks are content-addressed by file and function, so that two versions of a program in two files share nothing but
what they call. Where the runs are named after files or functions (``compare old.py new.py``, ``jobs.py:before
jobs.py:after``), or are of scripts (their stacks begin with one file's ``<module>``), base's file stands for new's,
base's target function for new's, and with them what they define inside. Two files of one name in two folders are
two checkouts: there the whole folder stands for the other.

Only what one side alone has is paired: a function that both sides call is itself on both.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from workbench.calltree import CallTree
from workbench.model import Frame, Run

__all__ = ["paired_trees"]

_TARGET = re.compile(r"(?P<file>.+\.py)(?::(?P<function>.+))?", re.DOTALL)
_LOCALS = ".<locals>."
_MODULE = "<module>"


@dataclass(frozen=True, slots=True)
class _Target:
    """What a run measured: a file, or a function of it."""

    file: str
    function: str

    @classmethod
    def of(cls, run: Run, tree: CallTree, *, by_name: bool) -> _Target | None:
        """None for what is neither. ``by_name``: a callable has a name alone, and its stacks tell the file.

        A script may have been given any name, and its own is its last part alone (``old.py`` for ``a/old.py``): its
        file is that of the module in which the stacks begin.
        """
        if run.scenario:
            return None
        match = _TARGET.fullmatch(run.name)
        if match and (match["function"] or any(frame.file == match["file"] for frame in tree.frames)):
            return cls(match["file"], match["function"] or "")
        files = {frame.file for frame in tree.frames if frame.function == run.name} if by_name else set()
        if len(files) == 1:
            return cls(files.pop(), run.name)
        roots = {tree.frames[frame] for frame in tree.node_frame[tree.node_parent < 0].tolist()}
        scripts = {frame.file for frame in roots if frame.function == _MODULE}
        if len(scripts) == 1:
            return cls(scripts.pop(), "")
        return cls(match["file"], "") if match else None


def paired_trees(
    base: Run, new: Run, base_tree: CallTree | None, new_tree: CallTree | None
) -> tuple[CallTree | None, CallTree | None]:
    """Both trees with one frame for what is the same function, named ``before → after`` where the names differ.

    Runs of a scenario, of the same target, or of targets that are not files or functions compared in one session
    keep their trees as they are.
    """
    if base_tree is None or new_tree is None:
        return base_tree, new_tree
    by_name = bool(base.session_id) and base.session_id == new.session_id
    a, b = (_Target.of(run, tree, by_name=by_name) for run, tree in ((base, base_tree), (new, new_tree)))
    if a is None or b is None or a == b:
        return base_tree, new_tree
    pairs = _pairs(a, b, base_tree.frames, new_tree.frames)
    return _renamed(base_tree, pairs[0]), _renamed(new_tree, pairs[1])


def _pairs(
    a: _Target, b: _Target, base: tuple[Frame, ...], new: tuple[Frame, ...]
) -> tuple[dict[Frame, Frame], dict[Frame, Frame]]:
    """What each side's frames are called in both; those of neither map are left as they are."""
    shared = {*base} & {*new}
    theirs = _by_place(frame for frame in dict.fromkeys(new) if frame not in shared)
    own = _by_place(frame for frame in dict.fromkeys(base) if frame not in shared)
    before: dict[Frame, Frame] = {}
    after: dict[Frame, Frame] = {}
    # The same name in the other file comes before the target's: a file that holds both versions has both to pair.
    for of_target in (False, True):
        for place, frame in own.items():
            if frame in before:
                continue
            wanted = _counterpart(a, b, place, of_target=of_target)
            match = theirs.get(wanted) if wanted else None
            if match is not None and match not in after:
                before[frame] = after[match] = _both(frame, match)
    return before, after


def _by_place(frames: Iterable[Frame]) -> dict[tuple[str, str], Frame]:
    """By file and function; names that stand twice in a file (told apart by their line) can't be paired."""
    places: defaultdict[tuple[str, str], list[Frame]] = defaultdict(list)
    for frame in frames:
        places[frame.file, frame.function].append(frame)
    return {place: found[0] for place, found in places.items() if len(found) == 1}


def _counterpart(a: _Target, b: _Target, place: tuple[str, str], *, of_target: bool) -> tuple[str, str] | None:
    file, function = place
    if of_target:
        renamed = _within(function, a.function, b.function) if file == a.file else None
        return None if renamed is None else (b.file, renamed)
    other = _other_file(a.file, b.file, file)
    return None if other is None else (other, function)


def _within(function: str, before: str, after: str) -> str | None:
    """``before`` → ``after``, ``before.<locals>.inner`` → ``after.<locals>.inner``."""
    if not before or not after or before == after:
        return None
    if function == before:
        return after
    return f"{after}{function.removeprefix(before)}" if function.startswith(before + _LOCALS) else None


def _other_file(base: str, new: str, file: str) -> str | None:
    """The file of new's side that stands for this one of base's."""
    if file == base:
        return new
    one, other = PurePosixPath(base), PurePosixPath(new)
    if one.name != other.name or one.parent == other.parent or file.startswith("<"):
        return None
    path = PurePosixPath(file)
    return str(other.parent / path.relative_to(one.parent)) if path.is_relative_to(one.parent) else None


def _both(base: Frame, new: Frame) -> Frame:
    """One frame for both: fields that differ name both sides."""
    line = base.line if base.line == new.line else 0
    return Frame(_arrow(base.file, new.file), _arrow(base.function, new.function), line)


def _arrow(base: str, new: str) -> str:
    return base if base == new else f"{base} → {new}"


def _renamed(tree: CallTree, names: dict[Frame, Frame]) -> CallTree:
    return replace(tree, frames=tuple(names.get(frame, frame) for frame in tree.frames)) if names else tree
