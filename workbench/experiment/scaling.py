"""Scaling gates: one target measured at several sizes, its costs' exponents fitted, and judged."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime
from time import monotonic
from typing import TYPE_CHECKING, Any

from workbench.analysis.pairs import CLOCKS
from workbench.analysis.scaling import (
    BASELINE,
    CHOSEN_SIZES,
    LIMITS,
    MEASURES,
    MEMORY,
    SIZE,
    Exponent,
    Growth,
    exponents,
    grown,
    overall,
)
from workbench.capture.environment import environment
from workbench.capture.outcome import outcome_of, raised_at, told
from workbench.capture.power import conditions
from workbench.capture.rounds import RunRecorder
from workbench.capture.samplers import SamplerSpec
from workbench.errors import INTERRUPTED, RunNotFound, ScenarioError, StoreError, UsageError, WorkbenchError
from workbench.experiment.contained import contained, is_own_interrupt
from workbench.experiment.deadline import Overdue
from workbench.experiment.execute import execute
from workbench.experiment.progress import Progress, silent
from workbench.experiment.results import require_equal
from workbench.experiment.saving import kept, not_stored
from workbench.experiment.sized import SizedTarget, size_hint, sized_target, traced_peak
from workbench.experiment.sizes import check_sizes, measurable_sizes
from workbench.model import Recording, RoundKind, Session, Status, Verdict, utc_now
from workbench.scenarios.base import Outcome, Settings, Workload
from workbench.store.ids import new_id

if TYPE_CHECKING:
    from workbench.store import Store

__all__ = ["ScalingResult", "ScalingSettings", "measure_scaling", "scaling_json", "stored_exponents"]

_SHORT_ROUNDS, _SHORT_S = 25, 0.5
_TRACED = 2  # rounds: whether they agree tells the scatter
_EXIT_CODES = {Verdict.REGRESSION: 1, Verdict.INCONCLUSIVE: 3}


@dataclass(frozen=True, slots=True)
class ScalingSettings:
    """At least ``rounds`` timing rounds at each size, as far as ``max_seconds`` for all sizes allows.

    ``limits`` are the greatest exponents allowed, by measure. ``memory`` traces allocations in a round of its own,
    which takes several times as long. ``clock``, one of ``pairs.CLOCKS``, is that of the time's exponent; both are
    kept. ``timeout_s`` is the longest that one round may take.
    """

    scenario: Settings = field(default_factory=Settings)
    rounds: int = 5
    max_seconds: float = 120.0
    memory: bool = True
    limits: Mapping[str, float] = field(default_factory=dict)
    clock: str = CLOCKS[0]
    timeout_s: float = 600.0

    def __post_init__(self) -> None:
        if self.clock not in CLOCKS:
            raise UsageError(f"unknown clock {self.clock!r}; known: {', '.join(CLOCKS)}")
        if self.rounds < 1:
            raise UsageError(f"--rounds must be at least 1, not {self.rounds}")
        if not self.max_seconds > 0:
            raise UsageError(f"the time budget must be above 0 s, not {self.max_seconds:g}")
        if not self.timeout_s > 0:
            raise UsageError(f"the time limit of a round must be above 0 s, not {self.timeout_s:g}")
        for name, limit in self.limits.items():
            if name not in MEASURES:
                raise UsageError(f"{name!r} has no exponent; there are {', '.join(MEASURES)}")
            if not 0 <= limit < 10:
                raise UsageError(f"an exponent of {name} is between 0 and 10, not {limit:g}")


@dataclass(frozen=True, slots=True)
class ScalingResult:
    """The exponents by measure, the judgements if there was something to judge by, and what was recorded."""

    target: str
    exponents: Mapping[str, Exponent]
    growths: tuple[Growth, ...]
    sessions: tuple[Session, ...]
    recordings: tuple[Recording, ...]
    notes: tuple[str, ...] = ()
    interrupted: bool = False
    clock: str = CLOCKS[0]
    store_error: StoreError | None = None

    @property
    def verdict(self) -> Verdict | None:
        """The worst of all measures; None where nothing was declared and there is no baseline."""
        if self.interrupted:
            return Verdict.INCONCLUSIVE
        return overall(self.growths) if self.growths else None

    @property
    def exit_code(self) -> int:
        """The verdict's; instead of 0 that of a store which didn't take the runs."""
        if self.interrupted:
            return INTERRUPTED
        own = _EXIT_CODES.get(self.verdict, 0) if self.verdict else 0
        return own or (self.store_error.exit_code if self.store_error else 0)


def measure_scaling(
    target: str | Callable[[Any], Any],
    sizes: Sequence[int] | None = None,
    *,
    settings: ScalingSettings | None = None,
    baseline: str | Callable[[Any], Any] | None = None,
    make: Callable[[int], Any] | None = None,
    store: Store | None = None,
    progress: Progress = silent,
) -> ScalingResult:
    """Measure the target at each size, fit the exponents, and judge them against a baseline's and declared limits.

    ``baseline`` is another target, measured now at the same sizes and required to return the same, or the id of
    a stored scaling session. Without ``sizes`` they are a stored baseline's, else such as the clock can tell apart
    (``sizes.measurable_sizes``). ``make`` builds a callable's argument of a size, outside the clock. Each size is a
    run of a session, kept in ``store``. Raises ``UsageError`` for fewer than three sizes or a target that takes
    none, ``ScenarioError`` naming the size at which the target failed, and ``ResultsDiffer``; what was recorded
    before is kept. Ctrl-C keeps the sizes so far.
    """
    settings = settings or ScalingSettings()
    chosen = check_sizes(sizes) if sizes is not None else ()
    new = sized_target(target, settings.scenario, make, timeout_s=settings.timeout_s)
    stored = (
        stored_exponents(store, baseline, settings.clock)
        if store is not None and isinstance(baseline, str)
        else None
    )
    base = (
        sized_target(baseline, settings.scenario, make, timeout_s=settings.timeout_s)
        if baseline is not None and stored is None
        else None
    )
    if store is not None:
        store.prepare()
    targets = [t for t in (base, new) if t is not None]
    sitting = _Sitting(targets, settings, progress)
    if not chosen:
        chosen, why = (
            _sizes_of(stored) if stored else measurable_sizes(targets, settings.max_seconds, settings.timeout_s)
        )
        sitting.notes += filter(None, [why])
    sitting.state(chosen, sitting.tracks[0].session_id if base else _stored_id(store, baseline) if stored else "")
    problem: BaseException | None = None
    try:
        sitting.run(chosen)
    except (KeyboardInterrupt, WorkbenchError) as error:
        problem = error
    lost = _save(sitting, store)
    if isinstance(problem, WorkbenchError) or (problem is not None and not sitting.recordings):
        raise lost or problem
    fitted = [track.exponents() for track in sitting.tracks]
    fits, before = fitted[-1], fitted[0] if base is not None else stored
    growths = grown(fits, before, settings.limits) if problem is None else []
    unknown = sorted(set(settings.limits) - set(fits))
    notes = [*sitting.notes, *(f"{name} has a declared limit, but was not measured" for name in unknown)]
    notes += [not_stored(lost)] if lost else []
    return ScalingResult(
        new.name,
        fits,
        tuple(growths),
        tuple(track.session for track in sitting.tracks),
        sitting.recordings,
        tuple(notes),
        interrupted=problem is not None,
        clock=settings.clock,
        store_error=lost,
    )


def _stored_id(store: Store | None, baseline: object) -> str:
    """The whole id of a session that may have been named by its beginning."""
    return store.session(str(baseline)).session_id if store is not None else ""


def _save(sitting: _Sitting, store: Store | None) -> StoreError | None:
    """Keep the sessions in which something was recorded; why the store doesn't take them, if it doesn't."""
    for track in sitting.tracks:
        if lost := kept(track.session, track.recordings, store):
            return lost
    return None


def _sizes_of(stored: Mapping[str, Exponent]) -> tuple[tuple[int, ...], str]:
    return check_sizes([int(size) for fit in stored.values() for size in fit.sizes]), "sizes are the baseline's"


def stored_exponents(store: Store, name: str, clock: str = CLOCKS[0]) -> dict[str, Exponent] | None:
    """The exponents of a stored scaling session, by that clock; None where the name is no session's.

    Raises ``UsageError`` where the session was not measured at several sizes.
    """
    try:
        session = store.session(name)
    except RunNotFound:
        return None
    found = exponents(store.session_runs(session.session_id), clock)
    if not found:
        raise UsageError(f"session {name} was not measured at several sizes: workbench scaling makes such sessions")
    return found


@dataclass(slots=True)
class _Track:
    """One target at all sizes."""

    target: SizedTarget
    clock: str
    started_at: datetime = field(default_factory=utc_now)
    session_id: str = ""
    parameters: dict[str, Any] = field(default_factory=conditions)
    recordings: list[Recording] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.session_id = new_id(self.started_at)

    @property
    def session(self) -> Session:
        parameters = {"target": self.target.name, "clock": self.clock, **self.parameters}
        return Session(self.session_id, "scaling", self.started_at, self.target.scenario, parameters, environment())

    def exponents(self) -> dict[str, Exponent]:
        return exponents([recording.run for recording in self.recordings], self.clock)


class _Sitting:
    """All targets, size after size."""

    def __init__(self, targets: Sequence[SizedTarget], settings: ScalingSettings, progress: Progress) -> None:
        self.tracks = [_Track(target, settings.clock) for target in targets]
        self.notes: list[str] = []
        self._settings = settings
        self._progress = progress

    @property
    def recordings(self) -> tuple[Recording, ...]:
        """Of all targets, one after another."""
        return tuple(recording for track in self.tracks for recording in track.recordings)

    def state(self, sizes: Sequence[int], baseline_id: str) -> None:
        """What a report needs to judge as is judged now: the sizes, and the limits and baseline of new."""
        for track in self.tracks:
            track.parameters[CHOSEN_SIZES] = ",".join(map(str, sizes))
        limits = ",".join(f"{name}={limit:g}" for name, limit in self._settings.limits.items())
        judged_by = ((LIMITS, limits), (BASELINE, baseline_id))
        self.tracks[-1].parameters |= {name: value for name, value in judged_by if value}

    def run(self, sizes: Sequence[int]) -> None:
        began = monotonic()
        for done, size in enumerate(sizes):
            left = self._settings.max_seconds - (monotonic() - began)
            self._progress(f"size {size}", done, len(sizes))
            self._measure(size, left / (len(sizes) - done))

    def _measure(self, size: int, seconds: float) -> None:
        """Both targets at one size, round about; a run each, also of what an exception cut short."""
        runs = [_SizedRun(track, size, self._settings.timeout_s) for track in self.tracks]
        try:
            with ExitStack() as stack:
                for run in runs:
                    run.open(stack)
                self._rounds(runs, seconds)
        finally:
            for run in runs:
                run.keep()

    def _rounds(self, runs: Sequence[_SizedRun], seconds: float) -> None:
        began = monotonic()
        for run in runs:
            run.round(RoundKind.WARMUP)
        self._require_equal(runs)
        asked = self._settings.rounds
        for done in range(max(asked, _SHORT_ROUNDS)):
            elapsed = monotonic() - began
            if done >= asked and elapsed > min(_SHORT_S, seconds):  # short rounds are cheap and noisy
                break
            if done and elapsed * (done + 2) / (done + 1) > seconds:
                if done < asked:
                    self._note(f"time for {done} of {asked} rounds at size {runs[0].size}")
                break
            for run in runs if done % 2 else runs[::-1]:
                run.round(RoundKind.TIMING)
        for _ in range(_TRACED if self._settings.memory else 0):
            for run in runs:
                run.trace()

    def _require_equal(self, runs: Sequence[_SizedRun]) -> None:
        if len(runs) == 2:
            (a, b) = runs
            assert a.outcome is not None and b.outcome is not None
            note = require_equal((a.track.target.name, a.outcome), (b.track.target.name, b.outcome))
            self._note(note)

    def _note(self, line: str) -> None:
        if line and line not in self.notes:
            self.notes.append(line)


class _SizedRun:
    """One target at one size while it is measured."""

    def __init__(self, track: _Track, size: int, timeout_s: float) -> None:
        self.track, self.size, self._timeout_s = track, size, timeout_s
        self.outcome: Outcome | None = None
        self._recorder = RunRecorder(SamplerSpec(name="none"))
        self._workload: Workload | None = None
        self._started_at = utc_now()
        self._position = 0
        self._ending: tuple[Status, str] | None = None

    def open(self, stack: ExitStack) -> None:
        self._workload = stack.enter_context(self.track.target.open(self.size))

    def round(self, kind: RoundKind) -> None:
        assert self._workload is not None, "opened first"
        try:
            with contained(self._timeout_s):
                self.outcome = execute(self._recorder, self._workload, kind, position=self._position)
        except BaseException as error:
            self._failed(error)
            raise
        finally:
            self._position += 1

    def trace(self) -> None:
        """A round of its own under the tracer of allocations: a warm-up round, as its times mean nothing."""
        assert self._workload is not None, "opened first"
        workload, peak = self._workload, 0

        class Traced:
            setup, finish = workload.setup, workload.finish

            def run(self) -> Any:
                nonlocal peak
                value, peak = traced_peak(workload.run)
                return value

        try:
            with contained(self._timeout_s):
                workload.setup()
                value, current = self._recorder.call(RoundKind.WARMUP, Traced().run, position=self._position)
                workload.finish(value)
            current.measure(MEMORY, peak)
        except BaseException as error:
            self._failed(error)
            raise

    def _failed(self, error: BaseException) -> None:
        """Raise the end as this size's; what is a person's Ctrl-C, or ours already, is left to the caller."""
        self._ending = outcome_of(error)
        name = self.track.target.name
        if isinstance(error, Overdue):
            self._ending = Status.FAILED, f"did not end within {self._timeout_s:g} s"
            raise ScenarioError(f"{name} {self._ending[1]} at size {self.size} and was stopped") from None
        if isinstance(error, WorkbenchError) or (
            isinstance(error, KeyboardInterrupt) and not is_own_interrupt(error)
        ):
            return
        self._ending = Status.FAILED, self._ending[1] or "SystemExit: 0"
        raise ScenarioError(
            f"{name} failed at size {self.size}{raised_at(error)}: {told(error) or self._ending[1]}"
            f"{size_hint(self._workload, error)}"
        ) from error

    def keep(self) -> None:
        """The run, if a round of it was begun."""
        if not self._position:
            return
        status, error = self._ending or (None, None)
        recording = self._recorder.finish(
            run_id=new_id(),
            session_id=self.track.session_id,
            name=f"{self.track.target.name} at {self.size}",
            scenario=self.track.target.scenario,
            variant=self.track.target.variant,
            parameters={SIZE: self.size},
            started_at=self._started_at,
            status=status,
            error=error,
        )
        self.track.recordings.append(recording)


def scaling_json(result: ScalingResult) -> dict[str, Any]:
    """The document of ``workbench scaling --json``."""
    verdicts = {growth.name: growth for growth in result.growths}
    return {
        "target": result.target,
        "verdict": str(result.verdict) if result.verdict else None,
        "session_id": result.sessions[-1].session_id,
        "clock": result.clock,
        "sizes": sorted({int(size) for fit in result.exponents.values() for size in fit.sizes}),
        "exponents": [
            {
                "name": name,
                "exponent": fit.value,
                "ci": [fit.low, fit.high],
                "exact": fit.is_exact,
                "begins_at": fit.begins_at or None,
                "end": fit.end,
                "sizes": list(fit.sizes),
                "costs": list(fit.costs),
                "limit": verdicts[name].limit if name in verdicts else None,
                "verdict": str(verdicts[name].verdict) if name in verdicts else None,
            }
            for name, fit in result.exponents.items()
        ],
        "notes": list(result.notes),
    }
