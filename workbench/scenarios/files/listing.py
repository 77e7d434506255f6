"""The job: the files of a bucket, each with a URL that lets a browser download it for a while."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import quote

from workbench.dataset.objects.vocabulary import CONTENT_TYPES
from workbench.model import utc_now
from workbench.scenarios.files.bucket import Bucket
from workbench.scenarios.files.trouble import s3_errors

__all__ = ["EXPIRES_S", "VALID_S", "Desk", "Entry", "Listed", "list_files", "parameters", "presign"]

EXPIRES_S = 3600
"""How long a new URL is valid."""

VALID_S = 1800
"""How long each URL of a listing must still be valid: what the job promises, whoever signed when."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A file as the store lists it; the content type is guessed from the name."""

    key: str
    size_bytes: int
    content_type: str

    @property
    def name(self) -> str:
        return self.key.rpartition("/")[2]


@dataclass(frozen=True, slots=True)
class Listed:
    """A file of the finished listing."""

    entry: Entry
    url: str


@dataclass(slots=True)
class Clock:
    """Sums over the signed URLs: seconds that passed in their threads, and processor seconds those threads got.

    Where the first is much more than the second, a thread waited: here for the GIL, since signing waits for
    nothing else.
    """

    urls: int = 0
    wall_s: float = 0.0
    cpu_s: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def add(self, urls: int, wall_s: float, cpu_s: float) -> None:
        with self._lock:
            self.urls += urls
            self.wall_s += wall_s
            self.cpu_s += cpu_s


@dataclass(slots=True)
class Desk:
    """What a handler has at hand when a request comes in. ``now`` is the time by which URLs are signed.

    ``resources`` is what a variant's ``prepare`` made ahead: a cache that an earlier listing has filled, a pool.
    ``listed_at_s`` and ``listed_cpu_s`` are the clock and the process's processor time when the files were known.
    """

    bucket: Bucket
    client: Any
    now: Callable[[], datetime] = utc_now
    signed: Clock = field(default_factory=Clock)
    resources: Any = None
    reused: int = 0
    listed_at_s: float = 0.0
    listed_cpu_s: float = 0.0


def list_files(desk: Desk) -> list[Entry]:
    """Every object of the bucket, page by page (1,000 a page). Raises ServiceError."""
    entries: list[Entry] = []
    with s3_errors(desk.bucket, f"list bucket {desk.bucket.name!r}"):
        for page in desk.client.get_paginator("list_objects_v2").paginate(Bucket=desk.bucket.name):
            entries += [
                Entry(item["Key"], item["Size"], _content_type(item["Key"])) for item in page.get("Contents", ())
            ]
    desk.listed_at_s, desk.listed_cpu_s = time.perf_counter(), time.process_time()
    return entries


def _content_type(key: str) -> str:
    # Not the system's table: it differs from one machine to the next.
    return CONTENT_TYPES.get(key.rpartition(".")[2], "application/octet-stream")


def parameters(bucket: str, entry: Entry) -> dict[str, str]:
    """What is signed besides the key: the browser saves the file by its name (RFC 6266, RFC 8187)."""
    return {
        "Bucket": bucket,
        "Key": entry.key,
        "ResponseContentType": entry.content_type,
        "ResponseContentDisposition": f"attachment; filename*=UTF-8''{quote(entry.name, safe='')}",
    }


def presign(desk: Desk, entry: Entry) -> Listed:
    """Sign one URL with boto3; no request is made."""
    began, cpu = time.perf_counter(), time.thread_time()
    url = desk.client.generate_presigned_url(
        "get_object", Params=parameters(desk.bucket.name, entry), ExpiresIn=EXPIRES_S
    )
    desk.signed.add(1, time.perf_counter() - began, time.thread_time() - cpu)
    return Listed(entry, url)
