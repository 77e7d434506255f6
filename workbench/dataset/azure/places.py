"""Where the tenant's resources are, and what belongs together, before any has its properties."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from workbench.dataset.azure.catalogue import RESOURCE_TYPES, WEIGHTS
from workbench.dataset.azure.identifiers import guid
from workbench.dataset.azure.model import ResourceGroup, Subscription
from workbench.dataset.azure.naming import APPLICATIONS, LOCATIONS, Names, draw_tags
from workbench.dataset.draw import Stream

__all__ = ["Neighbourhood", "Place", "build_groups", "build_places", "build_subscriptions", "count_types"]

_PER_GROUP = 11
_GLOBAL: Final = frozenset(
    {"metricAlerts", "actionGroups", "privateDnsZones", "privateDnsZones/virtualNetworkLinks"}
)

_WITH: Final[Mapping[str, str]] = {
    "Microsoft.Compute/virtualMachines/extensions": "Microsoft.Compute/virtualMachines",
    "Microsoft.Sql/servers/databases": "Microsoft.Sql/servers",
    "Microsoft.Network/privateDnsZones/virtualNetworkLinks": "Microsoft.Network/privateDnsZones",
    "Microsoft.Network/networkInterfaces": "Microsoft.Compute/virtualMachines",
    "Microsoft.Compute/disks": "Microsoft.Compute/virtualMachines",
    "Microsoft.Compute/snapshots": "Microsoft.Compute/disks",
    "Microsoft.Network/publicIPAddresses": "Microsoft.Network/networkInterfaces",
    "Microsoft.Web/sites": "Microsoft.Web/serverFarms",
    "Microsoft.Network/natGateways": "Microsoft.Network/virtualNetworks",
}
"""A type and the type beside which its resources are placed, in the same group; of a child, its parent's."""


@dataclass(frozen=True, slots=True)
class Place:
    """A resource's identity. ``owner`` is the resource that it was placed with."""

    type: str
    id: str
    name: str
    group: ResourceGroup
    subscription: str
    location: str
    owner: Place | None

    @property
    def label(self) -> str:
        """The last part of its name."""
        return self.name.rpartition("/")[2]


def count_types(resources: int) -> dict[str, int]:
    """How many of each type, by largest remainders; each type at least once where there are enough resources."""
    floor = 1 if resources >= len(WEIGHTS) else 0
    rest = resources - floor * len(WEIGHTS)
    exact = {kind: rest * weight / sum(WEIGHTS.values()) for kind, weight in WEIGHTS.items()}
    counts = {kind: floor + math.floor(share) for kind, share in exact.items()}
    remainders = sorted(exact, key=lambda kind: (math.floor(exact[kind]) - exact[kind], kind))
    for kind in remainders[: resources - sum(counts.values())]:
        counts[kind] += 1
    return counts


def build_subscriptions(seed: int, count: int) -> tuple[Subscription, ...]:
    stream = Stream(seed, "azure", "subscriptions")
    names = ("Production", "Development", "Platform (hub)", "Sandbox – „Spielwiese“", "Production")
    return tuple(
        Subscription(
            subscription_id=guid("subscription", seed, number),
            name=names[number] if number < len(names) else f"Team {APPLICATIONS[number % len(APPLICATIONS)]}",
            tags=draw_tags(stream),
        )
        for number in range(count)
    )


def build_groups(seed: int, resources: int, subscriptions: Sequence[Subscription]) -> tuple[ResourceGroup, ...]:
    """At least one a subscription; the first subscriptions have more of them than the last."""
    stream = Stream(seed, "azure", "groups")
    names = Names(stream)
    owners = list(subscriptions)
    owners += [stream.skewed(subscriptions, 0.5) for _ in range(round(resources / _PER_GROUP) - len(owners))]
    order = {subscription.id: number for number, subscription in enumerate(subscriptions)}
    groups = []
    for owner in sorted(owners, key=lambda each: order[each.id]):
        name = names.group(owner.id)
        managed_by = f"{owner.id}/resourceGroups/aks/providers/Microsoft.ContainerService/managedClusters/{name}"
        groups.append(
            ResourceGroup(
                id=f"{owner.id}/resourceGroups/{name}",
                name=name,
                location=stream.skewed(tuple(LOCATIONS), 1.2),
                tags=draw_tags(stream),
                managed_by=managed_by if name.startswith("MC_") else "",
            )
        )
    return tuple(groups)


def build_places(seed: int, resources: int, groups: Sequence[ResourceGroup]) -> list[Place]:
    """By type in the catalogue's order, owners before what is placed with them."""
    stream = Stream(seed, "azure", "places")
    names = Names(stream)
    counts = count_types(resources)
    placed: dict[str, list[Place]] = {}
    popular = stream.shuffled(groups)
    for kind in _owners_first():
        owners = placed.get(_WITH.get(kind, ""), [])
        placed[kind] = [
            _place(stream, names, kind, owners[i % len(owners)] if owners else None, popular)
            for i in range(counts[kind])
        ]
    return [place for kind in counts for place in placed[kind]]


def _owners_first() -> list[str]:
    ordered: dict[str, None] = {}
    for kind in RESOURCE_TYPES:
        chain = [kind.type]
        while chain[-1] in _WITH:
            chain.append(_WITH[chain[-1]])
        ordered |= dict.fromkeys(reversed(chain))
    return list(ordered)


def _place(stream: Stream, names: Names, kind: str, owner: Place | None, groups: Sequence[ResourceGroup]) -> Place:
    namespace, _, type_name = kind.partition("/")
    group = owner.group if owner else stream.skewed(groups, 0.35)
    location = owner.location if owner else group.location
    if not owner and stream.chance(0.06):
        location = stream.pick(tuple(LOCATIONS))
    if type_name in _GLOBAL:
        location = "global"
    if owner and kind.startswith(owner.type + "/"):
        label = names.resource(owner.id, type_name)
        identity, name = f"{owner.id}/{type_name.rpartition('/')[2]}/{label}", f"{owner.name}/{label}"
    else:
        name = names.resource(group.id, type_name)
        identity = f"{group.id}/providers/{namespace}/{type_name}/{name}"
    return Place(kind, identity, name, group, group.id.split("/")[2], location, owner)


class Neighbourhood:
    """Finds what a resource may refer to: near first."""

    def __init__(self, places: Sequence[Place]) -> None:
        self._by: defaultdict[tuple[str, str], list[Place]] = defaultdict(list)
        self._owned: defaultdict[tuple[str, str], list[Place]] = defaultdict(list)
        for place in places:
            for scope in (place.group.id, place.subscription, ""):
                self._by[scope, place.type].append(place)
            if place.owner:
                self._owned[place.owner.id, place.type].append(place)

    def near(self, stream: Stream, place: Place, kind: str) -> Place | None:
        """One of that type in the same group, else in the same subscription, else anywhere."""
        for scope in (place.group.id, place.subscription, ""):
            if found := self._by.get((scope, kind)):
                return found[int(stream.fraction() ** 2 * len(found))]  # the first are the popular ones
        return None

    def owned(self, place: Place, kind: str) -> list[Place]:
        """Those of that type that were placed with it."""
        return self._owned.get((place.id, kind), [])
