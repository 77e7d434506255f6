"""Old versions stay where they are: a statement for each workflow asks for its latest one, with its payload."""

from __future__ import annotations

from sqlalchemy import Connection

from workbench.scenarios.workflows.entries import Entry, counted, first_page
from workbench.scenarios.workflows.statements import latest_with_payload, workflows_of

__all__ = ["list_page"]


def list_page(connection: Connection, templates: bool, size: int) -> tuple[Entry, ...]:
    """The first page of workflows or of templates."""
    entries = []
    for workflow in connection.execute(workflows_of(templates)).mappings().all():
        version = connection.execute(latest_with_payload(workflow["id"])).mappings().one()
        entries.append(counted({**version, **workflow}))
    return first_page(entries, size)
