"""What DuckDB and the operating system report, as the store's own exceptions of one line each."""

from __future__ import annotations

import errno
import os
import re
from pathlib import Path

from workbench.errors import (
    StoreError,
    StoreForeign,
    StoreFull,
    StoreLocked,
    StoreTooNew,
    StoreUnwritable,
)
from workbench.redaction import redact

__all__ = ["ANOTHER", "first_line", "is_damaged", "is_locked", "translate"]

ANOTHER = "name another one with --store or WORKBENCH_STORE"
"""How most of these are mended."""

_HOLDER = re.compile(r"Conflicting lock is held in (?P<program>.*?) \(PID (?P<pid>\d+)\)")
_FULL = re.compile(
    r"No space left|File too large|Disk quota exceeded|disk is full|Out of disk|max_temp_directory_size", re.I
)
_DENIED = re.compile(r"Permission denied|Read-only file system|Operation not permitted|Not a directory", re.I)
_DAMAGED = re.compile(r"Corrupt database file|Could not read enough bytes", re.I)
_FULL_ERRNO = {errno.ENOSPC, errno.EFBIG, errno.EDQUOT}
_DENIED_ERRNO = {errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR}


def is_locked(error: BaseException) -> bool:
    """Whether another process, or another connection of this one, holds the file."""
    text = str(error)
    return "Could not set lock" in text or "same database file with a different configuration" in text


def is_damaged(error: BaseException) -> bool:
    """Whether the file was found cut short or changed."""
    return _DAMAGED.search(str(error)) is not None


def first_line(error: BaseException) -> str:
    """DuckDB's message with its hints but without the excerpt of the statement, on one line, redacted."""
    kept: list[str] = []
    for line in str(error).splitlines():
        if line.startswith("LINE ") or "Stack Trace" in line:
            break
        kept.append(line.strip())
    return redact(" ".join(filter(None, kept)))


def translate(error: BaseException, path: Path) -> StoreError:
    """The exception to raise instead of ``error``."""
    text = str(error)
    if isinstance(error, StoreError):
        return error
    if is_locked(error):
        return _locked(text, path)
    number = error.errno if isinstance(error, OSError) else None
    if number in _FULL_ERRNO or _FULL.search(text):
        return StoreFull(f"the disk of {path} is full: free some space; what was recorded before is still there")
    if number == errno.EEXIST:
        return StoreUnwritable(f"can't write {path} (a folder on its path is a file): {ANOTHER}")
    if number in _DENIED_ERRNO or _DENIED.search(text):
        reason = os.strerror(number) if number else _matched(_DENIED, text)
        return StoreUnwritable(f"can't write {path} ({reason}): check its permissions, or {ANOTHER}")
    if "not a valid DuckDB database" in text:
        return _no_database(path)
    if "Is a directory" in text or number == errno.EISDIR:
        return StoreForeign(f"{path} is a directory: name a file with --store or WORKBENCH_STORE")
    if "newer version of DuckDB" in text or "database file with version number" in text:
        return StoreTooNew(f"{path} was written by a newer DuckDB: pip install -U duckdb")
    if is_damaged(error):
        return StoreError(
            f"{path} is damaged ({_matched(_DAMAGED, text)}): put a backup in its place, or {ANOTHER}"
        )
    return StoreError(f"{path}: {first_line(error)}")


def _no_database(path: Path) -> StoreForeign:
    """An empty file may be what is left of a store, so it isn't made one without asking."""
    if path.is_file() and not path.stat().st_size:
        return StoreForeign(f"{path} is empty: delete it and a new store is made, or {ANOTHER}")
    return StoreForeign(f"{path} is no DuckDB file: {ANOTHER}")


def _matched(pattern: re.Pattern[str], text: str) -> str:
    match = pattern.search(text)
    return match[0] if match else ""


def _locked(text: str, path: Path) -> StoreLocked:
    holder = _HOLDER.search(text)
    if holder is not None:
        program = Path(holder["program"]).name
        who = f"process {holder['pid']} ({program})"
    elif "different configuration" in text:
        who = f"another connection in this process ({os.getpid()})"
    else:
        who = "another process"
    return StoreLocked(f"{path} is in use by {who}: close it there and try again")
