"""Datasets on disk that are their seed, their scale and their tables; and how many roots a scale asks for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Generic, TypeVar

from workbench.dataset.files import Header, encode_tables, read_tables, tables_digest, write_tables
from workbench.dataset.records import RecordError, decode_rows
from workbench.errors import DatasetError, UsageError
from workbench.suggestions import suggestion

__all__ = ["StoredDataset", "size_of"]

Dataset = TypeVar("Dataset")


class StoredDataset(Generic[Dataset]):
    """Digests, writes and reads the datasets of one kind.

    ``tables`` names the record of each table; a table is a field of the dataset and a file on disk. ``make`` takes
    ``seed``, ``scale`` and every table by its name.
    """

    def __init__(self, name: str, tables: Mapping[str, type[Any]], make: Callable[..., Dataset]) -> None:
        self._name = name
        self._tables = tables
        self._make = make

    def digest(self, dataset: Dataset) -> str:
        """SHA-256 (hex) of the bytes that ``write`` would write; equal for equal datasets."""
        return tables_digest(self._name, _header(dataset), self._contents(dataset))

    def write(self, dataset: Dataset, folder: Path) -> str:
        """Write it as a whole into ``folder`` (new, empty or an older one of its kind); returns the digest.

        Raises:
            DatasetError: the folder holds other files, can't be written, or the disk is full.
        """
        return write_tables(folder, self._name, _header(dataset), self._contents(dataset))

    def load(self, folder: Path) -> Dataset:
        """The dataset in ``folder``, checked against its manifest.

        Raises:
            DatasetError: a file is missing, truncated, altered, foreign or of another version.
        """
        header, contents = read_tables(folder, self._name, tuple(self._tables))
        seed, scale = header.get("seed"), header.get("scale")
        if type(seed) is not int or not isinstance(scale, str):
            raise DatasetError(f"the manifest in {folder} names no seed and scale; build the dataset again")
        tables: dict[str, Any] = {}
        for name, record in self._tables.items():
            try:
                tables[name] = decode_rows(record, contents[name])
            except RecordError as error:
                raise DatasetError(f"{folder / name}.jsonl, {error}; build the dataset again") from error
        return self._make(seed=seed, scale=scale, **tables)

    def _contents(self, dataset: Dataset) -> dict[str, bytes]:
        return encode_tables({name: getattr(dataset, name) for name in self._tables})


def _header(dataset: Any) -> Header:
    return {"scale": dataset.scale, "seed": dataset.seed}


def size_of(scale: str, resources: int | None, scales: Mapping[str, int], most: int, what: str = "") -> int:
    """As many as the scale says, or ``resources``. Raises ``UsageError`` for an unknown scale or a wrong number."""
    if scale not in scales:
        raise UsageError(f"unknown scale {scale!r}{suggestion(scale, scales)}")
    if resources is None:
        return scales[scale]
    if not 1 <= resources <= most:
        raise UsageError(f"resources{what} must be from 1 to {most}, not {resources}")
    return resources
