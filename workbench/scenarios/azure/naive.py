"""The scan as it is written first: a provider look-up, a session and a statement for each resource."""

from __future__ import annotations

from workbench.scenarios.azure.scan import ScanResult, open_scan
from workbench.scenarios.azure.settings import ScanSettings
from workbench.scenarios.azure.steps import one_by_one

__all__ = ["scan"]


async def scan(settings: ScanSettings) -> ScanResult:
    """Scan the tenant into the graph."""
    async with open_scan(settings) as current:
        return await one_by_one(current, current.looked_up)
