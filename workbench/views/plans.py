"""Plans of statements as tables: an operator a line, with what the server counted for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from workbench.model import Plan, PlanOperator
from workbench.views.tables import TextTable, format_count, format_seconds

__all__ = ["plan_table"]

_COLUMNS: Mapping[str, tuple[str, Callable[[float | None], str]]] = MappingProxyType(
    {
        "rows": ("Rows", format_count),
        "loops": ("Loops", format_count),
        "seconds": ("Time", format_seconds),
        "db_hits": ("DB hits", format_count),
        "shared_hit_blocks": ("Blocks hit", format_count),
        "shared_read_blocks": ("Blocks read", format_count),
    }
)
_INDENT = "\u00a0\u00a0"  # HTML would fold plain spaces


def plan_table(plan: Plan) -> TextTable:
    """The plan's operators; those below an operator are indented. The caption is the statement."""
    shown = [name for name in _COLUMNS if any(name in operator.measures for operator in plan.operators)]
    rows = tuple(_row(operator, shown) for operator in plan.operators)
    columns = ("Operator", "On", *(_COLUMNS[name][0] for name in shown))
    return TextTable(columns, rows, " ".join(plan.statement.split()), numbers=range(2, len(columns)))


def _row(operator: PlanOperator, shown: list[str]) -> tuple[str, ...]:
    cells = (_COLUMNS[name][1](operator.measures[name]) if name in operator.measures else "" for name in shown)
    return (_INDENT * operator.depth + operator.name, operator.detail, *cells)
