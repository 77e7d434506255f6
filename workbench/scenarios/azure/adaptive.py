"""The scan by workers whose number in flight follows throttling: more while accepted, half after a 429."""

from __future__ import annotations

from workbench.scenarios.azure.adaptive_limiter import AdaptiveLimiter
from workbench.scenarios.azure.concurrent import scan_by_workers
from workbench.scenarios.azure.scan import ScanResult, open_scan
from workbench.scenarios.azure.settings import ScanSettings

__all__ = ["scan"]


async def scan(settings: ScanSettings) -> ScanResult:
    """Scan the tenant into the graph."""
    async with open_scan(settings, lambda: AdaptiveLimiter(most=settings.workers), at_once=True) as current:
        return await scan_by_workers(current)
