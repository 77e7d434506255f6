"""What every simulated API does as an ASGI application: count, let time pass, meet faults, send the answer."""

from __future__ import annotations

import asyncio
import socket
import struct
import time
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from workbench.services.simulator.draws import fault
from workbench.services.simulator.faults import Faults
from workbench.services.simulator.reply import Reply, balancer_page, head, part

__all__ = ["Receive", "Scope", "Send", "SimulatorApp", "read_body"]

MAX_BODY = 65_536
NAMES = ("requests", "connections", "logins", "throttled", "unauthorized", "bytes_sent")

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


class SimulatorApp(ABC):
    """One server's state. ``transports`` are its open connections by the client's address."""

    def __init__(self, seed: int, faults: Faults) -> None:
        self.transports: dict[tuple[str, int], asyncio.Transport] = {}
        self.counts: Counter[str] = Counter()
        self.endpoints: Counter[str] = Counter()
        self._seed = seed
        self._faults = faults
        self._asked: Counter[tuple[str, str]] = Counter()
        self._in_flight = 0
        self._max_in_flight = 0

    @abstractmethod
    async def serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer an admitted request."""

    @abstractmethod
    def error(self, path: str, status: int) -> Reply:
        """The API's own error body."""

    @abstractmethod
    def latency_s(self, endpoint: str, resource: str, nth: int) -> float:
        """Seconds that the ``nth`` request for that resource takes."""

    def overload(self, path: str, in_flight: int) -> Reply | None:
        """Why a request isn't admitted while that many others are under way."""
        return None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.counts["requests"] += 1
        if refusal := self.overload(scope["path"], self._in_flight):
            await self.send(send, refusal)
            return
        self._in_flight += 1
        self._max_in_flight = max(self._max_in_flight, self._in_flight)
        try:
            await self.serve(scope, receive, send)
        finally:
            self._in_flight -= 1

    async def wait(self, endpoint: str, resource: str, *, faults: bool = True) -> str:
        """Let the service's time pass; returns the fault that the request meets."""
        self.endpoints[endpoint] += 1
        self._asked[endpoint, resource] += 1
        nth = self._asked[endpoint, resource]
        delay = self.latency_s(endpoint, resource, nth)
        if delay:
            await asyncio.sleep(delay)
        if not faults:
            return ""
        if resource in self._faults.bad_resources:
            return "error"
        return fault(self._faults, self._seed, endpoint, resource, nth)

    async def deliver(self, met: str, reply: Reply, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the answer, or what the fault makes of it."""
        if met:
            self.counts[f"fault_{met}"] += 1
        if met in ("reset", "truncate"):
            await self._break_off(met, reply, scope, receive, send)
        elif met == "slow_body":
            await self._halves(send, reply)
        else:
            await self.send(
                send, {"error": self.error(scope["path"], 500), "html": balancer_page()}.get(met, reply)
            )

    async def send(self, send: Send, reply: Reply) -> None:
        await send(head(reply))
        await send(part(reply.body))
        self.counts["bytes_sent"] += len(reply.body)

    async def _halves(self, send: Send, reply: Reply) -> None:
        middle = len(reply.body) // 2
        await send(head(reply))
        await send(part(reply.body[:middle], more=True))
        await asyncio.sleep(self._faults.slow_body_s)
        await send(part(reply.body[middle:]))
        self.counts["bytes_sent"] += len(reply.body)

    async def _break_off(self, met: str, reply: Reply, scope: Scope, receive: Receive, send: Send) -> None:
        """End the connection instead of the answer: with a TCP reset, or in the middle of the body."""
        transport = self.transports[scope["client"]]
        if met == "reset":
            _reset(transport)
        else:
            await send(head(reply))
            await send(part(reply.body[: len(reply.body) // 2], more=True))
            transport.close()
        while (await receive())["type"] != "http.disconnect":
            pass

    def stats(self) -> dict[str, Any]:
        """Counters since the start or the last reset, the connections open now, and CPU seconds since the start."""
        return {
            **dict.fromkeys(NAMES, 0),
            **self.counts,
            "max_in_flight": self._max_in_flight,
            "open_connections": len(self.transports),
            "endpoints": dict(self.endpoints),
            "cpu_s": time.process_time(),
        }

    def reset(self) -> dict[str, Any]:
        """Set counters and draws back, so that the next round meets what the last one met. Tokens stay valid."""
        self.counts.clear()
        self.endpoints.clear()
        self._asked.clear()
        self._max_in_flight = self._in_flight
        return {}


async def read_body(receive: Receive, limit: int = MAX_BODY) -> bytes:
    """The request's body, cut at the limit."""
    body = bytearray()
    while True:
        message = await receive()
        body += message.get("body", b"")
        if len(body) > limit or not message.get("more_body"):
            return bytes(body[:limit])


def _reset(transport: asyncio.Transport) -> None:
    """Close with a TCP reset in place of an orderly end."""
    sock = transport.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()
