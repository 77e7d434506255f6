"""The export for estates of any size: workers take roots from a bounded queue and write each resource as it comes.

What stays in memory is the catalog and, for each resource, whether it has arrived. A worker holds the resources
between a root and the dependency that it is fetching, nothing more.
"""

from __future__ import annotations

from asyncio import Future, Queue, get_running_loop
from pathlib import Path

from workbench.errors import ServiceError
from workbench.scenarios.http.limiter import Limiter
from workbench.scenarios.http.tasks import task_group
from workbench.scenarios.jamf.account import CONNECTIONS, Account
from workbench.scenarios.jamf.client import Jamf
from workbench.scenarios.jamf.fetch import Resource, contents, fetch, listings_at_once, or_error
from workbench.scenarios.jamf.files import write_contents, write_provider, write_resource
from workbench.scenarios.jamf.references import support_files
from workbench.scenarios.jamf.resources import Catalog, Ref
from workbench.scenarios.jamf.result import ExportResult, report

__all__ = ["export"]


async def export(account: Account, folder: Path) -> ExportResult:
    """Export every policy and profile, and all they depend on, to ``folder``."""
    async with account.client_of_lanes() as client:
        jamf = Jamf.over(client, account, Limiter(CONNECTIONS))
        await jamf.login()
        stream = _Stream(jamf, await listings_at_once(jamf), folder)
        queue: Queue[Ref | None] = Queue(maxsize=CONNECTIONS)
        async with task_group() as workers:
            for _ in range(CONNECTIONS):
                workers.create_task(_work(queue, stream))
            for root in stream.catalog.roots:
                await queue.put(root)
            for _ in range(CONNECTIONS):
                await queue.put(None)
        return stream.finish()


async def _work(queue: Queue[Ref | None], stream: _Stream) -> None:
    while (root := await queue.get()) is not None:
        await stream.export(root)


class _Stream:
    """Writes resources as they arrive, each fetched once whoever needs it."""

    def __init__(self, jamf: Jamf, catalog: Catalog, folder: Path) -> None:
        self.catalog = catalog
        self._jamf = jamf
        self._folder = folder
        self._arrived: dict[Ref, Future[bool]] = {}
        self._failed: dict[Ref, ServiceError] = {}
        self._lost: dict[Ref, ServiceError] = {}
        self._held = self._most_held = 0

    async def export(self, ref: Ref) -> bool:
        """Export ``ref`` and what it depends on; whether ``ref`` itself has arrived.

        Whoever asks second waits for the arrival alone, not for the dependencies: groups may refer to each other.
        """
        if ref in self._arrived:
            return await self._arrived[ref]
        self._arrived[ref] = arrival = get_running_loop().create_future()
        resource = await or_error(fetch(self._jamf, self.catalog, ref))
        arrival.set_result(isinstance(resource, Resource))
        if isinstance(resource, ServiceError):
            self._failed[ref] = resource
            return False
        self._held += 1
        self._most_held = max(self._most_held, self._held)
        await self._write(resource)
        self._held -= 1
        return True

    async def _write(self, resource: Resource) -> None:
        exported = {ref: await self.export(ref) for ref in resource.dependencies}
        saved = {ref: await self._save(resource) for ref in support_files(resource.block)}
        write_resource(self._folder, self.catalog, resource, exported=exported.__getitem__, saved=saved.__getitem__)

    async def _save(self, resource: Resource) -> bool:
        ref, content = resource.ref, await or_error(self._contents(resource))
        if isinstance(content, ServiceError):
            self._lost[ref] = content
            return False
        write_contents(self._folder, self.catalog, ref, content)
        return True

    async def _contents(self, resource: Resource) -> bytes:
        if resource.payload is not None:
            return resource.payload
        return await contents(self._jamf, self.catalog, resource.ref)

    def finish(self) -> ExportResult:
        """The report. Raises the server's error if not a single root was exported."""
        exported = self._arrived.keys() - self._failed.keys()
        result = report(self.catalog, exported, self._failed, self._lost, self._jamf.traffic, self._most_held)
        write_provider(self._folder)
        return result
