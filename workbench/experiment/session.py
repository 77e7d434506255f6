"""One sitting: the variants of a scenario measured interleaved, sampled in rounds of their own, and bounded."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING

from workbench.analysis.bound import Bound
from workbench.capture.environment import environment
from workbench.capture.outcome import outcome_of
from workbench.capture.power import conditions
from workbench.capture.rounds import RunRecorder
from workbench.capture.samplers import SamplerSpec
from workbench.errors import ResultsDiffer, UsageError
from workbench.experiment.execute import execute
from workbench.experiment.interleave import interleaved
from workbench.experiment.progress import Progress, silent
from workbench.model import Recording, RoundKind, Scalar, Session, Status, utc_now
from workbench.scenarios.base import Failure, Outcome, Prepared, Scenario, Settings, variant_of
from workbench.scenarios.extras import extra_named
from workbench.store.ids import new_id

if TYPE_CHECKING:
    from workbench.store import Store

__all__ = ["MeasuredSession", "Plan", "measure"]

_FLOOR_ROUNDS = 3


@dataclass(frozen=True, slots=True)
class Plan:
    """How a session is measured. ``order_seed`` fixes the interleaving."""

    rounds: int = 3
    sampled_rounds: int = 1
    sampler: SamplerSpec = field(default_factory=SamplerSpec)
    order_seed: int = 1
    with_bound: bool = True

    def __post_init__(self) -> None:
        if self.rounds < 1:
            raise UsageError(f"--rounds must be at least 1, not {self.rounds}")


@dataclass(frozen=True, slots=True)
class MeasuredSession:
    """What a sitting yields. ``failures`` are those that the variants reported, by variant."""

    session: Session
    recordings: tuple[Recording, ...]
    bound: Bound | None
    failures: Mapping[str, tuple[Failure, ...]]
    interrupted: bool = False


@dataclass(slots=True)
class _Track:
    """One variant while it is measured."""

    variant: str
    recorder: RunRecorder
    run_id: str
    started_at: datetime
    outcome: Outcome | None = None
    status: Status | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class _Step:
    variant: str
    kind: RoundKind


@extra_named()
def measure(
    scenario: Scenario,
    settings: Settings,
    *,
    variants: Sequence[str] = (),
    plan: Plan | None = None,
    store: Store | None = None,
    progress: Progress = silent,
) -> MeasuredSession:
    """Measure variants (default: all) of a scenario in one session, and save it to ``store`` if one is given.

    The scenario's best variant warms the process and the services up once, if it is among them. Ctrl-C ends the
    sitting and keeps every finished round; a variant that fails as a whole is recorded as failed, and what was
    recorded is saved before the error propagates. Raises ``UsageError`` for an unknown variant and
    ``ResultsDiffer`` where variants did not produce the same result.
    """
    plan = plan or Plan()
    chosen = _known(scenario, variants)
    if store is not None:
        store.prepare()  # an unusable store is told before minutes are spent on measuring
    started_at, at_start = utc_now(), conditions()
    session_id = new_id(started_at)
    tracks = {name: _Track(name, RunRecorder(plan.sampler), new_id(), utc_now()) for name in chosen}
    bound: Bound | None = None
    parameters: dict[str, Scalar] = {}
    problem: BaseException | None = None
    try:
        with _prepared(scenario, settings) as prepared:
            parameters.update(prepared.parameters)
            _run_steps(prepared, tracks, _steps(scenario, chosen, plan), progress)
            bound = _bound(prepared, plan)
        if bound is not None and scenario.best in chosen:
            bound = replace(bound, floor_seconds=_cpu_floor(scenario, settings, progress))
    except BaseException as error:  # raised again below, once what was recorded is safe
        problem = error
    parameters |= {"rounds": plan.rounds, "order_seed": plan.order_seed, **at_start}
    parameters |= bound.parameters() if bound else {}
    session = Session(session_id, "scenario", started_at, scenario.name, parameters, environment())
    every = (_recording(track, session) for track in tracks.values())
    recordings = tuple(recording for recording in every if recording.run.rounds)
    if store is not None and recordings:
        store.save(session, recordings)
    if problem is not None and not (isinstance(problem, KeyboardInterrupt) and recordings):
        raise problem
    failures = {t.variant: t.outcome.failures for t in tracks.values() if t.outcome and t.outcome.failures}
    return MeasuredSession(session, recordings, bound, failures, interrupted=problem is not None)


def _known(scenario: Scenario, variants: Sequence[str]) -> list[str]:
    chosen = [variant_of(scenario, name).name for name in variants] or [v.name for v in scenario.variants]
    return list(dict.fromkeys(chosen))


@contextmanager
def _prepared(scenario: Scenario, settings: Settings) -> Iterator[Prepared]:
    prepared = scenario.prepare(settings)
    try:
        yield prepared
    finally:
        prepared.close()


def _steps(scenario: Scenario, chosen: Sequence[str], plan: Plan) -> list[_Step]:
    # One warm-up of the fastest variant loads the code, the certificates and the services' caches for all;
    # a warm-up of every variant would double the time of the slow ones, which it changes least.
    steps = [_Step(scenario.best, RoundKind.WARMUP)] if scenario.best in chosen else []
    steps += [_Step(v, RoundKind.TIMING) for v in interleaved(chosen, plan.rounds, seed=plan.order_seed)]
    if plan.sampler.name != "none":
        steps += [_Step(v, RoundKind.SAMPLED) for _ in range(plan.sampled_rounds) for v in chosen]
    return steps


def _run_steps(prepared: Prepared, tracks: dict[str, _Track], steps: Sequence[_Step], progress: Progress) -> None:
    workloads = {name: prepared.workload(name) for name in tracks}
    reference: Outcome | None = None
    for position, step in enumerate(steps):
        track = tracks[step.variant]
        progress(f"{step.variant} ({step.kind})", position, len(steps))
        try:
            track.outcome = execute(track.recorder, workloads[step.variant], step.kind, position=position)
        except BaseException as error:
            track.status, track.error = outcome_of(error)
            raise
        reference = reference or track.outcome
        _require_equal(reference, track)


def _require_equal(reference: Outcome, track: _Track) -> None:
    """Speed of wrong answers means nothing; results with reported failures may lack different parts."""
    outcome = track.outcome
    if outcome is None or outcome.failures or reference.failures or outcome.digest == reference.digest:
        return
    track.status = Status.FAILED
    track.error = "result differs from the other variants'"
    raise ResultsDiffer(
        f"variant {track.variant!r} produced a different result (digest {outcome.digest[:12]}, expected "
        f"{reference.digest[:12]}); the timings of unequal work are not compared"
    )


def _bound(prepared: Prepared, plan: Plan) -> Bound | None:
    """The arithmetic bound; None where a scenario knows none, as for a server of the user's own."""
    terms = prepared.bound() if plan.with_bound else ()
    return Bound(terms) if terms else None


def _cpu_floor(scenario: Scenario, settings: Settings, progress: Progress) -> float:
    """Wall seconds of the best variant's fastest round over no link and without service latency.

    The fastest: other load can only lengthen a round, and a bound must not be raised by it.
    """
    bare = replace(settings, link="none", options={**settings.options, "latency_scale": "0"})
    recorder = RunRecorder(SamplerSpec(name="none"))
    with _prepared(scenario, bare) as prepared:
        workload = prepared.workload(scenario.best)
        for index in range(_FLOOR_ROUNDS + 1):
            progress("CPU floor", index, _FLOOR_ROUNDS + 1)
            kind = RoundKind.TIMING if index else RoundKind.WARMUP
            execute(recorder, workload, kind, position=index)
    return min(recorder.finish(run_id="", session_id="", name="CPU floor").run.values("wall"))


def _recording(track: _Track, session: Session) -> Recording:
    recording = track.recorder.finish(
        run_id=track.run_id,
        session_id=session.session_id,
        name=f"{session.scenario}:{track.variant}",
        scenario=session.scenario,
        variant=track.variant,
        started_at=track.started_at,
        status=track.status,
        error=track.error,
    )
    return replace(recording, plans=track.outcome.plans if track.outcome else ())
