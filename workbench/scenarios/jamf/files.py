"""Writing the export: one ``.tf`` file a resource, support files beside them, and the digest of it all."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from workbench.errors import OutputError
from workbench.scenarios.jamf.fetch import Resource
from workbench.scenarios.jamf.hcl import render
from workbench.scenarios.jamf.references import resolve
from workbench.scenarios.jamf.resources import Catalog, Ref
from workbench.scenarios.jamf.terraform import PROVIDER

__all__ = ["Written", "measure_folder", "write_contents", "write_provider", "write_resource"]


class Written(NamedTuple):
    """What lies in an export's folder. ``digest``: SHA-256 over sorted relative paths, lengths and contents."""

    files: int
    bytes: int
    digest: str


def write_provider(folder: Path) -> None:
    """The file that names the Terraform provider."""
    _write(folder / "provider.tf", render([PROVIDER]).encode())


def write_resource(
    folder: Path,
    catalog: Catalog,
    resource: Resource,
    *,
    exported: Callable[[Ref], bool],
    saved: Callable[[Ref], bool],
) -> None:
    """The resource's file; ``exported`` and ``saved`` say which references and support files hold."""
    block = resolve(resource.block, exported=exported, saved=saved)
    _write(folder / catalog.file(resource.ref), render([block]).encode())


def write_contents(folder: Path, catalog: Catalog, ref: Ref, content: bytes) -> None:
    """The support file of a script or profile."""
    _write(folder / catalog.support_file(ref), content)


def measure_folder(folder: Path) -> Written:
    """Count, size and digest of all files below ``folder``."""
    digest = sha256()
    files = size = 0
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        content = path.read_bytes()
        digest.update(f"{path.relative_to(folder).as_posix()}\0{len(content)}\0".encode())
        digest.update(content)
        files += 1
        size += len(content)
    return Written(files, size, digest.hexdigest())


def _write(path: Path, content: bytes) -> None:
    try:
        with suppress(FileNotFoundError):
            path.write_bytes(content)
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    except OSError as error:
        raise OutputError(f"cannot write {path}: {error.strerror or error}") from error
