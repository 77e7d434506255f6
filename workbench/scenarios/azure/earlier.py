"""What an earlier scan spares: resources that are as they were, and how to drop what is gone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from workbench.scenarios.azure.rows import Row
from workbench.scenarios.azure.scan import Scan
from workbench.scenarios.azure.tenant import Entry

__all__ = ["drop_gone", "reuse_unchanged"]


def reuse_unchanged(scan: Scan, entries: Iterable[Entry], stored: Mapping[str, Row]) -> list[Row]:
    """Take the rows of resources whose time of change, by the listing, is the one that the graph knows."""
    reused = []
    for entry in entries:
        row = stored.get(entry.id)
        if row is not None and entry.changed_time and row.properties.get("changed_time") == entry.changed_time:
            scan.rows[entry.id] = row
            reused.append(row)
    scan.reused += len(reused)
    return reused


async def drop_gone(scan: Scan, stored: Mapping[str, Row]) -> None:
    """Remove resources that are listed no more, and links that changed resources have no more.

    A scan that was told to end early doesn't know what is gone.
    """
    if scan.settings.resource_limit is not None:
        return
    listed = {entry.id for entry in scan.listing.entries} | {row.id for row in scan.listing.containers}
    size = scan.settings.batch_size
    with scan.phases.of("relationships"):
        await scan.writer.remove(stored.keys() - listed, size)
        changed = [row for key, row in scan.rows.items() if key in stored and row is not stored[key]]
        await scan.writer.unlink(changed, size)
