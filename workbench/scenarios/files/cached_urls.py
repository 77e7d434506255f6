"""URLs are kept and given out again as long as enough of their validity is left.

``prepare`` is the earlier listing that fills the cache, outside the clock: what is measured is a repetition.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from workbench.scenarios.files.listing import EXPIRES_S, VALID_S, Desk, Entry, Listed, list_files, presign

__all__ = ["UrlCache", "close", "listing", "prepare"]

_MOST = 10_000


@dataclass(slots=True)
class UrlCache:
    """URLs by file. A file that was replaced by one of another size gets a new URL; the oldest are dropped."""

    most: int = _MOST
    _kept: dict[Entry, tuple[datetime, str]] = field(default_factory=dict)

    def get(self, entry: Entry, now: datetime) -> str | None:
        """A URL that is valid for at least ``VALID_S`` from ``now``."""
        kept = self._kept.get(entry)
        if kept is None or kept[0] - now < timedelta(seconds=VALID_S):
            return None
        return kept[1]

    def put(self, entry: Entry, signed_at: datetime, url: str) -> None:
        self._kept.pop(entry, None)
        self._kept[entry] = (signed_at + timedelta(seconds=EXPIRES_S), url)
        if len(self._kept) > self.most:
            del self._kept[next(iter(self._kept))]

    def __len__(self) -> int:
        return len(self._kept)


def prepare(desk: Desk) -> UrlCache:
    """A cache filled by an earlier listing."""
    cache = UrlCache()
    for entry in list_files(desk):
        _listed(desk, cache, entry)
    return cache


def close(cache: UrlCache) -> None:
    """Nothing is held but memory."""


async def listing(desk: Desk) -> list[Listed]:
    """All files, with URLs, old ones where they will do."""
    return [_listed(desk, desk.resources, entry) for entry in list_files(desk)]


def _listed(desk: Desk, cache: UrlCache, entry: Entry) -> Listed:
    now = desk.now()
    url = cache.get(entry, now)
    if url is not None:
        desk.reused += 1
        return Listed(entry, url)
    listed = presign(desk, entry)
    # As old as the moment before it was signed: the cache may err only on the safe side.
    cache.put(entry, now, listed.url)
    return listed
