"""Azure's identifiers: GUIDs, resource ids and what can be read off them."""

from __future__ import annotations

import uuid
from hashlib import blake2b

__all__ = ["canonical", "group_of", "guid", "parent_of", "subscription_of", "type_of"]


def guid(*key: str | int) -> str:
    """A random-looking GUID (version 4) that the key fixes."""
    digest = blake2b("/".join(map(str, key)).encode(), digest_size=16).digest()
    return str(uuid.UUID(bytes=digest, version=4))


def canonical(resource_id: str) -> str:
    """The one spelling of an id: Azure compares ids without regard to case."""
    return resource_id.rstrip("/").lower()


def subscription_of(resource_id: str) -> str:
    """The GUID in ``/subscriptions/GUID/…``, or an empty text."""
    parts = resource_id.split("/", 3)
    return parts[2] if len(parts) > 2 and parts[1].lower() == "subscriptions" else ""


def group_of(resource_id: str) -> str:
    """The id of the resource group that a resource is in, or an empty text."""
    parts = resource_id.split("/", 5)
    return "/".join(parts[:5]) if len(parts) > 4 and parts[3].lower() == "resourcegroups" else ""


def type_of(resource_id: str) -> str:
    """Such as ``Microsoft.Sql/servers/databases``, or an empty text: namespace, then every other segment."""
    _, found, after = resource_id.rpartition("/providers/")
    if not found or "/" not in after:
        return ""
    parts = after.split("/")
    return "/".join([parts[0], *parts[1::2]])


def parent_of(resource_id: str) -> str:
    """What contains a resource: the parent resource of a child, else the group; of a group the subscription."""
    _, found, after = resource_id.rpartition("/providers/")
    if found and after.count("/") > 2:
        return resource_id.rsplit("/", 2)[0]
    return group_of(resource_id) if found else resource_id.rsplit("/", 2)[0]
