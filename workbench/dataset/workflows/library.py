"""Build, write and read a library: the same seed and size give the same bytes on every machine."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from types import MappingProxyType

from workbench.dataset.draw import Stream
from workbench.dataset.stored import StoredDataset, size_of
from workbench.dataset.workflows.model import Library, Version, Workflow
from workbench.dataset.workflows.payloads import payload_text

__all__ = ["MOST_RESOURCES", "SCALES", "TABLES", "build_library", "library_digest", "load_library", "write_library"]

SCALES: Mapping[str, int] = MappingProxyType({"small": 60, "medium": 200, "large": 800})
"""Workflows and templates by scale."""

MOST_RESOURCES = 5_000
TABLES = ("workflows", "versions")
_DATASET = "workflows"
_EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
_MINUTES = 60 * 24 * 90
_TEMPLATES = 0.25
_MOST_VERSIONS = 6

_VERBS = ("Sync", "Notify", "Import", "Export", "Approve", "Archive", "Enrich", "Route", "Summarize", "Reconcile")
_THINGS = (
    "invoices",
    "tickets",
    "orders",
    "leads",
    "contracts",
    "payroll",
    "alerts",
    "backups",
    "surveys",
    "claims",
)
_FOLDERS = ("finance", "support", "sales", "people", "operations")
_OWNERS = ("ada", "boris", "chen", "dora", "emil", "fatou", "grete", "hugo")


def build_library(*, scale: str = "small", seed: int = 1, resources: int | None = None) -> Library:
    """The library of that scale; ``resources`` is the number of workflows and templates instead.

    Raises ``UsageError`` for an unknown scale or a size that isn't within 1 and ``MOST_RESOURCES``.
    """
    count = size_of(scale, resources, SCALES, MOST_RESOURCES)
    workflows = tuple(_workflow(seed, number) for number in range(1, count + 1))
    named = scale if resources is None else "custom"
    return Library(named, seed, workflows, tuple(_versions(seed, workflows)))


def _workflow(seed: int, number: int) -> Workflow:
    stream = Stream("workflows", seed, "workflow", number)
    updated = _EPOCH + timedelta(minutes=stream.number(0, _MINUTES))
    created = updated - timedelta(minutes=stream.number(60, _MINUTES))
    return Workflow(
        id=number,
        name=f"{stream.pick(_VERBS)} {stream.pick(_THINGS)} {number}",
        owner=stream.skewed(_OWNERS),
        folder=stream.skewed(_FOLDERS),
        is_template=stream.chance(_TEMPLATES),
        created_at=created.isoformat(),
        updated_at=updated.isoformat(),
    )


def _versions(seed: int, workflows: tuple[Workflow, ...]) -> Iterator[Version]:
    number = 0
    for workflow in workflows:
        stream = Stream("workflows", seed, "versions", workflow.id)
        created = datetime.fromisoformat(workflow.created_at)
        last = stream.number(1, _MOST_VERSIONS)
        for version in range(1, last + 1):
            number += 1
            yield Version(
                id=number,
                workflow_id=workflow.id,
                version=version,
                status="draft" if version == last and stream.chance(0.3) else "published",
                comment=f"version {version}",
                created_at=(created + timedelta(minutes=version)).isoformat(),
                payload=payload_text(stream),
            )


_STORED = StoredDataset(_DATASET, {"workflows": Workflow, "versions": Version}, Library)
library_digest = _STORED.digest
write_library = _STORED.write
load_library = _STORED.load
