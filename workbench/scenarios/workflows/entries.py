"""What the listing shows: a page of workflows and one of templates, the most recently changed first."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from workbench.scenarios.base import Failure

__all__ = ["Entry", "Listing", "counted", "first_page", "precomputed"]


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the listing. ``nodes`` and ``edges`` are None where the payload can't be read."""

    id: int
    name: str
    owner: str
    folder: str
    updated_at: str
    version: int
    status: str
    nodes: int | None
    edges: int | None


@dataclass(frozen=True, slots=True)
class Listing:
    workflows: tuple[Entry, ...]
    templates: tuple[Entry, ...]

    def to_json(self) -> str:
        """The document that a client gets."""
        parts = {"workflows": self.workflows, "templates": self.templates}
        return json.dumps({name: [asdict(entry) for entry in entries] for name, entries in parts.items()})

    def digest(self) -> str:
        """SHA-256 (hex) of the document."""
        return hashlib.sha256(self.to_json().encode()).hexdigest()

    def failures(self) -> tuple[Failure, ...]:
        """The entries that are listed without their counts."""
        return tuple(
            Failure(f"workflow {entry.id}", "its payload is not JSON with nodes and edges; listed without counts")
            for entry in (*self.workflows, *self.templates)
            if entry.nodes is None
        )


def counted(row: Mapping[Any, Any]) -> Entry:
    """An entry whose nodes and edges are counted in the payload that the row brought."""
    nodes, edges = _parts(row["payload"])
    return _entry(row, nodes, edges)


def precomputed(row: Mapping[Any, Any]) -> Entry:
    """An entry with the counts that the trigger keeps."""
    return _entry(row, row["node_count"], row["edge_count"])


def first_page(entries: Iterable[Entry], size: int) -> tuple[Entry, ...]:
    """The ``size`` most recently changed, out of all."""
    return tuple(sorted(entries, key=lambda entry: (entry.updated_at, entry.id), reverse=True)[:size])


def _parts(payload: Any) -> tuple[int | None, int | None]:
    if isinstance(payload, str):  # a client saved it encoded twice
        try:
            payload = json.loads(payload)
        except ValueError:
            return None, None
    parts = payload if isinstance(payload, dict) else {}
    nodes, edges = parts.get("nodes"), parts.get("edges")
    return (len(nodes), len(edges)) if isinstance(nodes, list) and isinstance(edges, list) else (None, None)


def _entry(row: Mapping[Any, Any], nodes: int | None, edges: int | None) -> Entry:
    updated: datetime = row["updated_at"]
    return Entry(
        id=row["id"],
        name=row["name"],
        owner=row["owner"],
        folder=row["folder"],
        updated_at=updated.astimezone(UTC).isoformat(),
        version=row["version"],
        status=row["status"],
        nodes=nodes,
        edges=edges,
    )
