"""Spool entries into tables: idempotent, one transaction an entry, by whoever holds the file for writing."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from workbench.errors import StoreFull, StoreLocked, StoreUnwritable
from workbench.store import failures, spool
from workbench.store.spool import BrokenEntry
from workbench.store.transaction import transaction

if TYPE_CHECKING:
    from workbench.store.connection import Connection

__all__ = ["ingest_all"]

_FRESH_RUNS = "SELECT run_id FROM fresh_runs"
_FRESH_KEYS = "SELECT run_key FROM fresh_runs"
_FRESH_ENVIRONMENTS = "SELECT environment_id FROM fresh_environments"
_SAME_PAIR = "(c.session_id, c.base, c.new) = (e.session_id, e.base, e.new)"
_FRESH_SESSIONS = "SELECT session_id FROM fresh_sessions"

# What is taken of each table; the rest is in the store already.
_TAKEN = {
    "environments": f"environment_id IN ({_FRESH_ENVIRONMENTS})",
    "packages": f"environment_id IN ({_FRESH_ENVIRONMENTS})",
    "sessions": f"session_id IN ({_FRESH_SESSIONS})",
    "runs": f"run_id IN ({_FRESH_RUNS})",
    "parameters": f"run_id IN ({_FRESH_RUNS}) OR (run_id = '' AND session_id IN ({_FRESH_SESSIONS}))",
    "tags": f"run_id IN ({_FRESH_RUNS})",
    "rounds": f"run_id IN ({_FRESH_RUNS})",
    "measures": f"run_id IN ({_FRESH_RUNS})",
    "threads": f"run_id IN ({_FRESH_RUNS})",
    "tasks": f"run_id IN ({_FRESH_RUNS})",
    "sources": f"run_id IN ({_FRESH_RUNS})",
    "spans": f"run_id IN ({_FRESH_RUNS})",
    "plans": f"run_id IN ({_FRESH_RUNS})",
    "frames": "frame_id NOT IN (SELECT frame_id FROM frames)",
    "nodes": "node_id NOT IN (SELECT node_id FROM nodes)",
    "run_nodes": f"run_key IN ({_FRESH_KEYS})",
    "line_weights": f"run_key IN ({_FRESH_KEYS})",
    "samples": f"run_key IN ({_FRESH_KEYS})",
    "comparisons": f"NOT EXISTS (FROM comparisons c WHERE {_SAME_PAIR})",
}
_DISTINCT = {"frames": "frame_id", "nodes": "node_id"}  # runs of one session share them


def ingest_all(connection: Connection, folder: Path, store: Path) -> int:
    """Ingest every entry of the spool; broken ones are set aside. Returns how many were taken.

    Raises StoreFull or StoreUnwritable if the store can't take them: they stay spooled.
    """
    taken = 0
    for entry in spool.entries(folder):
        try:
            manifest = spool.read_manifest(entry)
            if manifest.format > spool.FORMAT:
                continue  # a newer workbench wrote it and will take it
            _ingest(connection, entry, manifest)
        except BrokenEntry as error:
            spool.set_aside(entry, str(error))
        else:
            _check_store(store)
            spool.remove(entry)
            taken += 1
    spool.sweep(folder)
    return taken


def _check_store(store: Path) -> None:
    if not store.exists():
        raise StoreUnwritable(f"{store} was removed while it was being written")


def _ingest(connection: Connection, entry: Path, manifest: spool.Manifest) -> None:
    import duckdb

    try:
        with transaction(connection):
            _check(connection, entry, manifest)
            _find_fresh(connection, entry, manifest)
            _replace_comparisons(connection, entry, manifest)
            for table, condition in _TAKEN.items():
                if table in manifest.tables:
                    _insert(connection, entry, table, condition)
    except duckdb.Error as error:
        raise _judged(error, entry) from error


def _judged(error: Exception, entry: Path) -> Exception:
    """Whether the store or the entry is to blame."""
    import duckdb

    translated = failures.translate(error, entry)
    to_blame = (
        duckdb.OutOfMemoryException,
        duckdb.InterruptException,
        duckdb.FatalException,
        duckdb.TransactionException,
    )
    if isinstance(translated, StoreFull | StoreUnwritable | StoreLocked) or isinstance(error, to_blame):
        return error
    return BrokenEntry(failures.first_line(error))


def _check(connection: Connection, entry: Path, manifest: spool.Manifest) -> None:
    for table, rows in manifest.tables.items():
        found = connection.execute(f"SELECT count(*) FROM {spool.parquet(entry, table)}").fetchone()
        if not found or found[0] != rows:
            raise BrokenEntry(f"{table}.parquet should have {rows} rows and has {found[0] if found else 0}")


def _find_fresh(connection: Connection, entry: Path, manifest: spool.Manifest) -> None:
    """What of the entry the store does not have, as temporary tables."""
    for table, keys in (
        ("runs", "run_id, run_key"),
        ("sessions", "session_id"),
        ("environments", "environment_id"),
    ):
        key = keys.partition(",")[0]
        if table in manifest.tables:
            source = f"{spool.parquet(entry, table)} WHERE {key} NOT IN (SELECT {key} FROM {table})"
        else:
            source = f"{table} WHERE false"
        connection.execute(f"CREATE OR REPLACE TEMP TABLE fresh_{table} AS SELECT DISTINCT {keys} FROM {source}")


def _replace_comparisons(connection: Connection, entry: Path, manifest: spool.Manifest) -> None:
    """The latest comparison of a pair stays, in whichever order entries come."""
    if "comparisons" not in manifest.tables:
        return
    connection.execute(
        f"DELETE FROM comparisons c USING {spool.parquet(entry, 'comparisons')} e "
        f"WHERE {_SAME_PAIR} AND c.created_at <= e.created_at"
    )


def _insert(connection: Connection, entry: Path, table: str, condition: str) -> None:
    distinct = f"DISTINCT ON ({_DISTINCT[table]}) " if table in _DISTINCT else ""
    connection.execute(
        f"INSERT INTO {table} BY NAME SELECT {distinct}* FROM {spool.parquet(entry, table)} e WHERE {condition}"
    )
