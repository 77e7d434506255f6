"""One side of a gate as the gate sees it: a worker process, asked step by step, and what it answered."""

from __future__ import annotations

import os
import pickle
import signal
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from workbench.analysis.pairs import execution_seconds
from workbench.errors import ScenarioError, ServiceError
from workbench.experiment.gate.model import GateSettings, GateTarget
from workbench.experiment.leftovers import end_all, marked
from workbench.experiment.results import FirstResult
from workbench.experiment.subprocesses import with_sampled
from workbench.experiment.warmup import Steadiness
from workbench.model import Recording, RoundKind, Scalar, Status
from workbench.scenarios.base import Failure, Outcome
from workbench.services.process import ServiceProcess, start_service

__all__ = ["Place", "Side", "SideFailed"]

_START_S = 60.0
_AFTER_INTERRUPT_S = 10.0
_GRACE_S = 5.0  # a script that hangs is ended by its worker, which knows it by name


@dataclass(frozen=True, slots=True)
class Place:
    """Where a side's code lives: its checkout's root, the folder to work in, the import roots, the interpreter."""

    name: str  # "base" or "new"
    checkout: Path
    folder: Path
    roots: tuple[Path, ...]
    python: Path = Path(sys.executable)


class SideFailed(Exception):
    """A step of one side did not end well. ``missing``: its checkout has no such target."""

    def __init__(self, side: Side, answer: Mapping[str, Any]) -> None:
        self.side = side
        self.line = str(answer["failed"])
        self.missing = bool(answer.get("missing"))
        self.sampler = bool(answer.get("sampler"))
        self.exit_code = int(answer.get("exit_code", ScenarioError.exit_code))
        super().__init__(self.line)


