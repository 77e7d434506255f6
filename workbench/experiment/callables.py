"""A user's function as a workload: called in this process, looped if it is short; imported from its file first."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable
from contextlib import suppress
from itertools import repeat
from pathlib import Path
from time import perf_counter
from types import ModuleType
from typing import Any

from workbench.analysis.pairs import LOOPS
from workbench.capture.rounds import LoopRunner
from workbench.errors import UsageError
from workbench.experiment.calibration import GROWTH, more_loops, undisturbed
from workbench.experiment.generators import drained
from workbench.experiment.modules import IMPORT_S, ModuleSpace
from workbench.experiment.placement import CodePlacement, reachable_functions
from workbench.experiment.results import Results
from workbench.scenarios.base import Outcome
from workbench.suggestions import suggestion

__all__ = ["CallableWorkload", "FunctionWorkload", "GivenLoop", "find_function", "require_no_arguments"]

_MOST_LOOPS = 10_000_000
_MOST_INPUTS = 1_000
_SLOW_S = 1.0
_NO_TARGETS = ("_", "setup_", "teardown_")


class GivenLoop:
    """Somebody else's event loop as a runner: ``drive`` runs a coroutine on it to its end."""

    def __init__(self, drive: Callable[[Any], Any]) -> None:
        self.run = drive

    def close(self) -> None:
        """It isn't ours to close."""


class CallableWorkload:
    """Calls a function ``loops`` times a round; an async one on an event loop that lasts from round to round.

    ``make`` and ``unmake`` run before and after each of its calls, outside the clock: as many inputs are made
    before a round as it has loops. What ``make`` returns, unless None, is the function's argument; ``unmake`` is
    given the same. All three may be async. ``runner`` is a loop that the function's objects belong to; else it gets
    its own.

    Call ``calibrate`` before the first round.
    """

    def __init__(
        self,
        function: Callable[..., Any],
        *,
        make: Callable[[], Any] | None = None,
        unmake: Callable[..., Any] | None = None,
        runner: LoopRunner | None = None,
    ) -> None:
        self._function = function
        self._make = make
        self._unmake = unmake
        self._inputs: list[tuple[Any, ...]] = []  # one for each call of a round
        self.runner = runner
        self.loops = 1
        self._placement: CodePlacement | None = None
        self._results = Results()
        self.run: Callable[[], Any] = self._call  # a coroutine function where the user's is one

    def calibrate(self, seconds: float) -> None:
        """Choose ``loops`` so that a round lasts at least ``seconds``, by calling the function some times."""
        self.loops = 1
        most = _MOST_INPUTS if self._make else _MOST_LOOPS
        elapsed = self._elapsed(self._probe)  # cold: imports, caches; only a slow body's first call tells its time
        grown = 1
        while elapsed < _SLOW_S and self.loops < most:
            elapsed = undisturbed(lambda: self._elapsed(self._drive), seconds, at_most=elapsed * grown)
            if elapsed >= seconds:
                break
            grown = GROWTH
            self.loops = more_loops(self.loops, elapsed, seconds, most)

    def warm(self) -> None:
        """One round outside any clock."""
        self._elapsed(self._drive)

    def attempt(self) -> None:
        """Set-up, one call and tear-down, outside any clock."""
        self.loops = 1
        self._elapsed(self._probe)

    def move(self) -> None:
        """Give the function's code, and that of what it calls, another place in memory (see ``placement``)."""
        if self._placement is None:
            self._placement = CodePlacement(reachable_functions(self._function))
        self._placement.renew()

    def move_back(self) -> None:
        """Put the code back where it was."""
        if self._placement is not None:
            self._placement.restore()

    def _elapsed(self, body: Callable[[], object]) -> float:
        self.setup()
        try:
            started = perf_counter()
            body()
            elapsed = perf_counter() - started
            self._clear()
            return elapsed
        finally:
            self._leave()

    @property
    def has_setup(self) -> bool:
        """Whether every call gets an input of its own."""
        return self._make is not None

    def _probe(self) -> None:
        """The first call; its value tells an async function, whatever it is wrapped in."""
        value = self._function(*(self._inputs[0] if self._make else ()))
        self._function, value = drained(self._function, value)
        if inspect.iscoroutine(value):
            self.run = self._call_async
            self._await(value)

    def _drive(self) -> None:
        value = self.run()
        if inspect.iscoroutine(value):
            self._await(value)

    def _await(self, value: Any) -> Any:
        if self.runner is None:
            self.runner = asyncio.Runner()
        return self.runner.run(value)

    def _settled(self, value: Any) -> Any:
        return self._await(value) if inspect.iscoroutine(value) else value

    def setup(self) -> None:
        """Make the round's inputs."""
        self._enter()
        for _ in range(self.loops if self._make or self._unmake else 0):
            made = self._settled(self._make()) if self._make else None
            self._inputs.append(() if made is None else (made,))

    def _enter(self) -> None:
        """Nothing to do for a function that is there."""

    def _leave(self) -> None:
        """The counterpart of ``_enter``."""

    def _call(self) -> Any:
        function, value = self._function, None
        if self._make is not None:
            for arguments in self._inputs:
                value = function(*arguments)
            return value
        for _ in repeat(None, self.loops):
            value = function()
        return value

    async def _call_async(self) -> Any:
        function, value = self._function, None
        if self._make is not None:
            for arguments in self._inputs:
                value = await function(*arguments)
            return value
        for _ in repeat(None, self.loops):
            value = await function()
        return value

    def finish(self, value: Any) -> Outcome:
        """The digest of what the last call returned, taken before the tear-down, which may empty it."""
        outcome = self._results.outcome(value, {LOOPS: float(self.loops)})
        self._clear()
        self._leave()
        return outcome

    def _clear(self) -> None:
        """Tear down what was set up; also for a round that failed."""
        inputs, self._inputs = self._inputs, []
        if self._unmake is not None:
            for arguments in inputs:
                self._settled(self._unmake(*arguments))

    def close(self) -> None:
        """Tear down what a failed round left, put code back that was moved, and end the event loop."""
        self.move_back()
        with suppress(Exception):  # the failure that left it is the one to report
            self._clear()
        runner, self.runner = self.runner, None
        if runner is not None:
            runner.close()


