"""Which Jamf Pro server, as whom, and the HTTP clients that reach it."""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field
from pathlib import Path

import httpx

__all__ = ["CONNECTIONS", "KEEP_ALL", "POOL", "Account"]

CONNECTIONS = 50

POOL = httpx.Limits(max_connections=CONNECTIONS, max_keepalive_connections=20)
"""The usual advice for a pool."""

KEEP_ALL = httpx.Limits(max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS)
"""As many, but none is closed while there is work.

httpcore (1.0.9) closes an idle connection as soon as more than ``max_keepalive_connections`` are *open*, busy ones
included: with 50 busy and 20 to be kept, every answer costs its connection, and the next request a handshake.
"""


@dataclass(frozen=True, slots=True)
class Account:
    """A server and the credentials for it: an OAuth client if ``client_id`` is set, else user name and password.

    ``ca_file`` is the authority to trust instead of the system's; with it, proxies of the environment are ignored
    too, since the server is local. ``timeout_s`` bounds each connect, read and write; ``patience_s`` the time
    without a single good answer after which retries end.
    """

    base_url: str
    username: str = ""
    password: str = field(default="", repr=False)
    client_id: str = ""
    client_secret: str = field(default="", repr=False)
    ca_file: Path | None = None
    timeout_s: float = 30.0
    patience_s: float = 30.0

    def client(self, limits: httpx.Limits = POOL) -> httpx.AsyncClient:
        """A client of its own, with its own connections and TLS settings."""
        return httpx.AsyncClient(
            base_url=self.base_url,
            limits=limits,
            # Waiting for a free connection is not the server's slowness: a burst may queue as long as it likes.
            timeout=httpx.Timeout(self.timeout_s, pool=None),
            verify=ssl.create_default_context(cafile=str(self.ca_file)) if self.ca_file else True,
            trust_env=self.ca_file is None,
        )
