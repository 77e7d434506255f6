"""The simulator's accounts and access tokens."""

from __future__ import annotations

import base64
import binascii
import hmac
import secrets
import time
from dataclasses import dataclass, field

__all__ = ["Accounts", "Tokens"]

TOKEN_BYTES = 300
"""Gives a token of 400 characters, about the size of Jamf Pro's."""


@dataclass(frozen=True, slots=True)
class Accounts:
    """One user and one API client, random at every start."""

    username: str = field(default_factory=lambda: f"workbench-{secrets.token_hex(3)}", repr=False)
    password: str = field(default_factory=lambda: secrets.token_urlsafe(24), repr=False)
    client_id: str = field(default_factory=lambda: secrets.token_hex(16), repr=False)
    client_secret: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)

    def user(self, authorization: str) -> bool:
        """Whether a Basic header names the user and its password."""
        scheme, _, value = authorization.partition(" ")
        try:
            decoded = base64.b64decode(value, validate=True)
        except binascii.Error:
            return False
        return scheme.lower() == "basic" and _equal(
            decoded.decode(errors="replace"), f"{self.username}:{self.password}"
        )

    def client(self, client_id: str, client_secret: str) -> bool:
        return _equal(client_id, self.client_id) and _equal(client_secret, self.client_secret)


def _equal(left: str, right: str) -> bool:
    return hmac.compare_digest(left.encode(), right.encode())


@dataclass(slots=True)
class _Token:
    expires: float
    uses: int = 0


class Tokens:
    """Issues, checks and revokes tokens. ``max_uses`` revokes one after that many requests."""

    def __init__(self, lifetime_s: float, max_uses: int | None) -> None:
        self._lifetime_s = lifetime_s
        self._max_uses = max_uses
        self._tokens: dict[str, _Token] = {}

    def issue(self) -> tuple[str, float]:
        """A new token and the time (Unix seconds) at which it expires."""
        now = time.time()
        self._tokens = {key: token for key, token in self._tokens.items() if token.expires > now}
        text = secrets.token_urlsafe(TOKEN_BYTES)
        self._tokens[text] = _Token(now + self._lifetime_s)
        return text, now + self._lifetime_s

    def check(self, authorization: str) -> str | None:
        """The token in a Bearer header if it is valid."""
        scheme, _, text = authorization.partition(" ")
        token = self._tokens.get(text)
        if scheme.lower() != "bearer" or token is None or token.expires <= time.time():
            return None
        return text

    def use(self, text: str) -> bool:
        """Count one request for a resource; whether the token is still good for it."""
        token = self._tokens[text]
        token.uses += 1
        if self._max_uses is not None and token.uses > self._max_uses:
            self.revoke(text)
            return False
        return True

    def revoke(self, text: str) -> None:
        self._tokens.pop(text, None)
