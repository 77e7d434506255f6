"""The two sides of a live comparison: workloads that are ready to be repeated, and what they share."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from workbench.errors import UsageError
from workbench.experiment.calibration import common_loops
from workbench.experiment.callables import CallableWorkload, FunctionWorkload, GivenLoop
from workbench.experiment.isolated import IsolatedWorkload
from workbench.experiment.subprocesses import ScriptWorkload
from workbench.experiment.targets import CallableTarget, FunctionTarget, LiveTarget, ScenarioTarget, ScriptTarget
from workbench.model import Scalar
from workbench.scenarios import registry
from workbench.scenarios.base import Workload
from workbench.scenarios.extras import extra_named

if TYPE_CHECKING:
    from workbench.capture.rounds import LoopRunner
    from workbench.capture.samplers import SamplerSpec
    from workbench.experiment.compare import CompareSettings
    from workbench.model import Recording

__all__ = ["Subject", "open_subjects", "share_loops"]


class _OwnWorkload(Workload, Protocol):
    """A user's own code: its rounds can be made longer, and it is closed at the end."""

    def calibrate(self, seconds: float) -> None: ...

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Subject:
    """One side. ``own`` is the workload again where it is a user's own code, None for a scenario's variant."""

    target: LiveTarget
    workload: Workload
    own: _OwnWorkload | None = None
    parameters: Mapping[str, Scalar] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return str(self.target)

    @property
    def scenario(self) -> str:
        return self.target.scenario if isinstance(self.target, ScenarioTarget) else ""

    @property
    def variant(self) -> str:
        return self.target.variant if isinstance(self.target, ScenarioTarget) else ""

    @property
    def is_in_process(self) -> bool:
        """Whether the body runs in this process, or a round starts one for it."""
        return not isinstance(self.own, ScriptWorkload | IsolatedWorkload)

    @property
    def runner(self) -> LoopRunner | None:
        """Where an async function runs from round to round."""
        return self.own.runner if isinstance(self.own, CallableWorkload) else None

    def calibrate(self, seconds: float) -> None:
        """Make a round last at least ``seconds``, where it may be repeated within itself."""
        if self.own is not None:
            self.own.calibrate(seconds)

    def sample_apart(self, sampler: SamplerSpec) -> Recording | None:
        """One sampled round in a process of its own, or None where the body runs in this one."""
        return self.own.sample(sampler) if isinstance(self.own, ScriptWorkload | IsolatedWorkload) else None


def share_loops(subjects: Iterable[Subject]) -> None:
    """Give both functions the loops that ``common_loops`` says, if any."""
    functions = [s.own for s in subjects if isinstance(s.own, CallableWorkload | IsolatedWorkload)]
    loops = common_loops([function.loops for function in functions])
    if loops is not None:
        for function in functions:
            function.loops = loops


@contextmanager
def open_subjects(
    base: LiveTarget, new: LiveTarget, settings: CompareSettings
) -> Iterator[tuple[Subject, Subject]]:
    """Both sides, ready. Two variants share one prepared scenario: the same data, services and link."""
    if settings.isolate and isinstance(base, ScenarioTarget):
        raise UsageError("only functions can be isolated: a variant's services and data last for the comparison")
    with ExitStack() as stack:
        if isinstance(base, ScenarioTarget):
            with extra_named():
                prepared = registry.get(base.scenario).prepare(settings.scenario)
            stack.callback(prepared.close)
            parameters = prepared.parameters
            sides = [
                Subject(t, prepared.workload(t.variant), parameters=parameters)
                for t in (base, new)
                if isinstance(t, ScenarioTarget)
            ]
        else:
            # What the functions print is thrown away: it would stand between the words of the comparison.
            stack.enter_context(redirect_stdout(stack.enter_context(Path(os.devnull).open("w"))))
            sides = []
            for target in (base, new):
                own = _own(target, settings)
                stack.callback(own.close)
                sides.append(Subject(target, own, own))
        yield sides[0], sides[1]


def _own(target: LiveTarget, settings: CompareSettings) -> _OwnWorkload:
    match target:
        case ScriptTarget(path):
            return ScriptWorkload(path, settings.limit_s(variant=False))
        case FunctionTarget(path, function) if settings.isolate:
            return IsolatedWorkload(path, function, settings.limit_s(variant=False))
        case FunctionTarget(path, function):
            return FunctionWorkload(path, function, settings.limit_s(variant=False))
        case CallableTarget(function, _, drive):
            return CallableWorkload(function, runner=GivenLoop(drive) if drive is not None else None)
        case ScenarioTarget():
            raise TypeError("a variant is prepared by its scenario")
