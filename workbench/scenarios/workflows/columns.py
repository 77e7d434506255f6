"""Payloads stay where they are: only what is shown is selected, and the counts are those that the trigger keeps."""

from __future__ import annotations

from sqlalchemy import Connection

from workbench.scenarios.workflows.entries import Entry, first_page, precomputed
from workbench.scenarios.workflows.statements import latest_columns, workflows_of

__all__ = ["list_page"]


def list_page(connection: Connection, templates: bool, size: int) -> tuple[Entry, ...]:
    """The first page of workflows or of templates."""
    entries = []
    for workflow in connection.execute(workflows_of(templates)).mappings().all():
        version = connection.execute(latest_columns(workflow["id"])).mappings().one()
        entries.append(precomputed({**version, **workflow}))
    return first_page(entries, size)
