"""The parent's handle of a running service that counts what it does."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

from workbench.errors import MissingExtra
from workbench.services.link import RunningLink
from workbench.services.process import ServiceProcess
from workbench.services.stoppable import Stoppable

__all__ = ["RunningService", "need_packages"]


def need_packages(*modules: str) -> None:
    """Raises MissingExtra if what the server's process imports isn't installed."""
    for module in modules:
        if find_spec(module) is None:
            raise MissingExtra(module, "services")


class RunningService(Stoppable):
    """A running service with the verbs ``stats`` and ``reset``; a context manager."""

    def __init__(self, process: ServiceProcess) -> None:
        self.process = process
        self.host: str = process.ready["host"]
        self.port: int = process.ready["port"]

    def address(self, link: RunningLink | None = None) -> str:
        """``host:port``: directly, or through a link that was started before it."""
        return f"{link.host}:{link.port}" if link else f"{self.host}:{self.port}"

    def stats(self) -> dict[str, Any]:
        """Server-side counters since the start or the last ``reset``.

        requests, connections, unauthorized, ``fault_*``, max_in_flight, cpu_s (since the start), and more.
        """
        return self.process.ask("stats")

    def reset(self) -> None:
        """Set counters and draws back, so that the next round meets what the last one met."""
        self.process.ask("reset")

    def stop(self) -> None:
        """End the process."""
        self.process.stop()
