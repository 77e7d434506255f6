"""``workbench store``: the state of the store."""

from __future__ import annotations

from pathlib import Path

import click

from workbench.cli.groups import SuggestingGroup
from workbench.cli.output import print_json, store_option

__all__ = ["store_command"]


@click.group("store", cls=SuggestingGroup)
def store_command() -> None:
    """Look after the store."""


@store_command.command("info")
@store_option
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def info_command(store_path: Path | None, as_json: bool) -> None:
    """Where the store is, how large, and what it holds."""
    from dataclasses import asdict

    from workbench.store import Store

    info = asdict(Store(store_path).info())
    if as_json:
        print_json(info)
        return
    for key, value in info.items():
        click.echo(f"{key:16} {value}")


@store_command.command("verify")
@store_option
def verify_command(store_path: Path | None) -> None:
    """Check that every reference resolves and the schema is the one expected."""
    from workbench.store import Store

    Store(store_path).verify()
    click.echo("the store is sound")


@store_command.command("migrate")
@store_option
def migrate_command(store_path: Path | None) -> None:
    """Bring the store to this version's schema."""
    from workbench.store import Store

    Store(store_path).migrate()
    click.echo("the store has the current schema")


@store_command.command("compact")
@store_option
def compact_command(store_path: Path | None) -> None:
    """Write the file anew without the room of what was deleted.

    `workbench delete` does so itself; this is for a store where that failed, or one that an older version deleted
    from.
    """
    from workbench.store import Store

    store = Store(store_path)
    before = store.info().size_bytes
    store.compact()
    click.echo(f"{store.path}: {before:,} → {store.info().size_bytes:,} bytes")
