"""The project's own words on its gate: ``[tool.workbench.gate]`` in ``pyproject.toml``.

[tool.workbench.gate]
targets = ["perf/listing.py:first_page", "jamf:optimized"]   # measured when none are named
setup = "python setup.py build_ext --inplace"     # run once in the baseline's checkout
wheels = ["wheelhouse"]                    # to build the baseline's environment from

Margins stand in ``[tool.workbench.compare]`` (``experiment.margins``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbench.errors import UsageError
from workbench.experiment.project import project_tables
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
        if file.is_file() and (table := project_tables(file).get("gate")) is not None:
            return _config(table, file)
        if folder == root:
            break
    return None


def _config(table: Mapping[str, Any], file: Path) -> GateConfig:
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


def _texts(table: Mapping[str, Any], key: str, file: Path) -> tuple[str, ...]:
    value = table.get(key, [])
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise UsageError(f"{key} in {file} must be a list of texts")
    return tuple(value)
