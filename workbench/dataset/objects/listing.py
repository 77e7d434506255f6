"""Builds, digests, writes and reads the files of the object store."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from workbench.dataset.draw import Stream
from workbench.dataset.objects.model import Listing, StoredFile
from workbench.dataset.objects.vocabulary import AWKWARD, CONTENT_TYPES, OBJECTS, SUBJECTS
from workbench.dataset.stored import StoredDataset, size_of

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
    count = size_of(scale, resources, SCALES, MOST_FILES, " (files)")
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


_STORED = StoredDataset(NAME, {TABLE: StoredFile}, Listing)
listing_digest = _STORED.digest
write_listing = _STORED.write
load_listing = _STORED.load
