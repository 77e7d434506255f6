"""The service's tables, the trigger that keeps the counts, and the index that the early rungs lack."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, DateTime, ForeignKey, Integer, MetaData, Table, Text
from sqlalchemy.dialects.postgresql import JSONB

__all__ = ["CREATE", "CREATE_INDEX", "DROP_INDEX", "VERSIONS", "versions", "workflows"]

_metadata = MetaData()

workflows = Table(
    "workflows",
    _metadata,
    Column("id", BigInteger, primary_key=True),
    Column("name", Text, nullable=False),
    Column("owner", Text, nullable=False),
    Column("folder", Text, nullable=False),
    Column("is_template", Boolean, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("updated_at", DateTime(timezone=True), nullable=False),
)

versions = Table(
    "workflow_versions",
    _metadata,
    Column("id", BigInteger, primary_key=True),
    Column("workflow_id", BigInteger, ForeignKey("workflows.id"), nullable=False),
    Column("version", Integer, nullable=False),
    Column("status", Text, nullable=False),
    Column("comment", Text, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("payload", JSONB, nullable=False),
    Column("node_count", Integer),
    Column("edge_count", Integer),
)

VERSIONS = versions.name

CREATE = """
CREATE TABLE workflows (
    id bigint PRIMARY KEY,
    name text NOT NULL,
    owner text NOT NULL,
    folder text NOT NULL,
    is_template boolean NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
);
CREATE TABLE workflow_versions (
    id bigint PRIMARY KEY,
    workflow_id bigint NOT NULL REFERENCES workflows (id),
    version integer NOT NULL,
    status text NOT NULL,
    comment text NOT NULL,
    created_at timestamptz NOT NULL,
    payload jsonb NOT NULL,
    node_count integer,
    edge_count integer
);
CREATE FUNCTION count_parts() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF jsonb_typeof(NEW.payload -> 'nodes') = 'array' AND jsonb_typeof(NEW.payload -> 'edges') = 'array' THEN
        NEW.node_count := jsonb_array_length(NEW.payload -> 'nodes');
        NEW.edge_count := jsonb_array_length(NEW.payload -> 'edges');
    ELSE
        NEW.node_count := NULL;
        NEW.edge_count := NULL;
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER workflow_versions_counts BEFORE INSERT OR UPDATE OF payload ON workflow_versions
    FOR EACH ROW EXECUTE FUNCTION count_parts();
"""

CREATE_INDEX = """
CREATE UNIQUE INDEX IF NOT EXISTS workflow_versions_latest ON workflow_versions (workflow_id, version DESC)
    INCLUDE (status, node_count, edge_count);
CREATE INDEX IF NOT EXISTS workflows_recent ON workflows (is_template, updated_at DESC, id DESC);
"""

DROP_INDEX = "DROP INDEX IF EXISTS workflow_versions_latest; DROP INDEX IF EXISTS workflows_recent;"
