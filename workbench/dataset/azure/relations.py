"""How a resource's document tells what the resource is related to.

    contains    the id itself: the parent resource of a child, else the resource group
    identity    the keys of ``identity.userAssignedIdentities``, and such identities' ids in ``properties``
    network     ids of Microsoft.Network resources anywhere in ``properties``
    depends-on  ``managedBy``, and every other resource id anywhere in ``properties``

An id may name a part of a resource that is no resource of its own, such as a subnet or the front end of a load
balancer; it then stands for the resource that it is a part of.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from workbench.dataset.azure.identifiers import canonical, parent_of, type_of

__all__ = ["relationships"]

_PARTS = ("/subnets/", "/ipconfigurations/", "/frontendipconfigurations/", "/backendaddresspools/", "/probes/")


def relationships(document: Mapping[str, Any]) -> list[tuple[str, str]]:
    """(kind, target id) of each relationship, each once, in the order of the document; ids are ``canonical``.

    ``contains`` points from the target to this resource, the others from this resource to the target. A target may
    be gone or outside what the reader may see.
    """
    own = canonical(document["id"])
    found = {("contains", canonical(parent_of(own))): None}
    for identity in (document.get("identity") or {}).get("userAssignedIdentities") or {}:
        found["identity", canonical(identity)] = None
    if manager := document.get("managedBy"):
        found["depends-on", canonical(manager)] = None
    for text in _texts(document.get("properties")):
        if (target := _target(text)) and target != own:
            found[_kind(target), target] = None
    return list(found)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from _texts(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _texts(each)


def _target(text: str) -> str:
    """The resource that a text names, or an empty text."""
    if not text.startswith("/") or text[:15].lower() != "/subscriptions/":
        return ""
    target = canonical(text)
    for part in _PARTS:
        target = target.partition(part)[0]
    return target if type_of(target) else ""


def _kind(target: str) -> str:
    namespace = type_of(target).partition("/")[0]
    return {"microsoft.network": "network", "microsoft.managedidentity": "identity"}.get(namespace, "depends-on")
