"""Where the functions of a call tree stand in their files, and digests of what they say there.

A digest is of use only if the file still holds what runs. That is so if the file is older than the process; where
it is younger (a module edited and reloaded) the running code must equal what the file compiles to now. A function
for which neither holds gets no digest.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from types import CodeType

from workbench.calltree import CallTree
from workbench.capture.roles import owners
from workbench.capture.source import codes_named, digest_of, extent, source_lines
from workbench.model import Frame, FunctionSource
from workbench.paths import locate

__all__ = ["function_sources", "process_started"]


def function_sources(
    tree: CallTree, codes: Mapping[Frame, Iterable[CodeType]] | None = None, *, started: float | None = None
) -> tuple[FunctionSource, ...]:
    """One for each function with time on its lines, or several where one name has several bodies (lambdas).

    ``codes`` are the code objects that ran, where they are known; ``started`` is when the sampled process began
    (seconds since the epoch; default: this one). Bodies of one name that overlap can't be told apart and are left
    out.
    """
    born = process_started() if started is None else started
    found: list[FunctionSource] = []
    for frame in _with_lines(tree):
        known = (codes or {}).get(frame, ())
        bodies = {_source(frame, code.co_filename, code, born) for code in known} or set(_by_name(frame, born))
        placed = sorted((body for body in bodies if body is not None), key=lambda body: body.first_line)
        if not any(a.last_line >= b.first_line for a, b in pairwise(placed)):
            found += placed
    return tuple(found)


def process_started(pid: int | None = None) -> float:
    """When a process began (default: this one), in seconds since the epoch; 0 if it can't be told."""
    import psutil

    try:
        return float(psutil.Process(pid).create_time())
    except psutil.Error:
        return 0.0


def _with_lines(tree: CallTree) -> list[Frame]:
    owner = owners(tree)[tree.lines.node]
    return [tree.frames[frame] for frame in sorted({*tree.node_frame[owner[owner >= 0]].tolist()})]


def _source(frame: Frame, filename: str, code: CodeType, born: float) -> FunctionSource | None:
    first, last = extent(code)
    lines = source_lines(filename)
    if last > len(lines) or not _still_runs(filename, code, born):
        return None
    return FunctionSource(frame, first, last, digest_of(lines[first - 1 : last]))


def _still_runs(filename: str, code: CodeType, born: float) -> bool:
    """Whether the file holds the code that runs."""
    changed = _changed_ns(filename)
    if changed and changed / 1e9 < born:
        return True
    return any(_same(code, now) for now in codes_named(filename, code.co_qualname))


def _same(code: CodeType, now: CodeType) -> bool:
    return (code.co_firstlineno, code.co_code, code.co_linetable, code.co_names) == (
        now.co_firstlineno,
        now.co_code,
        now.co_linetable,
        now.co_names,
    ) and code.co_consts == now.co_consts


def _by_name(frame: Frame, born: float) -> Iterator[FunctionSource | None]:
    """For a sampler from outside: what the file says of that name, if it is older than the sampled process."""
    for filename in locate(frame.file)[:1]:
        if _changed_ns(filename) / 1e9 < born:
            for code in codes_named(filename, frame.function):
                if frame.line in (0, code.co_firstlineno):
                    yield _source(frame, filename, code, born)


def _changed_ns(filename: str) -> int:
    try:
        return Path(filename).stat().st_mtime_ns
    except (OSError, ValueError):
        return 0
