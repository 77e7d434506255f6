"""The export with all fixes: everything at once over kept connections, nothing fetched twice, 429 honoured.

Roots are asked for as soon as their listing is there, while other listings are on their way; a resource's
dependencies and contents as soon as it has arrived. The limiter bounds the requests under way; a refusal pauses and
narrows it.
"""

from __future__ import annotations

from asyncio import Future, get_running_loop
from collections.abc import Iterable
from pathlib import Path

from workbench.scenarios.http.limiter import Limiter
from workbench.scenarios.http.tasks import task_group
from workbench.scenarios.jamf.account import CONNECTIONS, Account
from workbench.scenarios.jamf.bundle import Bundle
from workbench.scenarios.jamf.client import Jamf
from workbench.scenarios.jamf.fetch import Resource, contents, listings_at_once, or_error, parse, read
from workbench.scenarios.jamf.references import support_files
from workbench.scenarios.jamf.resources import Ref
from workbench.scenarios.jamf.result import ExportResult

__all__ = ["export"]


async def export(account: Account, folder: Path) -> ExportResult:
    """Export every policy and profile, and all they depend on, to ``folder``."""
    async with account.client_of_lanes() as client:
        jamf = Jamf.over(client, account, Limiter(CONNECTIONS))
        await jamf.login()
        opened: Future[Bundle] = get_running_loop().create_future()
        started: set[Ref] = set()

        async def get(ref: Ref) -> None:
            resource = await or_error(fetch_ahead(ref))
            bundle = await opened
            bundle.add({ref: resource})
            if isinstance(resource, Resource):
                start(resource.dependencies)
                await save_contents(bundle, resource)

        async def fetch_ahead(ref: Ref) -> Resource:
            body = await read(jamf, ref)
            return parse((await opened).catalog, ref, body)

        async def save_contents(bundle: Bundle, resource: Resource) -> None:
            if resource.payload is not None:
                bundle.save(resource.ref, resource.payload)
            elif support_files(resource.block):
                bundle.save(resource.ref, await or_error(contents(jamf, bundle.catalog, resource.ref)))

        def start(refs: Iterable[Ref]) -> None:
            for ref in refs:
                if ref not in started:
                    started.add(ref)
                    tasks.create_task(get(ref))

        async with task_group() as tasks:
            opened.set_result(Bundle(await listings_at_once(jamf, on_roots=start), folder))
        return opened.result().finish(jamf.traffic)
