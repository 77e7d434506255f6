"""What the properties of one resource are drawn from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from workbench.dataset.azure.identifiers import guid
from workbench.dataset.azure.places import Neighbourhood, Place
from workbench.dataset.draw import Stream

__all__ = ["Details", "Scene"]

Json = dict[str, Any]

_IDENTITIES: Final = "Microsoft.ManagedIdentity/userAssignedIdentities"


@dataclass(frozen=True, slots=True)
class Details:
    """What a type's function draws; the fields are those of ``Resource``."""

    properties: Json
    sku: Json = field(default_factory=dict)
    kind: str = ""
    identity: Json = field(default_factory=dict)
    managed_by: str = ""
    zones: tuple[str, ...] = ()


class Scene:
    """One resource, its neighbours and its draws. References are ids, or empty where nothing fits."""

    def __init__(self, seed: int, stream: Stream, place: Place, neighbours: Neighbourhood) -> None:
        self.stream = stream
        self.place = place
        self._seed = seed
        self._neighbours = neighbours

    def guid(self, label: str) -> str:
        """A GUID of this resource's own."""
        return guid(self._seed, self.place.id, label)

    def near(self, kind: str) -> str:
        """A reference to a resource of that type; one of a hundred is to one that was deleted."""
        found = self._neighbours.near(self.stream, self.place, kind)
        if found is None or found.id == self.place.id:
            return ""
        return self.spelled(found.id) + ("-deleted" if self.stream.chance(0.01) else "")

    def owned(self, kind: str) -> list[str]:
        """References to the resources of that type that were placed with this one."""
        return [self.spelled(each.id) for each in self._neighbours.owned(self.place, kind)]

    @property
    def owner(self) -> str:
        """A reference to the resource that this one was placed with."""
        return self.spelled(self.place.owner.id) if self.place.owner else ""

    def subnet(self) -> Json:
        """``{"id": …}`` of a subnet near by."""
        network = self.near("Microsoft.Network/virtualNetworks")
        return {"id": f"{network}/subnets/{self.stream.pick(('default', 'apps', 'data'))}"} if network else {}

    def spelled(self, resource_id: str) -> str:
        """The id as some provider writes it: one in six differs in case, as with the real ones."""
        draw = self.stream.fraction()
        if draw < 0.1:
            return resource_id.replace("/resourceGroups/", "/resourcegroups/")
        if draw < 0.16:
            parts = resource_id.split("/")
            # Only ASCII: "ß" in capitals is "SS", which is another name.
            parts[4] = "".join(each.upper() if each.isascii() else each for each in parts[4])
            return "/".join(parts)
        return resource_id

    def identity(self, chance: float) -> Json:
        """None, system-assigned, user-assigned or both."""
        if not self.stream.chance(chance):
            return {}
        system: Json = {"principalId": self.guid("principal"), "tenantId": guid("tenant", self._seed)}
        assigned = self.near(_IDENTITIES) if self.stream.chance(0.6) else ""
        if not assigned:
            return {"type": "SystemAssigned", **system}
        of_user = {assigned: {"principalId": guid(assigned.lower(), "p"), "clientId": guid(assigned.lower(), "c")}}
        if self.stream.chance(0.7):
            return {"type": "UserAssigned", "userAssignedIdentities": of_user}
        return {"type": "SystemAssigned, UserAssigned", **system, "userAssignedIdentities": of_user}

    def zones(self, chance: float = 0.4) -> tuple[str, ...]:
        return (str(self.stream.number(1, 3)),) if self.stream.chance(chance) else ()

    def address(self) -> str:
        return f"10.{self.stream.number(0, 40)}.{self.stream.number(0, 7)}.{self.stream.number(4, 250)}"

    def pick(self, weights: Mapping[str, float]) -> str:
        return self.stream.weighted(weights)
