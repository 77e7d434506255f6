"""The statements of the rungs. The document's service issues the same SQL through PostgREST."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, desc, select, true
from sqlalchemy.dialects.postgresql import distinct_on

from workbench.scenarios.workflows.schema import versions, workflows

__all__ = ["all_with_payloads", "latest_columns", "latest_of", "latest_with_payload", "page", "workflows_of"]

_VERSION = (versions.c.version, versions.c.status)
_COUNTS = (versions.c.node_count, versions.c.edge_count)
_SHOWN = (workflows.c.id, workflows.c.name, workflows.c.owner, workflows.c.folder, workflows.c.updated_at)


def workflows_of(templates: bool) -> Select[Any]:
    """``SELECT *`` of all workflows, or of all templates."""
    return select(workflows).where(workflows.c.is_template == templates)


def all_with_payloads(templates: bool) -> Select[Any]:
    """``SELECT *`` of all versions of all workflows; version columns that clash are left to the workflow's."""
    kept = [column for column in versions.c if column.name not in ("id", "created_at")]
    joined = workflows.join(versions, versions.c.workflow_id == workflows.c.id)
    return select(workflows, *kept).select_from(joined).where(workflows.c.is_template == templates)


def latest_with_payload(workflow_id: int) -> Select[Any]:
    """``SELECT *`` of one workflow's latest version."""
    return _latest(select(versions), workflow_id)


def latest_columns(workflow_id: int) -> Select[Any]:
    """What is shown of one workflow's latest version."""
    return _latest(select(*_VERSION, *_COUNTS), workflow_id)


def _latest(statement: Select[Any], workflow_id: int) -> Select[Any]:
    return statement.where(versions.c.workflow_id == workflow_id).order_by(desc(versions.c.version)).limit(1)


def latest_of(templates: bool) -> Select[Any]:
    """Every workflow with what is shown of its latest version, in one statement: ``DISTINCT ON``."""
    joined = workflows.join(versions, versions.c.workflow_id == workflows.c.id)
    return (
        select(*_SHOWN, *_VERSION, *_COUNTS)
        .select_from(joined)
        .where(workflows.c.is_template == templates)
        .ext(distinct_on(workflows.c.id))
        .order_by(workflows.c.id, desc(versions.c.version))
    )


def page(templates: bool, size: int) -> Select[Any]:
    """One page in keyset order, each with what is shown of its latest version.

    The first page has no key to start after; a later one adds ``(updated_at, id) < (the last entry's)``.
    """
    chosen = (
        select(*_SHOWN)
        .where(workflows.c.is_template == templates)
        .order_by(desc(workflows.c.updated_at), desc(workflows.c.id))
        .limit(size)
        .cte("page")
    )
    latest = (
        select(*_VERSION, *_COUNTS)
        .where(versions.c.workflow_id == chosen.c.id)
        .order_by(desc(versions.c.version))
        .limit(1)
        .lateral("latest")
    )
    order = (desc(chosen.c.updated_at), desc(chosen.c.id))
    return select(chosen, latest).select_from(chosen.join(latest, true())).order_by(*order)
