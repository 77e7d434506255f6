"""The HTTP clients that reach an account's server: with a pool of connections, or one connection per request."""

from __future__ import annotations

import ssl
from functools import partial
from pathlib import Path
from urllib.request import getproxies, proxy_bypass

import httpx

from workbench.errors import ServiceTLS
from workbench.scenarios.http.lanes import Lanes

__all__ = ["CONNECTIONS", "POOL", "Connecting"]

CONNECTIONS = 50

POOL = httpx.Limits(max_connections=CONNECTIONS, max_keepalive_connections=20)
"""The usual advice for a pool."""

_ONE = httpx.Limits(max_connections=1, max_keepalive_connections=1)


class Connecting:
    """Makes clients for the account that it is mixed into.

    ``ca_file`` is the authority to trust instead of the system's; with it, proxies of the environment are ignored
    too, since the server is local. ``timeout_s`` bounds each connect, read and write; ``patience_s`` the time
    without a single good answer after which retries end.
    """

    __slots__ = ()

    base_url: str
    ca_file: Path | None
    timeout_s: float
    patience_s: float

    def client(self, limits: httpx.Limits = POOL) -> httpx.AsyncClient:
        """A client of its own, with its own connections and TLS settings."""
        return httpx.AsyncClient(
            base_url=self.base_url,
            limits=limits,
            timeout=self._timeout(),
            verify=self._tls(),
            trust_env=self._trust_env,
        )

    def client_of_lanes(self) -> httpx.AsyncClient:
        """A client with a connection for each request under way, all of them kept."""
        new_lane = partial(
            httpx.AsyncHTTPTransport,
            limits=_ONE,
            verify=self._tls(),
            trust_env=self._trust_env,
            proxy=self._proxy(),
        )
        return httpx.AsyncClient(base_url=self.base_url, timeout=self._timeout(), transport=Lanes(new_lane))

    @property
    def _trust_env(self) -> bool:
        return self.ca_file is None

    def _timeout(self) -> httpx.Timeout:
        # Waiting for a free connection is not the server's slowness: a burst may queue as long as it likes.
        return httpx.Timeout(self.timeout_s, pool=None)

    def _tls(self) -> ssl.SSLContext:
        if self.ca_file is None:
            return httpx.create_ssl_context()
        try:
            return ssl.create_default_context(cafile=str(self.ca_file))
        except OSError as error:  # ssl.SSLError is one
            reason = error.strerror or str(error)
            raise ServiceTLS(f"can't read the certificate authority {self.ca_file}: {reason}") from error

    def _proxy(self) -> str | None:
        """The environment's proxy for the server, which httpx looks up only for transports that it makes itself."""
        if not self._trust_env or proxy_bypass(httpx.URL(self.base_url).host):
            return None
        return getproxies().get("https")
