"""The scan with all fixes: versions cached, concurrency that follows throttling, batches written while reading."""

from __future__ import annotations

from workbench.scenarios.azure.adaptive_limiter import AdaptiveLimiter
from workbench.scenarios.azure.graph_store import load_versions, save_versions
from workbench.scenarios.azure.scan import ScanResult, open_stream
from workbench.scenarios.azure.settings import ScanSettings
from workbench.scenarios.azure.stream import read_and_write

__all__ = ["scan"]


async def scan(settings: ScanSettings) -> ScanResult:
    """Scan the tenant into the graph."""
    async with open_stream(settings, lambda: AdaptiveLimiter(most=settings.workers)) as current:
        versions = current.cached_versions(await load_versions(current.graph))
        await read_and_write(current, versions)
        await save_versions(current.graph, versions.found)
        await current.describe(list(current.rows.values()))
        return current.result()
