"""Access tokens of a simulated service."""

from __future__ import annotations

import hmac
import secrets
import time
from dataclasses import dataclass

__all__ = ["Tokens", "equal_secrets"]

TOKEN_BYTES = 300
"""Gives a token of 400 characters, about the size of Jamf Pro's."""


def equal_secrets(left: str, right: str) -> bool:
    """In a time that tells nothing of where they differ."""
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
        self._revoked: set[str] = set()

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
        if self._tokens.pop(text, None):
            self._revoked.add(text)

    def revoke_all(self) -> None:
        self._revoked.update(self._tokens)
        self._tokens.clear()

    def was_revoked(self, authorization: str) -> bool:
        """Whether the token in a Bearer header was once good, and not merely for its time."""
        return authorization.partition(" ")[2] in self._revoked
