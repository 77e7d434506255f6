"""The scan by a bounded number of workers, each of which reads a resource and writes it."""

from __future__ import annotations

from workbench.scenarios.azure.scan import Scan, ScanResult, open_scan
from workbench.scenarios.azure.settings import ScanSettings
from workbench.scenarios.azure.steps import by_workers
from workbench.scenarios.azure.tenant import Entry

__all__ = ["scan", "scan_by_workers"]


async def scan(settings: ScanSettings) -> ScanResult:
    """Scan the tenant into the graph."""
    async with open_scan(settings, at_once=True) as current:
        return await scan_by_workers(current)


async def scan_by_workers(current: Scan) -> ScanResult:
    """Resources, then relationships, by as many workers as the settings say."""
    versions = current.cached_versions()
    workers = current.settings.workers

    async def one(entry: Entry) -> None:
        row = await current.read(entry, versions)
        if row is not None:
            await current.write(row)

    await by_workers(current.listing.containers, current.write, workers)
    await by_workers(current.todo, one, workers)
    await by_workers(current.links(), current.link, workers)
    await current.describe(list(current.rows.values()))
    return current.result()
