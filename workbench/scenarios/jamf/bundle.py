"""An export being put together: each resource is written as it arrives, and kept until the end is known.

A resource whose reference or contents turn out to be missing is then written again, without them.
"""

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
    """Collects resources and support files for ``folder``; ``catalog`` names them."""

    def __init__(self, catalog: Catalog, folder: Path) -> None:
        self.catalog = catalog
        self._folder = folder
        self._resources: dict[Ref, Resource] = {}
        self._failed: dict[Ref, ServiceError] = {}
        self._lost: dict[Ref, ServiceError] = {}

    def add(self, tree: Tree) -> None:
        """Add what was fetched; a resource that arrived once is not failed because another attempt was."""
        for ref, item in tree.items():
            if isinstance(item, ServiceError):
                if ref not in self._resources:
                    self._failed[ref] = item
            elif ref not in self._resources:
                self._resources[ref] = item
                self._failed.pop(ref, None)
                self._write(item)

    def support_files(self) -> list[Ref]:
        """The scripts and profiles whose contents belong into files of their own."""
        return sorted(ref for item in self._resources.values() for ref in support_files(item.block))

    def save(self, ref: Ref, content: bytes | ServiceError) -> None:
        """Write a support file, or note that its contents could not be fetched."""
        if isinstance(content, ServiceError):
            self._lost[ref] = content
        else:
            write_contents(self._folder, self.catalog, ref, content)

    def finish(self, traffic: Traffic) -> ExportResult:
        """Settle the HCL. Raises the server's error if not a single root was exported."""
        held = len(self._resources)
        result = report(self.catalog, self._resources, self._failed, self._lost, traffic, held)
        write_provider(self._folder)
        for ref, resource in self._resources.items():
            if ref in self._lost or not self._failed.keys().isdisjoint(resource.dependencies):
                self._write(resource)
        return result

    def _write(self, resource: Resource) -> None:
        """Whatever has not failed by now is expected to arrive; where it doesn't, ``finish`` writes again."""
        write_resource(
            self._folder,
            self.catalog,
            resource,
            exported=lambda ref: ref not in self._failed,
            saved=lambda ref: ref not in self._lost,
        )
