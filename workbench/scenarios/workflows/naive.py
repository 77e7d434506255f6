"""Everything that the tables have, payloads of all versions included; latest version and counts found here."""

from __future__ import annotations

from sqlalchemy import Connection

from workbench.scenarios.workflows.entries import Entry, counted, first_page
from workbench.scenarios.workflows.statements import all_with_payloads

__all__ = ["list_page"]


def list_page(connection: Connection, templates: bool, size: int) -> tuple[Entry, ...]:
    """The first page of workflows or of templates."""
    latest: dict[int, Entry] = {}
    for row in connection.execute(all_with_payloads(templates)).mappings():
        known = latest.get(row["id"])
        if known is None or row["version"] > known.version:
            latest[row["id"]] = counted(row)
    return first_page(latest.values(), size)
