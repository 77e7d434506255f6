"""The listings of a tenant: subscriptions, resource groups, and resources without their properties."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from workbench.dataset.azure.identifiers import canonical
from workbench.errors import ServiceBadResponse
from workbench.scenarios.azure.client import Arm
from workbench.scenarios.azure.rows import Row, container_row
from workbench.scenarios.azure.versions import RESOURCE_MANAGER
from workbench.scenarios.http.tasks import task_group

__all__ = ["Entry", "Listing", "list_in_parts", "list_tenant", "list_tenant_at_once"]

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
        _add_groups(listing, subscription, await arm.items(*_groups(subscription)))
        _add_resources(listing, subscription, await arm.items(*_resources(subscription), **_EXPAND))
    return listing


async def list_tenant_at_once(arm: Arm) -> Listing:
    """The lists of all subscriptions concurrently; a list's own pages follow one another."""
    whole = Listing()

    def take(part: Listing) -> None:
        whole.containers += part.containers
        whole.entries += part.entries

    order = await list_in_parts(arm, take)
    whole.entries.sort(key=lambda entry: order.index(entry.subscription))
    return whole


async def list_in_parts(arm: Arm, take: Callable[[Listing], None]) -> list[str]:
    """As ``list_tenant_at_once``, but each page is given to ``take`` as it comes. Returns the subscriptions."""
    first = Listing()
    subscriptions = await _subscriptions(arm, first)
    take(first)

    async def groups(subscription: str) -> None:
        async for page in arm.pages(*_groups(subscription)):
            part = Listing()
            _add_groups(part, subscription, page)
            take(part)

    async def resources(subscription: str) -> None:
        async for page in arm.pages(*_resources(subscription), **_EXPAND):
            part = Listing()
            _add_resources(part, subscription, page)
            take(part)

    async with task_group() as tasks:
        for subscription in subscriptions:
            tasks.create_task(groups(subscription))
            tasks.create_task(resources(subscription))
    return subscriptions


async def _subscriptions(arm: Arm, listing: Listing) -> list[str]:
    found = await arm.items("/subscriptions", _SUBSCRIPTIONS)
    try:
        listing.containers += [container_row(each, "microsoft.resources/subscriptions") for each in found]
        return [str(each["subscriptionId"]) for each in found]
    except (AttributeError, KeyError, TypeError) as error:
        raise ServiceBadResponse(f"GET /subscriptions: not a list of subscriptions ({error!r})") from error


def _groups(subscription: str) -> tuple[str, str]:
    return f"/subscriptions/{subscription}/resourcegroups", RESOURCE_MANAGER


def _resources(subscription: str) -> tuple[str, str]:
    return f"/subscriptions/{subscription}/resources", RESOURCE_MANAGER


def _add_groups(listing: Listing, subscription: str, found: list[Any]) -> None:
    kind, parent = "microsoft.resources/resourcegroups", f"/subscriptions/{subscription}"
    try:
        listing.containers += [container_row(each, kind, parent) for each in found]
    except (AttributeError, KeyError, TypeError) as error:
        raise ServiceBadResponse(f"subscription {subscription}: not a list of groups ({error!r})") from error


def _add_resources(listing: Listing, subscription: str, found: list[Any]) -> None:
    try:
        listing.entries += [_entry(subscription, each) for each in found]
    except (AttributeError, KeyError, TypeError) as error:
        raise ServiceBadResponse(f"subscription {subscription}: not a list of resources ({error!r})") from error


def _entry(subscription: str, item: Mapping[str, Any]) -> Entry:
    path = str(item["id"])
    return Entry(canonical(path), path, str(item["type"]).lower(), subscription, str(item.get("changedTime") or ""))
