"""One variant of the listing as something that can be repeated; its URLs are verified outside the clock."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from importlib import import_module
from types import ModuleType
from typing import Any

from workbench.errors import ScenarioError, UsageError
from workbench.model import utc_now
from workbench.scenarios.base import Outcome
from workbench.scenarios.files.listing import VALID_S, Desk, Entry, Listed, presign
from workbench.scenarios.files.store import Store
from workbench.scenarios.files.verify import BadUrl, read_url

__all__ = ["ListingWorkload", "digest_of", "module_of"]

_MODULES = {"async": "coroutines"}  # a keyword can't be imported by name


def module_of(variant: str) -> str:
    """The module's name within the folder of the scenario."""
    return _MODULES.get(variant, variant.replace("-", "_"))


class ListingWorkload:
    """One variant; each repetition has a client, and so a connection, of its own, made before the clock starts."""

    def __init__(self, variant: str, store: Store, now: Callable[[], datetime] = utc_now) -> None:
        self._module: ModuleType = import_module(f"workbench.scenarios.files.{module_of(variant)}")
        self._listing: Callable[[Desk], Awaitable[list[Listed]]] = self._module.listing
        self._store = store
        self._now = now
        self._resources: Any = None
        self._desk: Desk | None = None

    def setup(self) -> None:
        """What a service has before a request comes: a client that has signed before, and the variant's own."""
        if self._resources is None and hasattr(self._module, "prepare"):
            self._resources = self._module.prepare(self._new_desk())
            self._store.cleanup.callback(self._module.close, self._resources)
        self._store.reset()
        self._desk = self._new_desk()

    def _new_desk(self) -> Desk:
        bucket = self._store.bucket
        desk = Desk(bucket, bucket.client(), self._now, resources=self._resources)
        presign(Desk(bucket, desk.client), Entry("warm-up", 0, "text/plain"))
        return desk

    async def run(self) -> tuple[list[Listed], float, float]:
        """The listing, and what it took to sign: seconds, and processor seconds of this process.

        Raises ServiceError if the bucket can't be listed.
        """
        desk = self._ready()
        listed = await self._listing(desk)
        return listed, time.perf_counter() - desk.listed_at_s, time.process_time() - desk.listed_cpu_s

    def finish(self, value: Any) -> Outcome:
        """Verify every URL. Raises ScenarioError if one isn't right or not valid for long enough."""
        desk = self._ready()
        listed, signing_s, cpu_s = value
        desk.client.close()
        self._desk = None
        urls = max(desk.signed.urls, 1)
        measures = {
            "files": len(listed),
            "urls_signed": desk.signed.urls,
            "urls_reused": desk.reused,
            "signing": signing_s,
            "cpu_share": cpu_s / signing_s if signing_s else 0.0,
            "url_ms": 1e3 * desk.signed.wall_s / urls,
            "url_cpu_ms": 1e3 * desk.signed.cpu_s / urls,
        }
        return Outcome(digest_of(listed, self._store.bucket.endpoint.secret_key, self._now()), measures)

    def _ready(self) -> Desk:
        if self._desk is None:
            raise UsageError("a workload is set up before it runs, and runs before it is finished")
        return self._desk


def digest_of(listed: Sequence[Listed], secret: str, now: datetime) -> str:
    """SHA-256 (hex) of files and of what their URLs grant; when each was signed isn't in it.

    Raises ScenarioError for a URL whose signature is wrong, that is for another file, or ends too early.
    """
    rows = []
    for each in listed:
        try:
            url = read_url(each.url, secret)
        except BadUrl as error:
            raise ScenarioError(f"the URL of {each.entry.key!r} is no good: {error}") from error
        if url.expires_at < now + timedelta(seconds=VALID_S) or url.signed_at > now + timedelta(seconds=1):
            raise ScenarioError(f"the URL of {each.entry.key!r} is not valid for the next {VALID_S} s")
        if not url.path.endswith(f"/{each.entry.key}"):
            raise ScenarioError(f"the URL of {each.entry.key!r} is another file's")
        rows.append([each.entry.key, each.entry.size_bytes, url.host, url.path, sorted(url.fields.items())])
    return hashlib.sha256(json.dumps(sorted(rows)).encode()).hexdigest()
