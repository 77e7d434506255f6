"""Where claims and their measurements live: in the repository, never in the installed package."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

from workbench.errors import OutputError, UsageError
from workbench.experiment.claims.points import PointResult

__all__ = ["code_digest", "find_project", "load_points", "read_json", "save_point", "write_json"]

CLAIMS = Path("data") / "claims.toml"
RESULTS = Path("benchmarks") / "results"
_MEASURED_CODE = ("capture", "dataset", "scenarios", "services")


def find_project(start: Path | None = None) -> Path:
    """The checkout around ``start`` (default: the working folder), else the one this package runs from.

    Raises ``UsageError`` where there is neither.
    """
    here = (start or Path.cwd()).resolve()
    for folder in (here, *here.parents, Path(__file__).resolve().parents[3]):
        if (folder / CLAIMS).is_file() and _is_ours(folder / "pyproject.toml"):
            return folder
    raise UsageError(
        f"claims live in a checkout of the workbench ({CLAIMS}, measured in {RESULTS}); run this inside one"
    )


def _is_ours(file: Path) -> bool:
    try:
        project = tomllib.loads(file.read_text(encoding="utf-8")).get("project")
    except (OSError, ValueError):
        return False
    return isinstance(project, dict) and project.get("name") == "workbench"


def code_digest(project: Path) -> str:
    """SHA-256 of the sources whose speed is measured, committed or not; a measurement stands while it does."""
    digest = sha256()
    for package in _MEASURED_CODE:
        for path in sorted((project / "workbench" / package).rglob("*.py")):
            digest.update(f"{path.relative_to(project).as_posix()}\0".encode() + path.read_bytes() + b"\0")
    return digest.hexdigest()


def load_points(project: Path, scenario: str) -> dict[str, PointResult]:
    """What was measured of a scenario, by point."""
    document = read_json(project / RESULTS / f"{scenario}.json")
    try:
        return {name: PointResult.from_json(point) for name, point in document.get("points", {}).items()}
    except (AttributeError, TypeError) as error:
        raise UsageError(
            f"{RESULTS / scenario}.json holds something else than measured points; delete it"
        ) from error


def save_point(project: Path, scenario: str, result: PointResult) -> None:
    """Keep a point's result beside the others', in place of an earlier one."""
    file = project / RESULTS / f"{scenario}.json"
    points = read_json(file).get("points", {})
    write_json(file, {"points": dict(sorted({**points, result.name: result.to_json()}.items()))})


def read_json(file: Path) -> dict[str, Any]:
    """The object in ``file``; an empty one if there is no such file. Raises ``UsageError`` for anything else."""
    try:
        document = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise UsageError(f"{file} can't be read as JSON; restore it from git or delete it ({error})") from error
    if not isinstance(document, dict):
        raise UsageError(f"{file} holds no JSON object; restore it from git or delete it")
    return document


def write_json(file: Path, document: Mapping[str, Any]) -> None:
    """Write and rename, so that an interruption leaves the old file or the new one."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        partial = file.with_suffix(".partial")
        partial.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        partial.replace(file)
    except OSError as error:
        raise OutputError(f"can't write {file}: {error.strerror or error}") from error
