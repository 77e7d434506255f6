"""Whether a git work tree holds other code than its commit.

Changed tracked files count, and new files that could be imported. Other new files don't: a report, a note, or the
store itself is no change of the code. What git ignores is ignored; so are compiled files and installed packages.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from importlib.machinery import EXTENSION_SUFFIXES, SOURCE_SUFFIXES

__all__ = ["has_changes"]

_CODE = tuple(
    dict.fromkeys((*SOURCE_SUFFIXES, *(f".{suffix.rpartition('.')[2]}" for suffix in EXTENSION_SUFFIXES)))
)
_STORE = ("*.duckdb", "*.duckdb.wal", "*.duckdb.spool/**")


def has_changes(git: Callable[..., str]) -> bool:
    """``git(*arguments)`` is git's output in the work tree, "" where it fails."""
    store = [f":(exclude,top){pattern}" for pattern in _STORE]
    if git("status", "--porcelain", "--untracked-files=no", "--", ":(top)", *store).strip():
        return True
    code = [f":(top)*{suffix}" for suffix in _CODE]
    return _any_own(git("ls-files", "--others", "--exclude-standard", "--full-name", "-z", "--", *code).split("\0"))


def _any_own(names: Iterable[str]) -> bool:
    return any(name.strip() and "site-packages" not in name.split("/") for name in names)
