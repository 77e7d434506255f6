"""The token endpoints: by user and password, by client credentials, keep-alive and invalidation."""

from __future__ import annotations

from datetime import UTC, datetime

from workbench.services.jamf.replies import JSON, oauth_error, pro_error, pro_json
from workbench.services.jamf.routes import parse_query
from workbench.services.jamf.tokens import Accounts
from workbench.services.simulator.reply import Reply
from workbench.services.simulator.tokens import Tokens

__all__ = ["LOGIN_PATHS", "Logins"]

LOGIN_PATHS = frozenset(
    {
        "/api/v1/auth/token",
        "/api/v1/auth/keep-alive",
        "/api/v1/auth/invalidate-token",
        "/api/v1/oauth/token",
        "/api/oauth/token",
    }
)

_UNCACHED = ((b"cache-control", b"no-store"),)


class Logins:
    """Answers POST requests to ``LOGIN_PATHS``."""

    def __init__(self, accounts: Accounts, tokens: Tokens, lifetime_s: float) -> None:
        self._accounts = accounts
        self._tokens = tokens
        self._lifetime_s = lifetime_s

    def answer(self, path: str, authorization: str, body: bytes) -> Reply:
        if path.endswith("/oauth/token"):
            return self._by_client(body)
        if path.endswith("/auth/token"):
            return self._issued() if self._accounts.user(authorization) else pro_error(401)
        token = self._tokens.check(authorization)
        if token is None:
            return pro_error(401)
        self._tokens.revoke(token)  # keep-alive replaces a token, too
        return self._issued() if path.endswith("/keep-alive") else Reply(204, JSON, b"")

    def _issued(self) -> Reply:
        text, expires = self._tokens.issue()
        stamp = datetime.fromtimestamp(expires, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        return pro_json({"token": text, "expires": stamp})._replace(headers=_UNCACHED)

    def _by_client(self, body: bytes) -> Reply:
        form = parse_query(body)
        if form.get("grant_type") != "client_credentials":
            return oauth_error(400, "unsupported_grant_type")
        if not self._accounts.client(form.get("client_id", ""), form.get("client_secret", "")):
            return oauth_error(401, "invalid_client")
        text, _ = self._tokens.issue()
        return pro_json(
            {
                "access_token": text,
                "scope": "api-role:1",
                "token_type": "Bearer",
                # Whole seconds, rounded down: never later than the truth.
                "expires_in": int(self._lifetime_s),
            }
        )._replace(headers=_UNCACHED)
