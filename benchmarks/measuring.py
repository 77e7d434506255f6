"""What the scripts that measure a scenario's points share: the command line, and one point after another."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Protocol

from workbench.errors import INTERRUPTED, WorkbenchError
from workbench.experiment.claims.files import code_digest
from workbench.experiment.claims.points import Point
from workbench.experiment.claims.results import Book, open_book
from workbench.experiment.progress import Progress, progress_bar

__all__ = ["PROJECT", "lines", "measure_scenarios", "parse", "report"]

PROJECT = Path(__file__).resolve().parents[1]


class Check(Protocol):
    """A requirement on what was measured, and whether it is met."""

    @property
    def met(self) -> bool: ...

    @property
    def text(self) -> str: ...


def measure_scenarios(
    scenarios: Sequence[str],
    description: str | None,
    write_pages: Callable[[Book], None],
    arguments: Sequence[str] | None = None,
    *,
    left_out: Callable[[Point], str] = lambda point: "",
    more: Mapping[str, Callable[[], None]] = MappingProxyType({}),
) -> tuple[Book, int]:
    """Measure the scenarios' points of ``data/claims.toml``, those of the groups named or all; write after each.

    ``left_out`` says why a point can't be measured here, "" if it can; ``more`` are groups that are no points, done
    after them. Returns the book and an exit code: 0, a failure's own, or that of an interruption.
    """
    book = open_book(PROJECT)
    points = [point for point in book.catalogue.points.values() if point.scenario in scenarios]
    groups = [*dict.fromkeys(point.group for point in points), *more]
    chosen = parse(description, arguments, groups)
    wanted = chosen.groups or groups
    try:
        complete = all(
            _measure(book, point, write_pages, left_out(point), fresh=chosen.fresh)
            for point in points
            if point.group in wanted
        )
        for group, measure in more.items():
            if complete and group in wanted:
                measure()
    except KeyboardInterrupt:
        complete = False
    except WorkbenchError as error:
        print(f"{scenarios[0]}: {error}", file=sys.stderr)
        return book, error.exit_code
    book.write_verdicts()
    write_pages(book)
    if not complete:
        print("interrupted: what was measured is kept, and a rerun goes on from there", file=sys.stderr)
    return book, 0 if complete else INTERRUPTED


def parse(description: str | None, arguments: Sequence[str] | None, groups: Sequence[str]) -> argparse.Namespace:
    """The command line's arguments."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("groups", nargs="*", metavar="GROUP", help=f"any of: {', '.join(groups)}")
    parser.add_argument("--fresh", action="store_true", help="measure again what is already there")
    chosen = parser.parse_args(arguments)
    if unknown := sorted(set(chosen.groups) - set(groups)):
        parser.error(f"unknown group {unknown[0]!r}; known: {', '.join(groups)}")
    return chosen


def report(checks: Iterable[Check]) -> int:
    """Print the requirements, and return the exit code: 1 if one is missed."""
    missed = False
    for check in checks:
        print(f"{'met   ' if check.met else 'MISSED'}  {check.text}")
        missed |= not check.met
    return int(missed)


def _measure(book: Book, point: Point, write_pages: Callable[[Book], None], left_out: str, *, fresh: bool) -> bool:
    """Measure one point unless it is there already; False if that was interrupted."""
    if left_out:
        print(f"{point.name}: left out, {left_out}", flush=True)
        return True
    if not fresh and book.stands(point, code_digest(PROJECT)):
        print(f"{point.name}: measured already (--fresh measures again)", flush=True)
        return True
    with progress_bar(point.name, disable=not sys.stderr.isatty()) as bar:
        result = book.measure(point, bar if sys.stderr.isatty() else lines(point.name))
    write_pages(book)
    return not result.interrupted


def lines(name: str) -> Progress:
    """Progress as lines with the time of day, for a log."""

    def show(doing: str, done: int, total: int) -> None:
        print(f"{time.strftime('%H:%M:%S')} {name}: {doing} ({done + 1} of {total})", flush=True)

    return show
