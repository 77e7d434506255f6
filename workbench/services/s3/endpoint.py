"""How to reach an S3 object store: the local one, or a real one (S3, R2, MinIO, ...) named by the environment."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from workbench.errors import UsageError

__all__ = ["S3Endpoint", "endpoint_from_environment"]


@dataclass(frozen=True, slots=True)
class S3Endpoint:
    """``url`` without a trailing slash. The credentials don't show in ``repr``; ``session_token`` may be empty."""

    url: str
    bucket: str
    region: str = "us-east-1"
    access_key: str = field(default="", repr=False)
    secret_key: str = field(default="", repr=False)
    session_token: str = field(default="", repr=False)


def endpoint_from_environment(environment: Mapping[str, str] | None = None) -> S3Endpoint | None:
    """The real store that ``WORKBENCH_S3_URL`` names, None if it names none.

    ``WORKBENCH_S3_BUCKET`` names the bucket; credentials come from the usual ``AWS_ACCESS_KEY_ID``,
    ``AWS_SECRET_ACCESS_KEY`` and ``AWS_SESSION_TOKEN``, the region from ``AWS_REGION`` or ``AWS_DEFAULT_REGION``.
    Raises UsageError if something is missing or wrong.
    """
    values = os.environ if environment is None else environment
    url = values.get("WORKBENCH_S3_URL", "").strip().rstrip("/")
    if not url:
        return None
    parts = urlsplit(url)
    if parts.scheme not in ("https", "http") or not parts.hostname or parts.username or parts.query or parts.path:
        raise UsageError(
            "WORKBENCH_S3_URL must be like https://ACCOUNT.r2.cloudflarestorage.com, without credentials or bucket"
        )
    endpoint = S3Endpoint(
        url=url,
        bucket=values.get("WORKBENCH_S3_BUCKET", "").strip(),
        region=values.get("AWS_REGION") or values.get("AWS_DEFAULT_REGION") or "us-east-1",
        access_key=values.get("AWS_ACCESS_KEY_ID", ""),
        secret_key=values.get("AWS_SECRET_ACCESS_KEY", ""),
        session_token=values.get("AWS_SESSION_TOKEN", ""),
    )
    if not endpoint.bucket:
        raise UsageError("WORKBENCH_S3_URL needs WORKBENCH_S3_BUCKET, the bucket to list or to upload to")
    if not (endpoint.access_key and endpoint.secret_key):
        raise UsageError("WORKBENCH_S3_URL needs AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY")
    return endpoint
