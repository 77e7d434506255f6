"""Keeps every recording: DuckDB behind connections as short as the operation, and a spool that survives locks."""

from __future__ import annotations

from workbench.store.ids import new_id
from workbench.store.location import default_path
from workbench.store.opened import StoreLike, opened
from workbench.store.store import Store, StoreInfo
from workbench.store.table import Table

__all__ = ["Store", "StoreInfo", "StoreLike", "Table", "default_path", "new_id", "opened"]
