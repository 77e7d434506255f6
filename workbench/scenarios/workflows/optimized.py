"""As ``paged``, by asyncio: the page of workflows and the page of templates are asked for at the same time."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncConnection

from workbench.scenarios.workflows.entries import Entry, precomputed
from workbench.scenarios.workflows.statements import page

__all__ = ["list_page"]


async def list_page(connection: AsyncConnection, templates: bool, size: int) -> tuple[Entry, ...]:
    """The first page of workflows or of templates."""
    rows = (await connection.execute(page(templates, size))).mappings()
    return tuple(precomputed(row) for row in rows)
