"""Plans as Postgres gives them: ``EXPLAIN (ANALYZE, BUFFERS, SERIALIZE, FORMAT JSON)``.

``SERIALIZE`` (since Postgres 17) converts the rows to text as sending them would: only that reads what is TOASTed,
as large JSONB values are, and no plan without it shows those reads.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from workbench.model import Plan, PlanOperator
from workbench.redaction import redact_sql

__all__ = ["EXPLAIN", "EXPLAIN_TOTAL", "plan_of", "total_seconds"]

EXPLAIN = "EXPLAIN (ANALYZE, BUFFERS, SERIALIZE TEXT, FORMAT JSON) "
"""What to put before a statement; the answer is one row with one JSON value."""

EXPLAIN_TOTAL = "EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) "
"""As ``EXPLAIN``, for the time of the whole statement alone: a clock read for each row would add to it."""

_BLOCKS = ("Shared Hit Blocks", "Shared Read Blocks", "Temp Read Blocks", "Temp Written Blocks")
_CONDITIONS = ("Index Cond", "Recheck Cond", "Hash Cond", "Merge Cond", "Join Filter", "Filter")
_KEYS = ("Sort Key", "Presorted Key", "Group Key")


def plan_of(statement: str, answer: Any) -> Plan:
    """The plan from EXPLAIN's answer (JSON text or what it decodes to); literals are taken out."""
    document = json.loads(answer) if isinstance(answer, str | bytes) else answer
    whole = document[0]
    sent: Mapping[str, Any] = whole.get("Serialization", {})
    operators = tuple(_operators(whole["Plan"], 0))
    if sent:
        operators = (
            PlanOperator("Serialization", 0, "the result as text", _serialization(sent)),
            *_deeper(operators),
        )
    return Plan(
        statement=redact_sql(" ".join(statement.split())),
        engine="postgresql",
        operators=operators,
        document=json.dumps(_without_literals(document)),
        measures=_totals(whole, sent),
    )


def total_seconds(answer: Any) -> float:
    """Seconds of execution, without planning, in an answer to ``EXPLAIN_TOTAL`` or ``EXPLAIN``."""
    document = json.loads(answer) if isinstance(answer, str | bytes) else answer
    return float(document[0]["Execution Time"]) / 1e3


def _operators(node: Mapping[str, Any], depth: int) -> Iterator[PlanOperator]:
    loops = float(node.get("Actual Loops", 1))
    measures = {
        "rows": float(node.get("Actual Rows", 0)) * loops,
        "loops": loops,
        "seconds": float(node.get("Actual Total Time", 0.0)) * loops / 1e3,
        **_blocks(node),
    }
    yield PlanOperator(str(node["Node Type"]), depth, _detail(node), measures)
    for below in node.get("Plans", ()):
        yield from _operators(below, depth + 1)


def _detail(node: Mapping[str, Any]) -> str:
    parts = [f"using {node['Index Name']}"] if "Index Name" in node else []
    parts += [f"on {node['Relation Name']}"] if "Relation Name" in node else []
    parts += [f"{key.lower()} {redact_sql(str(node[key]))}" for key in _CONDITIONS if key in node]
    parts += [f"{key.lower()} {redact_sql(', '.join(node[key]))}" for key in _KEYS if key in node]
    return " ".join(parts)


def _blocks(node: Mapping[str, Any]) -> dict[str, float]:
    return {name.lower().replace(" ", "_"): float(node[name]) for name in _BLOCKS if node.get(name)}


def _serialization(sent: Mapping[str, Any]) -> dict[str, float]:
    return {
        "seconds": float(sent.get("Time", 0.0)) / 1e3,
        "output_bytes": float(sent.get("Output Volume", 0)) * 1024,
        **_blocks(sent),
    }


def _deeper(operators: tuple[PlanOperator, ...]) -> Iterator[PlanOperator]:
    for operator in operators:
        yield PlanOperator(operator.name, operator.depth + 1, operator.detail, operator.measures)


def _totals(whole: Mapping[str, Any], sent: Mapping[str, Any]) -> dict[str, float]:
    """Seconds on the server, and blocks of the plan and of sending its result together."""
    totals = {
        "planning_seconds": float(whole.get("Planning Time", 0.0)) / 1e3,
        "seconds": float(whole.get("Execution Time", 0.0)) / 1e3,
        "rows": float(whole["Plan"].get("Actual Rows", 0)),
    }
    if sent:
        totals["output_bytes"] = float(sent.get("Output Volume", 0)) * 1024
    for name in ("shared_hit_blocks", "shared_read_blocks"):
        totals[name] = _blocks(whole["Plan"]).get(name, 0.0) + _blocks(sent).get(name, 0.0)
    return totals


def _without_literals(value: Any) -> Any:
    if isinstance(value, str):
        return redact_sql(value)
    if isinstance(value, list):
        return [_without_literals(item) for item in value]
    if isinstance(value, dict):
        return {key: _without_literals(item) for key, item in value.items()}
    return value
