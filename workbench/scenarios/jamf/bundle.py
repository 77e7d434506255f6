"""An export being put together: everything fetched is kept until all of it is written."""

from __future__ import annotations

from pathlib import Path

from workbench.errors import ServiceError
from workbench.scenarios.jamf.client import Traffic
from workbench.scenarios.jamf.fetch import Resource, Tree
from workbench.scenarios.jamf.files import write_contents, write_provider, write_resource
from workbench.scenarios.jamf.references import support_files
from workbench.scenarios.jamf.resources import Catalog, Ref
from workbench.scenarios.jamf.result import ExportResult, report

__all__ = ["Bundle"]


class Bundle:
    """Collects resources and support files for ``folder``."""

    def __init__(self, catalog: Catalog, folder: Path) -> None:
        self._catalog = catalog
        self._folder = folder
        self._resources: dict[Ref, Resource] = {}
        self._failed: dict[Ref, ServiceError] = {}
        self._lost: dict[Ref, ServiceError] = {}
        self._saved: set[Ref] = set()

    def add(self, tree: Tree) -> None:
        """Add what was fetched; a resource that arrived once is not failed because another attempt was."""
        for ref, item in tree.items():
            if isinstance(item, Resource):
                self._resources[ref] = item
                self._failed.pop(ref, None)
            elif ref not in self._resources:
                self._failed[ref] = item

    def support_files(self) -> list[Ref]:
        """The scripts and profiles whose contents belong into files of their own."""
        return sorted(ref for item in self._resources.values() for ref in support_files(item.block))

    def save(self, ref: Ref, content: bytes | ServiceError) -> None:
        """Write a support file, or note that its contents could not be fetched."""
        if isinstance(content, ServiceError):
            self._lost[ref] = content
        else:
            write_contents(self._folder, self._catalog, ref, content)
            self._saved.add(ref)

    def finish(self, traffic: Traffic) -> ExportResult:
        """Write the HCL. Raises the server's error if not a single root was exported."""
        held = len(self._resources)
        result = report(self._catalog, self._resources, self._failed, self._lost, traffic, held)
        write_provider(self._folder)
        for _, resource in sorted(self._resources.items()):
            write_resource(
                self._folder,
                self._catalog,
                resource,
                exported=self._resources.__contains__,
                saved=self._saved.__contains__,
            )
        return result
