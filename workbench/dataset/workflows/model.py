"""What a library of workflows consists of."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Library", "Version", "Workflow"]


@dataclass(frozen=True, slots=True)
class Workflow:
    """A workflow or a template. Times are UTC, ``2026-01-31T12:00:00+00:00``; some are equal."""

    id: int
    name: str
    owner: str
    folder: str
    is_template: bool
    created_at: str
    updated_at: str


@dataclass(frozen=True, slots=True)
class Version:
    """One saved state of a workflow. ``payload`` is compact JSON text with ``nodes`` and ``edges``."""

    id: int
    workflow_id: int
    version: int
    status: str
    comment: str
    created_at: str
    payload: str


@dataclass(frozen=True, slots=True)
class Library:
    """Workflows by id; versions by id, those of a workflow after one another and rising."""

    scale: str
    seed: int
    workflows: tuple[Workflow, ...]
    versions: tuple[Version, ...]
