"""What a tenant holds, in a page of text: counts, sizes and relationships."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from workbench.dataset.azure.document import resource_document
from workbench.dataset.azure.identifiers import canonical, subscription_of
from workbench.dataset.azure.model import Tenant
from workbench.dataset.azure.relations import relationships
from workbench.dataset.azure.tenant import tenant_digest
from workbench.dataset.records import encode_rows

__all__ = ["describe"]


def describe(tenant: Tenant) -> str:
    """A plain-text description, without a final newline; the same for equal tenants."""
    lines = [
        f"Azure tenant {tenant.tenant_id}, scale {tenant.scale}, seed {tenant.seed}",
        f"digest {tenant_digest(tenant)}",
        f"{len(tenant.resources):,} resources in {len(tenant.resource_groups):,} resource groups",
        "",
        *_subscriptions(tenant),
        "",
        *_types(tenant),
        "",
        *_documents(tenant),
        "",
        *_relationships(tenant),
    ]
    return "\n".join(lines)


def _subscriptions(tenant: Tenant) -> list[str]:
    resources = Counter(subscription_of(each.id) for each in tenant.resources)
    groups = Counter(subscription_of(each.id) for each in tenant.resource_groups)
    return [
        f"{'subscription':<56}{'groups':>8}{'resources':>11}",
        *(
            f"{subscription.subscription_id}  {subscription.name:<18}{groups[subscription.subscription_id]:>8,}"
            f"{resources[subscription.subscription_id]:>11,}"
            for subscription in tenant.subscriptions
        ),
    ]


def _types(tenant: Tenant) -> list[str]:
    counts = Counter(each.type for each in tenant.resources)
    common = sum(counts[kind.type] for kind in tenant.resource_types if kind.common)
    return [
        f"{'type':<56}{'resources':>11}{'versions':>10}",
        *(
            f"{kind.type:<56}{counts[kind.type]:>11,}{len(kind.api_versions):>10}"
            for kind in tenant.resource_types
            if counts[kind.type]
        ),
        f"{common / len(tenant.resources):.0%} of them are of the 14 common types",
    ]


def _documents(tenant: Tenant) -> list[str]:
    sizes = sorted(len(encode_rows([resource_document(each)])) for each in tenant.resources)
    return [
        f"{'size in bytes':<22}{'least':>9}{'median':>9}{'most':>9}{'in all':>13}",
        f"{'documents':<22}{sizes[0]:>9,}{sizes[len(sizes) // 2]:>9,}{sizes[-1]:>9,}{sum(sizes):>13,}",
    ]


def _relationships(tenant: Tenant) -> Sequence[str]:
    known = {canonical(each.id) for each in tenant.resources} | {
        canonical(each.id) for each in tenant.resource_groups
    }
    found = [pair for each in tenant.resources for pair in relationships(resource_document(each))]
    kinds = Counter(kind for kind, _ in found)
    dangling = sum(target not in known for _, target in found)
    return [
        f"{'relationships':<22}{'times':>9}",
        *(f"{kind:<22}{count:>9,}" for kind, count in sorted(kinds.items())),
        f"{dangling:,} of them are to resources that are gone",
    ]
