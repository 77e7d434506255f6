"""One variant of the uploads as something that can be repeated; what arrived is checked outside the clock."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any

from workbench.dataset.objects import contents
from workbench.errors import ScenarioError, ServiceError, UsageError
from workbench.scenarios.base import Failure, Outcome
from workbench.scenarios.files.bucket import Bucket
from workbench.scenarios.files.store import Store
from workbench.scenarios.files.trouble import s3_errors
from workbench.scenarios.uploads.upload import Upload

__all__ = ["UploadWorkload", "uploads_of"]

UploadAll = Callable[[Bucket, Any, Sequence[Upload]], "list[ServiceError | None]"]


def uploads_of(store: Store, prefix: str) -> list[Upload]:
    """The dataset's files, to be put below ``prefix``."""
    seed = store.listing.seed
    return [Upload(f"{prefix}{file.key}", file.content_type, contents(seed, file)) for file in store.listing.files]


class UploadWorkload:
    """One variant; each repetition has a client of its own and leaves the bucket as it was."""

    def __init__(self, variant: str, store: Store, prefix: str) -> None:
        module = import_module(f"workbench.scenarios.uploads.{variant.replace('-', '_')}")
        self._upload_all: UploadAll = module.upload_all
        self._connections: int = module.CONNECTIONS
        self._store = store
        self._prefix = prefix
        self._uploads = uploads_of(store, prefix)
        self._client: Any = None

    def setup(self) -> None:
        """An empty place to upload to, and a client without connections."""
        self._store.reset()
        self._client = self._store.bucket.client(self._connections)

    def run(self) -> list[ServiceError | None]:
        """The uploads. Raises the store's error if not a single one went through."""
        if self._client is None:
            raise UsageError("a workload is set up before it runs")
        errors = self._upload_all(self._store.bucket, self._client, self._uploads)
        failed = [error for error in errors if error is not None]
        if failed and len(failed) == len(errors):
            raise failed[0]
        return errors

    def finish(self, value: Any) -> Outcome:
        """Compare sizes and ETags with what was sent, and remove it all.

        Raises ScenarioError if a file that was reported as uploaded isn't there, or isn't the same.
        """
        client, self._client = self._client, None
        arrived = self._arrived(client)
        rows, failures, uploaded = [], [], 0
        for upload, error in zip(self._uploads, value, strict=True):
            if error is not None:
                failures.append(Failure(upload.key.removeprefix(self._prefix), str(error)))
                continue
            sent = (len(upload.body), hashlib.md5(upload.body, usedforsecurity=False).hexdigest())
            if arrived.get(upload.key) != sent:
                raise ScenarioError(f"{upload.key!r} did not arrive as it was sent: {arrived.get(upload.key)}")
            uploaded += sent[0]
            rows.append([upload.key.removeprefix(self._prefix), *sent])
        self._remove(client, list(arrived))
        client.close()
        measures = {
            "files": len(rows),
            "failed": len(failures),
            "bytes_uploaded": uploaded,
        }
        return Outcome(hashlib.sha256(json.dumps(rows).encode()).hexdigest(), measures, tuple(failures))

    def _arrived(self, client: Any) -> dict[str, tuple[int, str]]:
        """Size and ETag by key; the ETag of an object put in one request is its MD5."""
        bucket = self._store.bucket
        with s3_errors(bucket, "list what was uploaded"):
            pages = client.get_paginator("list_objects_v2").paginate(Bucket=bucket.name, Prefix=self._prefix)
            return {
                item["Key"]: (item["Size"], item["ETag"].strip('"'))
                for page in pages
                for item in page.get("Contents", ())
            }

    def _remove(self, client: Any, keys: Sequence[str]) -> None:
        if not self._store.external:  # the local one is reset
            return
        with s3_errors(self._store.bucket, "remove what was uploaded"):
            for key in keys:
                client.delete_object(Bucket=self._store.bucket.name, Key=key)
