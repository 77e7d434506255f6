"""What a worker measures: a target of its side's checkout as a workload that can be repeated."""

from __future__ import annotations

import asyncio
import importlib
import inspect
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from workbench.errors import UsageError
from workbench.experiment.callables import FunctionWorkload
from workbench.experiment.gate.space import SubjectSpace
from workbench.experiment.results import failed_ending
from workbench.experiment.subprocesses import ScriptWorkload
from workbench.experiment.targets import FunctionTarget, ScenarioTarget, ScriptTarget, parse_target
from workbench.model import Plan, Scalar
from workbench.scenarios.base import Outcome, Settings

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Opened", "open_target"]


class _Repeatable(Protocol):
    """A workload of either workbench: its outcome may be of another class than ours."""

    def setup(self) -> None: ...

    def run(self) -> Any: ...

    def finish(self, value: Any) -> Any: ...


@dataclass(slots=True)
class Opened:
    """A target, ready. ``script`` is its file where each round is a process of its own."""

    workload: _Repeatable
    space: SubjectSpace
    script: Path | None = None
    scenario: str = ""
    variant: str = ""
    parameters: Mapping[str, Scalar] = field(default_factory=dict)
    closes: Any = None

    @property
    def loops(self) -> int | None:
        """Repetitions within a round; None where they can't be chosen."""
        loops = getattr(self.workload, "loops", None)
        return loops if isinstance(loops, int) else None

    @loops.setter
    def loops(self, loops: int) -> None:
        if self.loops is not None:
            self.workload.loops = loops  # type: ignore[attr-defined]

    def calibrate(self, seconds: float) -> None:
        """Make a round last at least ``seconds``, where it may be repeated within itself."""
        calibrate = getattr(self.workload, "calibrate", None)
        if calibrate is not None:
            with self.space.entered():
                calibrate(seconds)

    def setup(self) -> None:
        with self.space.entered():
            self.workload.setup()

    def body(self) -> Callable[[], Any]:
        """What is measured; a coroutine function where the workload's is one."""
        body = self.workload.run
        if not self.space.apart:
            return body
        return self._async_body(body) if inspect.iscoroutinefunction(body) else self._body(body)

    def _body(self, body: Callable[[], Any]) -> Callable[[], Any]:
        def run() -> Any:
            with self.space.entered():
                return body()

        return run

    def _async_body(self, body: Callable[[], Any]) -> Callable[[], Any]:
        async def run() -> Any:
            with self.space.entered():
                return await body()

        return run

    def attempt(self) -> str:
        """Set-up, one repetition, tear-down; how a script ended where that was badly, else ""."""
        once = getattr(self.workload, "attempt", None)
        if once is not None:
            with self.space.entered():
                once()
            return ""
        self.setup()
        value = self.body()()
        return failed_ending(self.finish(asyncio.run(value) if inspect.iscoroutine(value) else value))

    def finish(self, value: Any) -> Outcome:
        with self.space.entered():
            theirs = self.workload.finish(value)
        plans: tuple[Plan, ...] = () if self.space.apart else tuple(theirs.plans)
        parts = tuple(getattr(theirs, "outline", ()))  # a baseline's own may be older
        return Outcome(str(theirs.digest), dict(theirs.measures), tuple(theirs.failures), plans, parts)

    def close(self) -> None:
        if self.closes is not None:
            closes, self.closes = self.closes, None
            with self.space.entered():
                closes()


def open_target(
    text: str, *, space: SubjectSpace, settings: Settings, timeout_s: float, opener: str = ""
) -> Opened:
    """Open a target in the current folder. Raises ``UsageError`` where the checkout has none of that name."""
    if opener:
        module, _, function = opener.partition(":")
        workload = getattr(importlib.import_module(module), function)(text)
        return Opened(workload, space, closes=workload.close)
    target = _scenario_target(text) or parse_target(text)
    match target:
        case ScenarioTarget():
            return _open_scenario(target, space, settings)
        case ScriptTarget(path):
            return Opened(ScriptWorkload(path, timeout_s), space, script=path)
        case FunctionTarget(path, function):
            with space.entered():
                own = FunctionWorkload(path, function, timeout_s)
            return Opened(own, space, closes=own.close)
    raise UsageError(f"{text} is a stored run: there is nothing to measure")


def _scenario_target(text: str) -> ScenarioTarget | None:
    """A variant by its text alone: whether it exists is for the subject's own registry to say."""
    scenario, colon, variant = text.partition(":")
    if colon and ".py" not in text:
        return ScenarioTarget(scenario, variant)
    return None


def _open_scenario(target: ScenarioTarget, space: SubjectSpace, settings: Settings) -> Opened:
    with space.entered():
        registry = importlib.import_module("workbench.scenarios.registry")
        base = importlib.import_module("workbench.scenarios.base")
        try:
            scenario = registry.get(target.scenario)
            variant = base.variant_of(scenario, target.variant).name
        except Exception as error:
            # the subject's own UsageError is another class than ours
            if type(error).__name__ == "UsageError":
                raise UsageError(str(error)) from error
            raise
        theirs = base.Settings(
            scale=settings.scale,
            seed=settings.seed,
            link=settings.link,
            resources=settings.resources,
            options=dict(settings.options),
        )
        prepared = scenario.prepare(theirs)
        return Opened(
            prepared.workload(variant),
            space,
            scenario=target.scenario,
            variant=variant,
            parameters=dict(prepared.parameters),
            closes=prepared.close,
        )