@dataclass(slots=True)
class Side:
    """A worker and what it measured.

    ``seconds`` are those of one execution in each timing round, ``sampled`` in each sampled one.
    """

    place: Place
    settings: GateSettings
    process: ServiceProcess
    script: bool = False
    parameters: Mapping[str, Scalar] = field(default_factory=dict)
    seconds: list[float] = field(default_factory=list)
    sampled: list[float] = field(default_factory=list)
    outcome: Outcome | None = None
    first: FirstResult = field(default_factory=FirstResult)
    status: Status | None = None
    error: str | None = None
    steadiness: Steadiness = field(default_factory=Steadiness)
    opening_s: float = 0.0
    earlier: Recording | None = None  # of the processes before this one

    @classmethod
    def start(cls, place: Place, settings: GateSettings) -> Side:
        """Start the worker. Raises ``ServiceStartFailed``."""
        return cls(place, settings, cls._process(place, settings))

    @staticmethod
    def _process(place: Place, settings: GateSettings) -> ServiceProcess:
        roots = [str(root) for root in place.roots]
        config = {
            "roots": roots,
            "checkout": str(place.checkout),
            "apart": (place.checkout / "workbench" / "__init__.py").is_file(),
            "sampler": asdict(settings.sampler),
            "timeout_s": settings.timeout_s,
            "pythonpath": os.pathsep.join([*roots, *filter(None, [os.environ.get("PYTHONPATH", "")])]),
        }
        return start_service(
            "workbench.experiment.gate.worker",
            config,
            name=f"the {place.name} side",
            timeout_s=_START_S,
            python=place.python,
            folder=place.folder,
            variables={"PYTHONHASHSEED": os.environ.get("PYTHONHASHSEED", "0"), _MARK: _mark(place)},
        )

    def renew(self, target: GateTarget, loops: int | None, folder: Path) -> None:
        """Go on in a fresh process: where things lie in memory makes one faster than the next, for all its life.

        What was recorded is kept. Raises ``SideFailed``.
        """
        self.earlier = self.recording(folder, {"run_id": "", "session_id": "", "name": ""}, bare=True)
        self.stop()
        try:
            self.process = self._process(self.place, self.settings)
        except ServiceError as error:
            raise SideFailed(self, {"failed": str(error)}) from error
        self.open(target)
        if loops is not None:
            self.set_loops(loops)

    def open(self, target: GateTarget) -> None:
        began = time.monotonic()
        scenario = {**asdict(self.settings.scenario), "options": dict(self.settings.scenario.options)}
        answer = self._ask("open", text=target.text, opener=target.opener, scenario=scenario)
        self.script, self.parameters = answer["script"], answer["parameters"]
        self.opening_s = time.monotonic() - began

    def calibrate(self, seconds: float) -> int | None:
        """Make rounds last at least ``seconds``; the loops chosen, None where there are none."""
        loops: int | None = self._ask("calibrate", seconds=seconds)["loops"]
        return loops

    def set_loops(self, loops: int) -> None:
        self._ask("loops", loops=loops)

    def round(self, kind: RoundKind, position: int, core: int | None = None) -> int | None:
        """Measure one round, begun on ``core`` if one is given; the core it began on. Raises ``SideFailed``."""
        answer = self._ask("round", kind=str(kind), position=position, core=core)
        failures = tuple(Failure(*pair) for pair in answer["failures"])
        parts = tuple((path, said, digest) for path, said, digest in answer["outline"])
        self.outcome = Outcome(answer["digest"], answer["measures"], failures, outline=parts)
        self.first.add(self.outcome)
        seconds = execution_seconds(answer["measures"], self.settings.clock)
        if kind is RoundKind.WARMUP:
            self.steadiness.add(seconds, answer["measures"]["wall"])
        elif kind is RoundKind.TIMING:
            self.seconds.append(seconds)
        elif kind is RoundKind.SAMPLED:
            self.sampled.append(seconds)
        began_on: int | None = answer["core"]
        return began_on

    def attempt(self) -> None:
        """Set-up, one repetition and tear-down, of which nothing is kept. Raises ``SideFailed``."""
        if ending := self._ask("attempt")["ending"]:
            raise SideFailed(self, {"failed": ending})

    def settle(self) -> None:
        """What lives now is no matter of the garbage collector any more."""
        self._ask("settle")

    def sample(self, position: int) -> None:
        """One sampled round; a script's is a process of its own."""
        if self.script:
            self.sampled.append(execution_seconds(self._ask("sample")["measures"], self.settings.clock))
        else:
            self.round(RoundKind.SAMPLED, position)

    def strays(self, elsewhere: Path, own: tuple[str, ...]) -> list[str]:
        """Modules of the project that were not imported from this side's checkout."""
        strays: list[str] = self._ask("strays", elsewhere=str(elsewhere), own=list(own))["strays"]
        return strays

    def interrupt(self) -> None:
        """End the body that runs, so that what was recorded can still be had."""
        with suppress(ProcessLookupError):
            os.kill(self.process.pid, signal.SIGINT)

    def recording(self, folder: Path, who: Mapping[str, Any], *, bare: bool = False) -> Recording | None:
        """What was recorded, None where the worker can't tell any more. ``folder`` is the gate's own.

        ``who``: the run's ids and names. ``bare``: see ``RunRecorder.finish``.
        """
        file = folder / f"{self.place.name}.recording"
        identity = {**who, "status": str(self.status) if self.status else None, "error": self.error}
        try:
            patience_s = max(_AFTER_INTERRUPT_S, 60.0)
            self._ask("finish", timeout_s=patience_s, path=str(file), bare=bare, identity=identity)
            recording: Recording = pickle.loads(file.read_bytes())  # by our own child, just now
        except (SideFailed, OSError, pickle.UnpicklingError, AttributeError, ImportError):
            return None
        return self._whole(recording)

    def _whole(self, recording: Recording) -> Recording:
        """The recording with those of the processes before."""
        if self.earlier is None:
            return recording
        run = recording.run
        joined = with_sampled(self.earlier, recording, placed=True)
        first = self.earlier.run
        whole = replace(
            joined.run,
            run_id=run.run_id,
            session_id=run.session_id,
            name=run.name,
            started_at=first.started_at,
            duration_s=first.duration_s + run.duration_s,
            status=run.status,
            error=run.error,
            parameters=run.parameters,
            scenario=run.scenario,
            variant=run.variant,
        )
        return replace(joined, run=whole, plans=recording.plans or self.earlier.plans)

    def stop(self) -> None:
        """Close the target in order, then end the worker and whatever it started."""
        if self.process.alive:
            with suppress(SideFailed):
                self._ask("close", timeout_s=_AFTER_INTERRUPT_S)
        self._end()

    def _end(self) -> None:
        """End the worker, and what the measured code started and left behind."""
        try:
            self.process.stop()
        finally:
            end_all(marked(_MARK, _mark(self.place)), _GRACE_S)

    def _ask(self, operation: str, *, timeout_s: float | None = None, **arguments: Any) -> dict[str, Any]:
        allowed = timeout_s or self.settings.timeout_s
        patience = allowed + min(_GRACE_S, allowed)
        try:
            answer = self.process.ask(operation, patience, **arguments)
        except ServiceError as error:
            self._end()
            line = str(error)
            if "gave no answer" in line:
                line = f"did not end within {allowed:g} s and was ended"
            raise SideFailed(self, {"failed": line}) from error
        if answer.get("interrupted"):
            raise KeyboardInterrupt
        if "failed" in answer:
            raise SideFailed(self, answer)
        return answer


_MARK = "WORKBENCH_GATE_SIDE"
"""Set in a worker's environment, and so in that of every process which its code starts, in whatever session."""


def _mark(place: Place) -> str:
    return f"{os.getpid()}:{place.name}:{place.checkout}"
