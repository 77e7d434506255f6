"""How Neo4j carries out the statements that write a tenant: with the index on the key, and without it.

``measure_plans`` starts a real Neo4j, writes the tenant, and lets each statement be carried out once more under
``PROFILE``, undone each time; then it drops the constraint that brings the index and does the same again.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from workbench.dataset.azure import build_tenant
from workbench.experiment.claims.files import RESULTS
from workbench.model import Plan
from workbench.scenarios.azure import statements
from workbench.scenarios.azure.graph_driver import Graph
from workbench.scenarios.azure.graph_writer import GraphWriter
from workbench.scenarios.azure.plans import profile_statements
from workbench.scenarios.azure.previous import earlier_rows
from workbench.scenarios.azure.rows import Row
from workbench.services.graph import GraphEndpoint, start_graph

__all__ = ["load_plans", "measure_plans"]

RESOURCES = 1632
BATCH = 100
WITHOUT_INDEX = "DROP CONSTRAINT azure_resource_id"

Document = Mapping[str, Any]


def measure_plans(project: Path) -> None:
    """Profile, and write ``azure_plans.json`` into the results."""
    with start_graph("neo4j") as server:
        document = asyncio.run(_profiled(server.endpoint())) | {"server": server.describe()}
    _file(project).write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")


def load_plans(project: Path) -> Document | None:
    """What ``measure_plans`` wrote, if it was run."""
    file = _file(project)
    return json.loads(file.read_text(encoding="utf-8")) if file.is_file() else None


def _file(project: Path) -> Path:
    return project / RESULTS / "azure_plans.json"


async def _profiled(endpoint: GraphEndpoint) -> dict[str, Any]:
    rows = earlier_rows(build_tenant(resources=RESOURCES), 0.0)
    async with Graph(endpoint, "plans") as graph:
        writer = GraphWriter(graph, "plans")
        await writer.ensure_schema()
        await writer.resources(rows, 500)
        await writer.links({link for row in rows for link in row.links()}, 500)
        used = _used(rows)
        indexed = await profile_statements(graph, used)
        await graph.write(WITHOUT_INDEX)
        bare = await profile_statements(graph, used)
    plans = [_entry(*each) for each in zip(indexed, bare, used.values(), strict=True)]
    return {"nodes": len(rows), "plans": plans}


def _used(rows: Sequence[Row]) -> dict[str, dict[str, Any]]:
    """The statements with what they write: one row, a batch of rows, a batch of links of one kind."""
    links = [link for row in rows for link in row.links() if link.kind == "contains"][:BATCH]
    ends = [{"source": link.source, "target": link.target} for link in links]
    return {
        statements.MERGE_ONE: rows[-1].parameters(),
        statements.MERGE_MANY: {"rows": [row.parameters() for row in rows[-BATCH:]]},
        statements.LINK_ONE["contains"]: ends[0],
        statements.LINK_MANY["contains"]: {"rows": ends},
    }


def _entry(indexed: Plan, bare: Plan, parameters: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "statement": indexed.statement,
        "rows": len(parameters["rows"]) if "rows" in parameters else 1,
        "with_index": _plan(indexed),
        "without_index": _plan(bare),
    }


def _plan(plan: Plan) -> dict[str, Any]:
    operators = [
        {"name": operator.name, "db_hits": operator.measures.get("db_hits", 0.0)} for operator in plan.operators
    ]
    return {"operators": operators, "db_hits": plan.measures["db_hits"]}
