"""The parent's handle of a running simulator."""

from __future__ import annotations

from pathlib import Path

from workbench.services import running
from workbench.services.link import RunningLink
from workbench.services.process import ServiceProcess

__all__ = ["RunningSimulator", "need_packages"]


def need_packages() -> None:
    """Raises MissingExtra if what the server's process imports isn't installed."""
    running.need_packages("httptools", "trustme", "uvicorn")


class RunningSimulator(running.RunningService):
    """A running simulator; a context manager. Credentials and certificate are random and end with it.

    ``stats`` has also: logins, throttled, bytes_sent (bodies), open_connections and ``endpoints`` (requests by
    endpoint); each of its connections has a TLS handshake.
    """

    def __init__(self, process: ServiceProcess) -> None:
        super().__init__(process)
        self.ca_file = Path(process.ready["folder"]) / "ca.pem"
        process.remove_at_end(self.ca_file.parent)

    @property
    def base_url(self) -> str:
        """``https://127.0.0.1:port``: a name would cost every connection a look-up."""
        return self.url()

    def url(self, link: RunningLink | None = None) -> str:
        """Its URL: directly, or through a link that was started before it."""
        return f"https://{self.address(link)}"
