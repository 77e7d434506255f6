"""The listings of a tenant: subscriptions, resource groups, and resources without their properties."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from workbench.dataset.azure.identifiers import canonical
from workbench.errors import ServiceBadResponse
from workbench.scenarios.azure.client import Arm
from workbench.scenarios.azure.rows import Row, container_row
from workbench.scenarios.azure.versions import RESOURCE_MANAGER

__all__ = ["Entry", "Listing", "list_tenant", "list_tenant_at_once"]

_SUBSCRIPTIONS = "2022-12-01"
_EXPAND = {"$expand": "createdTime,changedTime"}


@dataclass(frozen=True, slots=True)
class Entry:
    """A resource as listed; ``path`` is the id as Azure spells it, ``type`` in lower case."""

    id: str
    path: str
    type: str
    subscription: str
    changed_time: str


@dataclass(slots=True)
class Listing:
    """``containers`` are the rows of subscriptions and groups."""

    containers: list[Row] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)

    def limited(self, most: int | None) -> Listing:
        """With no more resources than that."""
        return self if most is None else Listing(self.containers, self.entries[:most])


async def list_tenant(arm: Arm) -> Listing:
    """One list after another."""
    listing = Listing()
    for subscription in await _subscriptions(arm, listing):
        _add(listing, subscription, await _groups(arm, subscription), await _resources(arm, subscription))
    return listing


async def list_tenant_at_once(arm: Arm) -> Listing:
    """The lists of all subscriptions concurrently; a list's own pages follow one another."""
    listing = Listing()
    subscriptions = await _subscriptions(arm, listing)
    groups = asyncio.gather(*(_groups(arm, each) for each in subscriptions))
    resources = asyncio.gather(*(_resources(arm, each) for each in subscriptions))
    for subscription, some, others in zip(subscriptions, await groups, await resources, strict=True):
        _add(listing, subscription, some, others)
    return listing


async def _subscriptions(arm: Arm, listing: Listing) -> list[str]:
    found = await arm.pages("/subscriptions", _SUBSCRIPTIONS)
    try:
        listing.containers += [container_row(each, "microsoft.resources/subscriptions") for each in found]
        return [str(each["subscriptionId"]) for each in found]
    except (AttributeError, KeyError, TypeError) as error:
        raise ServiceBadResponse(f"GET /subscriptions: not a list of subscriptions ({error!r})") from error


async def _groups(arm: Arm, subscription: str) -> list[Any]:
    return await arm.pages(f"/subscriptions/{subscription}/resourcegroups", RESOURCE_MANAGER)


async def _resources(arm: Arm, subscription: str) -> list[Any]:
    return await arm.pages(f"/subscriptions/{subscription}/resources", RESOURCE_MANAGER, **_EXPAND)


def _add(listing: Listing, subscription: str, groups: list[Any], resources: list[Any]) -> None:
    parent = f"/subscriptions/{subscription}"
    kind = "microsoft.resources/resourcegroups"
    try:
        listing.containers += [container_row(each, kind, parent) for each in groups]
        listing.entries += [_entry(subscription, each) for each in resources]
    except (AttributeError, KeyError, TypeError) as error:
        raise ServiceBadResponse(f"subscription {subscription}: not a list of resources ({error!r})") from error


def _entry(subscription: str, item: Mapping[str, Any]) -> Entry:
    path = str(item["id"])
    return Entry(canonical(path), path, str(item["type"]).lower(), subscription, str(item.get("changedTime") or ""))
