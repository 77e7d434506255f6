"""A user's script as a workload: each round in a fresh interpreter, its output kept for comparison."""

from __future__ import annotations

import hashlib
import json
import os
import pickle
import subprocess
import sys
import threading
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory, TemporaryFile
from typing import TYPE_CHECKING, Any

from workbench.capture.outcome import last_words
from workbench.errors import CaptureError, ScenarioError, WorkbenchError
from workbench.experiment.results import EXIT_STATUS, Results
from workbench.scenarios.base import Failure, Outcome

if TYPE_CHECKING:
    from workbench.capture.samplers import SamplerSpec
    from workbench.model import Recording

__all__ = ["Completed", "ScriptWorkload", "ending", "load_recording", "run_child", "sample_script", "with_sampled"]

_RSS_UNIT = 1 if sys.platform == "darwin" else 1024  # getrusage(2): bytes on macOS, KiB on Linux


@dataclass(frozen=True, slots=True)
class Completed:
    """How one execution ended. ``cpu_s`` is user and system time, ``peak_rss`` is in bytes."""

    status: int
    stdout: bytes
    stderr: bytes
    cpu_s: float
    peak_rss: int


class ScriptWorkload:
    """Runs ``path`` as ``__main__`` with this interpreter, without input, in the current folder.

    String hashes are fixed (``PYTHONHASHSEED=0`` unless the variable is set), so that the order of sets is no
    noise. A script that takes longer than ``timeout_s`` is killed, and the round fails.
    """

    def __init__(self, path: Path, timeout_s: float) -> None:
        self._path = path
        self._timeout_s = timeout_s
        self._results = Results()

    def calibrate(self, seconds: float) -> None:
        """A script is never looped."""

    def setup(self) -> None:
        """Nothing: the interpreter is part of what is measured."""

    def run(self) -> Completed:
        return run_child([sys.executable, str(self._path)], str(self._path), self._timeout_s)

    def finish(self, value: Any) -> Outcome:
        done: Completed = value
        digest = hashlib.sha256(f"{done.status}\0".encode() + done.stdout).hexdigest()
        parts = self._results.outlined(digest, lambda: {"exit_status": done.status, "output": _lines(done.stdout)})
        # The recorder saw this process; what a script costs is what its own process cost.
        measures = {"cpu": done.cpu_s, "peak_rss": float(done.peak_rss), EXIT_STATUS: float(done.status)}
        failures = (Failure(str(self._path), ending(done)),) if done.status else ()
        return Outcome(digest, measures, failures, outline=parts)

    def sample(self, sampler: SamplerSpec) -> Recording:
        """One sampled round. Raises ``CaptureError`` where that fails."""
        return sample_script(self._path, sampler, self._timeout_s)

    def close(self) -> None:
        """Nothing is left open between rounds."""


def _lines(output: bytes) -> list[str]:
    return output.decode("utf-8", "surrogateescape").split("\n")


def run_child(command: list[str], name: str, timeout_s: float) -> Completed:
    """Run a command to its end without input, its output kept. Raises ``ScenarioError`` where it takes too long."""
    environment = {"PYTHONHASHSEED": "0", **os.environ}
    with TemporaryFile() as stdout, TemporaryFile() as stderr:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=stdout, stderr=stderr, env=environment)
        watchdog = _Watchdog(process, timeout_s)
        try:
            _, status, usage = os.wait4(process.pid, 0)  # the only wait that tells one child's own resources
        except BaseException:
            process.kill()
            process.wait()
            raise
        finally:
            watchdog.cancel()
        process.returncode = os.waitstatus_to_exitcode(status)
        if watchdog.fired:
            raise ScenarioError(f"{name} did not end within {timeout_s:g} s and was killed")
        stdout.seek(0)
        stderr.seek(0)
        cpu_s = usage.ru_utime + usage.ru_stime
        return Completed(process.returncode, stdout.read(), stderr.read(), cpu_s, usage.ru_maxrss * _RSS_UNIT)


class _Watchdog:
    """Kills the process after some seconds, unless cancelled."""

    def __init__(self, process: subprocess.Popen[bytes], timeout_s: float) -> None:
        self.fired = False
        self._process = process
        self._timer = threading.Timer(timeout_s, self._fire)
        self._timer.daemon = True
        self._timer.start()

    def _fire(self) -> None:
        self.fired = True
        self._process.kill()

    def cancel(self) -> None:
        self._timer.cancel()
        self._timer.join()


def ending(done: Completed) -> str:
    """How a process that failed ended, in a few redacted words."""
    lines = done.stderr.decode("utf-8", "replace").strip().splitlines()
    how = f"exit status {done.status}" if done.status > 0 else f"killed by signal {-done.status}"
    return f"{how}: {last_words(lines[-1])}" if lines else how


def sample_script(path: Path, sampler: SamplerSpec, timeout_s: float) -> Recording:
    """Record one sampled round of the script, in a process of its own. Raises ``CaptureError`` where that fails."""
    with TemporaryDirectory(prefix="workbench-") as folder:
        result = Path(folder, "recording")
        orders = {
            "target": str(path),
            "module": False,
            "sampler": asdict(sampler),
            "spans": True,
            "result": str(result),
        }
        command = [sys.executable, "-P", "-m", "workbench.experiment.script_child", json.dumps(orders)]
        return load_recording(result, run_child(command, str(path), timeout_s), str(path))


def load_recording(path: Path, done: Completed, name: str) -> Recording:
    """What a child wrote to ``path``. Raises the error it wrote, ``CaptureError`` where it wrote nothing."""
    if not path.exists():
        raise CaptureError(f"sampling {name} failed: {ending(done)}")
    loaded: Recording | WorkbenchError = pickle.loads(path.read_bytes())  # by our own child, just now
    if isinstance(loaded, WorkbenchError):
        raise loaded
    return loaded


def with_sampled(recording: Recording | None, sampled: Recording, *, placed: bool = False) -> Recording:
    """The recording with the rounds, stacks and spans of a process of its own added (None: nothing to add to).

    ``placed``: the rounds know their positions in the session; otherwise they follow those there are.
    """
    # numpy, which a process that only runs rounds can do without
    from workbench.analysis.join import joined
    from workbench.calltree import CallTreeBuilder

    if recording is None:
        return sampled
    first_tree, second_tree = (one.tree or CallTreeBuilder().build() for one in (recording, sampled))
    offset = len(recording.run.rounds)
    shift = 0 if placed else offset
    rounds = tuple(replace(r, index=r.index + offset, position=r.position + shift) for r in sampled.run.rounds)
    tree, nodes = joined(first_tree, second_tree, round_offset=offset)
    first = len(recording.spans)
    spans = tuple(
        replace(
            span,
            number=span.number + first,
            parent=span.parent + first if span.parent >= 0 else -1,
            round=span.round + offset,
            node=nodes[span.node] if span.node >= 0 else -1,
        )
        for span in sampled.spans
    )
    run = replace(recording.run, rounds=(*recording.run.rounds, *rounds), sampler=sampled.run.sampler)
    sources = tuple(dict.fromkeys((*recording.sources, *sampled.sources)))
    return replace(recording, run=run, tree=tree, spans=(*recording.spans, *spans), sources=sources)
