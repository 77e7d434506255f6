"""Start the local object store in a process of its own."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Any, Self

from workbench.errors import MissingExtra
from workbench.services.link import RunningLink
from workbench.services.process import ServiceProcess, start_service
from workbench.services.s3.endpoint import S3Endpoint
from workbench.services.s3.options import S3Options

__all__ = ["RunningS3", "start_s3"]

_NAME = "the local S3 (moto)"
_NEEDS = ("boto3", "moto", "flask", "flask_cors")


class RunningS3:
    """A running object store with one bucket; a context manager. Credentials are random and end with it."""

    def __init__(self, process: ServiceProcess, options: S3Options) -> None:
        self.process = process
        self.options = options
        self.host: str = process.ready["host"]
        self.port: int = process.ready["port"]
        self._ready = process.ready

    def endpoint(self, link: RunningLink | None = None) -> S3Endpoint:
        """How a client reaches it, over plain HTTP: directly, or through a link that was started before it."""
        host, port = (link.host, link.port) if link else (self.host, self.port)
        return S3Endpoint(
            url=f"http://{host}:{port}",
            bucket=self._ready["bucket"],
            access_key=self._ready["access_key"],
            secret_key=self._ready["secret_key"],
        )

    def stats(self) -> dict[str, Any]:
        """Server-side counters since the start or the last ``reset``.

        requests, connections, ``operations`` (requests by operation), unauthorized, ``fault_*``, max_in_flight,
        cpu_s (since the start).
        """
        return self.process.ask("stats")

    def reset(self) -> None:
        """Set counters and draws back and the bucket's contents to what they were at the start."""
        self.process.ask("reset")

    def stop(self) -> None:
        """End the process."""
        self.process.stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()


def start_s3(listing_folder: Path | None = None, *, options: S3Options | None = None) -> RunningS3:
    """Serve a bucket with the files that ``write_listing`` wrote to the folder, or an empty one.

    Raises ServiceStartFailed, MissingExtra.
    """
    _check_installed()
    options = options or S3Options()
    folder = str(Path(listing_folder).resolve()) if listing_folder is not None else None
    config = {"listing": folder, "options": options.to_json()}
    return RunningS3(start_service("workbench.services.s3.server", config, name=_NAME, timeout_s=60), options)


def _check_installed() -> None:
    from importlib.util import find_spec

    for module in _NEEDS:
        if find_spec(module) is None:
            raise MissingExtra(module, "services")
