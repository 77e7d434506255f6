"""The listing as it is written first: one URL after another, in the handler."""

from __future__ import annotations

from workbench.scenarios.files.listing import Desk, Listed, list_files, presign

__all__ = ["listing"]


async def listing(desk: Desk) -> list[Listed]:
    """All files, with URLs. The event loop stands still meanwhile."""
    return [presign(desk, entry) for entry in list_files(desk)]
