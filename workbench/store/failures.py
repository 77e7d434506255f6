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

__all__ = ["first_line", "is_locked", "translate"]

_HOLDER = re.compile(r"Conflicting lock is held in (?P<program>.*?) \(PID (?P<pid>\d+)\)")
_FULL = re.compile(
    r"No space left|File too large|Disk quota exceeded|disk is full|Out of disk|max_temp_directory_size", re.I
)
_DENIED = re.compile(r"Permission denied|Read-only file system|Operation not permitted|Not a directory", re.I)
_FULL_ERRNO = {errno.ENOSPC, errno.EFBIG, errno.EDQUOT}
_DENIED_ERRNO = {errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR}


def is_locked(error: BaseException) -> bool:
    """Whether another process, or another connection of this one, holds the file."""
    text = str(error)
    return "Could not set lock" in text or "same database file with a different configuration" in text


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
        return StoreUnwritable(f"can't write {path} (a folder on its path is a file): set WORKBENCH_STORE")
    if number in _DENIED_ERRNO or _DENIED.search(text):
        reason = os.strerror(number) if number else _matched(_DENIED, text)
        return StoreUnwritable(f"can't write {path} ({reason}): check its permissions or set WORKBENCH_STORE")
    if "not a valid DuckDB database" in text:
        return StoreForeign(f"{path} is no DuckDB file: name another one with WORKBENCH_STORE")
    if "Is a directory" in text or number == errno.EISDIR:
        return StoreForeign(f"{path} is a directory: name a file with WORKBENCH_STORE")
    if "newer version of DuckDB" in text or "database file with version number" in text:
        return StoreTooNew(f"{path} was written by a newer DuckDB: pip install -U duckdb")
    return StoreError(f"{path}: {first_line(error)}")


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
