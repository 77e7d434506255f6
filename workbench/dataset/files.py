"""A dataset on disk: one JSON Lines file a table and a ``manifest.json``, written as a whole or not at all.

The manifest holds ``dataset`` (its name), ``format`` (version), ``header`` (seed, scale), ``tables`` (rows, bytes
and SHA-256 of each file) and ``digest``: the SHA-256 over one header line and the lines that ``sha256sum`` prints
for the tables, so that it can be checked by hand.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import secrets
import shutil
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from workbench.dataset.records import encode_rows
from workbench.errors import DatasetError

__all__ = ["FORMAT", "encode_tables", "read_name", "read_tables", "tables_digest", "write_tables"]

FORMAT = 1
"""Version of the layout; raise it when the manifest or a table changes its shape."""

MANIFEST = "manifest.json"
Header = Mapping[str, str | int]


def encode_tables(tables: Mapping[str, Sequence[object]]) -> dict[str, bytes]:
    """File contents by table name."""
    return {name: encode_rows(rows) for name, rows in tables.items()}


def tables_digest(dataset: str, header: Header, contents: Mapping[str, bytes]) -> str:
    """SHA-256 (hex) over the dataset's name, format, header and the SHA-256 of every table."""
    first = " ".join([f"{dataset} {FORMAT}", *(f"{key}={header[key]}" for key in sorted(header))])
    lines = [first, *(f"{_sha256(content)}  {name}.jsonl" for name, content in sorted(contents.items()))]
    return _sha256("".join(line + "\n" for line in lines).encode())


def write_tables(folder: Path, dataset: str, header: Header, contents: Mapping[str, bytes]) -> str:
    """Write all tables and the manifest, replacing an earlier dataset in ``folder``; returns the digest.

    Raises:
        DatasetError: the folder holds other files, can't be written, or the disk is full.
    """
    digest = tables_digest(dataset, header, contents)
    manifest = _manifest(dataset, header, contents, digest)
    files = {MANIFEST: manifest, **{f"{name}.jsonl": content for name, content in contents.items()}}
    folder = Path(os.path.realpath(folder))  # a rename would replace a symbolic link
    temporary = folder.parent / f".{folder.name}.{os.getpid()}-{secrets.token_hex(4)}.tmp"
    try:
        _refuse_foreign(folder, files.keys())
        folder.parent.mkdir(parents=True, exist_ok=True)
        temporary.mkdir()
        for name, content in files.items():
            (temporary / name).write_bytes(content)
        _swap(temporary, folder)
    except OSError as error:
        raise DatasetError(f"can't write the dataset to {folder}: {error.strerror or error}") from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return digest


def read_tables(folder: Path, dataset: str, names: Sequence[str]) -> tuple[dict[str, Any], dict[str, bytes]]:
    """The header and the file contents by table name, with version, sizes and digests verified.

    Raises:
        DatasetError: a file is missing, unreadable, truncated or altered, or of another dataset or version.
    """
    manifest = _read_manifest(folder, dataset)
    tables, header = manifest.get("tables"), manifest.get("header")
    if not isinstance(tables, dict) or not isinstance(header, dict) or sorted(tables) != sorted(names):
        raise DatasetError(f"{folder / MANIFEST} does not list the tables of a {dataset} dataset; build it again")
    contents = {name: _read_table(folder / f"{name}.jsonl", tables[name]) for name in names}
    if manifest.get("digest") != tables_digest(dataset, header, contents):
        raise DatasetError(f"{folder / MANIFEST} has a digest that its tables do not give; build the dataset again")
    return header, contents


def read_name(folder: Path) -> str:
    """The name of the dataset in the folder. Raises DatasetError if its manifest can't be read or has none."""
    name = _read_json(folder / MANIFEST).get("dataset")
    if not isinstance(name, str):
        raise DatasetError(f"{folder / MANIFEST} is not the manifest of a dataset")
    return name


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _manifest(dataset: str, header: Header, contents: Mapping[str, bytes], digest: str) -> bytes:
    tables = {
        name: {"bytes": len(content), "rows": content.count(b"\n"), "sha256": _sha256(content)}
        for name, content in contents.items()
    }
    document = {"dataset": dataset, "digest": digest, "format": FORMAT, "header": dict(header), "tables": tables}
    return (json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False) + "\n").encode()


def _refuse_foreign(folder: Path, ours: Collection[str]) -> None:
    nearest = next(path for path in (folder, *folder.parents) if path.exists())
    if not nearest.is_dir():
        raise DatasetError(f"{nearest} is not a folder; name an empty or a new folder")
    foreign = sorted({path.name for path in folder.iterdir()} - set(ours)) if nearest == folder else []
    if foreign:
        raise DatasetError(f"{folder} holds other files ({foreign[0]}); name an empty or a new folder")


def _swap(temporary: Path, folder: Path) -> None:
    """Move ``temporary`` to ``folder``; a folder in the way (perhaps another writer's, just now) is set aside."""
    for _ in range(10):
        try:
            temporary.rename(folder)
            return
        except OSError as error:
            if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                raise
        aside = folder.parent / f".{folder.name}.{os.getpid()}-{secrets.token_hex(4)}.old"
        try:
            folder.rename(aside)
        except FileNotFoundError:
            continue
        shutil.rmtree(aside, ignore_errors=True)
    raise OSError(errno.EBUSY, "others keep writing it")


def _read_manifest(folder: Path, dataset: str) -> dict[str, Any]:
    path = folder / MANIFEST
    manifest = _read_json(path)
    if manifest.get("dataset") != dataset:
        raise DatasetError(f"{path} is not the manifest of a {dataset} dataset")
    if manifest.get("format") != FORMAT:
        raise DatasetError(
            f"{path} has format {manifest.get('format')!r}, this workbench reads {FORMAT}; build again"
        )
    return manifest


def _read_json(path: Path) -> dict[str, Any]:
    """The object in the file; an empty one if it holds another JSON value."""
    content = _read(path)
    try:
        manifest = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise DatasetError(f"{path} is not JSON ({error}); build the dataset again") from error
    return manifest if isinstance(manifest, dict) else {}


def _read_table(path: Path, facts: Any) -> bytes:
    content = _read(path)
    expected = facts if isinstance(facts, dict) else {}
    if len(content) != expected.get("bytes"):
        raise DatasetError(f"{path} has {len(content)} bytes, not {expected.get('bytes')}; build the dataset again")
    if _sha256(content) != expected.get("sha256"):
        raise DatasetError(f"{path} was altered: its SHA-256 is not the manifest's; build the dataset again")
    return content


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        raise DatasetError(f"no dataset in {path.parent}: {path.name} is missing; build it first") from error
    except OSError as error:
        raise DatasetError(f"can't read {path}: {error.strerror or error}; build the dataset again") from error
