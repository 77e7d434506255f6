"""The project's own words on its gate: ``[tool.workbench.gate]`` in ``pyproject.toml``.

[tool.workbench.gate]
targets = ["perf/listing.py:first_page", "jamf:optimized"]   # measured when none are named
max-regression = "5%"
max-seconds = 60
ignore-counts = ["connects"]               # may rise
setup = "python setup.py build_ext --inplace"     # run once in the baseline's checkout
wheels = ["wheelhouse"]                    # to build the baseline's environment from
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbench.errors import UsageError
from workbench.suggestions import suggestion

__all__ = ["GateConfig", "read_config"]


@dataclass(frozen=True, slots=True)
class GateConfig:
    """What a project says; ``folder`` is where its ``pyproject.toml`` lies."""

    folder: Path
    targets: tuple[str, ...] = ()
    setup: str = ""
    wheels: tuple[Path, ...] = ()


def read_config(start: Path, root: Path) -> GateConfig | None:
    """The table nearest to ``start``, at or below ``root``; None where there is none. Raises ``UsageError``."""
    start, root = start.resolve(), root.resolve()
    for folder in (start, *start.parents):
        file = folder / "pyproject.toml"
        if file.is_file() and (table := _table(file)) is not None:
            return _config(table, file)
        if folder == root:
            break
    return None


def _table(file: Path) -> dict[str, Any] | None:
    try:
        document = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UsageError(f"{file} can't be read: {error}") from None
    tool = document.get("tool", {})
    workbench = tool.get("workbench", {}) if isinstance(tool, dict) else {}
    table = workbench.get("gate") if isinstance(workbench, dict) else None
    if table is None:
        return None
    if not isinstance(table, dict):
        raise UsageError(f"[tool.workbench.gate] in {file} is no table")
    return table


def _config(table: dict[str, Any], file: Path) -> GateConfig:
    known = ("targets", "setup", "wheels")
    if unknown := sorted(table.keys() - set(known)):
        hint = suggestion(unknown[0], known, listed="it knows")
        raise UsageError(
            f"[tool.workbench.gate] in {file} has no {unknown[0]!r}{hint} "
            "(margins stand in [tool.workbench.compare])"
        )
    setup = table.get("setup", "")
    if not isinstance(setup, str):
        raise UsageError(f"setup in {file} must be one command as text")
    return GateConfig(
        folder=file.parent,
        targets=_texts(table, "targets", file),
        setup=setup,
        wheels=tuple(file.parent / each for each in _texts(table, "wheels", file)),
    )


def _texts(table: dict[str, Any], key: str, file: Path) -> tuple[str, ...]:
    value = table.get(key, [])
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise UsageError(f"{key} in {file} must be a list of texts")
    return tuple(value)
