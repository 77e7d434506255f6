"""One sitting of two targets: warm-up, mirrored pairs until a verdict, sampled rounds."""

from __future__ import annotations

import asyncio
import inspect
import math
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from workbench.analysis.pairs import execution_seconds, seconds_of
from workbench.analysis.verdict import Rule, Sequential
from workbench.capture.environment import environment
from workbench.capture.outcome import outcome_of, raised_at, told
from workbench.capture.power import conditions
from workbench.capture.rounds import RoundInProgress, RunRecorder
from workbench.capture.samplers import SamplerSpec
from workbench.errors import CaptureError, ResultsDiffer, ScenarioError, WorkbenchError
from workbench.experiment import heap
from workbench.experiment.callables import CallableWorkload
from workbench.experiment.contained import contained, is_own_interrupt
from workbench.experiment.deadline import Overdue
from workbench.experiment.exhaustion import used_up
from workbench.experiment.explain import planned_rounds, sampling_sweeps, shows
from workbench.experiment.mirrored import SAMPLED_ROUND_S, SETTLE_EVERY, PairedTiming, by_clock, warm_up
from workbench.experiment.progress import Progress
from workbench.experiment.results import ANOTHER_RESULT, FirstResult, failed_ending, require_equal
from workbench.experiment.subjects import Subject, open_subjects, share_loops
from workbench.experiment.subprocesses import with_sampled
from workbench.experiment.targets import CallableTarget, FunctionTarget, LiveTarget, ScenarioTarget, ScriptTarget
from workbench.experiment.warmup import Steadiness
from workbench.model import Recording, RoundKind, Scalar, Session, Status, Verdict, utc_now
from workbench.paths import normalise
from workbench.scenarios.base import Outcome
from workbench.statistics import Estimate
from workbench.store.ids import new_id

if TYPE_CHECKING:
    from workbench.experiment.compare import CompareSettings

__all__ = ["Measured", "measure_pairs"]

_MOVE_EVERY = 5
"""Pairs after which the code of both sides is given another place in memory."""

_WARM_AGAIN_S = 0.05
"""A shorter body is called once after that, outside the clock: the interpreter has to specialise the code again."""


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
    sampled_seconds: list[float] = field(default_factory=list)
    outcome: Outcome | None = None
    status: Status | None = None
    error: str | None = None
    sampled: Recording | None = None  # stacks that come from a process of its own
    first: FirstResult = field(default_factory=FirstResult)
    steadiness: Steadiness = field(default_factory=Steadiness)


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
        with open_subjects(base, new, settings) as subjects:
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
        "warmup": "detected" if settings.warmup is None else settings.warmup,
        "collector": settings.collector,
        "isolate": settings.isolate,
        "clock": settings.clock,
        "order_seed": settings.order_seed,
        "max_regression": rule.max_regression,
        "regression": rule.regression,
        "improvement": rule.improvement,
        "alpha": rule.alpha,
        "max_pairs": rule.budget,
        "ignored_counts": ",".join(sorted(rule.ignored_counts)),
        "max_seconds": max_seconds,
    }


def _stored_name(target: LiveTarget) -> str:
    """The target without what its path tells of the user's folders."""
    match target:
        case ScriptTarget(path):
            return normalise(str(path.absolute()))
        case FunctionTarget(path, function):
            return f"{normalise(str(path.absolute()))}:{function}"
        case ScenarioTarget() | CallableTarget():
            return str(target)


