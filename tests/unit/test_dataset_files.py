"""A dataset folder is written whole, and whatever is wrong with one is said in one line."""

from __future__ import annotations

import errno
import json
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import pytest

from workbench.dataset.jamf import build_estate, estate_digest, load_estate, write_estate
from workbench.errors import DatasetError

ESTATE = build_estate(resources=3)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_estate(ESTATE, tmp_path / "jamf")
    return tmp_path / "jamf"


def complaint(action: Callable[[], object]) -> str:
    with pytest.raises(DatasetError) as caught:
        action()
    assert caught.value.exit_code == 50
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_it_comes_back_equal(folder: Path) -> None:
    assert load_estate(folder) == ESTATE
    assert estate_digest(load_estate(folder)) == json.loads((folder / "manifest.json").read_text())["digest"]


def test_only_the_dataset_is_left_behind(folder: Path) -> None:
    assert [path.name for path in folder.parent.iterdir()] == ["jamf"]


def test_an_older_dataset_is_replaced(folder: Path) -> None:
    other = build_estate(resources=2, seed=9)
    digest = write_estate(other, folder)
    assert load_estate(folder) == other
    assert digest == estate_digest(other)
    assert [path.name for path in folder.parent.iterdir()] == ["jamf"]


def test_missing_parents_and_an_empty_folder_are_fine(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    write_estate(ESTATE, tmp_path / "empty")
    write_estate(ESTATE, tmp_path / "a" / "b" / "c")
    assert load_estate(tmp_path / "a" / "b" / "c") == load_estate(tmp_path / "empty")


def test_a_symbolic_link_is_followed(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    write_estate(ESTATE, tmp_path / "link")
    assert (tmp_path / "link").is_symlink()
    assert load_estate(tmp_path / "real") == ESTATE


def test_a_folder_with_other_files_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    assert "holds other files (thesis.txt)" in complaint(lambda: write_estate(ESTATE, tmp_path))
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_file_in_the_way_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "jamf").write_text("mine")
    assert "is not a folder" in complaint(lambda: write_estate(ESTATE, tmp_path / "jamf"))
    assert "jamf is not a folder" in complaint(lambda: write_estate(ESTATE, tmp_path / "jamf" / "below"))
    assert (tmp_path / "jamf").read_text() == "mine"


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EACCES, errno.EROFS])
def test_a_failed_write_keeps_the_older_dataset(folder: Path, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    def fail(path: Path, content: bytes) -> NoReturn:
        raise OSError(number, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", fail)
    text = complaint(lambda: write_estate(build_estate(resources=2), folder))
    assert str(folder) in text
    assert "No space left on device" in text
    assert load_estate(folder) == ESTATE
    assert [path.name for path in folder.parent.iterdir()] == ["jamf"]


def test_a_missing_folder_and_a_missing_table_are_named(folder: Path, tmp_path: Path) -> None:
    assert "manifest.json is missing" in complaint(lambda: load_estate(tmp_path / "nothing"))
    (folder / "scripts.jsonl").unlink()
    assert "scripts.jsonl is missing" in complaint(lambda: load_estate(folder))


def test_a_truncated_table_is_named(folder: Path) -> None:
    path = folder / "policies.jsonl"
    path.write_bytes(path.read_bytes()[:-20])
    assert "policies.jsonl has" in complaint(lambda: load_estate(folder))


def test_an_altered_table_is_named(folder: Path) -> None:
    path = folder / "policies.jsonl"
    path.write_bytes(path.read_bytes().replace(b"true", b"TRUE", 1))
    assert "policies.jsonl was altered" in complaint(lambda: load_estate(folder))


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"", "is not JSON"),
        (b"\xff\xfe", "is not JSON"),
        (b"<html>", "is not JSON"),
        (b"[" * 100_000, "is not JSON"),
        (b"[]", "is not the manifest of a jamf dataset"),
        (b'{"name": "package"}', "is not the manifest of a jamf dataset"),
        (b'{"dataset": "jamf", "format": 99}', "has format 99, this workbench reads 1"),
        (b'{"dataset": "jamf", "format": 1}', "does not list the tables"),
        (b'{"dataset": "jamf", "format": 1, "header": {}, "tables": {"policies": {}}}', "does not list the tables"),
    ],
)
def test_a_foreign_manifest_is_refused(folder: Path, content: bytes, text: str) -> None:
    (folder / "manifest.json").write_bytes(content)
    assert text in complaint(lambda: load_estate(folder))


@pytest.mark.parametrize(
    ("key", "value"),
    [("digest", "0" * 64), ("header", {"seed": 2, "scale": "custom"}), ("header", {})],
)
def test_a_digest_that_does_not_fit_is_refused(folder: Path, key: str, value: object) -> None:
    path = folder / "manifest.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), key: value}))
    assert "has a digest that its tables do not give" in complaint(lambda: load_estate(folder))


def test_an_unreadable_file_is_named(folder: Path) -> None:
    (folder / "groups.jsonl").unlink()
    (folder / "groups.jsonl").mkdir()
    assert "can't read" in complaint(lambda: load_estate(folder))
