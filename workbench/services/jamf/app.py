"""The simulator as an ASGI application: admission, latency, faults, and then the answer."""

from __future__ import annotations

from workbench.dataset.jamf.model import Estate
from workbench.services.jamf.classic import ClassicApi
from workbench.services.jamf.latency import latency_s
from workbench.services.jamf.logins import LOGIN_PATHS, Logins
from workbench.services.jamf.options import JamfOptions
from workbench.services.jamf.pro import ProApi
from workbench.services.jamf.replies import classic_error, pro_error
from workbench.services.jamf.routes import Resources, is_classic
from workbench.services.jamf.tokens import Accounts
from workbench.services.simulator.app import Receive, Scope, Send, SimulatorApp, read_body
from workbench.services.simulator.reply import Reply
from workbench.services.simulator.tokens import Tokens

__all__ = ["JamfApp"]


class JamfApp(SimulatorApp):
    """One server's state."""

    def __init__(self, estate: Estate, options: JamfOptions, accounts: Accounts) -> None:
        super().__init__(options.seed, options.faults)
        self.options = options
        self._tokens = Tokens(options.token_lifetime_s, options.faults.unauthorized_after)
        self._logins = Logins(accounts, self._tokens, options.token_lifetime_s)
        self._resources = Resources(ClassicApi(estate), ProApi(estate))

    def overload(self, path: str, in_flight: int) -> Reply | None:
        limit = self.options.concurrency_limit
        return self._throttled(path) if limit is not None and in_flight >= limit else None

    def latency_s(self, endpoint: str, resource: str, nth: int) -> float:
        return latency_s(self.options.seed, endpoint, resource, nth, self.options.latency_scale)

    async def serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        path: str = scope["path"]
        headers = dict(scope["headers"])
        authorization = headers.get(b"authorization", b"").decode("latin-1")
        if path in LOGIN_PATHS:
            await self.send(send, await self._login(scope["method"], path, authorization, receive))
            return
        refusal = self._refusal(scope["method"], path, authorization)
        target = self._resources.find(path)
        if refusal or target is None:
            await self.send(send, refusal or self.error(path, 404))
            return
        met = await self.wait(target.endpoint, target.resource)
        reply = self._resources.answer(target, headers.get(b"accept", b"").decode("latin-1"), scope["query_string"])
        await self.deliver(met, reply, scope, receive, send)

    async def _login(self, method: str, path: str, authorization: str, receive: Receive) -> Reply:
        body = await read_body(receive)
        if method != "POST":
            return pro_error(405)
        await self.wait("token", path.rpartition("/")[2], faults=False)
        self.counts["logins"] += 1
        return self._logins.answer(path, authorization, body)

    def _refusal(self, method: str, path: str, authorization: str) -> Reply | None:
        """Why the request isn't served at all."""
        token = self._tokens.check(authorization)
        if token is None or not self._tokens.use(token):
            self.counts["unauthorized"] += 1
            return self.error(path, 401)
        if method != "GET":
            return self.error(path, 405)
        return self._throttled(path) if self.options.faults.always_429 else None

    def _throttled(self, path: str) -> Reply:
        self.counts["throttled"] += 1
        wait = str(self.options.retry_after_s).encode()
        return self.error(path, 429)._replace(headers=((b"retry-after", wait),))

    def error(self, path: str, status: int) -> Reply:
        return classic_error(status) if is_classic(path) else pro_error(status)
