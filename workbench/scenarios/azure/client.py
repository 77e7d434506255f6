"""An Azure Resource Manager client: logs in, reads documents and paged lists."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import nullcontext
from typing import Any
from urllib.parse import urlsplit

import httpx

from workbench.dataset.azure.identifiers import subscription_of
from workbench.errors import ServiceBadResponse
from workbench.redaction import redact
from workbench.scenarios.azure.account import AzureAccount
from workbench.scenarios.http.client import BearerClient, Connect
from workbench.scenarios.http.limiter import Limiter
from workbench.scenarios.http.trouble import Trouble, check

__all__ = ["Arm"]

_LONGEST = 160


class Arm(BearerClient):
    """Reads from one tenant."""

    server = "Azure Resource Manager"
    credentials = "the client id, the client secret"

    def __init__(
        self, account: AzureAccount, connect: Connect, new_limiter: Callable[[], Limiter] | None = None
    ) -> None:
        super().__init__(account, connect)
        self._account = account
        self._new_limiter = new_limiter
        self._limiters: dict[str, Limiter] = {}

    @classmethod
    def over(
        cls, client: httpx.AsyncClient, account: AzureAccount, new_limiter: Callable[[], Limiter] | None = None
    ) -> Arm:
        """A client whose requests share ``client`` and its connections."""
        return cls(account, lambda: nullcontext(client), new_limiter)

    def limiter_of(self, what: str) -> Limiter | None:
        """One for each subscription, since Azure throttles each by itself."""
        if self._new_limiter is None:
            return None
        subscription = subscription_of(what.partition(" ")[2])
        if subscription not in self._limiters:
            self._limiters[subscription] = self._new_limiter()
        return self._limiters[subscription]

    async def new_token(self) -> str:
        """By OAuth client credentials (RFC 6749, 4.4) at the tenant's token endpoint."""
        account = self._account
        path = f"/{account.tenant_id}/oauth2/v2.0/token"
        form = {
            "grant_type": "client_credentials",
            "client_id": account.client_id,
            "client_secret": account.client_secret,
            "scope": f"{account.base_url}/.default",
        }
        answer = await self._send("POST", f"{account.login_url}{path}", data=form)
        if answer.status_code == 400:  # what a token endpoint answers to a client that it doesn't know
            answer.status_code = 401
        self.check(answer, f"POST {path}")
        body = self.decode(answer, f"POST {path}")
        if not isinstance(body, dict) or not isinstance(body.get("access_token"), str):
            raise Trouble(
                ServiceBadResponse(f"POST {path}: the answer holds no access_token; is this {self.server}?")
            )
        return str(body["access_token"])

    async def json(self, path: str, api_version: str, **params: str) -> Any:
        """The document at ``path``."""
        return await self._get_json(path, {"api-version": api_version, **params})

    async def pages(self, path: str, api_version: str, **params: str) -> AsyncIterator[list[Any]]:
        """The items of a list, page by page: each page names the next one."""
        query: dict[str, str] | None = {"api-version": api_version, **params}
        following = path
        while following:
            body = await self._get_json(following, query)
            try:
                items = list(body["value"])
                # Of the link only path and query: the token goes to no other host than the one we were given.
                link = urlsplit(body.get("nextLink") or "")
            except (AttributeError, KeyError, TypeError, ValueError) as error:
                raise ServiceBadResponse(f"GET {path}: not a list ({type(error).__name__}: {error})") from error
            following, query = (f"{link.path}?{link.query}" if link.path else ""), None
            yield items

    async def items(self, path: str, api_version: str, **params: str) -> list[Any]:
        """All items of a list."""
        return [item async for page in self.pages(path, api_version, **params) for item in page]

    def check(self, answer: httpx.Response, what: str) -> None:
        check(answer, what, self.credentials, _said(answer))

    async def _get_json(self, path: str, query: dict[str, str] | None) -> Any:
        what = f"GET {path.partition('?')[0]}"
        return await self.get(path, "application/json", lambda answer: self.decode(answer, what), query)


def _said(answer: httpx.Response) -> str:
    """ARM's own words for an error: its code and message."""
    if answer.is_success:
        return ""
    try:
        error = answer.json()["error"]
        text = f"{error['code']}: {error['message']}" if isinstance(error, dict) else str(error)
    except (KeyError, TypeError, ValueError):
        return ""
    return f" ({redact(' '.join(text.split()))[:_LONGEST]})"
