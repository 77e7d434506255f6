"""The file written anew without what was deleted: DuckDB only marks its blocks as free, so the bytes would stay.

The new file is made beside the old one while this process holds the old one's lock, checked table by table, made
durable and renamed over it: at any moment a whole store stands under the name. Whoever opens a store makes sure
that it is still the one of that name (``connection``), as another process may have waited for the old file.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.errors import StoreError
from workbench.store._ddl import quoted

if TYPE_CHECKING:
    from workbench.store.connection import Connection

__all__ = ["rewrite"]

_DRAFT = ".compact"
_DRAFT_LIFE_S = 3600.0


def rewrite(connection: Connection, path: Path, *, storage_version: str) -> None:
    """Put a copy in the store's place. Nothing else may be done with ``connection`` but close it.

    Raises what DuckDB and the system raise, and ``StoreError`` if the copy isn't equal; the old file then stays.
    """
    target = path.resolve()  # of a link the file that it leads to
    _sweep(target)
    folder = Path(tempfile.mkdtemp(dir=target.parent, prefix=f".{target.name}.", suffix=_DRAFT))  # nobody else's
    draft = folder / target.name
    try:
        _copy(connection, draft, storage_version)
        _take_over(target, draft)
        with draft.open("rb") as opened:
            os.fsync(opened.fileno())
        # A checkpoint at the close would take the log beside the *new* file for its own.
        connection.execute("PRAGMA disable_checkpoint_on_shutdown")
        target.with_name(target.name + ".wal").unlink(missing_ok=True)  # empty since the checkpoint
        draft.replace(target)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _copy(connection: Connection, draft: Path, storage_version: str) -> None:
    row = connection.execute("SELECT current_database()").fetchone()
    name = quoted_name(str(row[0]) if row else "")
    connection.execute("FORCE CHECKPOINT")
    connection.execute(f"ATTACH {quoted(str(draft))} AS compacted (STORAGE_VERSION {quoted(storage_version)})")
    connection.execute(f"COPY FROM DATABASE {name} TO compacted")
    tables = connection.execute(
        "SELECT table_name FROM duckdb_tables() WHERE database_name = current_database() AND NOT temporary"
    ).fetchall()
    for (table,) in tables:
        counts = connection.execute(
            f"SELECT (SELECT count(*) FROM {name}.main.{quoted_name(table)}),"
            f" (SELECT count(*) FROM compacted.main.{quoted_name(table)})"
        ).fetchone()
        if counts is None or counts[0] != counts[1]:
            raise StoreError(
                f"the copy of the table {table} has other rows than the store: the store stays as it is"
            )
    connection.execute("DETACH compacted")  # which checkpoints it


def _take_over(target: Path, draft: Path) -> None:
    """Give the copy the owner and the mode of the store; ``StoreError`` where the owner can't be kept."""
    old, new = _owned_as(target), draft.stat()
    if (old.st_uid, old.st_gid) != (new.st_uid, new.st_gid):
        try:
            os.chown(draft, old.st_uid, old.st_gid)
        except OSError:
            raise StoreError(
                f"{target} belongs to another user, whom its copy couldn't be given: it stays as it is; have its "
                "owner do that"
            ) from None
    draft.chmod(old.st_mode & 0o7777)


def _owned_as(target: Path) -> os.stat_result:
    return target.stat()


def quoted_name(name: str) -> str:
    """An identifier in SQL."""
    return '"' + name.replace('"', '""') + '"'


def _sweep(target: Path) -> None:
    """Remove what processes that were killed left behind an hour ago or more."""
    for draft in target.parent.glob(f".{target.name}.*{_DRAFT}"):
        with suppress(OSError):
            if time.time() - draft.stat().st_mtime > _DRAFT_LIFE_S:
                shutil.rmtree(draft)
