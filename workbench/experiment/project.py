"""What a project says in ``[tool.workbench]`` of its ``pyproject.toml``: a table for each command that heeds it."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from workbench.analysis.counts import BY_KIND, COUNTS
from workbench.errors import UsageError
from workbench.suggestions import suggestion

__all__ = ["project_tables", "require_count"]

_TABLES = ("compare", "gate", "scaling")


def project_tables(file: Path) -> dict[str, Mapping[str, Any]]:
    """The tables under ``[tool.workbench]`` by name. Raises ``UsageError`` for what can't be read or isn't known.

    A mistyped name would be a margin that nobody holds.
    """
    try:
        document: Any = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UsageError(f"{file} can't be read: {error}") from None
    for name in ("tool", "workbench"):
        document = document.get(name, {})
        if not isinstance(document, dict):
            raise UsageError(f"[{'tool' if name == 'tool' else 'tool.workbench'}] in {file} is no table")
    for name, table in document.items():
        if name not in _TABLES:
            raise UsageError(
                f"[tool.workbench] in {file} has no {name!r}{suggestion(name, _TABLES, listed='it knows')}"
            )
        if not isinstance(table, dict):
            raise UsageError(f"[tool.workbench.{name}] in {file} is no table")
    tables: dict[str, Mapping[str, Any]] = document
    return tables


def require_count(name: str) -> str:
    """The name of a count. Raises ``UsageError`` for one that nothing counts: to ignore it would mean nothing."""
    if name in COUNTS or name.startswith(BY_KIND):
        return name
    raise UsageError(f"there is no count {name!r}{suggestion(name, COUNTS, listed='there are')}")
