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

import sys
from collections.abc import Sequence

from azure_plans import measure_plans
from azure_tables import requirements, write_tables
from measuring import PROJECT, measure_scenarios, report

from workbench.experiment.claims.points import Point
from workbench.services.graph import neo4j

SCENARIO = "azure"
PLANS = "azure-plans"


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, write."""
    more = {PLANS: profile_statements}
    book, code = measure_scenarios([SCENARIO], __doc__, write_tables, arguments, left_out=left_out, more=more)
    return code or report(requirements(book.measured[SCENARIO]))


def left_out(point: Point) -> str:
    """Why the point can't be measured here, "" if it can."""
    missing = neo4j.missing() if point.settings.options.get("graph") == "neo4j" else None
    return f"a real Neo4j needs {missing}" if missing else ""


def profile_statements() -> None:
    """The plans of the statements on a real Neo4j, where there is one."""
    if missing := neo4j.missing():
        print(f"{PLANS}: left out, a real Neo4j needs {missing}", flush=True)
    else:
        print(f"{PLANS}: profiling", flush=True)
        measure_plans(PROJECT)


if __name__ == "__main__":
    sys.exit(main())
