"""The export as it is written first: every call opens a client of its own, and one thing follows another."""

from __future__ import annotations

from pathlib import Path

from workbench.scenarios.jamf.account import Account
from workbench.scenarios.jamf.bundle import Bundle
from workbench.scenarios.jamf.client import Jamf
from workbench.scenarios.jamf.fetch import contents, fetch_tree, listings, or_error
from workbench.scenarios.jamf.result import ExportResult

__all__ = ["export"]


async def export(account: Account, folder: Path) -> ExportResult:
    """Export every policy and profile, and all they depend on, to ``folder``."""
    jamf = Jamf(account, account.client)  # a client for each call
    await jamf.login()
    catalog = await listings(jamf)
    bundle = Bundle(catalog, folder)
    for root in catalog.roots:
        bundle.add(await fetch_tree(jamf, catalog, root))
    for ref in bundle.support_files():
        bundle.save(ref, await or_error(contents(jamf, catalog, ref)))
    return bundle.finish(jamf.traffic)
