"""The conditions under which claims are tested, and the measuring of one of them.

A *point* fixes scenario, variants and settings, and is measured in one session. What it yields travels as one JSON
document, so that a verdict can be given again without measuring again.
"""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from workbench.capture.environment import environment
from workbench.capture.rounds import RunRecorder
from workbench.capture.samplers import SamplerSpec
from workbench.experiment.claims.phases import handshake_seconds, last_requests_seconds
from workbench.experiment.execute import execute
from workbench.experiment.progress import Progress, silent
from workbench.experiment.session import Plan, measure
from workbench.model import Recording, Round, RoundKind, Scalar, Status, utc_now
from workbench.scenarios import registry
from workbench.scenarios.base import Settings

__all__ = ["Point", "PointResult", "measure_point"]


@dataclass(frozen=True, slots=True)
class Point:
    """One set of conditions. ``group`` names those that are measured together.

    ``isolated`` measures memory fairly: each variant in a process of its own, since what one leaves behind in the
    allocator would count for the next, and with the garbage collector on, without which cycles pile up. ``bound``
    also measures the CPU floor of the scenario's best variant.
    """

    name: str
    group: str
    scenario: str
    variants: tuple[str, ...]
    settings: Settings = field(default_factory=Settings)
    rounds: int = 3
    isolated: bool = False
    bound: bool = False


@dataclass(frozen=True, slots=True)
class PointResult:
    """What a point measured, as plain data.

    ``rounds`` holds the measures of every completed timing round by variant, in the order of the sweeps, in the
    units of ``model.UNITS``; besides those of the session ``roots`` (count), ``handshake`` (seconds spent on
    connecting, TCP and TLS, summed over connections) and ``support_phase`` (seconds from the first to the last
    request for support files, where a variant fetches them after everything else). ``code`` is the digest of the
    sources that were measured and ``conditions`` what was asked for, if whoever measures says so. The environment's
    ``load_average`` is that of the end, over 1, 5 and 15 minutes: what else the machine did.
    """

    name: str
    rounds: Mapping[str, Sequence[Mapping[str, float]]]
    parameters: Mapping[str, Scalar]
    environment: Mapping[str, Any]
    started_at: str
    failures: Mapping[str, int] = field(default_factory=dict)
    interrupted: bool = False
    code: str = ""
    conditions: Mapping[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__slots__}

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> PointResult:
        return cls(**document)


def measure_point(point: Point, progress: Progress = silent) -> PointResult:
    """Measure the point here and now. Raises what ``experiment.session.measure`` raises."""
    if not point.isolated:
        return _measured(point, progress)
    results = []
    for number, variant in enumerate(point.variants):
        progress(f"{variant}, in a process of its own", number, len(point.variants))
        # Spawned, not forked: a fork would inherit the memory that is to be kept out.
        with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
            results.append(pool.submit(_alone, point, variant).result())
    return _merged(results)


def _alone(point: Point, variant: str) -> PointResult:
    recorder = RunRecorder(SamplerSpec(name="none"), collector_off=False)
    started_at = utc_now()
    with closing(registry.get(point.scenario).prepare(point.settings)) as prepared:
        workload = prepared.workload(variant)
        outcomes = [execute(recorder, workload, RoundKind.TIMING) for _ in range(point.rounds)]
        parameters = {**prepared.parameters, "rounds": point.rounds}
    recording = recorder.finish(run_id="", session_id="", name=variant, variant=variant)
    failures = {variant: len(outcomes[-1].failures)} if outcomes[-1].failures else {}
    return _result(point, [recording], parameters, started_at, failures)


def _measured(point: Point, progress: Progress) -> PointResult:
    plan = Plan(rounds=point.rounds, sampler=SamplerSpec(name="none"), with_bound=point.bound)
    scenario = registry.get(point.scenario)
    measured = measure(scenario, point.settings, variants=point.variants, plan=plan, progress=progress)
    session = measured.session
    failures = {variant: len(failed) for variant, failed in measured.failures.items()}
    result = _result(point, measured.recordings, session.parameters, session.started_at, failures)
    return replace(result, interrupted=measured.interrupted)


def _result(
    point: Point,
    recordings: Sequence[Recording],
    parameters: Mapping[str, Scalar],
    started_at: datetime,
    failures: Mapping[str, int],
) -> PointResult:
    roots = parameters.get("resources")
    extra = {"roots": float(roots)} if isinstance(roots, int) else {}
    return PointResult(
        name=point.name,
        rounds={r.run.variant: [m | extra for m in _rounds(r)] for r in recordings},
        parameters=dict(parameters),
        environment=_environment(),
        started_at=started_at.isoformat(timespec="seconds"),
        failures=failures,
    )


def _environment() -> dict[str, Any]:
    env = environment()
    return {
        "commit": env.commit,
        "dirty": env.dirty,
        "python": env.python,
        "os": env.os,
        "cpu": env.cpu,
        "cores": env.cores,
        "memory_bytes": env.memory_bytes,
        "load_average": list(os.getloadavg()),
    }


def _rounds(recording: Recording) -> Iterable[dict[str, float]]:
    for round_ in recording.run.rounds:
        if round_.kind is RoundKind.TIMING and round_.status is Status.OK:
            yield dict(round_.measures) | _from_spans(recording, round_)


def _from_spans(recording: Recording, round_: Round) -> dict[str, float]:
    spans = [span for span in recording.spans if span.round == round_.index]
    measures = {"handshake": handshake_seconds(spans)}
    files, resources = round_.measures.get("files"), round_.measures.get("resources")
    if files is not None and resources is not None:
        support = int(files - resources - 1)  # one file a resource, and one that names the provider
        measures["support_phase"] = last_requests_seconds(spans, support)
    return measures


def _merged(results: Sequence[PointResult]) -> PointResult:
    first = results[0]
    return replace(
        first,
        rounds={variant: rounds for result in results for variant, rounds in result.rounds.items()},
        failures={variant: count for result in results for variant, count in result.failures.items()},
        interrupted=any(result.interrupted for result in results),
    )
