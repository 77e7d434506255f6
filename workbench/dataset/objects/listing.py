"""Builds, digests, writes and reads the files of the object store."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from workbench.dataset.draw import Stream
from workbench.dataset.files import encode_tables, read_tables, tables_digest, write_tables
from workbench.dataset.objects.model import Listing, StoredFile
from workbench.dataset.objects.vocabulary import AWKWARD, CONTENT_TYPES, OBJECTS, SUBJECTS
from workbench.dataset.records import RecordError, decode_rows
from workbench.errors import DatasetError, UsageError

__all__ = [
    "MOST_FILES",
    "NAME",
    "SCALES",
    "build_listing",
    "listing_digest",
    "load_listing",
    "write_listing",
]

NAME = "objects"
TABLE = "files"

SCALES: Mapping[str, int] = MappingProxyType({"small": 60, "medium": 300, "large": 1000})
"""Files by scale."""

MOST_FILES = 5_000

_AWKWARD_EVERY = 5
_MEDIAN_BYTES = 16_384
_SIGMA = 1.0
_MOST_BYTES = 262_144
_FILES_A_WORKFLOW = 8


def build_listing(*, scale: str = "small", seed: int = 1, resources: int | None = None) -> Listing:
    """The files of this seed, as many as ``scale`` says, or ``resources`` (scale "custom").

    Sizes are log-normal with a median of 16 KiB, at most 256 KiB; every 25th file is empty.

    Raises:
        UsageError: unknown scale, or ``resources`` outside 1-5000.
    """
    count = _count(scale, resources)
    stream = Stream(seed, NAME, TABLE)
    files = tuple(_file(stream, number) for number in range(1, count + 1))
    return Listing(seed=seed, scale=scale if resources is None else "custom", files=files)


def _file(stream: Stream, number: int) -> StoredFile:
    extension = stream.pick(tuple(CONTENT_TYPES))
    plain = f"{stream.pick(SUBJECTS)}-{stream.pick(OBJECTS)}"
    stem = AWKWARD[number // _AWKWARD_EVERY % len(AWKWARD)] if number % _AWKWARD_EVERY == 0 else plain
    size = stream.log_normal(_MEDIAN_BYTES, _SIGMA, 1, _MOST_BYTES)
    workflow, name = 1 + number // _FILES_A_WORKFLOW, f"{stem}.{extension}"
    return StoredFile(
        id=number,
        workflow_id=workflow,
        key=f"workflows/{workflow:05d}/{number:06d}/{name}",
        name=name,
        content_type=CONTENT_TYPES[extension],
        size_bytes=0 if number % 25 == 0 else size,
    )


def listing_digest(listing: Listing) -> str:
    """SHA-256 (hex) of the bytes that ``write_listing`` would write; equal for equal listings."""
    return tables_digest(NAME, _header(listing), encode_tables({TABLE: listing.files}))


def write_listing(listing: Listing, folder: Path) -> str:
    """Write the listing into ``folder`` (new, empty or an older one); returns its digest.

    Raises:
        DatasetError: the folder holds other files, can't be written, or the disk is full.
    """
    return write_tables(folder, NAME, _header(listing), encode_tables({TABLE: listing.files}))


def load_listing(folder: Path) -> Listing:
    """The listing in ``folder``, checked against its manifest.

    Raises:
        DatasetError: a file is missing, truncated, altered, foreign or of another version.
    """
    header, contents = read_tables(folder, NAME, (TABLE,))
    seed, scale = header.get("seed"), header.get("scale")
    if type(seed) is not int or not isinstance(scale, str):
        raise DatasetError(f"the manifest in {folder} names no seed and scale; build the dataset again")
    try:
        files = decode_rows(StoredFile, contents[TABLE])
    except RecordError as error:
        raise DatasetError(f"{folder / TABLE}.jsonl, {error}; build the dataset again") from error
    return Listing(seed=seed, scale=scale, files=files)


def _count(scale: str, resources: int | None) -> int:
    if scale not in SCALES:
        raise UsageError(f"unknown scale {scale!r}; known: {', '.join(SCALES)}")
    if resources is None:
        return SCALES[scale]
    if not 1 <= resources <= MOST_FILES:
        raise UsageError(f"resources (files) must be from 1 to {MOST_FILES}, not {resources}")
    return resources


def _header(listing: Listing) -> dict[str, Any]:
    return {"scale": listing.scale, "seed": listing.seed}
