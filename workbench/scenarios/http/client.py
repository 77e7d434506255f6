"""A client with a bearer token: tries again where that helps, renews the token, raises typed errors where not."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, nullcontext
from itertools import count
from typing import Any, TypeVar

import httpx

from workbench.scenarios.http.connecting import Connecting
from workbench.scenarios.http.limiter import Limiter
from workbench.scenarios.http.retry import Patience
from workbench.scenarios.http.trouble import Trouble, check, decode, from_exception

__all__ = ["BearerClient", "Connect", "Traffic"]

T = TypeVar("T")
Connect = Callable[[], AbstractAsyncContextManager[httpx.AsyncClient]]


class Traffic:
    """What a client asked for: attempts by method and path, and the most requests it had in flight."""

    def __init__(self) -> None:
        self.attempts: dict[str, int] = {}
        self.in_flight = 0
        self.peak = 0

    def begin(self, what: str) -> None:
        self.attempts[what] = self.attempts.get(what, 0) + 1
        self.in_flight += 1
        self.peak = max(self.peak, self.in_flight)

    def end(self) -> None:
        self.in_flight -= 1


class BearerClient:
    """Reads from one server. ``connect`` gives the HTTP client for each request: a new one, or one that is kept.

    With a ``limiter`` all requests pass through it, and a refused one (429) pauses all; without, each waits alone.
    All methods raise ``ServiceError`` or one of its kinds once further attempts are pointless. A subclass says in
    ``new_token`` how it logs in, and what its server and its credentials are called in messages.
    """

    server = "the right server"
    credentials = "the credentials"

    def __init__(self, account: Connecting, connect: Connect, limiter: Limiter | None = None) -> None:
        self.traffic = Traffic()
        self._base_url = account.base_url
        self._connect = connect
        self._limiter = limiter
        self._patience = Patience(account.patience_s, time.monotonic)
        self._token = ""
        self._login = asyncio.Lock()

    async def new_token(self) -> str:
        """Log in, once; may raise ``Trouble`` by means of ``check`` and ``decode``."""
        raise NotImplementedError

    async def login(self) -> None:
        """Get a token."""
        self._token = await self._persist("login", self.new_token)

    async def get(
        self, path: str, accept: str, read: Callable[[httpx.Response], T], params: dict[str, str] | None = None
    ) -> T:
        """What ``read`` makes of the answer; it may raise ``Trouble``."""
        what = f"GET {path}"
        options: dict[str, Any] = {"params": params} if params else {}

        async def once() -> T:
            token = self._token
            answer = await self._send("GET", path, headers=_headers(accept, token), **options)
            if answer.status_code == 401:  # tokens expire
                await self._renew(token)
                answer = await self._send("GET", path, headers=_headers(accept, self._token), **options)
            self.check(answer, what)
            return read(answer)

        return await self._persist(what, once)

    def check(self, answer: httpx.Response, what: str) -> None:
        check(answer, what, self.credentials)

    def decode(self, answer: httpx.Response, what: str) -> Any:
        return decode(answer, what, self.server)

    async def _renew(self, expired: str) -> None:
        """A new token in place of ``expired``, unless another request has brought one meanwhile."""
        async with self._login:
            if self._token == expired:
                await self.login()

    async def _persist(self, what: str, once: Callable[[], Awaitable[T]]) -> T:
        """``once``, again while that may help."""
        for attempt in count(1):
            try:
                value = await once()
            except Trouble as trouble:
                delay = self._patience.delay(trouble, what, attempt)
                if delay is None:
                    raise trouble.error from trouble.__cause__
                await self._wait(trouble, what, delay)
            else:
                self._patience.succeeded()
                return value
        raise AssertionError("unreachable: count() has no end")

    def limiter_of(self, what: str) -> Limiter | None:
        """What the request ``what`` passes through, such as ``GET /path``."""
        return self._limiter

    async def _wait(self, trouble: Trouble, what: str, delay: float) -> None:
        limiter = self.limiter_of(what)
        if trouble.throttled and limiter is not None:
            limiter.refused(delay)  # the next attempt waits there, like everyone else's
        else:
            await asyncio.sleep(delay)

    async def _send(self, method: str, path: str, **options: Any) -> httpx.Response:
        """One attempt. Raises ``Trouble`` if no answer came; any answer is returned."""
        what = f"{method} {path}"
        async with self.limiter_of(what) or nullcontext():
            self.traffic.begin(what)
            try:
                async with self._connect() as client:
                    return await client.request(method, path, **options)
            except httpx.HTTPError as error:
                raise from_exception(error, what, self._base_url) from error
            finally:
                self.traffic.end()


def _headers(accept: str, token: str) -> dict[str, str]:
    return {"Accept": accept, "Authorization": f"Bearer {token}"}
