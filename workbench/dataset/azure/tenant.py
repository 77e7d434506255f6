"""Builds, digests, writes and reads the tenant."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any, Final

from workbench.dataset.azure.catalogue import RESOURCE_TYPES
from workbench.dataset.azure.compute import COMPUTE
from workbench.dataset.azure.data import DATA
from workbench.dataset.azure.model import Resource, ResourceGroup, ResourceType, Subscription, Tenant
from workbench.dataset.azure.naming import draw_tags
from workbench.dataset.azure.network import NETWORK
from workbench.dataset.azure.places import (
    Neighbourhood,
    Place,
    build_groups,
    build_places,
    build_subscriptions,
)
from workbench.dataset.azure.platform import PLATFORM
from workbench.dataset.azure.scene import Scene
from workbench.dataset.draw import Stream
from workbench.dataset.stored import StoredDataset, size_of
from workbench.errors import UsageError

__all__ = [
    "MOST_RESOURCES",
    "NAME",
    "SCALES",
    "TABLES",
    "build_tenant",
    "load_tenant",
    "tenant_digest",
    "write_tenant",
]

NAME = "azure"

SCALES: Mapping[str, int] = MappingProxyType({"small": 100, "medium": 500, "large": 1632})
"""Resources by scale; resource groups and subscriptions come on top."""

MOST_RESOURCES = 50_000
MOST_SUBSCRIPTIONS = 50

TABLES: Mapping[str, type[Any]] = MappingProxyType(
    {
        "subscriptions": Subscription,
        "resource_groups": ResourceGroup,
        "resources": Resource,
        "resource_types": ResourceType,
    }
)
"""The tables of a tenant and their records; each is a field of Tenant and a file on disk."""

_FIRST: Final = datetime(2020, 1, 1, tzinfo=UTC)
_DAY_S: Final = 86_400

_DRAWS: Final = {**COMPUTE, **NETWORK, **PLATFORM, **DATA}


def build_tenant(
    *, scale: str = "large", seed: int = 1, resources: int | None = None, subscriptions: int | None = None
) -> Tenant:
    """The tenant of this seed with as many resources as ``scale`` says, or ``resources`` (scale "custom").

    Without ``subscriptions`` their number follows the size: 2 for 100 resources, 5 for 1,632, 20 from 36,100 on.

    Raises:
        UsageError: unknown scale, ``resources`` outside 1-50000, or ``subscriptions`` outside 1-50.
    """
    count = size_of(scale, resources, SCALES, MOST_RESOURCES)
    if subscriptions is None:
        subscriptions = min(20, 1 + round(math.sqrt(count) / 10))
    if not 1 <= subscriptions <= MOST_SUBSCRIPTIONS:
        raise UsageError(f"subscriptions must be from 1 to {MOST_SUBSCRIPTIONS}, not {subscriptions}")
    owners = build_subscriptions(seed, subscriptions)
    groups = build_groups(seed, count, owners)
    places = build_places(seed, count, groups)
    return Tenant(
        seed=seed,
        scale=scale if resources is None else "custom",
        subscriptions=owners,
        resource_groups=groups,
        resources=_resources(seed, places, groups),
        resource_types=RESOURCE_TYPES,
    )


def _resources(seed: int, places: list[Place], groups: tuple[ResourceGroup, ...]) -> tuple[Resource, ...]:
    neighbours = Neighbourhood(places)
    order = {group.id: number for number, group in enumerate(groups)}
    ordered = sorted(places, key=lambda place: order[place.group.id])
    return tuple(_resource(seed, place, neighbours) for place in ordered)


def _resource(seed: int, place: Place, neighbours: Neighbourhood) -> Resource:
    """Each has a stream of its own: what one type draws never shifts another's."""
    scene = Scene(seed, Stream(seed, "azure", place.id), place, neighbours)
    details = _DRAWS[place.type](scene)
    created = scene.stream.number(0, 2400 * _DAY_S)
    changed = scene.stream.number(created, 2500 * _DAY_S)
    return Resource(
        id=place.id,
        name=place.name,
        type=place.type,
        location=place.location,
        kind=details.kind,
        managed_by=details.managed_by,
        tags=draw_tags(scene.stream),
        sku=details.sku,
        identity=details.identity,
        zones=details.zones,
        properties=details.properties,
        etag=f'"{scene.guid("etag")}"',
        created_time=_time(scene.stream, created),
        changed_time=_time(scene.stream, changed),
    )


def _time(stream: Stream, second: int) -> str:
    """Counted from 2020 on, with the seven digits of a fraction that Azure has."""
    when = _FIRST + timedelta(seconds=second)
    return f"{when:%Y-%m-%dT%H:%M:%S}.{stream.number(0, 9999999):07d}Z"


_STORED = StoredDataset(NAME, TABLES, Tenant)
tenant_digest = _STORED.digest
write_tenant = _STORED.write
load_tenant = _STORED.load
