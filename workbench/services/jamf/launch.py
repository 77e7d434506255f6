"""Start the simulator in a process of its own."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Any, Self

from workbench.errors import MissingExtra, ServiceStartFailed
from workbench.services.jamf.endpoint import JamfEndpoint
from workbench.services.jamf.options import JamfOptions
from workbench.services.link import RunningLink
from workbench.services.process import ServiceProcess, start_service

__all__ = ["RunningJamf", "start_jamf"]

_NAME = "the Jamf Pro simulator"
_NEEDS = ("httptools", "trustme", "uvicorn")


class RunningJamf:
    """A running simulator; a context manager. Credentials and certificate are random and end with it."""

    def __init__(self, process: ServiceProcess, options: JamfOptions) -> None:
        self.process = process
        self.options = options
        self.host: str = process.ready["host"]
        self.port: int = process.ready["port"]
        self.ca_file = Path(process.ready["folder"]) / "ca.pem"
        process.remove_at_end(self.ca_file.parent)
        self.username: str = process.ready["username"]
        self.password: str = process.ready["password"]
        self.client_id: str = process.ready["client_id"]
        self.client_secret: str = process.ready["client_secret"]

    @property
    def base_url(self) -> str:
        """``https://127.0.0.1:port``: a name would cost every connection a look-up."""
        return f"https://{self.host}:{self.port}"

    def endpoint(self, link: RunningLink | None = None) -> JamfEndpoint:
        """How a client reaches it: directly, or through a link that was started before it."""
        host, port = (link.host, link.port) if link else (self.host, self.port)
        return JamfEndpoint(
            base_url=f"https://{host}:{port}",
            ca_file=self.ca_file,
            username=self.username,
            password=self.password,
            client_id=self.client_id,
            client_secret=self.client_secret,
        )

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


def start_jamf(estate_folder: Path, *, options: JamfOptions | None = None) -> RunningJamf:
    """Serve the estate that ``write_estate`` wrote to the folder. Raises ServiceStartFailed, MissingExtra."""
    _check_installed()
    folder = Path(estate_folder).resolve()
    if not folder.is_dir():
        raise ServiceStartFailed(f"{_NAME} did not start: there is no dataset folder {folder}")
    options = options or JamfOptions()
    config = {"estate": str(folder), "options": options.to_json()}
    return RunningJamf(start_service("workbench.services.jamf.server", config, name=_NAME), options)


def _check_installed() -> None:
    from importlib.util import find_spec

    for module in _NEEDS:
        if find_spec(module) is None:
            raise MissingExtra(module, "services")
