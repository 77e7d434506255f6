"""The case study: files uploaded to a bucket."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

from workbench.model import Scalar
from workbench.scenarios.base import BoundTerm, Prepared, Settings, variant_of, variants_in
from workbench.scenarios.files.bound import upload_terms
from workbench.scenarios.files.store import Store, open_store
from workbench.scenarios.uploads.upload import THREADS
from workbench.scenarios.uploads.workload import UploadWorkload

__all__ = ["FileUploads"]

_VARIANTS = (
    ("sequential", "one file after another"),
    ("parallel-small-pool", "20 threads over botocore's default pool, which keeps 10 idle connections"),
    ("parallel-upload", "20 threads, and a connection kept for each"),
)


class FileUploads:
    """Upload files, each in a request of its own."""

    name = "uploads"
    title = "Upload of files to an object store"
    variants = variants_in("uploads", _VARIANTS)
    baseline = "sequential"
    best = "parallel-upload"
    demo = tuple(name for name, _ in _VARIANTS)

    def prepare(self, settings: Settings) -> Prepared:
        """Start store and link, or turn to the store that ``WORKBENCH_S3_URL`` names.

        There everything is put below a prefix of its own, and removed again. Raises ``UsageError`` for an unknown
        option, scale or link, ``ServiceStartFailed`` if a service doesn't start.
        """
        return _Prepared(self, open_store(self.name, settings, filled=False))


class _Prepared:
    def __init__(self, scenario: FileUploads, store: Store) -> None:
        self._scenario = scenario
        self.store = store
        self._prefix = f"workbench-uploads-{secrets.token_hex(4)}/" if store.external else ""

    @property
    def parameters(self) -> Mapping[str, Scalar]:
        return self.store.parameters

    def workload(self, variant: str) -> UploadWorkload:
        return UploadWorkload(variant_of(self._scenario, variant).name, self.store, self._prefix)

    def stats(self) -> dict[str, Any]:
        """What the local store counted in the last repetition."""
        return self.store.stats()

    def bound(self) -> tuple[BoundTerm, ...]:
        if self.store.external:
            return ()
        keys = [file.key for file in self.store.listing.files]
        return upload_terms(self.store, keys, THREADS)

    def close(self) -> None:
        self.store.close()
