"""The files of the object store: the same bytes for the same seed, awkward names, and what a reader refuses."""

from __future__ import annotations

from pathlib import Path

import pytest

from workbench.dataset import registry
from workbench.dataset.objects import (
    MOST_FILES,
    SCALES,
    build_listing,
    contents,
    describe,
    listing_digest,
    load_listing,
    write_listing,
)
from workbench.dataset.objects.vocabulary import AWKWARD
from workbench.errors import DatasetError, UsageError


def test_the_same_seed_gives_the_same_bytes() -> None:
    # The digest is pinned: another one means that every stored session was measured on other data.
    assert listing_digest(build_listing(resources=60, seed=1)) == PINNED
    assert listing_digest(build_listing(seed=2)) != listing_digest(build_listing(seed=1))
    file = build_listing().files[0]
    assert len(contents(1, file)) == file.size_bytes
    assert contents(1, file) == contents(1, file) != contents(2, file)


PINNED = "323d5f1268b5f6b9c3ee5d620d7426687ced7a0d1cc0fc4d29e1d80a83c39159"


@pytest.mark.parametrize("scale", list(SCALES))
def test_sizes_keys_and_names_are_as_described(scale: str) -> None:
    files = build_listing(scale=scale).files
    assert len(files) == SCALES[scale]
    assert len({file.key for file in files}) == len(files)
    assert all(len(file.key.encode()) <= 1024 and file.key.endswith(f"/{file.name}") for file in files)
    assert all(0 <= file.size_bytes <= 262_144 for file in files)
    assert sum(file.size_bytes == 0 for file in files) == len(files) // 25


def test_every_awkward_name_occurs_where_there_is_room() -> None:
    stems = {file.name.rpartition(".")[0] for file in build_listing(scale="medium").files}
    assert set(AWKWARD) <= stems


def test_a_smaller_listing_is_the_beginning_of_a_larger_one() -> None:
    assert build_listing(resources=10).files == build_listing(resources=20).files[:10]


@pytest.mark.parametrize("count", [0, MOST_FILES + 1])
def test_a_size_out_of_range_is_refused(count: int) -> None:
    with pytest.raises(UsageError, match=r"resources \(files\) must be from 1 to 5000"):
        build_listing(resources=count)


def test_an_unknown_scale_is_refused() -> None:
    with pytest.raises(UsageError, match="unknown scale 'huge'; known: small, medium, large"):
        build_listing(scale="huge")


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    listing = build_listing(resources=30)
    digest = write_listing(listing, tmp_path / "objects")
    assert load_listing(tmp_path / "objects") == listing
    assert digest == listing_digest(listing)
    assert digest in describe(listing)
    assert "30 files" in describe(listing)


def test_a_truncated_file_is_told(tmp_path: Path) -> None:
    write_listing(build_listing(resources=5), tmp_path / "objects")
    table = tmp_path / "objects" / "files.jsonl"
    table.write_bytes(table.read_bytes()[:-10])
    with pytest.raises(DatasetError, match=r"files\.jsonl has \d+ bytes, not \d+; build the dataset again"):
        load_listing(tmp_path / "objects")


def test_the_registry_builds_and_describes_it(tmp_path: Path) -> None:
    dataset = registry.get("objects")
    digest = dataset.build(tmp_path / "objects", scale="small", seed=1, resources=3)
    assert digest in dataset.describe(tmp_path / "objects")
