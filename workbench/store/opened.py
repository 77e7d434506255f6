"""The store that a caller names: one that is open already, a path, or none for the default."""

from __future__ import annotations

from os import PathLike
from pathlib import Path
from typing import TypeAlias

from workbench.store.store import Store

__all__ = ["StoreLike", "opened"]

StoreLike: TypeAlias = Store | str | PathLike[str] | None


def opened(store: StoreLike) -> Store:
    """Raises ``UsageError`` for a path that can't be one of a store."""
    if store is None:
        return Store()
    return Store(Path(store)) if isinstance(store, str | PathLike) else store
