"""Every Cypher statement of the scan, in one place; each runs on Neo4j 5 and on ArcadeDB alike.

All nodes carry one label and one unique key, so that each look-up is one index seek. Relationship types can't be
parameters, so there is a statement for each of the four.
"""

from __future__ import annotations

from collections.abc import Mapping

from workbench.scenarios.azure.rows import KINDS

__all__ = [
    "CLEAR",
    "DIGEST_LINKS",
    "DIGEST_NODES",
    "FORGET_SCAN",
    "LINK_MANY",
    "LINK_ONE",
    "LOAD_DONE",
    "LOAD_SCAN",
    "LOAD_STORED",
    "LOAD_VERSIONS",
    "MERGE_MANY",
    "MERGE_ONE",
    "REMOVE_MANY",
    "SAVE_SCAN",
    "SAVE_VERSIONS",
    "SCHEMA",
    "UNLINK_MANY",
]

SCHEMA = (
    "CREATE CONSTRAINT azure_resource_id IF NOT EXISTS FOR (r:AzureResource) REQUIRE r.id IS UNIQUE",
    "CREATE CONSTRAINT azure_version_type IF NOT EXISTS FOR (v:AzureApiVersion) REQUIRE v.type IS UNIQUE",
    "CREATE CONSTRAINT azure_scan_tenant IF NOT EXISTS FOR (s:AzureScan) REQUIRE s.tenant IS UNIQUE",
    "CREATE INDEX azure_resource_type IF NOT EXISTS FOR (r:AzureResource) ON (r.type)",
    "CREATE INDEX azure_resource_tenant IF NOT EXISTS FOR (r:AzureResource) ON (r.tenant)",
)

MERGE_ONE = "MERGE (r:AzureResource {id: $id}) SET r += $properties"
MERGE_MANY = "UNWIND $rows AS row MERGE (r:AzureResource {id: row.id}) SET r += row.properties"

LINK_ONE: Mapping[str, str] = {
    kind: "MATCH (a:AzureResource {id: $source}) MATCH (b:AzureResource {id: $target}) "
    f"MERGE (a)-[:{name}]->(b) RETURN count(*) AS written"
    for kind, name in KINDS.items()
}
LINK_MANY: Mapping[str, str] = {
    kind: "UNWIND $rows AS row MATCH (a:AzureResource {id: row.source}) MATCH (b:AzureResource {id: row.target}) "
    f"MERGE (a)-[:{name}]->(b) RETURN count(*) AS written"
    for kind, name in KINDS.items()
}
UNLINK_MANY = (
    "UNWIND $rows AS row MATCH (a:AzureResource {id: row.id})-[link:DEPENDS_ON|HAS_IDENTITY|USES_NETWORK]->(b) "
    "WHERE NOT b.id IN row.keep DELETE link"
)
REMOVE_MANY = "UNWIND $rows AS row MATCH (r:AzureResource {id: row.id}) DETACH DELETE r"

LOAD_STORED = "MATCH (r:AzureResource {tenant: $tenant}) RETURN r AS node"
LOAD_DONE = "MATCH (r:AzureResource {tenant: $tenant}) WHERE r.scan = $scan RETURN r AS node"
LOAD_VERSIONS = "MATCH (v:AzureApiVersion) RETURN v.type AS type, v.version AS version"
SAVE_VERSIONS = "UNWIND $rows AS row MERGE (v:AzureApiVersion {type: row.type}) SET v.version = row.version"

LOAD_SCAN = "MATCH (s:AzureScan {tenant: $tenant}) RETURN s.scan AS scan"
SAVE_SCAN = "MERGE (s:AzureScan {tenant: $tenant}) SET s.scan = $scan"
FORGET_SCAN = "MATCH (s:AzureScan {tenant: $tenant}) DELETE s"

DIGEST_NODES = (
    "MATCH (r:AzureResource {tenant: $tenant}) RETURN r.id AS id, r.name AS name, r.type AS type, "
    "r.location AS location, r.kind AS kind, r.sku AS sku, r.tags AS tags, r.properties AS properties, "
    "r.more AS more, r.changed_time AS changed_time"
)
DIGEST_LINKS = (
    "MATCH (a:AzureResource {tenant: $tenant})-[link]->(b:AzureResource) "
    "RETURN a.id AS source, type(link) AS kind, b.id AS target"
)

CLEAR = (
    "MATCH (r:AzureResource {tenant: $tenant}) WITH r LIMIT 2000 DETACH DELETE r RETURN count(*) AS gone",
    "MATCH (v:AzureApiVersion) WITH v LIMIT 2000 DELETE v RETURN count(*) AS gone",
)
