"""The second scan: only what has changed since the first is read and written, and what is gone is removed."""

from __future__ import annotations

from workbench.scenarios.azure.adaptive_limiter import AdaptiveLimiter
from workbench.scenarios.azure.earlier import drop_gone
from workbench.scenarios.azure.graph_store import load_stored, load_versions, save_versions
from workbench.scenarios.azure.scan import ScanResult, open_stream
from workbench.scenarios.azure.settings import ScanSettings
from workbench.scenarios.azure.stream import read_and_write

__all__ = ["scan"]


async def scan(settings: ScanSettings) -> ScanResult:
    """Scan the tenant into the graph."""
    async with open_stream(settings, lambda: AdaptiveLimiter(most=settings.workers)) as current:
        stored = await load_stored(current.graph)
        versions = current.cached_versions(await load_versions(current.graph))
        await read_and_write(current, versions, stored)
        containers = [row for row in current.listing.containers if stored.get(row.id) != row]
        fresh = {row.id for row in containers} | {
            key for key, row in current.rows.items() if stored.get(key) is not row
        }
        await drop_gone(current, stored)
        await save_versions(current.graph, versions.found)
        await current.describe([row for key, row in current.rows.items() if key in fresh])
        return current.result()
