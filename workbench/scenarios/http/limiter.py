"""A semaphore that listens: it bounds the requests in flight and slows all of them down when one is refused."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from types import TracebackType

__all__ = ["Limiter"]


class Limiter:
    """At most ``limit`` holders at a time; after ``refused`` nobody enters until its pause is over.

    Each refusal takes one place away for good (one always stays): if a server bears n requests at once and m came,
    m - n are refused and n places are left. They don't grow again: an export is short, and finding the edge anew
    would cost a pause each time.
    """

    def __init__(
        self,
        limit: int,
        *,
        now: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.limit = limit
        self._now = now
        self._sleep = sleep
        self._held = 0
        self._resume_at = 0.0
        self._freed = asyncio.Condition()

    async def __aenter__(self) -> None:
        async with self._freed:
            await self._freed.wait_for(lambda: self._held < self.limit)
            self._held += 1
        try:
            while (pause := self._resume_at - self._now()) > 0:
                await self._sleep(pause)
        except BaseException:
            await self._release()
            raise

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._release()

    def refused(self, pause_s: float) -> None:
        """The server refused a request: pause all newcomers for ``pause_s`` and give up one place."""
        self.limit = max(1, self.limit - 1)
        self._resume_at = max(self._resume_at, self._now() + pause_s)

    async def _release(self) -> None:
        async with self._freed:
            self._held -= 1
            self._freed.notify()
