"""The simulator as an ASGI application: login, admission, throttling, latency, faults, and then the answer."""

from __future__ import annotations

import base64
import json
import math
import uuid
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl

from workbench.dataset.azure.identifiers import canonical
from workbench.dataset.azure.model import Tenant
from workbench.services.azure.describe import describe_resource, read_resource
from workbench.services.azure.latency import latency_s
from workbench.services.azure.login import Accounts, Login
from workbench.services.azure.options import AzureOptions
from workbench.services.azure.replies import ArmError, arm_error
from workbench.services.azure.routes import Resources, Target
from workbench.services.azure.state import TenantState
from workbench.services.azure.throttle import Buckets
from workbench.services.simulator.app import Receive, Scope, Send, SimulatorApp, read_body
from workbench.services.simulator.reply import Reply
from workbench.services.simulator.tokens import Tokens, equal_secrets

__all__ = ["AzureApp"]

_CLAIMS = base64.b64encode(json.dumps({"access_token": {"nbf": {"essential": True}}}).encode()).decode()
_BODY_LIMIT = 1 << 20


class AzureApp(SimulatorApp):
    """One server's state."""

    def __init__(self, tenant: Tenant, options: AzureOptions, accounts: Accounts) -> None:
        bad = tuple(canonical(each) for each in options.faults.bad_resources)
        super().__init__(options.seed, replace(options.faults, bad_resources=bad))
        self.options = options
        self.state = TenantState(tenant)
        self._accounts = accounts
        self._tokens = Tokens(options.token_lifetime_s, options.faults.unauthorized_after)
        self._login = Login(accounts, self._tokens, options.token_lifetime_s)
        self._resources = Resources(self.state, options.page_size)
        self._buckets = Buckets(options.throttle)
        self._reads: Counter[str] = Counter()
        self._describing = 0

    def latency_s(self, endpoint: str, resource: str, nth: int) -> float:
        return latency_s(self.options.seed, endpoint, resource, nth, self.options.latency_scale)

    def error(self, path: str, status: int) -> Reply:
        return arm_error(status, "InternalServerError", "Encountered internal server error.")

    async def serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        parts = [part for part in scope["path"].split("/") if part]
        headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
        query = dict(parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True))
        base_url = f"https://{headers.get(b'host', '127.0.0.1')}"
        if endpoint := Login.endpoint(parts):
            await self.send(send, await self._logged_in(endpoint, parts, scope["method"], base_url, receive))
        elif parts == ["describe"]:
            await self._describe(headers.get(b"api-key", ""), scope, receive, send)
        else:
            await self._read(parts, query, headers.get(b"authorization", ""), base_url, scope, receive, send)

    async def _logged_in(
        self, endpoint: str, parts: list[str], method: str, base_url: str, receive: Receive
    ) -> Reply:
        form = dict(parse_qsl((await read_body(receive)).decode("latin-1"), keep_blank_values=True))
        await self.wait(endpoint, parts[-1], faults=False)
        if endpoint == "discovery":
            return self._login.discover(parts, base_url)
        if method != "POST":
            return arm_error(405, "MethodNotAllowed", "The token endpoint takes POST requests.")
        self.counts["logins"] += 1
        return self._login.token(parts[0], form)

    async def _read(
        self,
        parts: list[str],
        query: Mapping[str, str],
        authorization: str,
        base_url: str,
        scope: Scope,
        receive: Receive,
        send: Send,
    ) -> None:
        headers: tuple[tuple[bytes, bytes], ...] = _request_headers()
        met = ""
        try:
            self._authorize(authorization, base_url)
            target = self._target(parts, query, scope["method"])
            headers += self._take(target)
            met = await self.wait(target.endpoint, target.resource)
            reply = self._resources.answer(target, query, base_url)
        except ArmError as error:
            reply = error.reply
        await self.deliver(met, reply._replace(headers=reply.headers + headers), scope, receive, send)

    def _target(self, parts: list[str], query: Mapping[str, str], method: str) -> Target:
        if method != "GET":
            raise ArmError(405, "MethodNotAllowed", f"The HTTP method '{method}' is not supported at this scope.")
        target = self._resources.find(parts, query)
        if target is None:
            raise ArmError.no_path()
        self._resources.check(target, query)
        return target

    def _authorize(self, authorization: str, base_url: str) -> None:
        text = self._tokens.check(authorization)
        if text is not None and self._tokens.use(text):
            return
        self.counts["unauthorized"] += 1
        if not authorization:
            text = "Authentication failed. The 'Authorization' header is missing."
            error, challenge = ArmError(401, "AuthenticationFailed", text), 'error="invalid_token"'
        elif self._tokens.was_revoked(authorization):
            # The challenge of continuous access evaluation, by which Azure's clients know to ask for a new token.
            text = "User session has been revoked."
            error = ArmError(401, "TokenIssuedBeforeRevocationTimestamp", text)
            challenge = f'error="insufficient_claims", claims="{_CLAIMS}"'
        else:
            error = ArmError(401, "InvalidAuthenticationToken", "The access token is invalid.")
            challenge = 'error="invalid_token", error_description="The access token is invalid"'
        value = f'Bearer authorization_uri="{base_url}/{self._accounts.tenant_id}", {challenge}'
        error.reply = error.reply._replace(headers=((b"www-authenticate", value.encode()),))
        raise error

    def _take(self, target: Target) -> tuple[tuple[bytes, bytes], ...]:
        """Count a read; the header that tells how many are left. Raises ArmError if there are none."""
        left, wait = self._buckets.take(target.subscription)
        if wait or self.options.faults.always_429:
            raise self._throttled(target, wait)
        self._reads[target.subscription] += 1
        scope = b"subscription" if target.subscription else b"tenant"
        return ((b"x-ms-ratelimit-remaining-" + scope + b"-reads", str(left).encode()),)

    def _throttled(self, target: Target, wait: float) -> ArmError:
        self.counts["throttled"] += 1
        seconds = max(1, math.ceil(wait))
        whose = f"subscription '{target.subscription}'" if target.subscription else "tenant"
        text = (
            f"Number of 'read' requests for {whose} actor '{self._accounts.client_id}' exceeded. Please try again "
            f"after '{seconds}' seconds after additional tokens are available. Refer to "
            "https://aka.ms/arm-throttling for additional information."
        )
        error = ArmError(429, "SubscriptionRequestsThrottled", text)
        error.reply = error.reply._replace(headers=((b"retry-after", str(seconds).encode()),))
        return error

    async def _describe(self, key: str, scope: Scope, receive: Receive, send: Send) -> None:
        document = read_resource(await read_body(receive, _BODY_LIMIT))
        if not equal_secrets(key, self._accounts.describe_key):
            self.counts["unauthorized"] += 1
            document = arm_error(401, "Unauthorized", "The api-key header is missing or wrong.")
        elif self._describing >= self.options.describe_limit:
            self.counts["describe_throttled"] += 1
            busy = arm_error(429, "TooManyRequests", "Too many descriptions are under way; try again later.")
            document = busy._replace(headers=((b"retry-after", b"1"),))
        if isinstance(document, Reply):
            await self.send(send, document)
            return
        self._describing += 1
        try:
            met = await self.wait("describe", canonical(document["id"]))
        finally:
            self._describing -= 1
        await self.deliver(met, describe_resource(document), scope, receive, send)

    def revoke(self) -> dict[str, Any]:
        """Revoke every token, as an administrator may in the middle of a scan."""
        self._tokens.revoke_all()
        return {}

    def stats(self) -> dict[str, Any]:
        return {**super().stats(), "reads": dict(self._reads)}

    def reset(self) -> dict[str, Any]:
        """As every simulator's; the buckets are full again. Mutations stay."""
        self._buckets.refill()
        self._reads.clear()
        return super().reset()


def _request_headers() -> tuple[tuple[bytes, bytes], ...]:
    number = str(uuid.uuid4()).encode()
    return (
        (b"cache-control", b"no-cache"),
        (b"x-ms-request-id", number),
        (b"x-ms-correlation-request-id", number),
        (b"x-content-type-options", b"nosniff"),
    )
