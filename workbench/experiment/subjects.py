"""The two sides of a live comparison: workloads that are ready to be repeated, and what they share."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Protocol

from workbench.experiment.callables import FunctionWorkload
from workbench.experiment.subprocesses import ScriptWorkload
from workbench.experiment.targets import FunctionTarget, LiveTarget, ScenarioTarget, ScriptTarget
from workbench.model import Scalar
from workbench.scenarios import registry
from workbench.scenarios.base import Settings, Workload

__all__ = ["Subject", "open_subjects"]


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

    def calibrate(self, seconds: float) -> None:
        """Make a round last at least ``seconds``, where it may be repeated within itself."""
        if self.own is not None:
            self.own.calibrate(seconds)


@contextmanager
def open_subjects(
    base: LiveTarget, new: LiveTarget, settings: Settings, timeout_s: float
) -> Iterator[tuple[Subject, Subject]]:
    """Both sides, ready. Two variants share one prepared scenario: the same data, services and link."""
    with ExitStack() as stack:
        if isinstance(base, ScenarioTarget):
            prepared = registry.get(base.scenario).prepare(settings)
            stack.callback(prepared.close)
            parameters = prepared.parameters
            sides = [
                Subject(t, prepared.workload(t.variant), parameters=parameters)
                for t in (base, new)
                if isinstance(t, ScenarioTarget)
            ]
        else:
            sides = []
            for target in (base, new):
                own = _own(target, timeout_s)
                stack.callback(own.close)
                sides.append(Subject(target, own, own))
        yield sides[0], sides[1]


def _own(target: LiveTarget, timeout_s: float) -> _OwnWorkload:
    match target:
        case ScriptTarget(path):
            return ScriptWorkload(path, timeout_s)
        case FunctionTarget(path, function):
            return FunctionWorkload(path, function)
        case ScenarioTarget():
            raise TypeError("a variant is prepared by its scenario")
