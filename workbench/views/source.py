"""The source beside its times: read where the picture is made, and shown only if it is what was recorded.

The store keeps where a function stood and a digest of what it said, never the text. Text that still has that digest
is shown, also where the function has moved within its file; else the reader is told why there is none.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from workbench.analysis.lines import LineTime, line_times
from workbench.calltree import CallTree
from workbench.capture.source import codes_named, digest_of, extent, source_lines
from workbench.model import Frame, FunctionSource
from workbench.paths import is_user_code, locate
from workbench.redaction import redact_code
from workbench.views.extras import SourceText
from workbench.views.numbers import format_seconds
from workbench.views.tables import TextTable

__all__ = ["CHANGED", "MISSING", "UNKNOWN", "read_source", "source_table", "source_texts"]

UNKNOWN = "No digest of this function's source was recorded."
CHANGED = "The source has changed since this run was recorded, so its lines are not shown."
MISSING = "The file is not on this machine, so its lines are not shown."

_FUNCTIONS = 200
_LONGEST_FUNCTION = 2_000  # lines; whole modules are cut to the lines around those with time
_AROUND = 30
_LONGEST_LINE = 400


def read_source(source: FunctionSource) -> SourceText:
    """The lines of the function as they were recorded, with their numbers of then; or why not."""
    met = False
    for filename in locate(source.frame.file):
        lines = source_lines(filename)
        met = met or bool(lines)
        for first, last in _places(filename, source):
            text = lines[first - 1 : last]
            if text and digest_of(text) == source.digest:
                return SourceText(source.first_line, tuple(text))
    return SourceText(source.first_line, (), CHANGED if met else MISSING)


def source_texts(
    tree: CallTree, sources: Iterable[FunctionSource], *, most: int = _FUNCTIONS
) -> dict[int, SourceText]:
    """By frame number, for the functions with most time on their lines, the user's own code first; after
    them what of the user's own code only calls others, whose lines a reader looks for all the same.

    Secrets in the text are redacted as everywhere. A confidential picture does without this.
    """
    by_frame: dict[Frame, list[FunctionSource]] = {}
    for source in sources:
        by_frame.setdefault(source.frame, []).append(source)
    times = line_times(tree)
    numbers = {frame: number for number, frame in enumerate(tree.frames)}
    chosen = sorted(times, key=lambda f: (not is_user_code(f.file), -sum(t.self_ns for t in times[f])))
    callers = [f for f in tree.frames if f in by_frame and f not in times and is_user_code(f.file)]
    shown = [*chosen, *callers][:most]
    return {numbers[frame]: _text(by_frame.get(frame, ()), times.get(frame, ())) for frame in shown}


def source_table(frame: Frame, tree: CallTree, sources: Sequence[FunctionSource], rounds: int = 1) -> TextTable:
    """One function's lines with the time on each, per round: what the source panel shows, without a script."""
    times = {time.line: time for time in line_times(tree).get(frame, [])}
    text = _text([source for source in sources if source.frame == frame], list(times.values()))
    shown = dict(enumerate(text.lines, text.first))
    rows = tuple(
        (str(line), *_seconds(times.get(line), rounds), shown.get(line, "")) for line in sorted({*shown, *times})
    )
    caption = f"{frame.function} ({frame.file})" + (f". {text.reason}" if text.reason else "")
    return TextTable(("Line", "Python", "In C", "Awaiting", "Source"), rows, caption, numbers=range(4))


def _seconds(time: LineTime | None, rounds: int) -> tuple[str, str, str]:
    if time is None:
        return ("", "", "")
    kinds = (time.python_ns, time.c_ns, time.await_ns)
    python, c, waits = (format_seconds(ns / 1e9 / rounds) if ns else "" for ns in kinds)
    return python, c, waits


def _text(sources: Sequence[FunctionSource], times: Sequence[LineTime]) -> SourceText:
    """Of several bodies with one name (lambdas) those that can be read, with a gap between them."""
    if not sources:
        return SourceText(reason=UNKNOWN)
    read = [read_source(source) for source in sorted(sources, key=lambda s: s.first_line)]
    found = [text for text in read if text.lines]
    if not found:
        return read[0]
    clean = redact_code("\n".join(_spread(found))).split("\n")  # whole: a key or a statement has many lines
    first, lines = _around(found[0].first, clean, [time.line for time in times])
    return SourceText(first, tuple(line[:_LONGEST_LINE] for line in lines))


def _spread(found: Sequence[SourceText]) -> list[str]:
    """The bodies at their places, blank between them."""
    lines: list[str] = []
    for text in found:
        lines += [""] * (text.first - found[0].first - len(lines))
        lines += text.lines
    return lines


def _around(first: int, lines: list[str], timed: Sequence[int]) -> tuple[int, list[str]]:
    """Of a long body only the part that has times, with some lines around it."""
    inside = [line for line in timed if first <= line < first + len(lines)]
    if len(lines) <= _LONGEST_FUNCTION or not inside:
        return first, lines[:_LONGEST_FUNCTION]
    begin = max(first, min(inside) - _AROUND)
    end = min(first + len(lines), max(inside) + _AROUND, begin + _LONGEST_FUNCTION)
    return begin, lines[begin - first : end - first]


def _places(filename: str, source: FunctionSource) -> Iterator[tuple[int, int]]:
    """Where the function may stand: where it stood, else wherever the file has one of that name now."""
    yield source.first_line, source.last_line
    yield from map(extent, codes_named(filename, source.frame.function))  # compiles the file: only where it moved
