"""Reading by workers while what has arrived is written in batches beside them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from workbench.scenarios.azure.rows import Link, Row
from workbench.scenarios.azure.scan import Scan
from workbench.scenarios.azure.steps import by_workers
from workbench.scenarios.azure.tenant import Entry
from workbench.scenarios.azure.versions import Versions
from workbench.scenarios.http.tasks import task_group

__all__ = ["read_and_write"]


async def read_and_write(
    scan: Scan, versions: Versions, first: Iterable[Row] = (), there: Iterable[Row] = ()
) -> None:
    """Read what is to do, and write ``first`` and it as batches fill, and relationships as both ends are there.

    ``there`` are rows that the graph holds already. One writer, so that batches never lock each other out; the
    queue is bounded, so that a slow graph slows reading.
    """
    size = scan.settings.batch_size
    queue: asyncio.Queue[Row | None] = asyncio.Queue(maxsize=2 * size)
    links = _Links(there)
    links.written(scan.resumed)

    async def one(entry: Entry) -> None:
        row = await scan.read(entry, versions)
        if row is not None:
            await queue.put(row)

    async def produce() -> None:
        for row in first:
            await queue.put(row)
        # Subscriptions are throttled each by itself: workers of its own for each, or the first one stalls all.
        async with task_group() as readers:
            for entries in _by_subscription(scan.todo):
                readers.create_task(by_workers(entries, one, scan.settings.workers))
        await queue.put(None)

    async def consume() -> None:
        waiting: list[Row] = []
        while (row := await queue.get()) is not None:
            waiting.append(row)
            if len(waiting) >= size:
                await scan.write_batch(waiting)
                links.written(waiting)
                waiting = []
                if len(links.ready) >= size:
                    await scan.link_batch(links.take())
        await scan.write_batch(waiting)
        links.written(waiting)
        await scan.link_batch(links.take())
        scan.writer.dangling += links.left

    async with task_group() as tasks:
        tasks.create_task(produce())
        tasks.create_task(consume())


def _by_subscription(entries: Iterable[Entry]) -> list[list[Entry]]:
    groups: dict[str, list[Entry]] = {}
    for entry in entries:
        groups.setdefault(entry.subscription, []).append(entry)
    return list(groups.values())


class _Links:
    """Relationships, each held back until both of its ends have been written."""

    def __init__(self, there: Iterable[Row]) -> None:
        self.ready: list[Link] = []
        self._written: set[str] = set()
        self._waiting: dict[str, list[Link]] = {}
        self.written(there)
        self.ready.clear()  # what the graph holds it holds with its links

    @property
    def left(self) -> int:
        """Links to what never came."""
        return sum(map(len, self._waiting.values()))

    def written(self, rows: Iterable[Row]) -> None:
        rows = list(rows)
        self._written.update(row.id for row in rows)
        for row in rows:
            for link in (*self._waiting.pop(row.id, ()), *row.links()):
                missing = next((end for end in (link.source, link.target) if end not in self._written), None)
                if missing is None:
                    self.ready.append(link)
                else:
                    self._waiting.setdefault(missing, []).append(link)

    def take(self) -> list[Link]:
        """What is ready, no more of it."""
        ready, self.ready = self.ready, []
        return ready
