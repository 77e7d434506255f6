"""``workbench sql``: read-only questions to the store."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from workbench.cli.output import print_json, print_table, store_option

__all__ = ["sql_command"]


@click.command("sql")
@store_option
@click.argument("query")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document: a list of objects.")
def sql_command(store_path: Path | None, query: str, as_json: bool) -> None:
    """Run a read-only QUERY ("-" reads it from stdin). docs/schema.md describes the tables and views."""
    from workbench.store import Store

    table = Store(store_path).query(sys.stdin.read() if query == "-" else query)
    if as_json:
        print_json([dict(zip(table.columns, row, strict=True)) for row in table.rows])
    else:
        print_table(table.columns, table.rows)
