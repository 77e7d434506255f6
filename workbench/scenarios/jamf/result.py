"""What an export reports: how much it exported, what failed, and what it asked the server for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from workbench.errors import ServiceError
from workbench.redaction import redact
from workbench.scenarios.base import Failure
from workbench.scenarios.jamf.client import Traffic
from workbench.scenarios.jamf.resources import Catalog, Ref

__all__ = ["ExportResult", "report"]


@dataclass(frozen=True, slots=True)
class ExportResult:
    """``resources`` counts those exported, ``held`` the most that were in memory at once.

    ``failures`` names the others, resources before contents, sorted.
    """

    resources: int
    failures: tuple[Failure, ...]
    traffic: Traffic
    held: int


def report(
    catalog: Catalog,
    exported: Iterable[Ref],
    failed: Mapping[Ref, ServiceError],
    lost: Mapping[Ref, ServiceError],
    traffic: Traffic,
    held: int,
) -> ExportResult:
    """The result of an export in which ``failed`` resources and the contents of ``lost`` ones are missing.

    Raises the first error instead when not a single root could be exported: then the server is at fault.
    """
    done = set(exported)
    roots = catalog.roots
    if roots and done.isdisjoint(roots) and failed:
        raise failed[min(failed, key=lambda ref: (ref not in roots, ref))]
    failures = [_failure(catalog.describe(ref), failed[ref]) for ref in sorted(failed)]
    failures += [_failure(f"contents of {catalog.describe(ref)}", lost[ref]) for ref in sorted(lost)]
    return ExportResult(len(done), tuple(failures), traffic, held)


def _failure(resource: str, error: ServiceError) -> Failure:
    return Failure(redact(resource), redact(" ".join(str(error).split())))
