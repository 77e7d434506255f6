"""``async``: a coroutine for each URL, gathered. There is nothing in it to wait for, so nothing overlaps.

It looks concurrent, but signing is a computation: each coroutine runs from its beginning to its end before the next
one starts, on the one thread of the event loop.
"""

from __future__ import annotations

import asyncio

from workbench.scenarios.files.listing import Desk, Entry, Listed, list_files, presign

__all__ = ["listing"]


async def listing(desk: Desk) -> list[Listed]:
    """All files, with URLs."""

    async def one(entry: Entry) -> Listed:
        return presign(desk, entry)

    return list(await asyncio.gather(*(one(entry) for entry in list_files(desk))))
