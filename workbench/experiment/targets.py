"""What ``workbench compare`` takes: a scenario's variant, a script, a function, or a stored run.

    jamf:naive                     SCENARIO:VARIANT, measured now
    path/to/file.py                a script, each round in a fresh interpreter
    path/to/file.py:function       a callable without arguments, sync or async, called in this process
    261122-101530-9f3a, latest~1   a stored run (an id, a unique prefix, or counted from the newest)

What ends in ``.py``, or has ``.py:`` in it, is a file; else what has a colon is a variant; the rest are runs.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbench.errors import UsageError
from workbench.suggestions import near_file

__all__ = [
    "CallableTarget",
    "FunctionTarget",
    "LiveTarget",
    "RunTarget",
    "ScenarioTarget",
    "ScriptTarget",
    "Target",
    "parse_pair",
    "parse_target",
]

_FILE = re.compile(r"(?P<path>.+\.py)(?::(?P<function>.*))?", re.DOTALL)
_FUNCTION = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*")


@dataclass(frozen=True, slots=True)
class ScenarioTarget:
    """A variant of a case study."""

    scenario: str
    variant: str

    def __str__(self) -> str:
        return f"{self.scenario}:{self.variant}"


@dataclass(frozen=True, slots=True)
class ScriptTarget:
    """A Python file that is run as ``__main__``."""

    path: Path

    def __str__(self) -> str:
        return str(self.path)


@dataclass(frozen=True, slots=True)
class FunctionTarget:
    """A callable of a Python file; dots lead to attributes of classes or objects."""

    path: Path
    function: str

    def __str__(self) -> str:
        return f"{self.path}:{self.function}"


@dataclass(frozen=True, slots=True)
class CallableTarget:
    """A callable without arguments of this process, such as a notebook's function.

    ``drive`` runs what it returns to its end where that is a coroutine; None: ``asyncio.run``.
    """

    function: Callable[[], Any]
    name: str
    drive: Callable[[Coroutine[Any, Any, Any]], Any] | None = None

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class RunTarget:
    """A stored run, as it was written; the store resolves it."""

    run: str

    def __str__(self) -> str:
        return self.run


LiveTarget = ScenarioTarget | ScriptTarget | FunctionTarget | CallableTarget
Target = LiveTarget | RunTarget


def parse_target(text: str) -> Target:
    """The target that ``text`` means.

    Raises ``UsageError`` for a missing file, an unknown scenario or variant, or a name that can't be a function.
    Whether the function or the run exists is known only once its file is imported, or the store read.
    """
    text = text.strip()
    if not text:
        raise UsageError("name what to compare: SCENARIO:VARIANT, FILE.py, FILE.py:FUNCTION or a run")
    if match := _FILE.fullmatch(text):
        return _file(Path(match["path"]), match["function"])
    if ":" in text:
        return _variant(text)
    return _run(text)


def parse_pair(base: str | CallableTarget, new: str | CallableTarget) -> tuple[Target, Target]:
    """Both sides of a comparison; ``UsageError`` where they are not of one kind, or of different scenarios."""
    a, b = (parse_target(side) if isinstance(side, str) else side for side in (base, new))
    if type(a) is not type(b):
        raise UsageError(f"{a} is {_kind(a)} and {b} is {_kind(b)}: compare two of a kind")
    if isinstance(a, ScenarioTarget) and isinstance(b, ScenarioTarget) and a.scenario != b.scenario:
        raise UsageError(f"{a} and {b} do different work: compare two variants of one scenario")
    return a, b


def _file(path: Path, function: str | None) -> ScriptTarget | FunctionTarget:
    if not path.is_file():
        raise UsageError(f"no file {path}{near_file(path)}")
    if function is None:
        return ScriptTarget(path)
    if not _FUNCTION.fullmatch(function):
        raise UsageError(
            f"{function!r} is no function's name; write {path}:FUNCTION, or {path} to run it as a script"
        )
    return FunctionTarget(path, function)


def _variant(text: str) -> ScenarioTarget:
    from workbench.scenarios import registry
    from workbench.scenarios.base import variant_of

    scenario, _, variant = text.partition(":")
    known = registry.get(scenario)
    if not variant:
        raise UsageError(f"name a variant too, such as {scenario}:{known.baseline}")
    return ScenarioTarget(scenario, variant_of(known, variant).name)


def _run(text: str) -> RunTarget:
    from workbench.scenarios import registry

    if text in registry.names():
        known = registry.get(text)
        raise UsageError(f"{text!r} is a scenario; name a variant of it, such as {text}:{known.baseline}")
    if "/" in text:
        raise UsageError(f"{text!r} is neither a Python file (FILE.py or FILE.py:FUNCTION) nor a run")
    return RunTarget(text)


def _kind(target: Target) -> str:
    match target:
        case ScenarioTarget():
            return "a scenario's variant"
        case ScriptTarget():
            return "a script"
        case FunctionTarget() | CallableTarget():
            return "a function"
        case RunTarget():
            return "a stored run"
