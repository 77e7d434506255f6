"""The Azure scan at all sizes, links and throttles that the claims A1 to A10 speak of.

``python benchmarks/azure.py [GROUP…]`` measures the points of ``data/claims.toml`` by group: azure-100,
azure-tenant, azure-at-once, azure-neo4j, azure-rtt, azure-throttle, azure-workers, azure-batches,
azure-descriptions, azure-bad-row (default: all, of which azure-tenant takes the longest, some 20 minutes). After
every point it writes ``azure.json``, ``azure.md`` and ``claims.json`` into ``benchmarks/results``; a rerun measures
what is missing, or was measured with other sources or conditions (``--fresh``: everything). Exit code 1 if a
requirement is missed.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from azure_tables import requirements, write_tables
from jamf import PROJECT, lines

from workbench.errors import INTERRUPTED, WorkbenchError
from workbench.experiment.claims.files import code_digest
from workbench.experiment.claims.points import Point
from workbench.experiment.claims.results import Book, open_book
from workbench.services.graph import neo4j

SCENARIO = "azure"


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, write."""
    book = open_book(PROJECT)
    points = [point for point in book.catalogue.points.values() if point.scenario == SCENARIO]
    groups = list(dict.fromkeys(point.group for point in points))
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("groups", nargs="*", metavar="GROUP", help=f"any of: {', '.join(groups)}")
    parser.add_argument("--fresh", action="store_true", help="measure again what is already there")
    chosen = parser.parse_args(arguments)
    if unknown := sorted(set(chosen.groups) - set(groups)):
        parser.error(f"unknown group {unknown[0]!r}; known: {', '.join(groups)}")
    try:
        complete = all(measure(book, point, fresh=chosen.fresh) for point in points if wanted(point, chosen.groups))
    except KeyboardInterrupt:
        complete = False
    except WorkbenchError as error:
        print(f"azure: {error}", file=sys.stderr)
        return error.exit_code
    book.write_verdicts()
    write_tables(book)
    if not complete:
        return INTERRUPTED
    checks = requirements(book.measured[SCENARIO])
    for check in checks:
        print(f"{'met   ' if check.met else 'MISSED'}  {check.text}")
    return 0 if all(check.met for check in checks) else 1


def wanted(point: Point, groups: Sequence[str]) -> bool:
    return not groups or point.group in groups


def measure(book: Book, point: Point, *, fresh: bool) -> bool:
    """Measure one point unless it is there already; False if that was interrupted."""
    if point.settings.options.get("graph") == "neo4j" and (missing := neo4j.missing()):
        print(f"{point.name}: left out, a real Neo4j needs {missing}", flush=True)
        return True
    if not fresh and book.stands(point, code_digest(PROJECT)):
        print(f"{point.name}: measured already (--fresh measures again)", flush=True)
        return True
    result = book.measure(point, lines(point.name))
    write_tables(book)
    return not result.interrupted


if __name__ == "__main__":
    sys.exit(main())
