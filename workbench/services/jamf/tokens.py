"""The simulator's accounts."""

from __future__ import annotations

import base64
import binascii
import secrets
from dataclasses import dataclass, field

from workbench.services.simulator.tokens import equal_secrets

__all__ = ["Accounts"]


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
        return scheme.lower() == "basic" and equal_secrets(
            decoded.decode(errors="replace"), f"{self.username}:{self.password}"
        )

    def client(self, client_id: str, client_secret: str) -> bool:
        return equal_secrets(client_id, self.client_id) and equal_secrets(client_secret, self.client_secret)
