"""The simulator as an ASGI application: admission, latency, faults, and then the answer."""

from __future__ import annotations

import asyncio
import socket
import struct
import time
from collections import Counter
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from workbench.dataset.jamf.model import Estate
from workbench.services.jamf.classic import ClassicApi
from workbench.services.jamf.latency import fault, latency_s
from workbench.services.jamf.logins import LOGIN_PATHS, Logins
from workbench.services.jamf.options import JamfOptions
from workbench.services.jamf.pro import ProApi
from workbench.services.jamf.replies import Reply, balancer_page, classic_error, pro_error
from workbench.services.jamf.routes import Resources, Target, is_classic
from workbench.services.jamf.tokens import Accounts, Tokens

__all__ = ["JamfApp"]

MAX_BODY = 65_536

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


class JamfApp:
    """One server's state. ``transports`` are its open connections by the client's address."""

    def __init__(self, estate: Estate, options: JamfOptions, accounts: Accounts) -> None:
        self.options = options
        self.transports: dict[tuple[str, int], asyncio.Transport] = {}
        self.counts: Counter[str] = Counter()
        self.endpoints: Counter[str] = Counter()
        self._asked: Counter[tuple[str, str]] = Counter()
        self._in_flight = 0
        self._max_in_flight = 0
        self._tokens = Tokens(options.token_lifetime_s, options.faults.unauthorized_after)
        self._logins = Logins(accounts, self._tokens, options.token_lifetime_s)
        self._resources = Resources(ClassicApi(estate), ProApi(estate))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.counts["requests"] += 1
        limit = self.options.concurrency_limit
        if limit is not None and self._in_flight >= limit:
            await self._send(send, self._throttled(scope["path"]))
            return
        self._in_flight += 1
        self._max_in_flight = max(self._max_in_flight, self._in_flight)
        try:
            await self._serve(scope, receive, send)
        finally:
            self._in_flight -= 1

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        path: str = scope["path"]
        headers = dict(scope["headers"])
        authorization = headers.get(b"authorization", b"").decode("latin-1")
        if path in LOGIN_PATHS:
            await self._send(send, await self._login(scope["method"], path, authorization, receive))
            return
        refusal = self._refusal(scope["method"], path, authorization)
        target = self._resources.find(path)
        if refusal or target is None:
            await self._send(send, refusal or self._error(path, 404))
            return
        met = await self._wait(target)
        reply = self._resources.answer(target, headers.get(b"accept", b"").decode("latin-1"), scope["query_string"])
        if met:
            self.counts[f"fault_{met}"] += 1
        if met in ("reset", "truncate"):
            await self._break_off(met, reply, scope, receive, send)
        else:
            await self._deliver(met, reply, scope["path"], send)

    async def _login(self, method: str, path: str, authorization: str, receive: Receive) -> Reply:
        body = await _body(receive)
        if method != "POST":
            return pro_error(405)
        await self._wait(Target("token", path.rpartition("/")[2], ()))
        self.counts["logins"] += 1
        return self._logins.answer(path, authorization, body)

    def _refusal(self, method: str, path: str, authorization: str) -> Reply | None:
        """Why the request isn't served at all."""
        token = self._tokens.check(authorization)
        if token is None or not self._tokens.use(token):
            self.counts["unauthorized"] += 1
            return self._error(path, 401)
        if method != "GET":
            return self._error(path, 405)
        return self._throttled(path) if self.options.faults.always_429 else None

    async def _wait(self, target: Target) -> str:
        """Let the service's time pass; returns the fault that the request meets."""
        options = self.options
        self.endpoints[target.endpoint] += 1
        key = target.endpoint, target.resource
        self._asked[key] += 1
        nth = self._asked[key]
        delay = latency_s(options.seed, *key, nth, options.latency_scale)
        if delay:
            await asyncio.sleep(delay)
        if target.endpoint == "token":
            return ""
        if target.resource in options.faults.bad_resources:
            return "error"
        return fault(options.faults, options.seed, *key, nth)

    async def _deliver(self, met: str, reply: Reply, path: str, send: Send) -> None:
        if met == "slow_body":
            await send(_head(reply))
            await send(_part(reply.body[: len(reply.body) // 2], more=True))
            await asyncio.sleep(self.options.faults.slow_body_s)
            await send(_part(reply.body[len(reply.body) // 2 :]))
            self.counts["bytes_sent"] += len(reply.body)
            return
        await self._send(send, {"error": self._error(path, 500), "html": balancer_page()}.get(met, reply))

    async def _send(self, send: Send, reply: Reply) -> None:
        await send(_head(reply))
        await send(_part(reply.body))
        self.counts["bytes_sent"] += len(reply.body)

    async def _break_off(self, met: str, reply: Reply, scope: Scope, receive: Receive, send: Send) -> None:
        """End the connection instead of the answer: with a TCP reset, or in the middle of the body."""
        transport = self.transports[scope["client"]]
        if met == "reset":
            _reset(transport)
        else:
            await send(_head(reply))
            await send(_part(reply.body[: len(reply.body) // 2], more=True))
            transport.close()
        while (await receive())["type"] != "http.disconnect":
            pass

    def _throttled(self, path: str) -> Reply:
        self.counts["throttled"] += 1
        wait = str(self.options.retry_after_s).encode()
        return self._error(path, 429)._replace(headers=((b"retry-after", wait),))

    def _error(self, path: str, status: int) -> Reply:
        return classic_error(status) if is_classic(path) else pro_error(status)

    def stats(self) -> dict[str, Any]:
        """Counters since the start or the last reset, the connections open now, and CPU seconds since the start."""
        names = ("requests", "connections", "logins", "throttled", "unauthorized", "bytes_sent")
        return {
            **dict.fromkeys(names, 0),
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


def _head(reply: Reply) -> MutableMapping[str, Any]:
    length = str(len(reply.body)).encode()
    headers = [(b"content-type", reply.content_type), (b"content-length", length), *reply.headers]
    return {"type": "http.response.start", "status": reply.status, "headers": headers}


def _part(body: bytes, *, more: bool = False) -> MutableMapping[str, Any]:
    return {"type": "http.response.body", "body": body, "more_body": more}


async def _body(receive: Receive) -> bytes:
    body = bytearray()
    while True:
        message = await receive()
        body += message.get("body", b"")
        if len(body) > MAX_BODY or not message.get("more_body"):
            return bytes(body[:MAX_BODY])


def _reset(transport: asyncio.Transport) -> None:
    """Close with a TCP reset in place of an orderly end."""
    sock = transport.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()
