"""The synthetic library: the same everywhere, within its promised sizes, read back as it was written."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from workbench.dataset import registry
from workbench.dataset.workflows import (
    SCALES,
    build_library,
    describe,
    library_digest,
    load_library,
    write_library,
)
from workbench.dataset.workflows.payloads import LARGEST, SMALLEST
from workbench.errors import DatasetError, UsageError

DIGEST = "24004e44d3ca4d7a8e56be58118f505acec8a289f944d214b62e04ee44275387"


def test_the_same_seed_gives_the_same_bytes() -> None:
    assert library_digest(build_library(resources=5)) == DIGEST
    assert library_digest(build_library(resources=5, seed=2)) != DIGEST


def test_versions_and_payloads_keep_their_promises() -> None:
    library = build_library()
    assert len(library.workflows) == SCALES["small"]
    assert 0 < sum(workflow.is_template for workflow in library.workflows) < SCALES["small"] / 2
    numbers: dict[int, list[int]] = {}
    sizes = []
    for version in library.versions:
        numbers.setdefault(version.workflow_id, []).append(version.version)
        payload = json.loads(version.payload)
        ids = {node["id"] for node in payload["nodes"]}
        assert len(ids) == len(payload["nodes"])
        assert all({edge["source"], edge["target"]} <= ids for edge in payload["edges"])
        sizes.append(len(version.payload.encode()))
    assert numbers.keys() == {workflow.id for workflow in library.workflows}
    assert all(found == list(range(1, len(found) + 1)) for found in numbers.values())
    assert min(sizes) >= SMALLEST and max(sizes) < LARGEST * 1.01
    assert 30_000 < sorted(sizes)[len(sizes) // 2] < 55_000
    assert all(workflow.created_at < workflow.updated_at for workflow in library.workflows)


def test_it_is_read_back_as_it_was_written(tmp_path: Path) -> None:
    library = build_library(resources=3)
    assert write_library(library, tmp_path / "set") == library_digest(library)
    assert load_library(tmp_path / "set") == library
    assert registry.get("workflows").describe(tmp_path / "set") == describe(library)
    assert "payload bytes" in describe(library)
    table = tmp_path / "set" / "versions.jsonl"
    table.write_bytes(table.read_bytes()[:-20] + b"\n")
    with pytest.raises(DatasetError, match=r"versions\.jsonl"):
        load_library(tmp_path / "set")


@pytest.mark.parametrize(("scale", "resources"), [("huge", None), ("small", 0), ("small", 10**6)])
def test_a_bad_size_is_a_usage_error(scale: str, resources: int | None) -> None:
    with pytest.raises(UsageError):
        build_library(scale=scale, resources=resources)
