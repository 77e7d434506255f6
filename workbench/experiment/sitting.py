"""One sitting of two targets: warm-up, mirrored pairs until a verdict, sampled rounds."""

from __future__ import annotations

import asyncio
import inspect
import time
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from workbench.analysis.pairs import execution_seconds
from workbench.analysis.verdict import Rule, Sequential
from workbench.capture.environment import environment
from workbench.capture.outcome import outcome_of
from workbench.capture.power import conditions
from workbench.capture.rounds import RoundInProgress, RunRecorder
from workbench.capture.samplers import SamplerSpec
from workbench.errors import CaptureError, ScenarioError, WorkbenchError
from workbench.experiment.explain import MOST_SAMPLED_ROUNDS, sampling_sweeps
from workbench.experiment.interleave import sweeps
from workbench.experiment.progress import Progress
from workbench.experiment.results import require_equal
from workbench.experiment.subjects import Subject, open_subjects, share_loops
from workbench.experiment.subprocesses import sample_script, with_sampled
from workbench.experiment.targets import FunctionTarget, LiveTarget, ScenarioTarget, ScriptTarget
from workbench.model import Recording, RoundKind, Scalar, Session, Status, Verdict, utc_now
from workbench.paths import normalise
from workbench.scenarios.base import Outcome, Workload
from workbench.statistics import Estimate
from workbench.store.ids import new_id

if TYPE_CHECKING:
    from workbench.experiment.compare import CompareSettings

__all__ = ["Measured", "measure_pairs"]

_SHORTEST_ROUND_S = 0.02
"""Shorter bodies are looped. From 5 ms on the clock and the round's own cost are below a thousandth; 20 ms also
averages over the scheduler's slices, and is about what collecting garbage between rounds takes anyway."""

_ENDS = (Exception, SystemExit, asyncio.CancelledError)
"""How a body can end other than by returning. Its ``sys.exit(0)`` must not become the comparison's exit code."""

_SAMPLED_ROUND_S = 0.1
"""Without the sampler's cost, which makes a call-heavy round several times longer."""


@dataclass(frozen=True, slots=True)
class Measured:
    """What a sitting yields, however it ended. ``error`` is what stopped it, if not Ctrl-C."""

    session: Session
    recordings: tuple[Recording, ...]
    verdict: Verdict
    estimate: Estimate
    seconds: float
    notes: tuple[str, ...] = ()
    interrupted: bool = False
    error: WorkbenchError | None = None


@dataclass(slots=True)
class _Side:
    """One target while it is measured. ``seconds``: of one execution in each timing round."""

    subject: Subject
    recorder: RunRecorder
    run_id: str = field(default_factory=new_id)
    started_at: datetime = field(default_factory=utc_now)
    seconds: list[float] = field(default_factory=list)
    outcome: Outcome | None = None
    status: Status | None = None
    error: str | None = None
    sampled: Recording | None = None  # a script's stacks come from a process of its own


def measure_pairs(
    base: LiveTarget,
    new: LiveTarget,
    *,
    settings: CompareSettings,
    rule: Rule,
    max_seconds: float,
    progress: Progress,
) -> Measured:
    """Measure both; raises only what happens before the first round, and otherwise returns it with the rounds."""
    started_at = utc_now()
    at_start = conditions()
    sitting: _Sitting | None = None
    error: WorkbenchError | None = None
    interrupted = False
    parameters: dict[str, Scalar] = {}
    try:
        with open_subjects(base, new, settings.scenario, settings.timeout_s) as subjects:
            parameters.update(subjects[0].parameters)
            sitting = _Sitting(subjects, settings, rule)
            sitting.run(max_seconds, progress)
    except KeyboardInterrupt:
        if sitting is None or not sitting.position:
            raise
        interrupted = True
    except WorkbenchError as problem:
        if sitting is None:
            raise
        error = problem
    parameters |= {**_parameters(base, new, settings, rule, max_seconds), **at_start}
    session = Session(
        new_id(started_at), "compare", started_at, sitting.sides[0].subject.scenario, parameters, environment()
    )
    return sitting.measured(session, interrupted=interrupted, error=error)


def _parameters(
    base: LiveTarget, new: LiveTarget, settings: CompareSettings, rule: Rule, max_seconds: float
) -> dict[str, Scalar]:
    return {
        "base": _stored_name(base),
        "new": _stored_name(new),
        "warmup": settings.warmup,
        "order_seed": settings.order_seed,
        "max_regression": rule.max_regression,
        "max_pairs": rule.budget,
        "max_seconds": max_seconds,
    }


def _stored_name(target: LiveTarget) -> str:
    """The target without what its path tells of the user's folders."""
    match target:
        case ScriptTarget(path):
            return normalise(str(path.absolute()))
        case FunctionTarget(path, function):
            return f"{normalise(str(path.absolute()))}:{function}"
        case ScenarioTarget():
            return str(target)


