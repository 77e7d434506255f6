"""What a store holds."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.store import spool
from workbench.store.migrations import version_of

if TYPE_CHECKING:
    from workbench.store.connection import Connection

__all__ = ["StoreInfo", "gather"]

_COUNTED = ("sessions", "runs", "rounds", "samples", "spans", "frames", "nodes", "comparisons")


@dataclass(frozen=True, slots=True)
class StoreInfo:
    """``spooled`` recordings wait for the file, ``set_aside`` ones can't be read."""

    path: str
    exists: bool
    size_bytes: int
    schema_version: int
    duckdb: str
    sessions: int
    runs: int
    rounds: int
    samples: int
    spans: int
    frames: int
    nodes: int
    comparisons: int
    spooled: int
    set_aside: int
    spool: str


def gather(connection: Connection, path: Path, spool_folder: Path) -> StoreInfo:
    """Counts by ``connection``, sizes from the file system."""
    import duckdb

    exists = path.exists()
    counts = {}
    for table in _COUNTED:
        row = connection.execute(f"SELECT count(*) FROM {table}").fetchone()
        counts[table] = int(row[0]) if row else 0
    return StoreInfo(
        path=str(path),
        exists=exists,
        size_bytes=path.stat().st_size if exists else 0,
        schema_version=version_of(connection) or 0,
        duckdb=duckdb.__version__,
        **counts,
        spooled=len(spool.entries(spool_folder)),
        set_aside=len(spool.set_aside_entries(spool_folder)),
        spool=str(spool_folder),
    )
