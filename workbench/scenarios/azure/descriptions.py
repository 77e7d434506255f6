"""The optional last stage: a text about each resource from a slow external service that takes few at once.

Such a service, a hosted language model, takes one resource a call, so nothing about it can be batched.
"""

from __future__ import annotations

import asyncio
import time
from itertools import count

import httpx

from workbench.errors import ServiceBadResponse
from workbench.scenarios.azure.account import AzureAccount
from workbench.scenarios.azure.rows import Row
from workbench.scenarios.http.retry import Patience
from workbench.scenarios.http.trouble import Trouble, check, decode, from_exception

__all__ = ["Describer"]

_SERVER = "the description service"


class Describer:
    """Asks for ``limit`` descriptions at once."""

    def __init__(self, client: httpx.AsyncClient, account: AzureAccount, limit: int) -> None:
        self._client = client
        self._account = account
        self._places = asyncio.Semaphore(limit)
        self._patience = Patience(account.patience_s, time.monotonic)
        self.calls = 0

    async def describe(self, row: Row) -> str:
        """A sentence about the resource. Raises ``ServiceError`` once further attempts are pointless."""
        async with self._places:
            for attempt in count(1):
                try:
                    text = await self._once(row)
                except Trouble as trouble:
                    delay = self._patience.delay(trouble, row.id, attempt)
                    if delay is None:
                        raise trouble.error from trouble.__cause__
                    await asyncio.sleep(delay)
                else:
                    self._patience.succeeded()
                    return text
        raise AssertionError("unreachable: count() has no end")

    async def _once(self, row: Row) -> str:
        self.calls += 1
        what = "POST /describe"
        document = {"id": row.id, "type": row.properties["type"], "location": row.properties["location"]}
        key = {"api-key": self._account.describe_key}
        try:
            answer = await self._client.post(self._account.describe_url, json=document, headers=key)
        except httpx.HTTPError as error:
            raise from_exception(error, what, self._account.describe_url) from error
        check(answer, what, "the service's key")
        body = decode(answer, what, _SERVER)
        if not isinstance(body, dict) or not isinstance(body.get("description"), str):
            raise Trouble(ServiceBadResponse(f"{what}: the answer holds no description"))
        return str(body["description"])
