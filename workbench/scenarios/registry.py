"""The case studies by name; each is imported only when it is asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from workbench.errors import UsageError
from workbench.scenarios.base import Scenario
from workbench.scenarios.extras import extra_named
from workbench.suggestions import suggestion

__all__ = ["get", "names"]


def _azure() -> Scenario:
    from workbench.scenarios.azure.scenario import AzureScan

    return AzureScan()


def _jamf() -> Scenario:
    from workbench.scenarios.jamf.scenario import JamfExport

    return JamfExport()


def _workflows() -> Scenario:
    from workbench.scenarios.workflows.scenario import WorkflowListing

    return WorkflowListing()


def _files() -> Scenario:
    from workbench.scenarios.files.scenario import FileListing

    return FileListing()


def _uploads() -> Scenario:
    from workbench.scenarios.uploads.scenario import FileUploads

    return FileUploads()


_FACTORIES: Mapping[str, Callable[[], Scenario]] = MappingProxyType(
    {"azure": _azure, "files": _files, "uploads": _uploads, "jamf": _jamf, "workflows": _workflows}
)


def names() -> tuple[str, ...]:
    """The known scenarios, in alphabetical order."""
    return tuple(sorted(_FACTORIES))


def get(name: str) -> Scenario:
    """The scenario of that name. Raises ``UsageError`` listing the known ones; ``MissingExtra``."""
    factory = _FACTORIES.get(name)
    if factory is None:
        raise UsageError(f"unknown scenario {name!r}{suggestion(name, names())}")
    with extra_named():
        return factory()
