"""Resources in the shapes in which Azure Resource Manager serves them."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from workbench.dataset.azure.model import Resource, ResourceGroup, Subscription

__all__ = ["group_document", "listed_document", "resource_document", "subscription_document"]


def resource_document(resource: Resource) -> dict[str, Any]:
    """What a GET by id answers: all there is to the resource."""
    return {**_common(resource), "etag": resource.etag, "properties": resource.properties}


def listed_document(resource: Resource, expand: Collection[str] = ()) -> dict[str, Any]:
    """An entry of a list, without properties; ``expand``: createdTime, changedTime, provisioningState."""
    facts = {
        "createdTime": resource.created_time,
        "changedTime": resource.changed_time,
        "provisioningState": resource.properties.get("provisioningState", "Succeeded"),
    }
    return {**_common(resource), **{key: facts[key] for key in facts if key in expand}}


def group_document(group: ResourceGroup) -> dict[str, Any]:
    document = {
        "id": group.id,
        "name": group.name,
        "type": "Microsoft.Resources/resourceGroups",
        "location": group.location,
        "tags": group.tags,
        "properties": {"provisioningState": "Succeeded"},
    }
    return document | ({"managedBy": group.managed_by} if group.managed_by else {})


def subscription_document(subscription: Subscription, tenant_id: str) -> dict[str, Any]:
    return {
        "id": subscription.id,
        "authorizationSource": "RoleBased",
        "managedByTenants": [],
        "tags": subscription.tags,
        "subscriptionId": subscription.subscription_id,
        "tenantId": tenant_id,
        "displayName": subscription.name,
        "state": "Enabled",
        "subscriptionPolicies": {
            "locationPlacementId": "Public_2014-09-01",
            "quotaId": "EnterpriseAgreement_2014-09-01",
            "spendingLimit": "Off",
        },
    }


def _common(resource: Resource) -> dict[str, Any]:
    document: dict[str, Any] = {
        "id": resource.id,
        "name": resource.name,
        "type": resource.type,
        "location": resource.location,
    }
    optional = {
        "kind": resource.kind,
        "managedBy": resource.managed_by,
        "sku": resource.sku,
        "identity": resource.identity,
        "zones": list(resource.zones),
        "tags": resource.tags,
    }
    return document | {key: value for key, value in optional.items() if value}