class _Sitting:
    """The state of one comparison while it is measured."""

    def __init__(self, subjects: tuple[Subject, Subject], settings: CompareSettings, rule: Rule) -> None:
        self.sides = tuple(_Side(subject, _recorder(subject, settings.sampler)) for subject in subjects)
        self.position = 0
        self._settings = settings
        self._sequential = Sequential(rule)
        self._verdict = Verdict.INCONCLUSIVE
        self._elapsed = 0.0
        self._notes: list[str] = []

    def run(self, max_seconds: float, progress: Progress) -> None:
        self._warm_up(progress)
        self._time(max_seconds, progress)
        if self._settings.sampler.name != "none":
            self._sample(progress)

    def _warm_up(self, progress: Progress) -> None:
        for side in self.sides:
            progress(f"warm-up of {side.subject.name}", 0, self._sequential.rule.budget)
            self._calibrate(side, _SHORTEST_ROUND_S)
        share_loops(side.subject for side in self.sides)
        for _ in range(self._settings.warmup):
            for side in self.sides:
                self._round(side, RoundKind.WARMUP)
            self._require_equal()

    def _time(self, max_seconds: float, progress: Progress) -> None:
        base, new = self.sides
        began = time.monotonic()
        for pairs, order in enumerate(sweeps(self.sides, seed=self._settings.order_seed), start=1):
            progress(f"pair {pairs}", pairs - 1, self._sequential.rule.budget)
            for side in order:
                self._round(side, RoundKind.TIMING)
            self._require_equal()
            self._elapsed = time.monotonic() - began
            verdict = self._sequential.look(base.seconds, new.seconds)
            if verdict is None and self._elapsed * (pairs + 1) / pairs > max_seconds:
                verdict = self._sequential.final(base.seconds, new.seconds)
            if verdict is not None:
                self._verdict = verdict
                return

    def _sample(self, progress: Progress) -> None:
        """Sampled rounds of both; where the sampler can't work, the verdict stands without functions."""
        asked = self._settings.sampled_rounds
        try:
            for side in self.sides if asked != 0 else ():
                self._calibrate(side, _SAMPLED_ROUND_S)
            share_loops(side.subject for side in self.sides)
            orders = sampling_sweeps(
                self.sides,
                asked=asked,
                verdict=self._verdict,
                timing_s=self._elapsed,
                seed=self._settings.order_seed,
            )
            for done, order in enumerate(orders):
                progress("sampling", done, asked or MOST_SAMPLED_ROUNDS)
                for side in order:
                    self._sample_once(side)
        except CaptureError as problem:
            self._notes.append(f"functions not sampled: {problem}")

    def _sample_once(self, side: _Side) -> None:
        target = side.subject.target
        if not isinstance(target, ScriptTarget):
            self._round(side, RoundKind.SAMPLED)
        else:
            recording = sample_script(target.path, self._settings.sampler, self._settings.timeout_s)
            side.sampled = with_sampled(side.sampled, recording)

    def _calibrate(self, side: _Side, seconds: float) -> None:
        try:
            side.subject.calibrate(seconds)
        except _ENDS as error:
            raise self._failed(side, error) from error

    def _round(self, side: _Side, kind: RoundKind) -> None:
        workload = side.subject.workload
        try:
            workload.setup()
            value, round_ = _measure(side.recorder, workload, kind, self.position)
            side.outcome = workload.finish(value)
        except KeyboardInterrupt:
            side.status = Status.INTERRUPTED
            raise
        except _ENDS as error:
            raise self._failed(side, error) from error
        finally:
            self.position += 1
        for name, number in side.outcome.measures.items():
            round_.measure(name, number)
        if kind is RoundKind.TIMING:
            side.seconds.append(execution_seconds(round_.measures))

    def _failed(self, side: _Side, error: BaseException) -> WorkbenchError:
        _, line = outcome_of(error)
        side.status, side.error = Status.FAILED, line or "SystemExit: 0"
        if isinstance(error, WorkbenchError):
            return error
        return ScenarioError(f"{side.subject.name} failed: {side.error}")

    def _require_equal(self) -> None:
        base, new = self.sides
        if not self._settings.same_results or base.outcome is None or new.outcome is None:
            return
        try:
            unknown = require_equal((base.subject.name, base.outcome), (new.subject.name, new.outcome))
        except WorkbenchError as error:
            new.status, new.error = Status.FAILED, str(error)
            raise
        if unknown and unknown not in self._notes:
            self._notes.append(unknown)

    def measured(self, session: Session, *, interrupted: bool, error: WorkbenchError | None) -> Measured:
        base, new = self.sides
        pairs = min(len(base.seconds), len(new.seconds))
        if interrupted or error is not None:  # for the estimate: no verdict follows from what was cut short
            self._sequential.final(base.seconds[:pairs], new.seconds[:pairs])
        return Measured(
            session=session,
            recordings=tuple(_recording(side, session, interrupted) for side in self.sides)
            if self.position
            else (),
            verdict=self._verdict,
            estimate=self._sequential.estimate,
            seconds=self._elapsed,
            notes=tuple(self._notes),
            interrupted=interrupted,
            error=error,
        )


def _recorder(subject: Subject, sampler: SamplerSpec) -> RunRecorder:
    if isinstance(subject.target, ScriptTarget):  # there is nothing to see in this process
        return RunRecorder(SamplerSpec(name="none"), spans=False)
    return RunRecorder(sampler)


def _measure(
    recorder: RunRecorder, workload: Workload, kind: RoundKind, position: int
) -> tuple[Any, RoundInProgress]:
    """One round; a coroutine function's event loop is its own, so that no round inherits another's connections."""
    value, round_ = recorder.call(kind, workload.run, position=position)
    return (asyncio.run(value) if inspect.iscoroutine(value) else value), round_


def _recording(side: _Side, session: Session, interrupted: bool) -> Recording:
    subject = side.subject
    recording = side.recorder.finish(
        run_id=side.run_id,
        session_id=session.session_id,
        name=_stored_name(subject.target),
        scenario=subject.scenario,
        variant=subject.variant,
        started_at=side.started_at,
        status=Status.INTERRUPTED if interrupted else side.status,
        error=side.error,
    )
    recording = replace(recording, plans=side.outcome.plans if side.outcome else ())
    return recording if side.sampled is None else with_sampled(recording, side.sampled)
