"""SQL of others, read-only: no writes, no files, no extensions, no settings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from workbench.errors import QueryRefused
from workbench.store import failures
from workbench.store.table import Table

if TYPE_CHECKING:
    from workbench.store.connection import Connection

__all__ = ["run_query"]

_ALLOWED = {"SELECT", "EXPLAIN", "PRAGMA", "CALL", "MULTI"}  # MULTI: PIVOT becomes two statements
_PIVOT = {"CREATE", "SELECT"}


def run_query(connection: Connection, sql: str, parameters: Sequence[Any]) -> Table:
    """One statement's answer; what goes wrong is a QueryRefused with DuckDB's own hint.

    The connection must be a closed one (read-only, external access disabled): that is what protects. Looking at the
    statement's kind only makes for a better message.
    """
    import duckdb

    try:
        sql.encode()
        statements = connection.extract_statements(sql)
        kinds = [statement.type.name for statement in statements]
        _check(kinds)
        result = connection.execute(sql, list(parameters)) if parameters else connection.execute(sql)
        columns = tuple(description[0] for description in result.description or ())
        return Table(columns, tuple(result.fetchall()))
    except (duckdb.Error, ValueError, UnicodeError) as error:
        if failures.is_damaged(error):  # the store's fault, not the query's
            raise
        raise QueryRefused(failures.first_line(error)) from error


def _check(kinds: list[str]) -> None:
    if not kinds:
        raise QueryRefused("the query is empty")
    if set(kinds) == _PIVOT and kinds[-1] == "SELECT":
        return
    if len(kinds) > 1:
        raise QueryRefused(f"one statement at a time, please: this is {len(kinds)}")
    if kinds[0] not in _ALLOWED:
        raise QueryRefused(f"{kinds[0]} is refused: queries only read; see docs/schema.md for tables and views")
