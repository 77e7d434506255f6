"""Which api-version to ask for each resource type with: looked up every time, known beforehand, or remembered."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from typing import Protocol

from workbench.dataset.azure.catalogue import RESOURCE_TYPES
from workbench.errors import ServiceBadResponse
from workbench.scenarios.azure.client import Arm
from workbench.scenarios.azure.phases import Phases

__all__ = ["WELL_KNOWN", "CachedVersions", "LookedUpVersions", "Versions", "newest"]

RESOURCE_MANAGER = "2021-04-01"
"""The version of subscriptions', groups' and providers' own endpoints."""


def newest(versions: Iterable[str]) -> str:
    """The latest version that is no preview, else the latest. Raises ``ValueError`` for none."""
    found = sorted(versions, reverse=True)
    stable = [version for version in found if "preview" not in version]
    if not found:
        raise ValueError("no api-version")
    return (stable or found)[0]


WELL_KNOWN: Mapping[str, str] = {
    kind.type.lower(): newest(kind.api_versions) for kind in RESOURCE_TYPES if kind.common
}
"""Versions of the 14 common types, as a scanner ships them; they work as long as Azure keeps them."""


class Versions(Protocol):
    async def of(self, resource_type: str, subscription: str) -> str:
        """The version for a type, lower case."""

    async def again(self, resource_type: str, subscription: str) -> str:
        """The version once more, since the one that was given is refused."""


class LookedUpVersions:
    """Asks the resource provider every time."""

    def __init__(self, arm: Arm, phases: Phases) -> None:
        self._arm = arm
        self._phases = phases
        self.calls = 0

    async def of(self, resource_type: str, subscription: str) -> str:
        namespace, _, _ = resource_type.partition("/")
        return (await self.all_of(namespace, subscription, resource_type))[resource_type]

    again = of

    async def all_of(self, namespace: str, subscription: str, wanted: str) -> dict[str, str]:
        """Versions of every type of a provider, which answers for all of them; ``wanted`` must be among them."""
        path = f"/subscriptions/{subscription}/providers/{namespace}"
        self.calls += 1
        with self._phases.of("versions"):
            body = await self._arm.json(path, RESOURCE_MANAGER)
        try:
            found = {
                f"{namespace}/{entry['resourceType']}".lower(): newest(map(str, entry["apiVersions"]))
                for entry in body["resourceTypes"]
                if entry["apiVersions"]
            }
        except (AttributeError, KeyError, TypeError) as error:
            raise ServiceBadResponse(f"GET {path}: not a resource provider ({error!r})") from error
        if wanted not in found:
            raise ServiceBadResponse(f"GET {path}: no api-version of {wanted} in the answer")
        return found


class CachedVersions:
    """Knows some versions, asks each provider once for the others, however many ask at the same time."""

    def __init__(self, known: Mapping[str, str], looked_up: LookedUpVersions) -> None:
        self.found = dict(known)
        self._looked_up = looked_up
        self._locks: dict[str, asyncio.Lock] = {}

    async def of(self, resource_type: str, subscription: str) -> str:
        if resource_type not in self.found:
            namespace, _, _ = resource_type.partition("/")
            async with self._locks.setdefault(namespace, asyncio.Lock()):
                if resource_type not in self.found:
                    self.found = await self._looked_up.all_of(namespace, subscription, resource_type) | self.found
        return self.found[resource_type]

    async def again(self, resource_type: str, subscription: str) -> str:
        """As ``of``, without the version that was refused; empty if the provider knows no other."""
        stale = self.found.pop(resource_type, "")
        version = await self.of(resource_type, subscription)
        return version if version != stale else ""
