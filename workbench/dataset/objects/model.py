"""The files of an object store, as values."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

__all__ = ["Listing", "StoredFile", "contents"]


@dataclass(frozen=True, slots=True)
class StoredFile:
    """One file. ``key`` is its address in the bucket, at most 1,024 bytes in UTF-8; ``name`` its last part."""

    id: int
    workflow_id: int
    key: str
    name: str
    content_type: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Listing:
    """All files, ordered by id."""

    seed: int
    scale: str
    files: tuple[StoredFile, ...]

    @property
    def size_bytes(self) -> int:
        """Bytes of all contents together."""
        return sum(file.size_bytes for file in self.files)


def contents(seed: int, file: StoredFile) -> bytes:
    """The file's bytes: as random as a compressed file's, and the same wherever they are made."""
    return hashlib.shake_128(f"{seed}/{file.key}".encode()).digest(file.size_bytes)
