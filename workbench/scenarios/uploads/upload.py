"""The job: files put into a bucket, each in a request of its own; one that fails doesn't stop the others."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from workbench.errors import ServiceError
from workbench.scenarios.files.bucket import Bucket
from workbench.scenarios.files.trouble import s3_errors

__all__ = ["THREADS", "Upload", "put", "put_in_parallel"]

THREADS = 20


@dataclass(frozen=True, slots=True)
class Upload:
    """A file to be put under ``key``."""

    key: str
    content_type: str
    body: bytes


def put(bucket: Bucket, client: Any, upload: Upload) -> ServiceError | None:
    """Put one file; the error if that failed for good."""
    try:
        with s3_errors(bucket, f"put {upload.key!r}"):
            client.put_object(Bucket=bucket.name, Key=upload.key, Body=upload.body, ContentType=upload.content_type)
    except ServiceError as error:
        return error
    return None


def put_in_parallel(bucket: Bucket, client: Any, uploads: Sequence[Upload]) -> list[ServiceError | None]:
    """Put all files from ``THREADS`` threads; errors in the order of the files."""
    with ThreadPoolExecutor(THREADS, thread_name_prefix="upload") as pool:
        return list(pool.map(lambda upload: put(bucket, client, upload), uploads))
