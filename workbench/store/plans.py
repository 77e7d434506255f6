"""Plans of statements on their way into the store and back."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from workbench.model import Plan, PlanOperator, Recording
from workbench.redaction import REDACTED, is_secret_name, redact, redact_cypher, redact_sql

if TYPE_CHECKING:
    from workbench.store.connection import Connection

__all__ = ["plan_rows", "read_plans", "redacted_plan"]

Clean = Callable[[str], str]


def plan_rows(recording: Recording) -> Iterator[dict[str, Any]]:
    """Rows of ``plans``."""
    for number, plan in enumerate(recording.plans):
        yield {
            "run_id": recording.run.run_id,
            "number": number,
            "engine": plan.engine,
            "statement": plan.statement,
            "operators": json.dumps([[o.depth, o.name, o.detail, dict(o.measures)] for o in plan.operators]),
            "document": plan.document,
            "measures": json.dumps(dict(plan.measures)),
        }


def read_plans(connection: Connection, run_id: str) -> list[Plan]:
    """The run's plans in recorded order."""
    rows = connection.execute(
        "SELECT statement, engine, operators, document, measures FROM plans WHERE run_id = ? ORDER BY number",
        [run_id],
    ).fetchall()
    return [
        Plan(
            statement=statement,
            engine=engine,
            operators=tuple(_operator(item) for item in json.loads(operators)),
            document=document,
            measures=json.loads(measures),
        )
        for statement, engine, operators, document, measures in rows
    ]


def redacted_plan(plan: Plan, text: Clean) -> Plan:
    """The plan without literals in any text; ``text`` cleans every string that goes into the store.

    Numbers of a plan are counts and costs and stay. Conditions quote the statement: what is a literal there goes.
    """
    literals = redact_cypher if plan.engine == "neo4j" else redact_sql

    def clean(value: str) -> str:
        return text(literals(value))

    return replace(
        plan,
        statement=clean(plan.statement),
        engine=text(plan.engine),
        operators=tuple(
            PlanOperator(clean(o.name), o.depth, clean(o.detail), _measures(o.measures, text))
            for o in plan.operators
        ),
        document=_document(plan.document, clean),
        measures=_measures(plan.measures, text),
    )


def _measures(measures: Mapping[str, float], text: Clean) -> dict[str, float]:
    return {text(name): float(value) for name, value in measures.items()}


def _document(document: str, clean: Clean) -> str:
    if not document:
        return ""
    try:
        return json.dumps(_cleaned(json.loads(document), clean))
    except ValueError:  # no JSON: as text, then
        return clean(redact(document))


def _cleaned(value: Any, clean: Clean) -> Any:
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, list):
        return [_cleaned(item, clean) for item in value]
    if isinstance(value, dict):
        return {
            clean(key): REDACTED if isinstance(item, str) and is_secret_name(key) else _cleaned(item, clean)
            for key, item in value.items()
        }
    return value


def _operator(item: list[Any]) -> PlanOperator:
    depth, name, detail, measures = item
    return PlanOperator(name, depth, detail, measures)
