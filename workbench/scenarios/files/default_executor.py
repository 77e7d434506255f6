"""Each URL in a thread of the event loop's default executor, which has ``min(32, processors + 4)`` of them."""

from __future__ import annotations

import asyncio

from workbench.scenarios.files.listing import Desk, Listed, list_files, presign

__all__ = ["listing"]


async def listing(desk: Desk) -> list[Listed]:
    """All files, with URLs."""
    entries = await asyncio.to_thread(list_files, desk)
    return list(await asyncio.gather(*(asyncio.to_thread(presign, desk, entry) for entry in entries)))
