"""Each URL in one of 20 threads of a pool of its own."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor

from workbench.scenarios.files.listing import Desk, Listed, list_files, presign

__all__ = ["listing"]

_THREADS = 20


async def listing(desk: Desk) -> list[Listed]:
    """All files, with URLs."""
    loop = asyncio.get_running_loop()
    with ThreadPoolExecutor(_THREADS, thread_name_prefix="sign") as pool:
        entries = await loop.run_in_executor(pool, list_files, desk)
        signed = [loop.run_in_executor(pool, presign, desk, entry) for entry in entries]
        return list(await asyncio.gather(*signed))
