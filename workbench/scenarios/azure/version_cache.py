"""The naive scan with a cache of api-versions: 14 common types are known, others are looked up once."""

from __future__ import annotations

from workbench.scenarios.azure.scan import ScanResult, open_scan
from workbench.scenarios.azure.settings import ScanSettings
from workbench.scenarios.azure.steps import one_by_one

__all__ = ["scan"]


async def scan(settings: ScanSettings) -> ScanResult:
    """Scan the tenant into the graph."""
    async with open_scan(settings) as current:
        return await one_by_one(current, current.cached_versions())
