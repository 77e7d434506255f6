"""The uploads as they are written first: one file after another, over one connection."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from workbench.errors import ServiceError
from workbench.scenarios.files.bucket import Bucket
from workbench.scenarios.uploads.upload import Upload, put

__all__ = ["CONNECTIONS", "upload_all"]

CONNECTIONS = 10


def upload_all(bucket: Bucket, client: Any, uploads: Sequence[Upload]) -> list[ServiceError | None]:
    """Put all files; errors in the order of the files."""
    return [put(bucket, client, upload) for upload in uploads]
