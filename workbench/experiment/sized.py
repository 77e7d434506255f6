"""What can be measured at several sizes: a scenario's variant, a function of a file, a callable."""

from __future__ import annotations

import asyncio
import inspect
import math
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path
from time import perf_counter
from typing import Any

from workbench.analysis.pairs import LOOPS
from workbench.errors import UsageError
from workbench.experiment.callables import find_function
from workbench.experiment.generators import drained
from workbench.experiment.modules import IMPORT_S, ModuleSpace
from workbench.experiment.results import Results
from workbench.experiment.targets import FunctionTarget, ScenarioTarget, parse_target
from workbench.paths import normalise
from workbench.scenarios import registry
from workbench.scenarios.base import Outcome, Settings, Workload

__all__ = ["Opened", "SizedTarget", "size_hint", "sized_target", "traced_peak"]

_ROUND_S = 0.005
_MOST_LOOPS = 1_000_000

Opened = Callable[[], AbstractContextManager[Workload]]


class SizedTarget:
    """``open(size)`` gives the workload of that size; ``name``, ``scenario`` and ``variant`` name its runs."""

    def __init__(
        self, name: str, open_size: Callable[[int], AbstractContextManager[Workload]], **named: str
    ) -> None:
        self.name = name
        self.open = open_size
        self.scenario = named.get("scenario", "")
        self.variant = named.get("variant", "")


def sized_target(
    target: str | Callable[[Any], Any],
    settings: Settings,
    make: Callable[[int], Any] | None = None,
    *,
    timeout_s: float = IMPORT_S,
) -> SizedTarget:
    """The target that is meant: ``SCENARIO:VARIANT``, ``FILE.py:FUNCTION``, or a callable that takes the size.

    A scenario's size is its root resources. A function is given the size, or what ``make`` (for a file's function
    ``setup_FUNCTION`` beside it) returns for the size, which is outside the clock. Importing its file takes
    ``timeout_s`` at most. Raises ``UsageError`` otherwise.
    """
    if callable(target):
        _require_one_argument(target, getattr(target, "__qualname__", "the callable"))
        name = getattr(target, "__qualname__", type(target).__name__)
        return SizedTarget(name, lambda size: nullcontext(SizedFunction(target, size, make)))
    parsed = parse_target(target)
    match parsed:
        case ScenarioTarget(scenario, variant):
            return SizedTarget(
                str(parsed), lambda size: _scenario(scenario, variant, replace(settings, resources=size)),
                scenario=scenario, variant=variant,
            )  # fmt: skip
        case FunctionTarget(path, function):
            return SizedTarget(
                f"{normalise(str(path.absolute()))}:{function}",
                lambda size: _of_file(path, function, size, timeout_s),
            )
    raise UsageError(
        f"{target} has no size: name SCENARIO:VARIANT, or FILE.py:FUNCTION with a function of the size"
    )


@contextmanager
def _scenario(scenario: str, variant: str, settings: Settings) -> Iterator[Workload]:
    prepared = registry.get(scenario).prepare(settings)
    try:
        yield prepared.workload(variant)
    finally:
        prepared.close()


@contextmanager
def _of_file(path: Path, name: str, size: int, timeout_s: float) -> Iterator[Workload]:
    space = ModuleSpace(path)
    module = space.load(timeout_s)
    try:
        function = find_function(module, name, path, arguments=1)
        _require_one_argument(function, f"{name} in {path}")
        make = getattr(module, f"setup_{name.rpartition('.')[2]}", None)
        if callable(make):
            _require_size(make, path)
        yield SizedFunction(function, size, make if callable(make) else None, space)
    finally:
        space.close()


def _require_one_argument(function: Callable[..., Any], name: str) -> None:
    if signature := _unfit(function):
        raise UsageError(
            f"{name} takes {signature}: a function to be scaled takes one argument, the size or what is made of "
            "it; wrap it in one that does"
        )


def _require_size(make: Callable[..., Any], path: Path) -> None:
    """A set-up that stands beside a function is given the size. Raises ``UsageError`` where it takes none."""
    if signature := _unfit(make):
        name = getattr(make, "__name__", "setup_FUNCTION")
        raise UsageError(
            f"{name}{signature} in {path} must take the size to be scaled: write `def {name}(size)`, which returns "
            "what the function is given"
        )


def _unfit(function: Callable[..., Any]) -> inspect.Signature | None:
    """The signature of a function that can't be called with one argument; None where it can, as far as is known."""
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):  # some built-ins have none
        return None
    try:
        signature.bind(None)
    except TypeError:
        return signature
    return None


def size_hint(workload: object, error: BaseException) -> str:
    """What to write where a function was given a number, the size, and may want something made of it; else ""."""
    if not isinstance(workload, SizedFunction) or not workload.takes_size:
        return ""
    if not isinstance(error, TypeError | AttributeError):
        return ""
    name = workload.name
    if workload.space is None:
        return "; it was called with the size: make=… makes what it takes of it"
    return (
        f"; it was called with the size: what setup_{name} beside it returns is its argument, such as "
        f"`def setup_{name}(size): return list(range(size))`"
    )


class SizedFunction:
    """Calls a function of one size, as often as makes a round of 5 ms; sync or async.

    ``space`` is the module space of a file's function, entered while it runs.
    """

    def __init__(
        self,
        function: Callable[[Any], Any],
        size: int,
        make: Callable[[int], Any] | None,
        space: ModuleSpace | None = None,
    ) -> None:
        self._function, self._size, self._make, self.space = function, size, make, space
        self._argument: Any = size
        self._loops = 0
        self._results = Results()

    @property
    def takes_size(self) -> bool:
        """Whether it is called with the size itself."""
        return self._make is None

    @property
    def name(self) -> str:
        """As it is called in its file."""
        return getattr(self._function, "__name__", "")

    def setup(self) -> None:
        if self.space is not None:
            self.space.enter()
        try:
            self._argument = self._size if self._make is None else self._make(self._size)
            if not self._loops:
                self._calibrate()
        except BaseException:
            self._leave()
            raise

    def _calibrate(self) -> None:
        """One call tells how many fill a round; where each needs its own input, a round is one call."""
        began = perf_counter()
        self._call(1)
        seconds = max(perf_counter() - began, 1e-9)
        self._loops = 1 if self._make is not None else min(max(1, math.ceil(_ROUND_S / seconds)), _MOST_LOOPS)
        if self._make is not None:
            self._argument = self._make(self._size)

    def run(self) -> Any:
        return self._call(self._loops)

    def _call(self, loops: int) -> Any:
        function, argument, value = self._function, self._argument, None
        for _ in range(loops):
            _, value = drained(function, function(argument))
            if inspect.iscoroutine(value):
                value = asyncio.run(value)
        return value

    def finish(self, value: Any) -> Outcome:
        outcome = self._results.outcome(value, {LOOPS: float(self._loops)})
        self._leave()
        return outcome

    def _leave(self) -> None:
        if self.space is not None:
            self.space.leave()


def traced_peak(body: Callable[[], Any]) -> tuple[Any, int]:
    """The body's value, and the bytes that Python allocated at its peak above those before it."""
    already = tracemalloc.is_tracing()
    if not already:
        tracemalloc.start()
    try:
        tracemalloc.reset_peak()
        before = tracemalloc.get_traced_memory()[0]
        value = body()
        if inspect.iscoroutine(value):
            value = asyncio.run(value)
        return value, max(0, tracemalloc.get_traced_memory()[1] - before)
    finally:
        if not already:
            tracemalloc.stop()
