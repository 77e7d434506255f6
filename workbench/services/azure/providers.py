"""Resource providers: which types each has, where, and in which api-versions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any, Final

from workbench.dataset.azure.model import ResourceType
from workbench.dataset.azure.naming import LOCATIONS

__all__ = ["RESOURCES_VERSIONS", "Providers"]

RESOURCES_VERSIONS: Final = (
    "2025-04-01", "2025-03-01", "2024-11-01", "2024-07-01", "2024-03-01", "2023-07-01", "2022-12-01", "2022-09-01",
    "2022-06-01", "2022-01-01", "2021-04-01", "2021-01-01", "2020-10-01", "2020-06-01", "2019-11-01", "2019-10-01",
    "2019-06-01", "2018-05-01", "2016-06-01",
)  # fmt: skip
"""Of Microsoft.Resources: subscriptions, groups, lists and providers."""

_LOCATIONS: Final = list(LOCATIONS.values())
_UNTRACKED: Final = ("operations", "locations", "locations/operationResults", "checkNameAvailability")
"""Types of every provider that aren't resources, which make its document as long as real ones are."""


class Providers:
    """The providers' documents by namespace, and types whatever their case."""

    def __init__(self, types: Sequence[ResourceType]) -> None:
        self._types = {each.type.lower(): each for each in types}
        self._by_namespace: defaultdict[str, list[ResourceType]] = defaultdict(list)
        for each in types:
            self._by_namespace[each.namespace.lower()].append(each)
        self._own = ResourceType("Microsoft.Resources/resourceGroups", False, RESOURCES_VERSIONS)
        self._by_namespace["microsoft.resources"].append(self._own)

    def type(self, name: str) -> ResourceType | None:
        """Such as ``microsoft.compute/disks``."""
        return self._types.get(name.lower())

    def versions(self, namespace: str) -> list[str]:
        """All versions of a namespace, newest first; empty for an unknown one."""
        known = {version for each in self._by_namespace.get(namespace.lower(), ()) for version in each.api_versions}
        return sorted(known, reverse=True)

    def documents(self, prefix: str) -> list[dict[str, Any]]:
        return [document for name in self._by_namespace if (document := self.document(name, prefix))]

    def document(self, namespace: str, prefix: str) -> dict[str, Any] | None:
        """``prefix`` is a subscription's id, or empty for the tenant's view."""
        types = self._by_namespace.get(namespace.lower(), ())
        if not types:
            return None
        name = types[0].namespace
        versions = self.versions(namespace)
        return {
            "id": f"{prefix}/providers/{name}",
            "namespace": name,
            "registrationPolicy": "RegistrationRequired",
            "registrationState": "Registered",
            "resourceTypes": [
                *(_type(each.name, each.api_versions, tracked=True) for each in types),
                *(_type(each, versions, tracked=False) for each in _UNTRACKED),
            ],
        }


def _type(name: str, versions: Sequence[str], *, tracked: bool) -> dict[str, Any]:
    stable = next((version for version in versions if "preview" not in version), versions[0])
    tags = "CrossResourceGroupResourceMove, CrossSubscriptionResourceMove, SupportsTags, SupportsLocation"
    return {
        "resourceType": name,
        "locations": _LOCATIONS if tracked else [],
        "apiVersions": list(versions),
        "defaultApiVersion": stable,
        "capabilities": tags if tracked else "None",
    }
