"""The scan with properties that an earlier scan left in the graph: what hasn't changed since isn't read again."""

from __future__ import annotations

from workbench.scenarios.azure.earlier import drop_gone, reuse_unchanged
from workbench.scenarios.azure.graph_store import load_stored
from workbench.scenarios.azure.scan import ScanResult, open_scan
from workbench.scenarios.azure.settings import ScanSettings
from workbench.scenarios.azure.steps import write_one_by_one

__all__ = ["scan"]


async def scan(settings: ScanSettings) -> ScanResult:
    """Scan the tenant into the graph."""
    async with open_scan(settings) as current:
        with current.phases.of("properties"):
            stored = await load_stored(current.graph)
        unchanged = reuse_unchanged(current, current.todo, stored)
        versions = current.cached_versions()
        for known in (*current.listing.containers, *unchanged):
            await current.write(known)
        for entry in current.todo:
            row = await current.read(entry, versions)
            if row is not None:
                await current.write(row)
        await drop_gone(current, stored)
        return await write_one_by_one(current)
