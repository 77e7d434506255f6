"""Run a user's script or module under capture, as ``python`` would run it: what ``workbench profile`` does.

It runs in a fresh interpreter (``script_child``), so that neither the command line's modules nor its memory show in
the profile, and a crash of the script is something to report and not our own end.
"""

from __future__ import annotations

import json
import os
import pickle
import resource
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from workbench.capture.environment import environment
from workbench.capture.power import conditions
from workbench.capture.samplers import SamplerSpec
from workbench.errors import UsageError, WorkbenchError
from workbench.experiment.block import is_disabled
from workbench.experiment.saving import save_or_warn
from workbench.model import Recording, Round, RoundKind, Run, Session, Status, utc_now
from workbench.suggestions import near_file

if TYPE_CHECKING:
    from workbench.store import Store

__all__ = ["ScriptRun", "run_script"]

SIGNAL_BASE = 128  # the shell's exit code for a process that a signal ended


@dataclass(frozen=True, slots=True)
class ScriptRun:
    """How it went: ``exit_code`` is the script's own (128 + n if signal n ended it), ``status`` the recording's.

    With ``WORKBENCH_DISABLE=1`` there is no recording. ``store_error`` is why the store didn't take the run, if it
    didn't.
    """

    exit_code: int
    status: Status
    session: Session | None = None
    recording: Recording | None = None
    store_error: Exception | None = None


def run_script(
    target: str,
    arguments: Sequence[str] = (),
    *,
    module: bool = False,
    name: str = "",
    sampler: SamplerSpec | None = None,
    spans: bool = True,
    store: Store | None = None,
) -> ScriptRun:
    """Run a script file, a folder or archive with ``__main__.py``, or with ``module`` what ``python -m`` takes.

    Output, traceback, working folder, ``sys.argv`` and exit code are as without us; stdin is the script's. Ctrl-C
    goes to the script; what was recorded until it ends is kept. The profile ends with the main module: threads that
    outlive it run on unrecorded. Raises UsageError if there is no such file or module, and what
    the sampler can't do (SamplerUnavailable, SamplerPermission).
    """
    if not module and not Path(target).exists():
        is_module = all(part.isidentifier() for part in target.split(".")) and not target.endswith(".py")
        hint = f"; for a module write -m {target}" if is_module else near_file(Path(target))
        raise UsageError(f"no such script: {target}{hint}")
    if is_disabled():
        plain = subprocess.run([sys.executable, *(["-m"] if module else []), target, *arguments], check=False)
        return ScriptRun(_shell_code(plain.returncode), Status.OK)
    spec = sampler or SamplerSpec()
    from workbench.store.ids import new_id

    started_at = utc_now()
    run_id = new_id(started_at)
    with tempfile.TemporaryDirectory(prefix="workbench-script-") as folder:
        result = Path(folder) / "recording"
        orders = {
            "target": target,
            "module": module,
            "sampler": asdict(spec),
            "spans": spans,
            "result": str(result),
            "run_id": run_id,
        }
        child = _Child([json.dumps(orders), *arguments])
        code = child.wait()
        session, recording = _assemble(result, child, spec, run_id, name or Path(target).name, started_at)
    error = save_or_warn(session, recording, store)
    return ScriptRun(code, recording.run.status, session, recording, error)


class _Child:
    """The interpreter that runs the script. ``-P``: a ``json.py`` beside the script must not become ours."""

    def __init__(self, arguments: Sequence[str]) -> None:
        self.conditions = conditions()
        self._cpu = _children_cpu()
        self._began = time.perf_counter()
        command = [sys.executable, "-P", "-m", "workbench.experiment.script_child", *arguments]
        self._process = subprocess.Popen(command)
        self.wall_s = 0.0
        self.cpu_s = 0.0

    def wait(self) -> int:
        with _signals_to(self._process):
            code = self._process.wait()
        self.wall_s = time.perf_counter() - self._began
        self.cpu_s = _children_cpu() - self._cpu
        self.ending = f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
        return _shell_code(code)


@contextmanager
def _signals_to(process: subprocess.Popen[bytes]) -> Iterator[None]:
    """Ctrl-C, SIGTERM and SIGHUP are for the script; a terminal sends Ctrl-C to it without us."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def forward(number: int, frame: FrameType | None) -> None:
        if number != signal.SIGINT or not _in_foreground():
            process.send_signal(number)

    forwarded = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]
    if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:  # nohup
        forwarded.remove(signal.SIGHUP)
    before = {number: signal.signal(number, forward) for number in forwarded}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _in_foreground() -> bool:
    """Whether this process group is the one that the terminal's Ctrl-C reaches."""
    try:
        terminal = os.open("/dev/tty", os.O_RDONLY | os.O_NOCTTY)
    except OSError:
        return False
    try:
        return os.tcgetpgrp(terminal) == os.getpgrp()
    except OSError:
        return False
    finally:
        os.close(terminal)


def _assemble(
    result: Path, child: _Child, spec: SamplerSpec, run_id: str, name: str, started_at: datetime
) -> tuple[Session, Recording]:
    from workbench.store.ids import new_id

    session = Session(
        new_id(started_at), "script", started_at, parameters=child.conditions, environment=environment()
    )
    recorded = _load(result)
    if isinstance(recorded, WorkbenchError):
        raise recorded
    if recorded is None:
        recorded = _without_profile(child, spec, started_at)
    run = replace(recorded.run, run_id=run_id, session_id=session.session_id, name=name)
    return session, replace(recorded, run=run)


def _load(result: Path) -> Recording | WorkbenchError | None:
    """What the child wrote; None if it ended before it could."""
    if not result.exists():
        return None
    loaded: Recording | WorkbenchError = pickle.loads(result.read_bytes())  # by our own child, just now
    return loaded


def _without_profile(child: _Child, spec: SamplerSpec, started_at: datetime) -> Recording:
    """A failed run with its times, for a script that left no profile (killed, or crashed in C code)."""
    error = f"ended by {child.ending} before its profile could be kept"
    measures = {"wall": child.wall_s, "cpu": child.cpu_s}
    round_ = Round(0, RoundKind.SAMPLED, 0, started_at, measures, Status.FAILED, error)
    run = Run(
        run_id="",
        session_id="",
        name="",
        started_at=started_at,
        duration_s=child.wall_s,
        status=Status.FAILED,
        error=error,
        sampler=spec.describe(),
        rounds=(round_,),
    )
    return Recording(run)


def _children_cpu() -> float:
    use = resource.getrusage(resource.RUSAGE_CHILDREN)
    return use.ru_utime + use.ru_stime


def _shell_code(returncode: int) -> int:
    return SIGNAL_BASE - returncode if returncode < 0 else returncode
