"""The case study: files of a bucket, listed with presigned URLs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from workbench.model import Scalar
from workbench.scenarios.base import BoundTerm, Prepared, Settings, Variant, variant_of
from workbench.scenarios.files.bound import listing_terms
from workbench.scenarios.files.store import Store, open_store
from workbench.scenarios.files.workload import ListingWorkload, module_of

__all__ = ["FileListing"]

_FOLDER = "workbench/scenarios/files"
_VARIANTS = (
    ("naive", "boto3 signs one URL after another, in the handler"),
    ("async", "a coroutine for each URL, gathered; nothing in it waits, so nothing overlaps"),
    ("default-executor", "each URL in a thread of the event loop's default executor"),
    ("pool-20", "each URL in one of 20 threads"),
    ("processes", "a process for each processor, started ahead, each with a GIL of its own"),
    ("own-presigner", "naive with a presigner that does only what such a URL needs, in place of boto3's"),
    ("signing-key-cache", "own-presigner, and the signing key derived once a day instead of once a URL"),
    ("cached-urls", "naive, repeated: URLs with enough validity left are given out again"),
)


class FileListing:
    """List the files of a bucket, each with a presigned URL."""

    name = "files"
    title = "List of files with presigned URLs"
    variants = tuple(Variant(name, summary, f"{_FOLDER}/{module_of(name)}.py") for name, summary in _VARIANTS)
    baseline = "naive"
    best = "cached-urls"
    demo = ("naive", "pool-20", "signing-key-cache", "cached-urls")

    def prepare(self, settings: Settings) -> Prepared:
        """Start store and link, or turn to the store that ``WORKBENCH_S3_URL`` names, which is only read from.

        Raises ``UsageError`` for an unknown option, scale or link, ``ServiceStartFailed`` if a service doesn't.
        """
        return _Prepared(self, open_store(self.name, settings, filled=True))


class _Prepared:
    def __init__(self, scenario: FileListing, store: Store) -> None:
        self._scenario = scenario
        self.store = store

    @property
    def parameters(self) -> Mapping[str, Scalar]:
        return self.store.parameters

    def workload(self, variant: str) -> ListingWorkload:
        return ListingWorkload(variant_of(self._scenario, variant).name, self.store)

    def stats(self) -> dict[str, Any]:
        """What the local store counted in the last repetition."""
        return self.store.stats()

    def bound(self) -> tuple[BoundTerm, ...]:
        return () if self.store.external else listing_terms(self.store)

    def close(self) -> None:
        self.store.close()
