"""The Jamf export at all sizes, links and limits that the claims J1 to J6 speak of.

``python benchmarks/jamf.py [GROUP…]`` measures the points of ``data/claims.toml`` by group: small, medium, large,
bound, thousand, rtt, limits, memory (default: all, of which large takes the longest). After every point it writes
``jamf.json``, ``jamf.md`` and ``claims.json`` into ``benchmarks/results``, so that it can be interrupted; a rerun
measures what is missing, or was measured with other sources or conditions (``--fresh``: everything). Exit code 1 if
a requirement is missed.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import readme
from jamf_tables import requirements, write_tables

from workbench.errors import INTERRUPTED, WorkbenchError
from workbench.experiment.claims.files import code_digest
from workbench.experiment.claims.points import Point
from workbench.experiment.claims.results import Book, open_book
from workbench.experiment.progress import Progress, progress_bar

PROJECT = Path(__file__).resolve().parents[1]
SCENARIO = "jamf"


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, write."""
    book = open_book(PROJECT)
    points = [point for point in book.catalogue.points.values() if point.scenario == SCENARIO]
    groups = list(dict.fromkeys(point.group for point in points))
    chosen = parse(arguments, groups)
    wanted = [point for point in points if point.group in (chosen.groups or groups)]
    try:
        complete = all(measure(book, point, fresh=chosen.fresh) for point in wanted)
    except KeyboardInterrupt:
        complete = False
    except WorkbenchError as error:
        print(f"jamf: {error}", file=sys.stderr)
        return error.exit_code
    book.write_verdicts()
    write_pages(book)
    if not complete:
        print("interrupted: what was measured is kept, and a rerun goes on from there", file=sys.stderr)
        return INTERRUPTED
    checks = requirements(book.measured[SCENARIO])
    for check in checks:
        print(f"{'met   ' if check.met else 'MISSED'}  {check.text}")
    return 0 if all(check.met for check in checks) else 1


def parse(arguments: Sequence[str] | None, groups: Sequence[str]) -> argparse.Namespace:
    """The command line's arguments."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("groups", nargs="*", metavar="GROUP", help=f"any of: {', '.join(groups)}")
    parser.add_argument("--fresh", action="store_true", help="measure again what is already there")
    chosen = parser.parse_args(arguments)
    if unknown := sorted(set(chosen.groups) - set(groups)):
        parser.error(f"unknown group {unknown[0]!r}; known: {', '.join(groups)}")
    return chosen


def measure(book: Book, point: Point, *, fresh: bool) -> bool:
    """Measure one point unless it is there already; False if that was interrupted."""
    if not fresh and book.stands(point, code_digest(PROJECT)):
        print(f"{point.name}: measured already (--fresh measures again)", flush=True)
        return True
    with progress_bar(point.name, disable=not sys.stderr.isatty()) as bar:
        result = book.measure(point, bar if sys.stderr.isatty() else lines(point.name))
    write_pages(book)
    return not result.interrupted


def write_pages(book: Book) -> None:
    """The tables, and the figures that ``README.md`` quotes."""
    write_tables(book)
    readme.main()


def lines(name: str) -> Progress:
    """Progress as lines with the time of day, for a log."""

    def show(doing: str, done: int, total: int) -> None:
        print(f"{time.strftime('%H:%M:%S')} {name}: {doing} ({done + 1} of {total})", flush=True)

    return show


if __name__ == "__main__":
    sys.exit(main())
