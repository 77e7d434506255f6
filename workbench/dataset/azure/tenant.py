"""Builds, digests, writes and reads the tenant."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
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
from workbench.dataset.files import encode_tables, read_tables, tables_digest, write_tables
from workbench.dataset.records import RecordError, decode_rows
from workbench.errors import DatasetError, UsageError

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
    count = _size(scale, resources)
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


def tenant_digest(tenant: Tenant) -> str:
    """SHA-256 (hex) of the bytes that ``write_tenant`` would write; equal for equal tenants."""
    return tables_digest(NAME, _header(tenant), encode_tables(_tables(tenant)))


def write_tenant(tenant: Tenant, folder: Path) -> str:
    """Write the tenant as a whole into ``folder`` (new, empty or an older tenant); returns its digest.

    Raises:
        DatasetError: the folder holds other files, can't be written, or the disk is full.
    """
    return write_tables(folder, NAME, _header(tenant), encode_tables(_tables(tenant)))


def load_tenant(folder: Path) -> Tenant:
    """The tenant in ``folder``, checked against its manifest.

    Raises:
        DatasetError: a file is missing, truncated, altered, foreign or of another version.
    """
    header, contents = read_tables(folder, NAME, tuple(TABLES))
    seed, scale = header.get("seed"), header.get("scale")
    if type(seed) is not int or not isinstance(scale, str):
        raise DatasetError(f"the manifest in {folder} names no seed and scale; build the dataset again")
    tables: dict[str, Any] = {}
    for name, record in TABLES.items():
        try:
            tables[name] = decode_rows(record, contents[name])
        except RecordError as error:
            raise DatasetError(f"{folder / name}.jsonl, {error}; build the dataset again") from error
    return Tenant(seed=seed, scale=scale, **tables)


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


def _size(scale: str, resources: int | None) -> int:
    if scale not in SCALES:
        raise UsageError(f"unknown scale {scale!r}; known: {', '.join(SCALES)}")
    if resources is None:
        return SCALES[scale]
    if not 1 <= resources <= MOST_RESOURCES:
        raise UsageError(f"resources must be from 1 to {MOST_RESOURCES}, not {resources}")
    return resources


def _header(tenant: Tenant) -> dict[str, str | int]:
    return {"scale": tenant.scale, "seed": tenant.seed}


def _tables(tenant: Tenant) -> dict[str, Any]:
    return {name: getattr(tenant, name) for name in TABLES}
