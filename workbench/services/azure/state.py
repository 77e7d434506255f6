"""The tenant as it is now: what the resources are, by id and by list, and how it changes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from workbench.dataset.azure.identifiers import canonical, group_of, subscription_of
from workbench.dataset.azure.model import Resource, ResourceGroup, Subscription, Tenant
from workbench.dataset.azure.mutation import draw_mutation

__all__ = ["TenantState"]


class TenantState:
    """Looks subscriptions, groups and resources up, whatever the case of their ids."""

    def __init__(self, tenant: Tenant) -> None:
        self.tenant = tenant
        self.subscriptions: dict[str, Subscription] = {each.id.lower(): each for each in tenant.subscriptions}
        self.groups: dict[str, ResourceGroup] = {canonical(each.id): each for each in tenant.resource_groups}
        self._keys = {each.id: canonical(each.id) for each in tenant.resources}
        self._by_subscription: defaultdict[str, list[str]] = defaultdict(list)
        self._by_group: defaultdict[str, list[str]] = defaultdict(list)
        for key in self._keys.values():
            self._by_subscription[subscription_of(key)].append(key)
            self._by_group[group_of(key)].append(key)
        self._generation = 0
        self.resources: dict[str, Resource] = {}
        self.restore()

    def groups_of(self, subscription: Subscription) -> list[ResourceGroup]:
        prefix = f"{subscription.id}/".lower()
        return [group for key, group in self.groups.items() if key.startswith(prefix)]

    def listing(self, subscription: Subscription, group: str, start: int) -> Iterator[tuple[int, Resource]]:
        """Resources from that position on, with the position behind each; positions outlive deletions."""
        keys = (self._by_group if group else self._by_subscription)[group or subscription.subscription_id]
        for position in range(start, len(keys)):
            if resource := self.resources.get(keys[position]):
                yield position + 1, resource

    def mutate(self, fraction: float, seed: int, deleted: float = 0.0) -> dict[str, Any]:
        """Change the tenant on top of earlier mutations; the ids of what changed and of what went."""
        self._generation += 1
        mutation = draw_mutation(
            tuple(self.resources.values()),
            fraction=fraction,
            seed=seed,
            generation=self._generation,
            deleted=deleted,
        )
        for resource in mutation.changed:
            self.resources[self._keys[resource.id]] = resource
        for resource_id in mutation.deleted:
            del self.resources[self._keys[resource_id]]
        return {"changed": [each.id for each in mutation.changed], "deleted": list(mutation.deleted)}

    def restore(self) -> dict[str, Any]:
        """Undo all mutations."""
        self._generation = 0
        self.resources = {self._keys[each.id]: each for each in self.tenant.resources}
        return {}
