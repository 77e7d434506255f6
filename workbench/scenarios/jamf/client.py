"""A Jamf Pro client: logs in, reads JSON and files."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any

import httpx

from workbench.errors import ServiceBadResponse
from workbench.scenarios.http.client import BearerClient, Connect, Traffic
from workbench.scenarios.http.limiter import Limiter
from workbench.scenarios.http.trouble import Trouble
from workbench.scenarios.jamf.account import Account

__all__ = ["Jamf", "Traffic"]


class Jamf(BearerClient):
    """Reads from one Jamf Pro server."""

    server = "a Jamf Pro server"
    credentials = "the user name, the password"

    def __init__(self, account: Account, connect: Connect, limiter: Limiter | None = None) -> None:
        super().__init__(account, connect, limiter)
        self._account = account

    @classmethod
    def over(cls, client: httpx.AsyncClient, account: Account, limiter: Limiter | None = None) -> Jamf:
        """A Jamf client whose requests share ``client`` and its connections."""
        return cls(account, lambda: nullcontext(client), limiter)

    async def new_token(self) -> str:
        """By OAuth client credentials if the account has them, else by user name and password."""
        account = self._account
        if account.client_id:
            form = {"grant_type": "client_credentials", "client_id": account.client_id}
            path, key = "/api/oauth/token", "access_token"
            options: dict[str, Any] = {"data": {**form, "client_secret": account.client_secret}}
        else:
            path, key = "/api/v1/auth/token", "token"
            options = {"auth": httpx.BasicAuth(account.username, account.password)}
        what = f"POST {path}"
        answer = await self._send("POST", path, **options)
        self.check(answer, what)
        body = self.decode(answer, what)
        if not isinstance(body, dict) or not isinstance(body.get(key), str):
            raise Trouble(ServiceBadResponse(f"{what}: the answer holds no {key}; is this {self.server}?"))
        return str(body[key])

    async def json(self, path: str) -> Any:
        """The JSON at ``path``."""
        return await self.get(path, "application/json", lambda answer: self.decode(answer, f"GET {path}"))

    async def content(self, path: str) -> bytes:
        """The bytes at ``path``."""
        return await self.get(path, "*/*", lambda answer: answer.content)
