"""Limits that a project declares for exponents.

[tool.workbench.scaling."jamf:optimized"]
max-exponent = { time = 1.2, requests = 1.0 }

[tool.workbench.scaling."perf/listing.py:first_page"]
max-exponent = 1.1            # of the time
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from workbench.analysis.scaling import TIME
from workbench.errors import UsageError
from workbench.experiment.project import project_tables

__all__ = ["declared_limits", "parse_limits"]


def declared_limits(target: str, folder: Path | None = None) -> dict[str, float]:
    """What the nearest ``pyproject.toml`` at or above ``folder`` allows for the target; empty if it says nothing.

    Raises ``UsageError`` where it can't be read, or says what isn't a limit.
    """
    start = (folder or Path.cwd()).resolve()
    file = next((f for each in (start, *start.parents) if (f := each / "pyproject.toml").is_file()), None)
    if file is None:
        return {}
    declared = project_tables(file).get("scaling", {})
    if not all(isinstance(each, Mapping) for each in declared.values()):
        raise UsageError(f"[tool.workbench.scaling] in {file} is made of tables, one a target")
    own = declared.get(target, {})
    if unknown := sorted(own.keys() - {"max-exponent", "max_exponent"}):
        raise UsageError(f"[tool.workbench.scaling] in {file}: {target} has no {unknown[0]!r}, only max-exponent")
    return _limits(own.get("max-exponent", own.get("max_exponent", {})), f"max-exponent of {target} in {file}")


def _limits(value: Any, where: str) -> dict[str, float]:
    named = value if isinstance(value, Mapping) else {TIME: value}
    for limit in named.values():
        if isinstance(limit, bool) or not isinstance(limit, int | float):
            raise UsageError(f"{where} is a number, or a table of numbers by measure, not {limit!r}")
    return {str(name): float(limit) for name, limit in named.items()}


def parse_limits(text: str) -> dict[str, float]:
    """``"1.2"`` (of the time) or ``"time=1.2,requests=1"``. Raises ``UsageError`` otherwise."""
    limits = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        name, equals, number = part.rpartition("=")
        try:
            limits[name.strip() if equals else TIME] = float(number)
        except ValueError:
            raise UsageError(f"{part!r} is no limit; write 1.2, or MEASURE=1.2 such as requests=1") from None
    return limits
