"""The synthetic Azure tenant: what the dataset writes, the simulator serves and the scenario scans.

Ids are Azure Resource Manager's paths; they are compared without regard to case, and references to them are
spelled in different cases, as in real tenants. ``data/README.md`` describes every field.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from workbench.dataset.azure.identifiers import guid

__all__ = ["Resource", "ResourceGroup", "ResourceType", "Subscription", "Tenant"]

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Subscription:
    """``subscription_id`` is a GUID; names aren't unique."""

    subscription_id: str
    name: str
    tags: Mapping[str, str]

    @property
    def id(self) -> str:
        return f"/subscriptions/{self.subscription_id}"


@dataclass(frozen=True, slots=True)
class ResourceGroup:
    id: str
    name: str  # unique in its subscription, whatever the case
    location: str
    tags: Mapping[str, str]
    managed_by: str  # id of what made the group, or empty


@dataclass(frozen=True, slots=True)
class Resource:
    """An empty text, mapping or tuple means that the document has no such key."""

    id: str
    name: str  # of a child "parent/child"
    type: str  # such as "Microsoft.Compute/virtualMachines"
    location: str
    kind: str
    managed_by: str
    tags: Mapping[str, str]
    sku: Json
    identity: Json
    zones: tuple[str, ...]
    properties: Json
    etag: str
    created_time: str  # ISO 8601, UTC, seven digits of fractional seconds
    changed_time: str


@dataclass(frozen=True, slots=True)
class ResourceType:
    """``api_versions``: what its provider understands, newest first, with previews; ``common``: the frequent 14."""

    type: str
    common: bool
    api_versions: tuple[str, ...]

    @property
    def namespace(self) -> str:
        return self.type.partition("/")[0]

    @property
    def name(self) -> str:
        return self.type.partition("/")[2]


@dataclass(frozen=True, slots=True)
class Tenant:
    """Everything. Resources are ordered by subscription and group, as Azure lists them."""

    seed: int
    scale: str
    subscriptions: tuple[Subscription, ...]
    resource_groups: tuple[ResourceGroup, ...]
    resources: tuple[Resource, ...]
    resource_types: tuple[ResourceType, ...]

    @property
    def tenant_id(self) -> str:
        """A GUID."""
        return guid("tenant", self.seed)
