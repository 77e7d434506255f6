"""Which bucket, as whom, and the boto3 clients that reach it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

from workbench.errors import MissingExtra
from workbench.services.s3 import S3Endpoint

__all__ = ["ATTEMPTS", "Bucket"]

ATTEMPTS = 4
"""Of one request, the first included: botocore's standard mode waits up to 1, 2 and 4 s between them."""

_CONNECTIONS = 10  # botocore's default


@cache
def _session() -> Any:
    """One a process: each reads the store's API model, a megabyte of JSON, for itself."""
    import boto3

    return boto3.session.Session()


@dataclass(frozen=True, slots=True)
class Bucket:
    """A bucket and the patience of its clients: ``timeout_s`` bounds each connect and each read."""

    endpoint: S3Endpoint
    timeout_s: float = 30.0

    @property
    def name(self) -> str:
        return self.endpoint.bucket

    def client(self, connections: int = _CONNECTIONS) -> Any:  # boto3 builds its classes as it runs
        """A client of its own, which keeps so many connections. Raises MissingExtra."""
        try:
            from botocore.config import Config

            session = _session()
        except ImportError as error:
            raise MissingExtra("boto3", "services") from error

        endpoint = self.endpoint
        return session.client(
            "s3",
            endpoint_url=endpoint.url,
            region_name=endpoint.region,
            aws_access_key_id=endpoint.access_key,
            aws_secret_access_key=endpoint.secret_key,
            aws_session_token=endpoint.session_token or None,
            config=Config(
                signature_version="s3v4",
                s3={"addressing_style": "path"},
                retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
                connect_timeout=self.timeout_s,
                read_timeout=self.timeout_s,
                max_pool_connections=connections,
            ),
        )
