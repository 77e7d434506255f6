"""Which request means what: the URL surface of Azure Resource Manager."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from workbench.dataset.azure.document import group_document, resource_document, subscription_document
from workbench.dataset.azure.model import ResourceGroup, ResourceType, Subscription
from workbench.dataset.azure.naming import LOCATIONS
from workbench.services.azure.latency import resource_endpoint
from workbench.services.azure.listing import list_resources
from workbench.services.azure.providers import RESOURCES_VERSIONS, Providers
from workbench.services.azure.replies import ArmError, arm_json
from workbench.services.azure.state import TenantState
from workbench.services.simulator.reply import Reply

__all__ = ["Resources", "Target"]

_VERSION = re.compile(r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])(-preview|-beta|-alpha)?", re.IGNORECASE)
_PLURAL = {"resourcegroups": "groups", "resources": "resources", "providers": "providers", "locations": "locations"}


class Target(NamedTuple):
    """What a path asks for. ``endpoint`` names its latency, ``resource`` what faults and draws are kept by.

    ``parts`` are the path's segments; ``subscription`` is the first of them that throttling counts by, or empty.
    """

    endpoint: str
    resource: str
    parts: tuple[str, ...]
    subscription: str


class Resources:
    """Answers GET requests from the tenant."""

    def __init__(self, state: TenantState, page_size: int) -> None:
        self.state = state
        self._page_size = page_size
        self._providers = Providers(state.tenant.resource_types)

    def find(self, parts: list[str], query: Mapping[str, str]) -> Target | None:
        """What the path asks for, whether or not it exists; None if there is no such path."""
        lower = [part.lower() for part in parts]
        key = "/" + "/".join(lower)
        if lower[:1] != ["subscriptions"]:
            return self._find_in_tenant(parts, lower, key)
        owner = lower[1] if len(lower) > 1 else ""
        endpoint = _endpoint_in_subscription(lower)
        if endpoint in ("resources/list", "groups/list"):
            key += "?" + query.get("$filter", "") + "&" + query.get("$skiptoken", "")
        return Target(endpoint, key, tuple(parts), owner) if endpoint else None

    @staticmethod
    def _find_in_tenant(parts: list[str], lower: list[str], key: str) -> Target | None:
        if lower == ["tenants"]:
            return Target("tenants/list", key, tuple(parts), "")
        if lower[:1] == ["providers"] and len(lower) <= 2:
            return Target("providers/item" if len(lower) == 2 else "providers/list", key, tuple(parts), "")
        return None

    def check(self, target: Target, query: Mapping[str, str]) -> None:
        """Refuse what Azure refuses before it asks a provider: an unknown subscription or type, a wrong version.

        Raises ArmError.
        """
        version = query.get("api-version", "")
        if not version:
            raise ArmError.missing_version()
        if target.subscription:
            self._subscription(target)
        if target.endpoint.startswith("resource/"):
            self._check_type(target, version)
        elif version not in RESOURCES_VERSIONS:
            raise ArmError.invalid_version(version, RESOURCES_VERSIONS)

    def _check_type(self, target: Target, version: str) -> None:
        namespace, name = target.parts[5], "/".join(target.parts[6::2])
        known = self._providers.versions(namespace)
        if not known:
            raise ArmError.invalid_namespace(namespace)
        kind = self._providers.type(f"{namespace}/{name}")
        if kind is None:
            raise ArmError.invalid_type(namespace, name, version, known)
        if version.lower() in kind.api_versions:
            return
        if not _VERSION.fullmatch(version):
            raise ArmError.invalid_version(version, kind.api_versions)
        raise ArmError.no_provider(kind.name, self._location(target), version, kind.api_versions, tuple(LOCATIONS))

    def _location(self, target: Target) -> str:
        found = self.state.resources.get(target.resource)
        return found.location if found else self._group(target).location

    def answer(self, target: Target, query: Mapping[str, str], base_url: str) -> Reply:
        """The reply to a GET that ``check`` let pass. Raises ArmError for what there isn't."""
        if target.endpoint.startswith("resource/"):
            return self._resource(target)
        if target.endpoint == "resources/list":
            subscription, group = self._subscription(target), ""
            if len(target.parts) == 5:
                group = self._group(target).id.lower()
            url = base_url + "/" + "/".join(target.parts)
            return arm_json(list_resources(self.state, subscription, group, query, self._page_size, url))
        return arm_json(self._plain(target))

    def _plain(self, target: Target) -> Any:
        tenant = self.state.tenant
        if target.endpoint == "tenants/list":
            facts = {"tenantId": tenant.tenant_id, "displayName": "Contoso", "defaultDomain": "contoso.example"}
            return {"value": [{"id": f"/tenants/{tenant.tenant_id}", **facts, "tenantCategory": "Home"}]}
        if target.endpoint == "subscriptions/list":
            return {
                "value": [subscription_document(each, tenant.tenant_id) for each in tenant.subscriptions],
                "count": {"type": "Total", "value": len(tenant.subscriptions)},
            }
        if target.endpoint.startswith("providers/"):
            return self._provider(target)
        subscription = self._subscription(target)
        if target.endpoint == "subscriptions/item":
            return subscription_document(subscription, tenant.tenant_id)
        if target.endpoint == "locations/list":
            return {"value": [_location(subscription, *each) for each in LOCATIONS.items()]}
        if target.endpoint == "groups/item":
            return group_document(self._group(target))
        return {"value": [group_document(each) for each in self.state.groups_of(subscription)]}

    def _provider(self, target: Target) -> Any:
        prefix = self._subscription(target).id if target.subscription else ""
        if target.endpoint == "providers/list":
            return {"value": self._providers.documents(prefix)}
        document = self._providers.document(target.parts[-1], prefix)
        if document is None:
            raise ArmError.invalid_namespace(target.parts[-1])
        return document

    def _resource(self, target: Target) -> Reply:
        found = self.state.resources.get(target.resource)
        if found is None:
            group = self._group(target)
            kind: ResourceType | None = self._providers.type("/".join([target.parts[5], *target.parts[6::2]]))
            assert kind is not None
            raise ArmError.no_resource(kind.type, "/".join(target.parts[7::2]), group.name)
        return arm_json(resource_document(found))

    def _subscription(self, target: Target) -> Subscription:
        found = self.state.subscriptions.get(f"/subscriptions/{target.subscription}")
        if found is None:
            raise ArmError.no_subscription(target.parts[1])
        return found

    def _group(self, target: Target) -> ResourceGroup:
        found = self.state.groups.get("/" + "/".join(target.parts[:4]).lower())
        if found is None:
            raise ArmError.no_group(target.parts[3])
        return found


def _endpoint_in_subscription(lower: list[str]) -> str:
    """``lower`` starts with "subscriptions"."""
    match lower[1:]:
        case []:
            return "subscriptions/list"
        case [_]:
            return "subscriptions/item"
        case [_, plural] if plural in _PLURAL:
            return f"{_PLURAL[plural]}/list"
        case [_, "providers", _]:
            return "providers/item"
        case [_, "resourcegroups", _]:
            return "groups/item"
        case [_, "resourcegroups", _, "resources"]:
            return "resources/list"
        case [_, "resourcegroups", _, "providers", namespace, *rest] if rest and len(rest) % 2 == 0:
            return resource_endpoint(namespace)
    return ""


def _location(subscription: Subscription, name: str, display_name: str) -> dict[str, Any]:
    return {
        "id": f"{subscription.id}/locations/{name}",
        "name": name,
        "type": "Region",
        "displayName": display_name,
        "regionalDisplayName": display_name,
        "metadata": {"regionType": "Physical", "regionCategory": "Recommended"},
    }
