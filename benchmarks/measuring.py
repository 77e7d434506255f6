"""What the scripts that measure a scenario's points share: the command line, and one point after another."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from workbench.errors import INTERRUPTED, WorkbenchError
from workbench.experiment.claims.files import code_digest
from workbench.experiment.claims.points import Point
from workbench.experiment.claims.results import Book, open_book
from workbench.experiment.progress import Progress, progress_bar

__all__ = ["PROJECT", "lines", "measure_scenario", "parse"]

PROJECT = Path(__file__).resolve().parents[1]


def measure_scenario(
    scenario: str,
    description: str | None,
    write_pages: Callable[[Book], None],
    arguments: Sequence[str] | None = None,
) -> tuple[Book, int]:
    """Measure the scenario's points of ``data/claims.toml``, those of the groups named or all; write after each.

    Returns the book and an exit code: 0, a failure's own, or that of an interruption.
    """
    book = open_book(PROJECT)
    points = [point for point in book.catalogue.points.values() if point.scenario == scenario]
    groups = list(dict.fromkeys(point.group for point in points))
    chosen = parse(description, arguments, groups)
    wanted = [point for point in points if point.group in (chosen.groups or groups)]
    try:
        complete = all(_measure(book, point, write_pages, fresh=chosen.fresh) for point in wanted)
    except KeyboardInterrupt:
        complete = False
    except WorkbenchError as error:
        print(f"{scenario}: {error}", file=sys.stderr)
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


def _measure(book: Book, point: Point, write_pages: Callable[[Book], None], *, fresh: bool) -> bool:
    """Measure one point unless it is there already; False if that was interrupted."""
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
