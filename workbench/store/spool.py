"""Finished recordings on their way into the store: folders of Parquet files beside it.

An entry is written under a temporary name, made durable and then renamed, so that a crash leaves either a whole
entry or rubbish that nobody reads. Its manifest counts the rows, so that damage done later is noticed.
"""

from __future__ import annotations

import json
import logging
import os
import re
import secrets
import shutil
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from workbench.store._ddl import quoted
from workbench.store.columns import Tables
from workbench.store.connection import fsync_folder
from workbench.store.location import make_folder

__all__ = [
    "FORMAT",
    "BrokenEntry",
    "Manifest",
    "entries",
    "parquet",
    "read_manifest",
    "remove",
    "set_aside",
    "set_aside_entries",
    "sweep",
    "write",
]

FORMAT = 1
_DRAFT = ".tmp-"
_BAD = ".bad"
_MANIFEST = "manifest.json"
_DRAFT_LIFE_S = 3600.0

_log = logging.getLogger("workbench.store")


class BrokenEntry(Exception):
    """The entry can't be read; it is set aside and never blocks the others."""


@dataclass(frozen=True, slots=True)
class Manifest:
    format: int
    tables: Mapping[str, int]  # table → rows


def write(spool: Path, name: str, tables: Tables) -> Path:
    """Write an entry and make it durable; the folder appears under its final name at once."""
    make_folder(spool.parent)
    spool.mkdir(parents=True, exist_ok=True)
    token = f"{os.getpid()}-{secrets.token_hex(4)}"
    draft = spool / f"{_DRAFT}{token}"
    entry = spool / f"{re.sub(r'[^A-Za-z0-9_-]', '_', name)[:80]}-{token}"
    draft.mkdir()
    try:
        _write_files(draft, tables)
        for file in draft.iterdir():
            _fsync(file)
        fsync_folder(draft)
        draft.rename(entry)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise
    fsync_folder(spool)
    return entry


def _write_files(folder: Path, tables: Tables) -> None:
    import duckdb

    connection = duckdb.connect(":memory:")
    try:
        for name, columns in tables.items():
            # An object column without text has no type of its own, hence the cast.
            select = ", ".join(
                f"CAST({column} AS VARCHAR) AS {column}" if values.dtype == object else column
                for column, values in columns.items()
            )
            connection.register("rows", columns)
            target = quoted(str(folder / f"{name}.parquet"))
            connection.execute(f"COPY (SELECT {select} FROM rows) TO {target} (FORMAT parquet, COMPRESSION zstd)")
            connection.unregister("rows")
    finally:
        connection.close()
    rows = {name: len(next(iter(columns.values()))) for name, columns in tables.items()}
    (folder / _MANIFEST).write_text(json.dumps({"format": FORMAT, "tables": rows}), encoding="utf-8")


def _fsync(file: Path) -> None:
    with file.open("rb") as opened:
        os.fsync(opened.fileno())


def entries(spool: Path) -> list[Path]:
    """Whole entries, oldest first."""
    try:
        names = sorted(entry.name for entry in spool.iterdir())
    except (FileNotFoundError, NotADirectoryError):  # the latter is told by whoever opens the store itself
        return []
    return [spool / name for name in names if not name.startswith(".") and not name.endswith(_BAD)]


def set_aside_entries(spool: Path) -> list[Path]:
    """Entries that could not be read."""
    return sorted(spool.glob(f"*{_BAD}")) if spool.is_dir() else []


def read_manifest(entry: Path) -> Manifest:
    """The entry's table of contents; raises BrokenEntry."""
    try:
        document = json.loads((entry / _MANIFEST).read_text(encoding="utf-8"))
        manifest = Manifest(int(document["format"]), {str(k): int(v) for k, v in document["tables"].items()})
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise BrokenEntry(f"no readable {_MANIFEST}: {error}") from error
    if any(not re.fullmatch(r"[a-z_]+", name) for name in manifest.tables):
        raise BrokenEntry("a table name that is none")
    return manifest


def parquet(entry: Path, table: str) -> str:
    """``read_parquet('…')`` for a table of the entry, with the path's glob characters taken literally."""
    path = "".join(f"[{char}]" if char in "[*?" else char for char in str(entry / f"{table}.parquet"))
    return f"read_parquet({quoted(path)})"


def set_aside(entry: Path, reason: str) -> None:
    """Rename a broken entry so that it is kept but not read again."""
    target = entry.with_name(entry.name + _BAD)
    try:
        entry.rename(target)
    except OSError as error:
        _log.warning("spool entry %s can't be read (%s) nor set aside: %s", entry, reason, error)
        return
    _log.warning("spool entry set aside as %s: %s", target, reason)


def remove(entry: Path) -> None:
    """Remove an ingested entry; first under another name, so that nobody reads half of it."""
    gone = entry.with_name(f"{_DRAFT}done-{entry.name}")
    try:
        entry.rename(gone)
    except OSError:
        return  # it comes again and is found to be known
    shutil.rmtree(gone, ignore_errors=True)


def sweep(spool: Path) -> None:
    """Remove what crashed processes left behind an hour ago or more."""
    for draft in spool.glob(f"{_DRAFT}*"):
        try:
            old = time.time() - draft.stat().st_mtime > _DRAFT_LIFE_S
        except OSError:
            continue
        if old:
            shutil.rmtree(draft, ignore_errors=True)
