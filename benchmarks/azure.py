"""The Azure scan at all sizes, links and throttles that the claims A1 to A10 speak of.

``python benchmarks/azure.py [GROUP…]`` measures the points of ``data/claims.toml`` by group: azure-100,
azure-tenant, azure-bound, azure-at-once, azure-neo4j, azure-graph, azure-sweep, azure-naive-lan, azure-rtt,
azure-throttle, azure-workers, azure-batches, azure-descriptions, azure-bad-row; azure-plans profiles the statements
on a real Neo4j (default: all; azure-tenant takes the longest, some 40 minutes of mostly waiting). After every point
it writes ``azure.json``, ``azure.md`` and ``claims.json`` into ``benchmarks/results``; a rerun measures what is
missing, or was measured with other sources or conditions (``--fresh``: everything). Exit code 1 if a requirement is
missed.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from azure_plans import measure_plans
from azure_tables import requirements, write_tables
from measuring import PROJECT, lines

from workbench.errors import INTERRUPTED, WorkbenchError
from workbench.experiment.claims.files import code_digest
from workbench.experiment.claims.points import Point
from workbench.experiment.claims.results import Book, open_book
from workbench.services.graph import neo4j

SCENARIO = "azure"
PLANS = "azure-plans"


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, write."""
    book = open_book(PROJECT)
    points = [point for point in book.catalogue.points.values() if point.scenario == SCENARIO]
    groups = [*dict.fromkeys(point.group for point in points), PLANS]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("groups", nargs="*", metavar="GROUP", help=f"any of: {', '.join(groups)}")
    parser.add_argument("--fresh", action="store_true", help="measure again what is already there")
    chosen = parser.parse_args(arguments)
    if unknown := sorted(set(chosen.groups) - set(groups)):
        parser.error(f"unknown group {unknown[0]!r}; known: {', '.join(groups)}")
    try:
        complete = all(measure(book, point, fresh=chosen.fresh) for point in points if wanted(point, chosen.groups))
        if complete and (not chosen.groups or PLANS in chosen.groups):
            profile_statements()
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


def profile_statements() -> None:
    """The plans of the statements on a real Neo4j, where there is one."""
    if missing := neo4j.missing():
        print(f"{PLANS}: left out, a real Neo4j needs {missing}", flush=True)
    else:
        print(f"{PLANS}: profiling", flush=True)
        measure_plans(PROJECT)


if __name__ == "__main__":
    sys.exit(main())
