"""What happens to a tenant between two scans: some resources change, some go."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from workbench.dataset.azure.identifiers import guid
from workbench.dataset.azure.model import Resource
from workbench.dataset.draw import Stream
from workbench.errors import UsageError

__all__ = ["Mutation", "draw_mutation"]

_FIRST = datetime(2026, 12, 1, tzinfo=UTC)  # after every time in a tenant


@dataclass(frozen=True, slots=True)
class Mutation:
    """``changed`` are the resources as they are afterwards, ``deleted`` the ids of those that are gone."""

    changed: tuple[Resource, ...]
    deleted: tuple[str, ...]


def draw_mutation(
    resources: Sequence[Resource], *, fraction: float, seed: int, generation: int = 1, deleted: float = 0.0
) -> Mutation:
    """Change and delete these shares of the resources (each rounded; at least one where the share isn't 0).

    A changed resource has a new ``etag``, a later ``changed_time``, a tag ``lastChange`` and other properties; of
    network interfaces every second one also loses its security group, so that a relationship goes. ``generation``
    numbers the mutations of a tenant from 1; each is an hour after the one before. The arguments alone decide.

    Raises:
        UsageError: the shares aren't between 0 and 1, or add up to more than 1.
    """
    if not (0 <= fraction <= 1 and 0 <= deleted <= 1 and fraction + deleted <= 1):
        raise UsageError("fraction and deleted are shares between 0 and 1 that add up to at most 1")
    stream = Stream(seed, "azure", "mutation", generation)
    drawn = stream.shuffled(resources)
    gone = _count(len(drawn), deleted)
    changed = drawn[gone : gone + _count(len(drawn), fraction)]
    order = {each.id: number for number, each in enumerate(resources)}
    return Mutation(
        changed=tuple(_changed(each, generation) for each in sorted(changed, key=lambda each: order[each.id])),
        deleted=tuple(sorted((each.id for each in drawn[:gone]), key=order.__getitem__)),
    )


def _count(resources: int, share: float) -> int:
    return max(1, round(resources * share)) if share and resources else 0


def _changed(resource: Resource, generation: int) -> Resource:
    properties: dict[str, Any] = {**resource.properties, "provisioningState": "Updating"}
    if properties == resource.properties:
        properties["provisioningState"] = "Succeeded"
    new = guid(resource.id, "changed", generation)
    if int(new[-1], 16) % 2:
        properties.pop("networkSecurityGroup", None)
    when = _FIRST + timedelta(hours=generation)
    return replace(
        resource,
        tags={**resource.tags, "lastChange": str(generation)},
        properties=properties,
        etag=f'"{new}"',
        changed_time=when.strftime("%Y-%m-%dT%H:%M:%S.0000000Z"),
    )
