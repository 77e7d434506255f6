"""Lanes: a connection for each request under way, used again as soon as its answer has been read."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator

import httpx
import pytest

from workbench.scenarios.http.lanes import Lanes


class Body(httpx.AsyncByteStream):
    """An answer that is still to be read, as from a connection."""

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield b"body"


class Lane(httpx.AsyncBaseTransport):
    """Answers after the gate has opened, and notices when two requests use it at once."""

    def __init__(self, gate: asyncio.Event, used: Counter[int], number: int) -> None:
        self.gate = gate
        self.used = used
        self.number = number
        self.busy = False
        self.closed = False

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        assert not self.busy
        self.busy = True
        self.used[self.number] += 1
        await self.gate.wait()
        self.busy = False
        if request.url.path == "/fail":
            raise httpx.ReadError("reset", request=request)
        return httpx.Response(200, stream=Body())

    async def aclose(self) -> None:
        self.closed = True


def test_lanes_grow_to_the_requests_at_once_and_are_used_again() -> None:
    async def scenario() -> tuple[Counter[int], list[Lane]]:
        gate, used, lanes = asyncio.Event(), Counter[int](), list[Lane]()

        def new_lane() -> Lane:
            lanes.append(Lane(gate, used, len(lanes)))
            return lanes[-1]

        async with httpx.AsyncClient(transport=Lanes(new_lane)) as client:
            asyncio.get_running_loop().call_soon(gate.set)
            answers = await asyncio.gather(*(client.get(f"https://x.test/{n}") for n in range(5)))
            assert [answer.content for answer in answers] == [b"body"] * 5
            first = len(lanes)
            for _ in range(10):
                await client.get("https://x.test/again")
            with pytest.raises(httpx.ReadError):
                await client.get("https://x.test/fail")
            await client.get("https://x.test/after")
            assert len(lanes) == first
        return used, lanes

    used, lanes = asyncio.run(scenario())
    assert 1 <= len(lanes) <= 5
    assert used.total() == 17
    assert max(used.values()) >= 12, "the lane used last comes first"
    assert all(lane.closed for lane in lanes)
