"""The parent's handle of a running simulator."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from workbench.errors import MissingExtra
from workbench.services.link import RunningLink
from workbench.services.process import ServiceProcess

__all__ = ["RunningSimulator", "need_packages"]

_NEEDS = ("httptools", "trustme", "uvicorn")


def need_packages() -> None:
    """Raises MissingExtra if what the server's process imports isn't installed."""
    for module in _NEEDS:
        if find_spec(module) is None:
            raise MissingExtra(module, "services")


class RunningSimulator:
    """A running simulator; a context manager. Credentials and certificate are random and end with it."""

    def __init__(self, process: ServiceProcess) -> None:
        self.process = process
        self.host: str = process.ready["host"]
        self.port: int = process.ready["port"]
        self.ca_file = Path(process.ready["folder"]) / "ca.pem"
        process.remove_at_end(self.ca_file.parent)

    @property
    def base_url(self) -> str:
        """``https://127.0.0.1:port``: a name would cost every connection a look-up."""
        return self.url()

    def url(self, link: RunningLink | None = None) -> str:
        """Its URL: directly, or through a link that was started before it."""
        host, port = (link.host, link.port) if link else (self.host, self.port)
        return f"https://{host}:{port}"

    def stats(self) -> dict[str, Any]:
        """Server-side counters since the start or the last ``reset``.

        requests, connections (each with a TLS handshake), logins, throttled, unauthorized, ``fault_*``, bytes_sent
        (bodies), max_in_flight, open_connections, ``endpoints`` (requests by endpoint), cpu_s (since the start).
        """
        return self.process.ask("stats")

    def reset(self) -> None:
        """Set counters, latency draws and fault draws back, so that the next round meets what the last one met."""
        self.process.ask("reset")

    def stop(self) -> None:
        """End the process; its folder goes with it."""
        self.process.stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()
