"""The synthetic Azure tenant; ``data/README.md`` describes its tables."""

from workbench.dataset.azure.description import describe
from workbench.dataset.azure.document import (
    group_document,
    listed_document,
    resource_document,
    subscription_document,
)
from workbench.dataset.azure.identifiers import canonical
from workbench.dataset.azure.mutation import Mutation, draw_mutation
from workbench.dataset.azure.relations import relationships
from workbench.dataset.azure.tenant import (
    MOST_RESOURCES,
    SCALES,
    build_tenant,
    load_tenant,
    tenant_digest,
    write_tenant,
)

__all__ = [
    "MOST_RESOURCES",
    "SCALES",
    "Mutation",
    "build_tenant",
    "canonical",
    "describe",
    "draw_mutation",
    "group_document",
    "listed_document",
    "load_tenant",
    "relationships",
    "resource_document",
    "subscription_document",
    "tenant_digest",
    "write_tenant",
]
