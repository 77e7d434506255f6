"""Reading the estate: the listings, one resource, a resource with its dependencies, the contents of a script."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeVar

from workbench.errors import ServiceBadResponse, ServiceError
from workbench.scenarios.jamf.client import Jamf
from workbench.scenarios.jamf.hcl import Block
from workbench.scenarios.jamf.references import references
from workbench.scenarios.jamf.resources import ROOTS, Catalog, Kind, Listed, Ref, build_catalog
from workbench.scenarios.jamf.terraform import describe

__all__ = [
    "Resource",
    "Tree",
    "contents",
    "fetch",
    "fetch_tree",
    "listings",
    "listings_at_once",
    "or_error",
    "parse",
    "read",
]

T = TypeVar("T")


class _Endpoint(NamedTuple):
    listing: str  # Classic API: ids and names only, where the Jamf Pro API would send every script's contents
    list_key: str
    item: str
    item_key: str  # the envelope of the Classic API; the Jamf Pro API has none


_ENDPOINTS: Mapping[Kind, _Endpoint] = {
    Kind.POLICY: _Endpoint("policies", "policies", "/JSSResource/policies/id/{}", "policy"),
    Kind.PROFILE: _Endpoint(
        "osxconfigurationprofiles",
        "os_x_configuration_profiles",
        "/JSSResource/osxconfigurationprofiles/id/{}",
        "os_x_configuration_profile",
    ),
    Kind.SCRIPT: _Endpoint("scripts", "scripts", "/api/v1/scripts/{}", ""),
    Kind.PACKAGE: _Endpoint("packages", "packages", "/api/v1/packages/{}", ""),
    Kind.CATEGORY: _Endpoint("categories", "categories", "/api/v1/categories/{}", ""),
    Kind.GROUP: _Endpoint(
        "computergroups", "computer_groups", "/JSSResource/computergroups/id/{}", "computer_group"
    ),
    Kind.EXTENSION_ATTRIBUTE: _Endpoint(
        "computerextensionattributes",
        "computer_extension_attributes",
        "/JSSResource/computerextensionattributes/id/{}",
        "computer_extension_attribute",
    ),
}


@dataclass(frozen=True, slots=True)
class Resource:
    """A fetched resource: its HCL, what it refers to, and of a profile the payload that came with it."""

    ref: Ref
    block: Block
    dependencies: tuple[Ref, ...]
    payload: bytes | None = None


Tree = dict[Ref, Resource | ServiceError]
"""Resources by reference; an error stands for one that could not be fetched."""


async def listings(jamf: Jamf) -> Catalog:
    """The catalog of the estate, one listing after another."""
    return build_catalog([item for kind in Kind for item in await _listing(jamf, kind)])


async def listings_at_once(jamf: Jamf, on_roots: Callable[[list[Ref]], None] = lambda roots: None) -> Catalog:
    """The catalog of the estate, all listings at once; ``on_roots`` is told of each kind of roots on arrival."""

    async def listing(kind: Kind) -> list[Listed]:
        listed = await _listing(jamf, kind)
        if kind in ROOTS:
            on_roots([item.ref for item in listed])
        return listed

    lists = await asyncio.gather(*map(listing, Kind))
    return build_catalog([item for listed in lists for item in listed])


async def fetch(jamf: Jamf, catalog: Catalog, ref: Ref) -> Resource:
    """One resource. Raises ``ServiceBadResponse`` if its JSON has another shape."""
    return parse(catalog, ref, await read(jamf, ref))


async def read(jamf: Jamf, ref: Ref) -> Any:
    """The JSON of one resource, which can be asked for before the catalog is there."""
    return await jamf.json(_path(ref))


def parse(catalog: Catalog, ref: Ref, body: Any) -> Resource:
    """The resource that ``body`` describes. Raises ``ServiceBadResponse`` if it has another shape."""
    endpoint = _ENDPOINTS[ref.kind]
    try:
        body = body[endpoint.item_key] if endpoint.item_key else body
        block = describe(catalog, ref, body)
        payload = body["general"]["payloads"].encode() if ref.kind is Kind.PROFILE else None
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ServiceBadResponse(
            f"GET {_path(ref)}: not the JSON of a {ref.kind} ({type(error).__name__}: {error})"
        ) from error
    return Resource(ref, block, references(block), payload)


def _path(ref: Ref) -> str:
    return _ENDPOINTS[ref.kind].item.format(ref.id)


async def fetch_tree(jamf: Jamf, catalog: Catalog, root: Ref) -> Tree:
    """A root and all it depends on, one after another."""
    tree: Tree = {}
    pending = [root]
    while pending:
        ref = pending.pop()
        if ref not in tree:
            tree[ref] = resource = await or_error(fetch(jamf, catalog, ref))
            pending += resource.dependencies if isinstance(resource, Resource) else ()
    return tree


async def contents(jamf: Jamf, catalog: Catalog, ref: Ref) -> bytes:
    """What belongs into the support file of a script, which is downloaded, or of a profile, which is read again."""
    if ref.kind is Kind.PROFILE:
        return (await fetch(jamf, catalog, ref)).payload or b""
    return await jamf.content(f"/api/v1/scripts/{ref.id}/download")


async def or_error(work: Awaitable[T]) -> T | ServiceError:
    """The result, or the service's error as a value, so that one failing resource never loses the rest."""
    try:
        return await work
    except ServiceError as error:
        return error


async def _listing(jamf: Jamf, kind: Kind) -> list[Listed]:
    endpoint = _ENDPOINTS[kind]
    path = f"/JSSResource/{endpoint.listing}"
    body = await jamf.json(path)
    try:
        return [_listed(kind, item) for item in body[endpoint.list_key]]
    except (KeyError, TypeError, ValueError) as error:
        raise ServiceBadResponse(
            f"GET {path}: not a listing of {endpoint.listing} ({type(error).__name__}: {error})"
        ) from error


def _listed(kind: Kind, item: Mapping[str, Any]) -> Listed:
    smart = bool(item["is_smart"]) if kind is Kind.GROUP else False
    return Listed(Ref(kind, int(item["id"])), str(item["name"]), smart)
