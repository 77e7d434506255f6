"""The pooled export with all roots fetched at once; only the pool's size bounds how many requests are under way."""

from __future__ import annotations

import asyncio
from pathlib import Path

from workbench.scenarios.jamf.account import POOL, Account
from workbench.scenarios.jamf.bundle import Bundle
from workbench.scenarios.jamf.client import Jamf
from workbench.scenarios.jamf.fetch import contents, fetch_tree, listings, or_error
from workbench.scenarios.jamf.result import ExportResult

__all__ = ["export"]


async def export(account: Account, folder: Path) -> ExportResult:
    """Export every policy and profile, and all they depend on, to ``folder``."""
    async with account.client(POOL) as client:
        jamf = Jamf.over(client, account)
        await jamf.login()
        catalog = await listings(jamf)
        bundle = Bundle(catalog, folder)
        for tree in await asyncio.gather(*(fetch_tree(jamf, catalog, root) for root in catalog.roots)):
            bundle.add(tree)
        for ref in bundle.support_files():
            bundle.save(ref, await or_error(contents(jamf, catalog, ref)))
        return bundle.finish(jamf.traffic)
