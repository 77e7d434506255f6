"""What commands print: one JSON document, or a table that fits the terminal."""

from __future__ import annotations

import json
import math
import shlex
import sys
from collections.abc import Iterable, Sequence
from datetime import datetime
from enum import Enum
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

__all__ = ["json_text", "print_json", "print_table", "store_option", "store_words"]


def store_words() -> str:
    """What a suggested command needs to find this one's store: `` --store FILE`` where that was said, else ""."""
    context = click.get_current_context(silent=True)
    if context is None or context.get_parameter_source("store_path") is not ParameterSource.COMMANDLINE:
        return ""
    return f" --store {shlex.quote(str(context.params['store_path']))}"


def print_json(document: object) -> None:
    """Print one JSON document; numbers that JSON has no word for become null."""
    click.echo(json_text(document))


def json_text(document: object) -> str:
    """What ``print_json`` prints."""
    return json.dumps(_plain(document), indent=2, ensure_ascii=False)


def _plain(value: Any) -> Any:
    match value:
        case Enum():
            return value.value
        case bool() | int() | str() | None:
            return value
        case float():
            return value if math.isfinite(value) else None
        case datetime():
            return value.isoformat()
        case Path():
            return str(value)
        case dict():
            return {str(k): _plain(v) for k, v in value.items()}
        case list() | tuple():
            return [_plain(v) for v in value]
        case _:
            return str(value)


def print_table(
    columns: Sequence[str], rows: Iterable[Sequence[object]], *, title: str = "", right: str = ""
) -> None:
    """Print a table; columns whose letter in ``right`` is "r" are set flush right."""
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, title=title or None, title_justify="left", pad_edge=False)
    for index, column in enumerate(columns):
        numeric = right[index : index + 1] == "r"
        table.add_column(Text(column), justify="right" if numeric else "left", overflow="fold")
    for row in rows:
        table.add_row(*(Text("" if cell is None else str(cell)) for cell in row))

    class Shell(Console):
        def on_broken_pipe(self) -> None:
            raise BrokenPipeError  # rich would end with 1, which is a REGRESSION's code

    # A pipe gets whole lines: rich would fold them at 80 columns.
    Shell(file=sys.stdout, width=None if sys.stdout.isatty() else 200, highlight=False).print(table)


store_option = click.option(
    "--store",
    "store_path",
    type=click.Path(path_type=Path, dir_okay=False),
    envvar="WORKBENCH_STORE",
    help="The store to use (default: WORKBENCH_STORE, else the project's, else the user's).",
)
