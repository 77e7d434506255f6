"""The scan with batched writes: UNWIND of many resources or relationships a transaction."""

from __future__ import annotations

from workbench.scenarios.azure.scan import ScanResult, open_scan
from workbench.scenarios.azure.settings import ScanSettings

__all__ = ["scan"]


async def scan(settings: ScanSettings) -> ScanResult:
    """Scan the tenant into the graph."""
    async with open_scan(settings) as current:
        versions = current.cached_versions()
        waiting = list(current.listing.containers)
        for entry in current.todo:
            row = await current.read(entry, versions)
            if row is not None:
                waiting.append(row)
            if len(waiting) >= settings.batch_size:
                await current.write_batch(waiting)
                waiting.clear()
        await current.write_batch(waiting)
        await current.link_batch(current.links())
        await current.describe(list(current.rows.values()))
        return current.result()
