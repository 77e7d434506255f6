"""The optimized export asks for roots while listings are under way, whatever becomes of either."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from workbench.errors import ServiceError
from workbench.scenarios.jamf.account import POOL, Account
from workbench.scenarios.jamf.optimized import export

LISTINGS = {
    "policies": "policies",
    "osxconfigurationprofiles": "os_x_configuration_profiles",
    "scripts": "scripts",
    "packages": "packages",
    "categories": "categories",
    "computergroups": "computer_groups",
    "computerextensionattributes": "computer_extension_attributes",
}
GENERAL = {
    "description": "",
    "level": "System",
    "distribution_method": "Install Automatically",
    "user_removable": False,
    "category": {"id": -1},
    "payloads": "<plist/>",
}
SCOPE = {"all_computers": False, "computer_groups": [], "exclusions": {"computer_groups": []}}
ROOTS = {1: "one", 2: "two"}


@dataclass(frozen=True)
class Slow(Account):
    """Holds the listing of packages back until all roots were asked for; its status is ``packages``."""

    packages: int = 200
    broken: frozenset[int] = frozenset()
    asked: set[int] = field(default_factory=set)
    all_asked: asyncio.Event = field(default_factory=asyncio.Event)

    def client(self, limits: httpx.Limits = POOL) -> httpx.AsyncClient:
        return httpx.AsyncClient(transport=httpx.MockTransport(self.answer), base_url=self.base_url)

    def client_of_lanes(self) -> httpx.AsyncClient:
        return self.client()

    async def answer(self, request: httpx.Request) -> httpx.Response:
        name = request.url.path.rpartition("/")[2]
        if name == "token":
            return httpx.Response(200, json={"token": "t"})
        if name.isdigit():
            return self.root(int(name))
        if name == "packages":
            await self.all_asked.wait()
            return httpx.Response(self.packages, json={"packages": []})
        profiles = name == "osxconfigurationprofiles"
        listed = [{"id": i, "name": text} for i, text in ROOTS.items()] if profiles else []
        return httpx.Response(200, json={LISTINGS[name]: listed})

    def root(self, number: int) -> httpx.Response:
        self.asked.add(number)
        if self.asked == set(ROOTS):
            self.all_asked.set()
        if number in self.broken:
            return httpx.Response(404)
        general = {**GENERAL, "name": ROOTS[number]}
        return httpx.Response(200, json={"os_x_configuration_profile": {"general": general, "scope": SCOPE}})


async def bounded(account: Account, folder: Path) -> list[str]:
    async with asyncio.timeout(20):
        return [failure.resource for failure in (await export(account, folder)).failures]


def test_roots_do_not_wait_for_other_listings(tmp_path: Path) -> None:
    assert asyncio.run(bounded(Slow("https://jamf.test"), tmp_path)) == []
    assert {"profile_one.tf", "profile_two.tf", "provider.tf"} <= {path.name for path in tmp_path.iterdir()}


def test_a_root_that_fails_before_the_catalog_is_there_is_reported(tmp_path: Path) -> None:
    [failed] = asyncio.run(bounded(Slow("https://jamf.test", broken=frozenset({1})), tmp_path))
    assert failed == "profile 1 (one)"


def test_a_listing_that_fails_ends_what_is_under_way(tmp_path: Path) -> None:
    with pytest.raises(ServiceError, match="/JSSResource/packages"):
        asyncio.run(bounded(Slow("https://jamf.test", packages=404), tmp_path))
    assert not list(tmp_path.iterdir())
