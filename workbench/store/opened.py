"""The store that a caller names: one that is open already, a path, or none for the default."""

from __future__ import annotations

from os import PathLike
from pathlib import Path
from typing import TypeAlias

from workbench.errors import UsageError
from workbench.store.store import Store

__all__ = ["StoreLike", "opened"]

StoreLike: TypeAlias = Store | str | PathLike[str] | None


def opened(store: StoreLike) -> Store:
    """The store itself, that of the path, or the default one. Raises ``UsageError`` for anything else."""
    if store is None:
        return Store()
    if isinstance(store, str | PathLike):
        return Store(Path(store))
    if not hasattr(store, "save"):
        raise UsageError(f"store= takes a Store or the path of one, not {type(store).__name__}")
    return store
