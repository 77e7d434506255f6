"""``workbench sql``: read-only questions to the store."""

from __future__ import annotations

import csv
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from workbench.cli.output import print_json, print_table, store_option
from workbench.errors import UsageError

if TYPE_CHECKING:
    from workbench.store.table import Table

__all__ = ["sql_command"]


@click.command("sql")
@store_option
@click.argument("query")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document: a list of objects.")
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV with a line of column names.")
def sql_command(store_path: Path | None, query: str, as_json: bool, as_csv: bool) -> None:
    """Run a read-only QUERY ("-" reads it from stdin) over the store's tables and views.

    \b
    workbench sql "SELECT name, status, wall_median_s FROM v_runs ORDER BY started_at DESC"
    workbench sql "SELECT function, self_s FROM v_functions WHERE run_id = '…' ORDER BY 2 DESC LIMIT 10"

    docs/schema.md describes the tables and views. The table shows six digits; --json and --csv print all of them.
    """
    from workbench.store import Store

    if as_json and as_csv:
        raise UsageError("--json or --csv, not both")
    table = Store(store_path).query(sys.stdin.read() if query == "-" else query)
    if as_json:
        print_json([dict(zip(table.columns, row, strict=True)) for row in table.rows])
    elif as_csv:
        csv.writer(sys.stdout, lineterminator="\n").writerows([table.columns, *table.rows])
    else:
        _print(table)


def _print(table: Table) -> None:
    from workbench.store.table import is_numeric, shown

    columns = list(zip(*table.rows, strict=True))
    right = "".join("r" if is_numeric(values) else "l" for values in columns)
    print_table(table.columns, [tuple(map(shown, row)) for row in table.rows], right=right)
