"""One statement instead of one for each workflow: ``DISTINCT ON`` finds all latest versions at once."""

from __future__ import annotations

from sqlalchemy import Connection

from workbench.scenarios.workflows.entries import Entry, first_page, precomputed
from workbench.scenarios.workflows.statements import latest_of

__all__ = ["list_page"]


def list_page(connection: Connection, templates: bool, size: int) -> tuple[Entry, ...]:
    """The first page of workflows or of templates."""
    rows = connection.execute(latest_of(templates)).mappings()
    return first_page((precomputed(row) for row in rows), size)
