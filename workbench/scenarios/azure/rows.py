"""From ARM's documents to what the graph holds: a row for each resource, and its links to others."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from workbench.dataset.azure.identifiers import canonical
from workbench.dataset.azure.relations import relationships
from workbench.errors import ServiceBadResponse

__all__ = ["KINDS", "PROPERTIES", "Link", "Row", "container_row", "resource_row"]

Json = Mapping[str, Any]

KINDS: Mapping[str, str] = {
    "contains": "CONTAINS",
    "depends-on": "DEPENDS_ON",
    "identity": "HAS_IDENTITY",
    "network": "USES_NETWORK",
}
"""The relationship types of the graph by the kinds of links."""

PROPERTIES = (
    *("name", "type", "location", "kind", "subscription", "resource_group", "sku", "tags", "properties", "more"),
    *("changed_time", "links"),
)
"""What a node holds besides its key and the mark of the scan that wrote it."""

_MARK = "|"


@dataclass(frozen=True, slots=True)
class Link:
    kind: str
    source: str
    target: str


@dataclass(frozen=True, slots=True)
class Row:
    """A node to be: its key and its properties; ``links`` as texts, so that they can be kept with the node."""

    id: str
    properties: Json

    def links(self) -> list[Link]:
        """The relationships in the direction in which the graph holds them."""
        return links_of(self.id, self.properties["links"])

    def parameters(self) -> dict[str, Any]:
        return {"id": self.id, "properties": dict(self.properties)}


def links_of(key: str, texts: list[str]) -> list[Link]:
    """What ``Row.properties["links"]`` says of the node ``key``."""
    pairs = [text.split(_MARK, 1) for text in texts]
    return [Link(kind, other, key) if kind == "contains" else Link(kind, key, other) for kind, other in pairs]


def resource_row(document: Json, changed_time: str) -> Row:
    """The row of a resource's full document; ``changed_time`` is the listing's. Raises ``ServiceBadResponse``."""
    try:
        key = canonical(document["id"])
        return _row(
            key, document, changed_time, [f"{kind}{_MARK}{other}" for kind, other in relationships(document)]
        )
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ServiceBadResponse(f"not the document of a resource ({type(error).__name__}: {error})") from error


def container_row(document: Json, kind: str, parent: str = "") -> Row:
    """The row of a subscription or a resource group, which the listings give in full."""
    key = canonical(document["id"])
    return _row(key, {**document, "type": kind}, "", [f"contains{_MARK}{canonical(parent)}"] if parent else [])


def _row(key: str, document: Json, changed_time: str, links: list[str]) -> Row:
    parts = key.split("/")
    rest = {name: document[name] for name in ("identity", "zones", "managedBy", "plan") if document.get(name)}
    return Row(
        key,
        {
            "name": str(document.get("name") or document.get("displayName") or ""),
            "type": str(document["type"]).lower(),
            "location": str(document.get("location") or ""),
            "kind": str(document.get("kind") or ""),
            "subscription": parts[2] if len(parts) > 2 else "",
            "resource_group": parts[4] if len(parts) > 4 else "",
            "sku": _text(document.get("sku")),
            "tags": _text(document.get("tags")),
            "properties": _text(document.get("properties")),
            "more": _text(rest),
            "changed_time": changed_time,
            "links": links,
        },
    )


def _text(value: Any) -> str:
    """Nested values as JSON in one spelling: a property of a graph holds no maps."""
    return json.dumps(value or {}, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
