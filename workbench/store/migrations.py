"""Versioned schema changes, each in one transaction together with its record."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.errors import StoreForeign, StoreTooNew
from workbench.store import _schema_1, _schema_2, _schema_3, _schema_4
from workbench.store._ddl import table
from workbench.store.failures import ANOTHER
from workbench.store.transaction import transaction

if TYPE_CHECKING:
    import duckdb

__all__ = ["CURRENT", "MIGRATIONS", "Migration", "check_version", "migrate", "version_of"]


@dataclass(frozen=True, slots=True)
class Migration:
    version: int
    name: str
    statements: tuple[str, ...]


MIGRATIONS: tuple[Migration, ...] = (
    Migration(1, "sessions, runs, call trees, spans", _schema_1.STATEMENTS),
    Migration(2, "plans of statements", _schema_2.STATEMENTS),
    Migration(3, "tasks, roles of frames, digests of sources", _schema_3.STATEMENTS),
    Migration(4, "time of one call in views", _schema_4.STATEMENTS),
)
CURRENT = MIGRATIONS[-1].version

_RECORD = table(
    "workbench_migrations",
    "Schema versions of this store; its presence tells a workbench store from another DuckDB file.",
    """
    version INTEGER NOT NULL | schema version
    name VARCHAR NOT NULL | what it brought
    applied_at TIMESTAMP NOT NULL | UTC
    duckdb VARCHAR NOT NULL | version of DuckDB that applied it
    """,
)


def version_of(connection: duckdb.DuckDBPyConnection) -> int | None:
    """The schema version; ``None`` if this is not a workbench store."""
    found = connection.execute(
        "SELECT count(*) FROM duckdb_tables() WHERE table_name = 'workbench_migrations' AND NOT internal"
    ).fetchone()
    if not found or not found[0]:
        return None
    row = connection.execute("SELECT max(version) FROM workbench_migrations").fetchone()
    return int(row[0]) if row and row[0] is not None else None


def check_version(version: int | None, path: Path) -> int:
    """The version, or the exception that says why the store can't be used."""
    if version is None:
        raise StoreForeign(f"{path} is a DuckDB file but no workbench store: {ANOTHER}")
    if version > CURRENT:
        raise StoreTooNew(
            f"{path} has schema {version}, this workbench knows {CURRENT}: use the newer one that wrote it, "
            f"or {ANOTHER}"
        )
    return version


def migrate(
    connection: duckdb.DuckDBPyConnection, migrations: Sequence[Migration] = MIGRATIONS, *, since: int = 0
) -> int:
    """Apply what is newer than ``since`` (0 for an empty database); returns the version reached."""
    for migration in migrations:
        if migration.version <= since:
            continue
        with transaction(connection):
            if migration.version == migrations[0].version:
                _run(connection, _RECORD)
            _run(connection, migration.statements)
            connection.execute(
                "INSERT INTO workbench_migrations SELECT ?, ?, (now() AT TIME ZONE 'UTC'), version()",
                [migration.version, migration.name],
            )
        since = migration.version
    return since


def _run(connection: duckdb.DuckDBPyConnection, statements: Sequence[str]) -> None:
    connection.execute(";\n".join(statements))
