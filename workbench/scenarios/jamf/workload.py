"""One variant of the export as something that can be repeated: a folder each time, digested and removed."""

from __future__ import annotations

import tempfile
from collections.abc import Awaitable, Callable
from importlib import import_module
from pathlib import Path
from typing import Any

from workbench.errors import UsageError
from workbench.scenarios.base import Outcome
from workbench.scenarios.jamf.account import Account
from workbench.scenarios.jamf.files import measure_folder
from workbench.scenarios.jamf.result import ExportResult

__all__ = ["Export", "ExportWorkload", "load_export"]

Export = Callable[[Account, Path], Awaitable[ExportResult]]


def load_export(variant: str) -> Export:
    """The function of a variant's module, which is imported only now."""
    module = import_module(f"workbench.scenarios.jamf.{variant.replace('-', '_')}")
    export: Export = module.export
    return export


class ExportWorkload:
    """One variant; each repetition exports into a folder of its own."""

    def __init__(self, export: Export, account: Account, before: Callable[[], None] = lambda: None) -> None:
        self._export = export
        self._account = account
        self._before = before
        self._folder: tempfile.TemporaryDirectory[str] | None = None

    def setup(self) -> None:
        """A new folder, and services as they were before the first repetition."""
        self._discard()
        self._before()
        self._folder = tempfile.TemporaryDirectory(prefix="workbench-jamf-")

    async def run(self) -> ExportResult:
        """The export. Raises the server's error if not a single root could be exported."""
        if self._folder is None:
            raise UsageError("a workload is set up before it runs")
        try:
            return await self._export(self._account, Path(self._folder.name))
        except BaseException:
            self._discard()  # nobody will finish this repetition
            raise

    def finish(self, value: Any) -> Outcome:
        """Digest the files and remove them."""
        result: ExportResult = value
        if self._folder is None:
            raise UsageError("a workload runs before it is finished")
        written = measure_folder(Path(self._folder.name))
        self._discard()
        measures = {
            "resources": result.resources,
            "resources_held": result.held,
            "files": written.files,
            "bytes_written": written.bytes,
            "failed": len(result.failures),
            "distinct_requests": len(result.traffic.attempts),
            "max_in_flight": result.traffic.peak,
        }
        return Outcome(written.digest, measures, result.failures)

    def _discard(self) -> None:
        if self._folder is not None:
            self._folder.cleanup()
        self._folder = None
