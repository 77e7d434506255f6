"""The server sends the page that is shown, and looks up the latest versions of that page alone."""

from __future__ import annotations

from sqlalchemy import Connection

from workbench.scenarios.workflows.entries import Entry, precomputed
from workbench.scenarios.workflows.statements import page

__all__ = ["list_page"]


def list_page(connection: Connection, templates: bool, size: int) -> tuple[Entry, ...]:
    """The first page of workflows or of templates."""
    return tuple(precomputed(row) for row in connection.execute(page(templates, size)).mappings())
