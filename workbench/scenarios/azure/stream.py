"""A tenant listed, read and written at the same time: what one step has done, the next one begins with.

A subscription's bucket of reads refills only while it isn't full, so a scan that first lists everything forgoes
what would have flowed in meanwhile: resources are read from the first page on.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from types import MappingProxyType

from workbench.scenarios.azure.earlier import reuse_unchanged
from workbench.scenarios.azure.ready_links import ReadyLinks
from workbench.scenarios.azure.rows import Row
from workbench.scenarios.azure.scan import Scan
from workbench.scenarios.azure.tenant import Entry, Listing
from workbench.scenarios.azure.versions import Versions
from workbench.scenarios.http.tasks import task_group

__all__ = ["read_and_write"]

_NOTHING: Mapping[str, Row] = MappingProxyType({})
_WAITING_ROWS = 2000


async def read_and_write(scan: Scan, versions: Versions, stored: Mapping[str, Row] = _NOTHING) -> None:
    """List, read and write: resources as batches fill, relationships as both of their ends are there.

    ``stored`` are rows that the graph holds, of which the unchanged ones are neither read nor written.
    """
    async with task_group() as tasks:
        writing = _Writing(scan)
        tasks.create_task(_list_and_read(scan, versions, stored, writing))
        tasks.create_task(writing.until_the_end())


async def _list_and_read(scan: Scan, versions: Versions, stored: Mapping[str, Row], writing: _Writing) -> None:
    async def one(entry: Entry) -> None:
        row = await scan.read(entry, versions)
        if row is not None:
            await writing.put([row])

    async with task_group() as tasks:
        desks: dict[str, _Desk] = {}

        def take(part: Listing) -> None:
            writing.links.written(scan.take(part))
            unchanged = [row for row in part.containers if stored.get(row.id) == row]
            new = [row for row in part.containers if stored.get(row.id) != row]
            tasks.create_task(writing.put(new))
            reused = reuse_unchanged(scan, (entry for entry in part.entries if entry.id not in scan.rows), stored)
            writing.links.unchanged([*unchanged, *reused])
            for entry in part.entries:
                if entry.id not in scan.rows:
                    if entry.subscription not in desks:
                        desks[entry.subscription] = desk = _Desk(scan.settings.workers)
                        for _ in range(desk.workers):
                            tasks.create_task(desk.serve(one))
                    desks[entry.subscription].put(entry)

        await scan.list_in_parts(take)
        for desk in desks.values():
            desk.close()
    await writing.end()


class _Desk:
    """The resources of one subscription and those who read them.

    Each has its own, since Azure throttles each by itself: workers of all would be stalled by the first one.
    """

    def __init__(self, workers: int) -> None:
        self.workers = workers
        self._queue: asyncio.Queue[Entry | None] = asyncio.Queue()

    def put(self, entry: Entry) -> None:
        self._queue.put_nowait(entry)

    def close(self) -> None:
        """Nothing more will come."""
        for _ in range(self.workers):
            self._queue.put_nowait(None)

    async def serve(self, work: Callable[[Entry], Awaitable[None]]) -> None:
        while (entry := await self._queue.get()) is not None:
            await work(entry)


class _Writing:
    """One writer, so that batches never lock each other out.

    What is new to the graph comes by ``put``, whose queue is bounded, so that a slow graph slows reading in the end
    (some megabytes of rows later: a short bound would leave reads unused while a bucket is full). ``links`` are the
    relationships.
    """

    def __init__(self, scan: Scan) -> None:
        self.links = ReadyLinks()
        self._scan = scan
        self._size = scan.settings.batch_size
        self._queue: asyncio.Queue[Row | None] = asyncio.Queue(maxsize=_WAITING_ROWS)

    async def put(self, rows: Iterable[Row]) -> None:
        for row in rows:
            await self._queue.put(row)

    async def end(self) -> None:
        """Nothing more will come."""
        await self._queue.put(None)

    async def until_the_end(self) -> None:
        """Write what comes; when that ends, what is left."""
        waiting: list[Row] = []
        while (row := await self._queue.get()) is not None:
            waiting.append(row)
            if len(waiting) >= self._size:
                await self._write(waiting)
                waiting = []
                await self._scan.link_batch(self.links.take(self._size))
        await self._write(waiting)
        await self._scan.link_batch(self.links.take())
        self._scan.writer.dangling += self.links.left

    async def _write(self, rows: list[Row]) -> None:
        await self._scan.write_batch(rows)
        self.links.written(rows)
