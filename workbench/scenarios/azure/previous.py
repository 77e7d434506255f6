"""The graph as an earlier scan left it, for variants that build on one; written outside the clock."""

from __future__ import annotations

from workbench.dataset.azure import group_document, resource_document, subscription_document
from workbench.dataset.azure.catalogue import RESOURCE_TYPES
from workbench.dataset.azure.model import Tenant
from workbench.dataset.azure.mutation import draw_mutation
from workbench.scenarios.azure.graph_driver import Graph
from workbench.scenarios.azure.graph_store import clear, save_versions
from workbench.scenarios.azure.graph_writer import GraphWriter
from workbench.scenarios.azure.rows import Row, container_row, resource_row
from workbench.scenarios.azure.versions import newest

__all__ = ["KNOWS_TENANT", "KNOWS_VERSIONS", "earlier_rows", "prepare_graph"]

KNOWS_TENANT = ("property-cache", "incremental")
KNOWS_VERSIONS = ("persistent-version-cache", "incremental")

_BATCH = 500
_SEED = 7


def earlier_rows(tenant: Tenant, changed: float) -> list[Row]:
    """The rows of a scan that saw a share of the resources otherwise, and a fifth of that share not yet."""
    mutation = draw_mutation(tenant.resources, fraction=changed, seed=_SEED, deleted=changed / 5)
    was = {each.id: each for each in mutation.changed}
    missing = set(mutation.deleted)
    rows = [
        container_row(subscription_document(each, tenant.tenant_id), "microsoft.resources/subscriptions")
        for each in tenant.subscriptions
    ]
    rows += [
        container_row(group_document(each), "microsoft.resources/resourcegroups", each.id.rsplit("/", 2)[0])
        for each in tenant.resource_groups
    ]
    there = (was.get(each.id, each) for each in tenant.resources if each.id not in missing)
    return rows + [resource_row(resource_document(each), each.changed_time) for each in there]


async def prepare_graph(graph: Graph, variant: str, rows: list[Row]) -> None:
    """An empty graph with its schema, and what the variant expects to find in it."""
    writer = GraphWriter(graph, "earlier")
    await writer.ensure_schema()
    await clear(graph)
    if variant in KNOWS_VERSIONS:
        await save_versions(graph, {kind.type.lower(): newest(kind.api_versions) for kind in RESOURCE_TYPES})
    if variant in KNOWS_TENANT:
        await writer.resources(rows, _BATCH)
        await writer.links({link for row in rows for link in row.links()}, _BATCH)
