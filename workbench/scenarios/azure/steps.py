"""The two ways in which variants go through a tenant: one thing after another, or by workers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from typing import TypeVar

from workbench.scenarios.azure.scan import Scan, ScanResult
from workbench.scenarios.azure.versions import Versions
from workbench.scenarios.http.tasks import task_group

__all__ = ["by_workers", "one_by_one", "write_one_by_one"]

T = TypeVar("T")


async def one_by_one(scan: Scan, versions: Versions) -> ScanResult:
    """Read and write each resource, then each relationship."""
    for container in scan.listing.containers:
        await scan.write(container)
    for entry in scan.todo:
        row = await scan.read(entry, versions)
        if row is not None:
            await scan.write(row)
    return await write_one_by_one(scan)


async def write_one_by_one(scan: Scan) -> ScanResult:
    """The relationships, each by a statement, and the end."""
    for link in scan.links():
        await scan.link(link)
    await scan.describe(list(scan.rows.values()))
    return scan.result()


async def by_workers(items: Iterable[T], work: Callable[[T], Awaitable[None]], workers: int) -> None:
    """Do ``work`` for every item, ``workers`` at a time. The first error ends all."""
    waiting = iter(list(items))

    async def worker() -> None:
        for item in waiting:
            await work(item)

    async with task_group() as tasks:
        for _ in range(workers):
            tasks.create_task(worker())