class FunctionWorkload(CallableWorkload):
    """The same of a function in a file, with ``setup_NAME`` and ``teardown_NAME`` beside a function NAME.

    Raises ``UsageError`` where the file has no such callable or it needs other arguments, and ``ScenarioError``
    where the import fails, or takes longer than ``timeout_s``.
    """

    def __init__(self, path: Path, name: str, timeout_s: float = IMPORT_S) -> None:
        self._space = ModuleSpace(path)
        module = self._space.load(timeout_s)
        make = _companion(module, "setup", name)
        function = find_function(module, name, path, arguments=1 if make else 0)
        super().__init__(function, make=make, unmake=_companion(module, "teardown", name))

    def _enter(self) -> None:
        self._space.enter()

    def _leave(self) -> None:
        self._space.leave()

    def close(self) -> None:
        """The same, and forget the file's module."""
        try:
            super().close()
        finally:
            self._space.close()


def _companion(module: ModuleType, prefix: str, name: str) -> Callable[..., Any] | None:
    """``setup_NAME`` or ``teardown_NAME``, if the module has it; a dotted name's last part counts."""
    found = getattr(module, f"{prefix}_{name.rpartition('.')[2]}", None)
    return found if callable(found) else None


def find_function(module: ModuleType, name: str, path: Path, *, arguments: int = 0) -> Callable[..., Any]:
    """The callable that ``name`` (dotted) leads to, which takes up to ``arguments``; ``UsageError`` otherwise."""
    value: Any = module
    for part in name.split("."):
        if not hasattr(value, part):
            raise UsageError(
                f"{path} has no {name!r}{_suggestion(part, value, last=part == name.rpartition('.')[2])}"
            )
        value = getattr(value, part)
    if not callable(value):
        raise UsageError(f"{name!r} in {path} is not callable")
    require_no_arguments(value, name, f" in {path}", arguments=arguments)
    function: Callable[..., Any] = value
    return function


def _suggestion(name: str, owner: object, *, last: bool) -> str:
    """What of the owner may be meant: functions of its own, imported ones where it has none.

    A class is no target; it may be meant where a name goes on after it (not ``last``).
    """
    listed = {n: v for n, v in vars(owner).items() if callable(v) and not n.startswith(_NO_TARGETS)}
    if isinstance(owner, ModuleType):
        listed = {n: v for n, v in listed.items() if isinstance(v, type) is not last}
        own = [n for n, v in listed.items() if getattr(v, "__module__", owner.__name__) == owner.__name__]
        return suggestion(name, own or listed, listed="it has")
    return suggestion(name, listed, listed="it has")


def require_no_arguments(
    function: Callable[..., Any], name: str, where: str = "", *, arguments: int | None = None
) -> None:
    """Raise ``UsageError`` for a function that can't be called without arguments, or with up to ``arguments``.

    Without ``arguments`` the function has no file in which a set-up could stand beside it.
    """
    try:
        signature = inspect.signature(function)
    except Exception:  # some built-ins have none, and an object of the user's may refuse to be looked at
        return
    if any(_binds(signature, number) for number in range((arguments or 0) + 1)):
        return
    short = name.rpartition(".")[2]
    if arguments is None:
        mend = "compare a function that takes none and calls it"
    elif arguments:
        mend = f"it is given one at most, which setup_{short} returns"
    else:
        mend = (
            f"write `def setup_{short}(): return …` beside it, whose value it is given and which runs outside the "
            "clock, or compare a function that takes none"
        )
    raise UsageError(f"{name}{signature}{where} needs arguments: {mend}")


def _binds(signature: inspect.Signature, number: int) -> bool:
    try:
        signature.bind(*[None] * number)
    except TypeError:
        return False
    return True
