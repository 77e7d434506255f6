"""The scan with api-versions that an earlier scan left in the graph: no provider is asked any more."""

from __future__ import annotations

from workbench.scenarios.azure.graph_store import load_versions, save_versions
from workbench.scenarios.azure.scan import ScanResult, open_scan
from workbench.scenarios.azure.settings import ScanSettings
from workbench.scenarios.azure.steps import one_by_one

__all__ = ["scan"]


async def scan(settings: ScanSettings) -> ScanResult:
    """Scan the tenant into the graph."""
    async with open_scan(settings) as current:
        with current.phases.of("versions"):
            versions = current.cached_versions(await load_versions(current.graph))
        result = await one_by_one(current, versions)
        await save_versions(current.graph, versions.found)
        return result
