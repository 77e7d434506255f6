"""Profile a Python process that already runs, from outside, by its process id."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from workbench.capture.other_process import environment_of, run_delays
from workbench.capture.power import conditions
from workbench.capture.pyspy import PySpy
from workbench.capture.samplers import SamplerSpec
from workbench.errors import ProcessNotFound, UsageError
from workbench.experiment.saving import save_or_warn
from workbench.model import Environment, Recording, Round, RoundKind, Run, Scalar, Session, Status, utc_now

if TYPE_CHECKING:
    from workbench.store import Store

__all__ = ["Attached", "attach"]

MOST_PER_SECOND = 1000
LARGEST_PID = 2**31 - 1
POLL_S = 0.1


@dataclass(frozen=True, slots=True)
class Attached:
    """A run recorded from outside; ``store_error`` is why the store didn't take it, if it didn't."""

    session: Session
    recording: Recording
    store_error: Exception | None = None


def attach(
    pid: int,
    *,
    duration: float | None = None,
    rate: int = 100,
    native: bool = False,
    gil: bool = False,
    idle: bool = False,
    subprocesses: bool = False,
    name: str = "",
    store: Store | None = None,
) -> Attached:
    """Sample all threads of the process ``rate`` times a second for ``duration`` seconds, and save the run.

    Without a duration: until it ends, or until Ctrl-C, which is the regular end then; Ctrl-C before the duration is
    over keeps what was recorded and marks the run interrupted. The run has one round with wall and CPU time, the
    latter only where the system lets us read it; for a process that ends it is up to a tenth of a second short. On
    Linux ``run_delay`` is for how long its threads were ready and waited for a core, in seconds. The session's
    environment is the process's own (``environment_of``).
    Raises UsageError, ProcessNotFound, SamplerPermission, SamplerUnavailable or CaptureError.
    """
    if not 1 <= rate <= MOST_PER_SECOND:
        raise UsageError(f"--rate is 1 to {MOST_PER_SECOND} samples a second, not {rate}")
    if duration is not None and duration <= 0:
        raise UsageError(f"--duration is in seconds and more than 0, not {duration}")
    spec = SamplerSpec("py-spy", 1 / rate, native=native, gil=gil, idle=idle, subprocesses=subprocesses)
    from workbench.capture.digests import process_started

    started_at = utc_now()
    if not 0 < pid <= LARGEST_PID:
        raise ProcessNotFound(f"no process {pid}: check the id with 'ps'")
    born, where, at_start = process_started(pid), environment_of(pid), conditions()
    spy = PySpy(pid, spec).start()
    cpu = _CoreUse(pid)
    began = time.perf_counter()
    status = Status.OK
    try:
        _watch(spy, cpu, duration)
    except KeyboardInterrupt:
        status = Status.OK if duration is None else Status.INTERRUPTED
    measures = {"wall": time.perf_counter() - began, **cpu.measures()}
    spy.stop()
    round_ = Round(0, RoundKind.SAMPLED, 0, started_at, measures, status)
    session, recording = _record(spy, spec, round_, name or f"process {pid}", pid, born, where, at_start)
    return Attached(session, recording, save_or_warn(session, recording, store))


def _record(
    spy: PySpy,
    spec: SamplerSpec,
    round_: Round,
    name: str,
    pid: int,
    born: float,
    where: Environment,
    at_start: Mapping[str, Scalar],
) -> tuple[Session, Recording]:
    from workbench.calltree import CallTreeBuilder
    from workbench.capture.digests import function_sources
    from workbench.capture.rounds import add_samples
    from workbench.store.ids import new_id

    builder = CallTreeBuilder()
    add_samples(builder, spy.samples(), round_.index)
    tree = builder.build()
    session = Session(
        new_id(round_.started_at),
        "attach",
        round_.started_at,
        parameters={"pid": pid, **at_start},
        environment=where,
    )
    run = Run(
        run_id=new_id(round_.started_at),
        session_id=session.session_id,
        name=name,
        started_at=round_.started_at,
        duration_s=round_.measures["wall"],
        status=round_.status,
        sampler=spec.describe(),
        rounds=(round_,),
    )
    return session, Recording(run, tree, sources=function_sources(tree, started=born))


def _watch(spy: PySpy, cpu: _CoreUse, duration: float | None) -> None:
    """Wait for the end, reading the process's CPU time as long as it is there."""
    end = float("inf") if duration is None else time.perf_counter() + duration
    while not spy.wait(min(POLL_S, max(end - time.perf_counter(), 0.0))):
        cpu.read()
        if time.perf_counter() >= end:
            return


class _CoreUse:
    """Time of the process on a core, and waiting for one, since this was made, by what could be read last."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._first = self._last = self._cpu()
        self._delays = run_delays(pid)
        self._delay = 0.0 if self._delays else None

    def read(self) -> None:
        self._last = self._cpu() or self._last
        delays = run_delays(self._pid)
        if self._delay is not None:  # threads come and go: what one has waited until it ended is kept
            self._delay += sum(max(now - self._delays.get(thread, 0.0), 0.0) for thread, now in delays.items())
        self._delays |= delays

    def _cpu(self) -> float | None:
        import psutil

        try:
            times = psutil.Process(self._pid).cpu_times()
        except psutil.Error:  # no permission, or it has ended
            return None
        return float(times.user + times.system)

    def measures(self) -> dict[str, float]:
        """The measures ``cpu`` and ``run_delay``; none that is unknown, because 0 would be a statement."""
        self.read()
        measures = {} if self._delay is None else {"run_delay": self._delay}
        if self._first is not None and self._last is not None:
            measures["cpu"] = max(self._last - self._first, 0.0)
        return measures