class _Sitting:
    """The state of one comparison while it is measured."""

    def __init__(self, subjects: tuple[Subject, Subject], settings: CompareSettings, rule: Rule) -> None:
        self.sides = tuple(_Side(subject, _recorder(subject, settings)) for subject in subjects)
        self.position = 0
        self._settings = settings
        self._timing = PairedTiming(self.sides, Sequential(rule), settings.clock)
        self._notes = [*by_clock(settings.clock)]

    def run(self, max_seconds: float, progress: Progress) -> None:
        self._calibrate_both(self._settings.shortest_round_s, progress)
        with ExitStack() as stack:
            settle = stack.enter_context(heap.settled()) if self._settings.collector == "between" else None
            self._warm_up(max_seconds, progress)
            stack.callback(self._move_back)
            self._time(max_seconds, progress, settle)
        if self._settings.sampler.name != "none" and self._settings.sampled_rounds != 0:
            self._sample(progress)

    def _calibrate_both(self, seconds: float, progress: Progress) -> None:
        for side in self.sides:
            progress(f"calibrating {side.subject.name}", 0, self._timing.sequential.rule.budget)
            with self._watched(side):
                side.subject.calibrate(seconds)
        share_loops(side.subject for side in self.sides)

    def _warm_up(self, max_seconds: float, progress: Progress) -> None:
        def pair(order: tuple[_Side, ...], before: int) -> None:
            progress(f"warm-up {before + 1}", 0, self._timing.sequential.rule.budget)
            self._pair(order, RoundKind.WARMUP)

        settings = self._settings
        self._note(
            warm_up(self.sides, pair, asked=settings.warmup, max_seconds=max_seconds, seed=settings.order_seed)
        )

    def _time(self, max_seconds: float, progress: Progress, settle: Callable[[], None] | None) -> None:
        def pair(order: tuple[_Side, ...], before: int) -> None:
            budget = self._timing.sequential.rule.budget
            progress(f"pair {before + 1} of at most {budget}", before, budget)
            self._pair(order, RoundKind.TIMING)

        def between(pairs: int) -> None:
            if pairs % _MOVE_EVERY == 0:
                self._move()
            if settle is not None and pairs % SETTLE_EVERY == 0:
                settle()

        self._timing.run(pair, max_seconds=max_seconds, seed=self._settings.order_seed, between=between)

    def _pair(self, order: tuple[_Side, ...], kind: RoundKind) -> None:
        for side in order:
            self._round(side, kind)
        self._require_equal()

    def _move(self) -> None:
        for side in self.sides:
            own = side.subject.own
            if isinstance(own, CallableWorkload):
                own.move()
                if side.seconds and side.seconds[-1] * own.loops < _WARM_AGAIN_S:
                    with self._watched(side):
                        own.warm()

    def _move_back(self) -> None:
        for side in self.sides:
            if isinstance(side.subject.own, CallableWorkload):
                side.subject.own.move_back()

    def _sample(self, progress: Progress) -> None:
        """Sampled rounds of both; where the sampler can't work, the verdict stands without functions."""
        asked = self._settings.sampled_rounds
        try:
            self._calibrate_both(SAMPLED_ROUND_S, progress)
            orders = sampling_sweeps(
                self.sides,
                asked=asked,
                verdict=self._timing.verdict,
                timing_s=self._timing.elapsed,
                seed=self._settings.order_seed,
                shown=lambda: shows(self._timing.verdict, *(side.sampled_seconds for side in self.sides)),
            )
            planned = planned_rounds(asked, self._timing.verdict)
            for done, order in enumerate(orders):
                progress("sampling", done, max(done + 1, planned))
                for side in order:
                    self._sample_once(side)
        except CaptureError as problem:
            self._note(f"functions not sampled: {problem}")

    def _sample_once(self, side: _Side) -> None:
        recording = side.subject.sample_apart(self._settings.sampler)
        if recording is None:
            self._round(side, RoundKind.SAMPLED)
        else:
            side.sampled = with_sampled(side.sampled, recording)
            side.sampled_seconds += seconds_of(recording.run, RoundKind.SAMPLED)

    def _note(self, line: str) -> None:
        if line and line not in self._notes:
            self._notes.append(line)

    def _round(self, side: _Side, kind: RoundKind) -> None:
        workload = side.subject.workload
        try:
            with self._watched(side):
                workload.setup()
                value, round_ = _measure(side, kind, self.position)
                side.outcome = workload.finish(value)
        finally:
            self.position += 1
        for name, number in side.outcome.measures.items():
            round_.measure(name, number)
        seconds = execution_seconds(round_.measures, self._settings.clock)
        if kind is RoundKind.TIMING:
            side.seconds.append(seconds)
        elif kind is RoundKind.WARMUP:
            lasts = side.subject.is_in_process  # a fresh interpreter each round has nothing to warm up
            side.steadiness.add(seconds, round_.measures["wall"] if lasts else math.inf)
        else:
            side.sampled_seconds.append(seconds)
        self._require_same_data(side)

    @contextmanager
    def _watched(self, side: _Side) -> Iterator[None]:
        """A body's time limit, and its end told as this side's: raises nothing but ours and Ctrl-C."""
        limit = self._settings.limit_s(variant=side.subject.own is None)
        try:
            with ExitStack() as stack:
                if side.subject.is_in_process:
                    stack.enter_context(contained(limit))
                yield
        except Overdue:
            side.status = Status.FAILED
            side.error = f"did not end within {limit:g} s"
            raise ScenarioError(f"{side.subject.name} {side.error} and was stopped") from None
        except KeyboardInterrupt as error:
            if is_own_interrupt(error):
                raise self._failed(side, error) from error
            side.status = Status.INTERRUPTED
            raise
        except BaseException as error:  # also a ``sys.exit(0)``, which must not become the comparison's exit code
            raise self._failed(side, error) from error

    def _require_same_data(self, side: _Side) -> None:
        """A side that returns another result than at first has changed what it works on."""
        if side.outcome is None or not self._settings.same_results:
            return
        if differs := side.first.add(side.outcome):
            side.status, side.error = Status.FAILED, ANOTHER_RESULT
            raise ResultsDiffer(f"{side.subject.name} {differs}")

    def _failed(self, side: _Side, error: BaseException) -> WorkbenchError:
        _, line = outcome_of(error)
        side.status, side.error = Status.FAILED, line or "SystemExit: 0"
        if isinstance(error, WorkbenchError):
            return error
        if (stop := used_up(error)) is not None:
            done = len(side.seconds)
            return ScenarioError(
                f"{side.subject.name} has no repetitions left after {done} timed: it raised "
                f"{type(error).__name__}{raised_at(stop)}; make what it consumes anew in setup_NAME"
            )
        return ScenarioError(f"{side.subject.name} failed{raised_at(error)}: {told(error) or side.error}")

    def _require_equal(self) -> None:
        base, new = self.sides
        if not self._settings.same_results or base.outcome is None or new.outcome is None:
            return
        try:
            unknown = require_equal((base.subject.name, base.outcome), (new.subject.name, new.outcome))
        except WorkbenchError as error:
            # A script that ended badly is its own side's failure; otherwise it is new that returns another result.
            ended = [(side, own) for side in self.sides if (own := failed_ending(side.outcome))]
            if not ended:
                self._require_repeatable()
            for side, why in ended or [(new, str(error))]:
                side.status, side.error = Status.FAILED, why
            raise
        self._note(unknown)

    def _require_repeatable(self) -> None:
        """Where results differ: code that doesn't even agree with itself has another problem."""
        for side in self.sides:
            if side.subject.own is not None:
                self._round(side, RoundKind.WARMUP)

    def measured(self, session: Session, *, interrupted: bool, error: WorkbenchError | None) -> Measured:
        timing = self._timing
        timing.estimate_so_far()
        for remark in timing.left_out:
            self._note(remark)
        return Measured(
            session=session,
            recordings=tuple(_recording(side, session, interrupted) for side in self.sides)
            if self.position
            else (),
            verdict=timing.verdict or Verdict.INCONCLUSIVE,
            estimate=timing.estimate,
            seconds=timing.elapsed,
            notes=tuple(self._notes),
            interrupted=interrupted,
            error=error,
        )


def _recorder(subject: Subject, settings: CompareSettings) -> RunRecorder:
    if not subject.is_in_process:  # there is nothing to see in this process
        return RunRecorder(SamplerSpec(name="none"), spans=False)
    return RunRecorder(settings.sampler, collector_off=settings.collector == "between")


def _measure(side: _Side, kind: RoundKind, position: int) -> tuple[Any, RoundInProgress]:
    """One round. A function's event loop is its own from round to round; a variant's is new each time."""
    subject = side.subject
    value, round_ = side.recorder.call(kind, subject.workload.run, position=position, runner=subject.runner)
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
