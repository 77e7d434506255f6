"""A project's own margins: what slow-down passes, at which error, for everything or for one target.

    [tool.workbench.compare]                       # pyproject.toml
    max-regression = "5%"                          # PASS below it, REGRESSION from a third of it (or `regression`)
    alpha = 0.05                                   # error of a whole comparison, both sides together
    max-seconds = 60

    [tool.workbench.compare.targets.jamf]          # a scenario, SCENARIO:VARIANT, FILE.py, FILE.py:FUNCTION,
                                                   # FILE.py::TEST, FILE.py::CLASS or FILE.py::CLASS::TEST
    max-regression = "10%"
    ignore-counts = ["connects"]                   # may rise

A target's own table adds to the general one: first its scenario's or file's, then its test class's, then that of
exactly itself. Files are named as from the folder of ``pyproject.toml``. Keys: ``max-regression``, ``regression``
and ``improvement`` (the smallest effects that get these verdicts), ``alpha``, ``max-pairs``, ``max-seconds``,
``ignore-counts``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from workbench.analysis.verdict import Rule, parse_percent
from workbench.errors import UsageError
from workbench.experiment.project import project_tables, require_count

__all__ = ["Margin", "margin_for"]


@dataclass(frozen=True, slots=True)
class Margin:
    """How a target is judged. ``max_seconds`` is None where the project says nothing."""

    rule: Rule = field(default_factory=Rule)
    max_seconds: float | None = None


def margin_for(
    target: str, *, max_regression: str | float = "", alpha: float | None = None, start: Path | None = None
) -> Margin:
    """The margin for ``target`` by the project around ``start`` (default: the working folder); what is given wins.

    ``max_regression`` is a text, such as "5%", or a fraction; all else that the project says stays.
    Raises ``UsageError`` for a table that can't be read or says what isn't known.
    """
    found = _project(start or Path.cwd())
    chosen: dict[str, Any] = {}
    where = "the command line"
    if found is not None:
        file, table = found
        where = f"[tool.workbench.compare] in {file}"
        for part in _tables(table, target, file):
            chosen |= _checked(part, where)
    if max_regression:  # with the margin that follows from it, whatever the project's was
        chosen.pop("regression", None)
        given = max_regression
        chosen["max-regression"] = parse_percent(given) if isinstance(given, str) else given
    if alpha is not None:
        if not 0 < alpha < 1:
            raise UsageError(f"alpha must lie between 0 and 1, not {alpha:g}")
        chosen["alpha"] = alpha
    return _margin(chosen, where)


def _margin(chosen: Mapping[str, Any], where: str) -> Margin:
    rule = Rule.of(chosen["max-regression"]) if "max-regression" in chosen else Rule()
    given = {name: chosen[name] for name in ("regression", "improvement", "alpha") if name in chosen}
    try:
        rule = replace(rule, **given, ignored_counts=frozenset(chosen.get("ignore-counts", ())))
    except UsageError as error:
        raise UsageError(f"{where}: {error}") from None
    if "max-pairs" in chosen:
        rule = rule.limited(chosen["max-pairs"])
    return Margin(rule, chosen.get("max-seconds"))


def _project(start: Path) -> tuple[Path, dict[str, Any]] | None:
    """The nearest ``pyproject.toml`` with the table, and the table."""
    for folder in (start.absolute(), *start.absolute().parents):
        file = folder / "pyproject.toml"
        if not file.is_file():
            continue
        table = project_tables(file).get("compare")
        if table is not None:
            return file, dict(table)
    return None


def _tables(table: dict[str, Any], target: str, file: Path) -> Iterator[dict[str, Any]]:
    """The general table, then the target's, from the wider name to the exact one."""
    targets = table.get("targets", {})
    if not isinstance(targets, dict) or not all(isinstance(each, dict) for each in targets.values()):
        raise UsageError(f"[tool.workbench.compare.targets] in {file} must hold a table for each target")
    yield {name: value for name, value in table.items() if name != "targets"}
    for name in dict.fromkeys(_names(target)):
        if (own := targets.get(_from(name, file.parent), targets.get(name))) is not None:
            yield own


def _names(target: str) -> Iterator[str]:
    """``t.py``, ``t.py::TestX``, ``t.py::TestX::test_a`` and with its parameters; or ``jamf``, ``jamf:naive``."""
    plain = target.partition("[")[0]  # a test without its parameters
    file, *tests = plain.split("::")
    if tests:
        yield file
        yield from ("::".join((file, *tests[:number])) for number in range(1, len(tests) + 1))
    else:
        yield plain.rpartition(":")[0] or plain
        yield plain
    yield target


def _from(name: str, folder: Path) -> str:
    """A file as from the project's folder, with its function; anything else as it is."""
    path, colon, function = name.partition(".py:")
    file = Path(f"{path}.py" if colon else name).absolute()
    if not (colon or name.endswith(".py")) or not file.is_relative_to(folder):
        return name
    return f"{file.relative_to(folder).as_posix()}{f':{function}' if colon else ''}"


def _fraction(value: Any) -> float:
    return parse_percent(str(value))


def _probability(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 1:
        raise UsageError(f"{value!r} must be a number between 0 and 1")
    return float(value)


def _seconds(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not value > 0:
        raise UsageError(f"{value!r} must be a number above 0")
    return float(value)


def _pairs(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise UsageError(f"{value!r} must be a whole number above 0")
    return value


def _counts(value: Any) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise UsageError(f"{value!r} must be a list of texts")
    return [require_count(name) for name in value]


_KEYS: dict[str, Callable[[Any], Any]] = {
    "max-regression": _fraction,
    "regression": _fraction,
    "improvement": _fraction,
    "alpha": _probability,
    "max-pairs": _pairs,
    "max-seconds": _seconds,
    "ignore-counts": _counts,
}


def _checked(table: Mapping[str, Any], where: str) -> dict[str, Any]:
    if unknown := sorted(table.keys() - _KEYS.keys()):
        raise UsageError(f"{where} has no {unknown[0]!r}; it knows: {', '.join(_KEYS)}, targets")
    checked = {}
    for name, value in table.items():
        try:
            checked[name] = _KEYS[name](value)
        except UsageError as error:
            raise UsageError(f"{where}: {name}: {error}") from None
    return checked
