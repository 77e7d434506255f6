"""A Jamf Pro client: logs in, reads JSON and files, tries again where that helps, raises typed errors where not."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, nullcontext
from itertools import count
from typing import Any, TypeVar

import httpx

from workbench.errors import ServiceBadResponse
from workbench.scenarios.jamf.account import Account
from workbench.scenarios.jamf.limiter import Limiter
from workbench.scenarios.jamf.retry import Patience
from workbench.scenarios.jamf.trouble import Trouble, check, decode, from_exception

__all__ = ["Jamf", "Traffic"]

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


class Jamf:
    """Reads from one server. ``connect`` gives the HTTP client for each request: a new one, or one that is kept.

    With a ``limiter`` all requests pass through it, and a refused one (429) pauses all; without, each waits alone.
    All methods raise ``ServiceError`` or one of its kinds once further attempts are pointless.
    """

    def __init__(self, account: Account, connect: Connect, limiter: Limiter | None = None) -> None:
        self.traffic = Traffic()
        self._account = account
        self._connect = connect
        self._limiter = limiter
        self._patience = Patience(account.patience_s, time.monotonic)
        self._token = ""
        self._login = asyncio.Lock()

    @classmethod
    def over(cls, client: httpx.AsyncClient, account: Account, limiter: Limiter | None = None) -> Jamf:
        """A Jamf client whose requests share ``client`` and its connections."""
        return cls(account, lambda: nullcontext(client), limiter)

    async def login(self) -> None:
        """Get a token: by OAuth client credentials if the account has them, else by user name and password."""
        account = self._account
        if account.client_id:
            form = {"grant_type": "client_credentials", "client_id": account.client_id}
            path, key = "/api/oauth/token", "access_token"
            options: dict[str, Any] = {"data": {**form, "client_secret": account.client_secret}}
        else:
            path, key = "/api/v1/auth/token", "token"
            options = {"auth": httpx.BasicAuth(account.username, account.password)}
        what = f"POST {path}"

        async def once() -> str:
            answer = await self._send("POST", path, **options)
            check(answer, what)
            return _token(decode(answer, what), key, what)

        self._token = await self._persist(what, once)

    async def json(self, path: str) -> Any:
        """The JSON at ``path``."""
        return await self._get(path, "application/json", lambda answer: decode(answer, f"GET {path}"))

    async def content(self, path: str) -> bytes:
        """The bytes at ``path``."""
        return await self._get(path, "*/*", lambda answer: answer.content)

    async def _get(self, path: str, accept: str, read: Callable[[httpx.Response], T]) -> T:
        what = f"GET {path}"

        async def once() -> T:
            token = self._token
            answer = await self._send("GET", path, headers=_headers(accept, token))
            if answer.status_code == 401:  # tokens expire
                await self._renew(token)
                answer = await self._send("GET", path, headers=_headers(accept, self._token))
            check(answer, what)
            return read(answer)

        return await self._persist(what, once)

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
                await self._wait(trouble, delay)
            else:
                self._patience.succeeded()
                return value
        raise AssertionError("unreachable: count() has no end")

    async def _wait(self, trouble: Trouble, delay: float) -> None:
        if trouble.throttled and self._limiter is not None:
            self._limiter.refused(delay)  # the next attempt waits there, like everyone else's
        else:
            await asyncio.sleep(delay)

    async def _send(self, method: str, path: str, **options: Any) -> httpx.Response:
        """One attempt. Raises ``Trouble`` if no answer came; any answer is returned."""
        what = f"{method} {path}"
        async with self._limiter or nullcontext():
            self.traffic.begin(what)
            try:
                async with self._connect() as client:
                    return await client.request(method, path, **options)
            except httpx.HTTPError as error:
                raise from_exception(error, what, self._account.base_url) from error
            finally:
                self.traffic.end()


def _headers(accept: str, token: str) -> dict[str, str]:
    return {"Accept": accept, "Authorization": f"Bearer {token}"}


def _token(body: Any, key: str, what: str) -> str:
    if not isinstance(body, dict) or not isinstance(body.get(key), str):
        raise Trouble(ServiceBadResponse(f"{what}: the answer holds no {key}; is this a Jamf Pro server?"))
    return str(body[key])
