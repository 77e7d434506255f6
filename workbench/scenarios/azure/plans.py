"""How Neo4j carries out each distinct statement of a scan: ``PROFILE``, in a transaction that is undone."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from workbench.model import Plan, PlanOperator
from workbench.redaction import redact_cypher
from workbench.scenarios.azure.graph_driver import Graph

__all__ = ["plan_of", "profile_statements"]

_TOTALS = {
    "DbHits": "db_hits",
    "Rows": "rows",
    "PageCacheHits": "page_cache_hits",
    "PageCacheMisses": "page_cache_misses",
}


async def profile_statements(graph: Graph, statements: Mapping[str, Mapping[str, Any]]) -> tuple[Plan, ...]:
    """Plans of the statements that have one: commands on the schema don't."""
    plans = []
    for statement, parameters in statements.items():
        if not statement.startswith("CREATE "):
            profile = await graph.profile(statement, parameters)
            if profile is not None:
                plans.append(plan_of(statement, profile))
    return tuple(plans)


def plan_of(statement: str, profile: Mapping[str, Any]) -> Plan:
    """The driver's profile as a plan; its document keeps operators and numbers, without literals."""
    operators = tuple(_operators(profile, 0))
    totals = {
        name: sum(operator.measures.get(name, 0.0) for operator in operators)
        for name in ("db_hits", "page_cache_hits", "page_cache_misses")
    }
    totals["rows"] = operators[0].measures.get("rows", 0.0)
    return Plan(
        redact_cypher(statement), "neo4j", operators, json.dumps(_document(profile), sort_keys=True), totals
    )


def _operators(step: Mapping[str, Any], depth: int) -> Iterator[PlanOperator]:
    args = step.get("args", {})
    measures = {ours: float(args[theirs]) for theirs, ours in _TOTALS.items() if theirs in args}
    detail = redact_cypher(str(args.get("Details", "")))
    yield PlanOperator(str(step["operatorType"]), depth, detail, measures)
    for child in step.get("children", ()):
        yield from _operators(child, depth + 1)


def _document(step: Mapping[str, Any]) -> dict[str, Any]:
    args = {key: value for key, value in step.get("args", {}).items() if isinstance(value, int | float)}
    return {
        "operatorType": step["operatorType"],
        "args": args | {"Details": redact_cypher(str(step.get("args", {}).get("Details", "")))},
        "children": [_document(child) for child in step.get("children", ())],
    }
