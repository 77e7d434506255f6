"""A user's function as a workload: called in this process, looped if it is short; imported from its file first."""

from __future__ import annotations

import asyncio
import inspect
import math
from collections.abc import Callable, Coroutine
from difflib import get_close_matches
from itertools import repeat
from pathlib import Path
from time import perf_counter
from types import ModuleType
from typing import Any

from workbench.analysis.pairs import LOOPS
from workbench.errors import UsageError
from workbench.experiment.modules import ModuleSpace
from workbench.experiment.results import result_digest
from workbench.scenarios.base import Outcome

__all__ = ["CallableWorkload", "FunctionWorkload", "find_function", "require_no_arguments"]

_MOST_LOOPS = 10_000_000
_SLOW_S = 1.0


class CallableWorkload:
    """Calls a function without arguments ``loops`` times a round; an async one in an event loop of the round's own,
    or by ``drive`` where that is given.

    Call ``calibrate`` before the first round.
    """

    def __init__(
        self, function: Callable[[], Any], drive: Callable[[Coroutine[Any, Any, Any]], Any] | None = None
    ) -> None:
        self._function = function
        self.drive = drive
        self.loops = 1
        self.run: Callable[[], Any] = self._call  # a coroutine function where the user's is one

    def calibrate(self, seconds: float) -> None:
        """Choose ``loops`` so that a round lasts at least ``seconds``, by calling the function some times."""
        self.loops = 1
        elapsed = self._elapsed(self._probe)  # cold: imports, caches; only a slow body's first call tells its time
        while elapsed < _SLOW_S and (elapsed := self._elapsed(self._drive)) < seconds and self.loops < _MOST_LOOPS:
            needed = math.ceil(1.2 * self.loops * seconds / max(elapsed, 1e-9))
            self.loops = min(max(needed, self.loops + 1), 10 * self.loops)

    def _elapsed(self, body: Callable[[], object]) -> float:
        self.setup()
        try:
            started = perf_counter()
            body()
            return perf_counter() - started
        finally:
            self._leave()

    def _probe(self) -> None:
        """The first call; its value tells an async function, whatever it is wrapped in."""
        value = self._function()
        if inspect.iscoroutine(value):
            self.run = self._call_async
            (self.drive or asyncio.run)(value)

    def _drive(self) -> None:
        if inspect.iscoroutinefunction(self.run):
            (self.drive or asyncio.run)(self.run())
        else:
            self.run()

    def setup(self) -> None:
        """Nothing to do for a function that is there."""

    def _leave(self) -> None:
        """The counterpart of ``setup``."""

    def _call(self) -> Any:
        function, value = self._function, None
        for _ in repeat(None, self.loops):
            value = function()
        return value

    async def _call_async(self) -> Any:
        function, value = self._function, None
        for _ in repeat(None, self.loops):
            value = await function()
        return value

    def finish(self, value: Any) -> Outcome:
        self._leave()
        return Outcome(digest=result_digest(value), measures={LOOPS: float(self.loops)})

    def close(self) -> None:
        """Nothing to do for a function that stays."""


class FunctionWorkload(CallableWorkload):
    """The same of a function in a file.

    Raises ``UsageError`` where the file has no such callable or it needs arguments, and ``ScenarioError`` where the
    import fails.
    """

    def __init__(self, path: Path, name: str) -> None:
        self._space = ModuleSpace(path)
        super().__init__(find_function(self._space.load(), name, path))

    def setup(self) -> None:
        self._space.enter()

    def _leave(self) -> None:
        self._space.leave()

    def close(self) -> None:
        """Forget the file's module."""
        self._space.close()


def find_function(module: ModuleType, name: str, path: Path) -> Callable[[], Any]:
    """The callable without arguments that ``name`` (dotted) leads to. Raises ``UsageError`` otherwise."""
    value: Any = module
    for part in name.split("."):
        if not hasattr(value, part):
            raise UsageError(f"{path} has no {name!r}{_suggestion(part, value)}")
        value = getattr(value, part)
    if not callable(value):
        raise UsageError(f"{name!r} in {path} is not callable")
    require_no_arguments(value, name, f" in {path}")
    function: Callable[[], Any] = value
    return function


def _suggestion(name: str, owner: object) -> str:
    known = [n for n, v in vars(owner).items() if callable(v) and not n.startswith("_")]
    close = get_close_matches(name, known, n=1)
    if close:
        return f"; did you mean {close[0]!r}?"
    return f"; it has: {', '.join(known[:10])}" if known else ""


def require_no_arguments(function: Callable[..., Any], name: str, where: str = "") -> None:
    """Raise ``UsageError`` for a function that can't be called without arguments."""
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):  # some built-ins have none
        return
    try:
        signature.bind()
    except TypeError:
        raise UsageError(
            f"{name}{signature}{where} needs arguments; compare a function that takes none and calls it"
        ) from None
