"""A transport of one-connection lanes, for many requests at once without a pool's bookkeeping.

httpcore's pool (1.0.9) looks at every connection for every connection each time a request comes or goes, and hands
one idle connection to all requests that start together, of which all but one try again. With 50 connections that
took several times the processor time of everything else. It also closes idle connections as soon as more than
``max_keepalive_connections`` are *open*, busy ones included, so that each answer costs its connection under load.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

import httpx

__all__ = ["Lanes"]


class Lanes(httpx.AsyncBaseTransport):
    """Each request gets a lane of its own, the one used last first; ``new_lane`` makes one when none is free.

    There are never more lanes than there were requests at once, so whoever bounds these bounds the connections.
    """

    def __init__(self, new_lane: Callable[[], httpx.AsyncBaseTransport]) -> None:
        self._new_lane = new_lane
        self._free: list[httpx.AsyncBaseTransport] = []
        self._all: list[httpx.AsyncBaseTransport] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        lane = self._take()
        try:
            response = await lane.handle_async_request(request)
        except BaseException:
            self._free.append(lane)
            raise
        assert isinstance(response.stream, httpx.AsyncByteStream)
        response.stream = _Body(response.stream, lambda: self._free.append(lane))
        return response

    def _take(self) -> httpx.AsyncBaseTransport:
        if not self._free:
            self._free.append(self._new_lane())
            self._all += self._free
        return self._free.pop()

    async def aclose(self) -> None:
        for lane in self._all:
            await lane.aclose()


class _Body(httpx.AsyncByteStream):
    """An answer's body, whose end frees the lane."""

    def __init__(self, stream: httpx.AsyncByteStream, free: Callable[[], None]) -> None:
        self._stream = stream
        self._free: Callable[[], None] | None = free

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for part in self._stream:
            yield part

    async def aclose(self) -> None:
        await self._stream.aclose()
        if self._free is not None:
            self._free()
        self._free = None
