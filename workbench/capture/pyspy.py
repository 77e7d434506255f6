"""py-spy, run as a process beside the one it samples: this one, or any other Python process.

It sees all threads and slows nothing down in the sampled program's own code; it needs the right to look into the
process (ptrace). What it wrote when it ends, or is interrupted, is read by ``speedscope``.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import weakref
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from types import FrameType

from workbench.capture.samplers import SampledStack, SamplerSpec
from workbench.errors import CaptureError, ProcessNotFound, SamplerPermission, SamplerUnavailable
from workbench.model import Frame
from workbench.paths import normalise

__all__ = ["PySpy", "sample_self"]

STARTED = "Sampling process"
START_TIMEOUT_S = 20.0
WRITE_TIMEOUT_S = 120.0
POLL_S = 0.005
PTRACE_SCOPE = Path("/proc/sys/kernel/yama/ptrace_scope")
PR_SET_PTRACER = 0x59616D61  # prctl(2): the Yama module lets this process name who may trace it


class PySpy:
    """One py-spy at work on a process; ``start`` returns once it really samples."""

    def __init__(self, pid: int, spec: SamplerSpec, *, own_stem: Sequence[Frame] = ()) -> None:
        self._pid = pid
        self.spec = spec
        self._own_stem = tuple(own_stem)
        self._pid_here = os.getpid()
        folder = Path(tempfile.mkdtemp(prefix="workbench-py-spy-"))
        self._remove = weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        self._output = folder / "profile.json"
        self._messages = folder / "messages"
        self._process: subprocess.Popen[bytes] | None = None
        self._began = 0.0
        self._seconds = 0.0

    def start(self, *, may_trace_me: bool = False) -> PySpy:
        """Raises SamplerUnavailable, SamplerPermission, ProcessNotFound or CaptureError, each in one line."""
        try:
            command = [executable(), "record", *_options(self.spec), "--pid", str(self._pid)]
            with self._messages.open("wb") as messages:
                self._process = subprocess.Popen(
                    [*command, "--output", str(self._output)],
                    stdin=subprocess.DEVNULL,
                    stdout=messages,
                    stderr=messages,
                    start_new_session=True,  # Ctrl-C is for the program; we stop py-spy when the round ends
                )
            if may_trace_me:
                allow_tracer(self._process.pid)
            self._await_first_sample()
            self._began = time.perf_counter()
        except BaseException:
            self._discard()
            raise
        return self

    def wait(self, seconds: float | None) -> bool:
        """Until the time is over or the sampled process ends: whether it has ended."""
        if self._process is None:
            return True
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        self._seconds = self._seconds or time.perf_counter() - self._began
        return True

    def begin(self) -> None:
        """It has looked since its start: that is what its clock counts from."""

    def end(self) -> None:
        """It looks until it is told to stop."""

    def stop(self) -> None:
        """Make it write what it has. Does nothing if it has ended with its process."""
        if os.getpid() != self._pid_here:
            self._remove.detach()  # a forked child: py-spy and its files are the parent's
            return
        if self._process is None:
            return
        self._seconds = self._seconds or time.perf_counter() - self._began
        self._process.send_signal(signal.SIGINT)
        try:
            self._process.wait(WRITE_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            pass  # ``samples`` tells that there is nothing
        finally:
            if self._process.poll() is None:
                self._process.kill()
                self._process.wait()
            allow_tracer(0)

    def paused(self) -> AbstractContextManager[object]:
        return nullcontext()  # it looks from outside

    def samples(self) -> Iterator[SampledStack]:
        """What it recorded; to be read once, after ``stop``. Raises CaptureError if there is nothing."""
        # It loads numpy, whose threads may not begin in a script's process: CPython 3.11 sees a signal that the
        # kernel gave to one of them, as the main thread was just being looked at, after the next call or never.
        from workbench.capture.speedscope import read_speedscope

        try:
            if not self._output.exists():
                raise CaptureError(f"py-spy recorded nothing: {self._last_message()}")
            yield from read_speedscope(
                self._output, self._own_stem, seconds=self._seconds, idle=self.spec.idle and not self.spec.gil
            )
        finally:
            self._remove()

    def _await_first_sample(self) -> None:
        assert self._process is not None
        give_up = time.monotonic() + START_TIMEOUT_S
        while STARTED not in self._text():
            if self._process.poll() is not None:
                raise explain(self._text(), self._pid)
            if time.monotonic() > give_up:
                raise CaptureError(f"py-spy did not start within {START_TIMEOUT_S:.0f} s on process {self._pid}")
            time.sleep(POLL_S)

    def _text(self) -> str:
        try:
            return self._messages.read_text(encoding="utf-8", errors="replace")
        except OSError:
            return ""

    def _last_message(self) -> str:
        lines = [line.removeprefix("py-spy> ").strip() for line in self._text().splitlines() if line.strip()]
        return next((line for line in lines if line.startswith("Error")), lines[-1] if lines else "no message")

    def _discard(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        self._remove()


def sample_self(spec: SamplerSpec, caller: FrameType) -> PySpy:
    """Sample all threads of this process; stacks of this thread begin at ``caller``."""
    stem: list[Frame] = []
    frame: FrameType | None = caller
    while frame is not None:
        stem.append(Frame(normalise(frame.f_code.co_filename), frame.f_code.co_qualname))
        frame = frame.f_back
    return PySpy(os.getpid(), spec, own_stem=stem[::-1]).start(may_trace_me=True)


def executable() -> str:
    """The py-spy of this environment, else the one on the PATH."""
    here = str(Path(sys.executable).parent)
    found = shutil.which("py-spy", path=here) or shutil.which("py-spy")
    if found is None:
        raise SamplerUnavailable("py-spy is not installed: pip install py-spy")
    return found


def allow_tracer(pid: int) -> None:
    """Let that process trace this one where the kernel would allow parents only; 0 takes it back."""
    if not sys.platform.startswith("linux") or _ptrace_scope() != "1":
        return
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PTRACER, ctypes.c_ulong(pid), 0, 0, 0)


def explain(message: str, pid: int) -> CaptureError:
    """py-spy's message as one line that says how to mend it."""
    text = message.lower()
    if "permission denied" in text or "operation not permitted" in text or "requires root" in text:
        return SamplerPermission(f"no permission to look into process {pid}: {_mend()}")
    if "no such process" in text or "no such file" in text or "failed to get process executable" in text:
        return ProcessNotFound(f"no process {pid}: check the id with 'ps'")
    if "find python version" in text or "failed to find a python interpreter" in text:
        return ProcessNotFound(f"process {pid} is not a Python process that py-spy knows")
    first = next((line.strip() for line in message.splitlines() if line.strip()), "it ended without a message")
    return CaptureError(f"py-spy can't sample process {pid}: {first}")


def _mend() -> str:
    if sys.platform == "darwin":
        return "macOS lets only root do that: run the command with sudo, or use --sampler pyinstrument"
    if _ptrace_scope() in ("1", "2", "3"):
        return "run with sudo, or allow it: sudo sysctl kernel.yama.ptrace_scope=0"
    return "run as the process's own user or with sudo; in a container start it with --cap-add SYS_PTRACE"


def _ptrace_scope() -> str:
    try:
        return PTRACE_SCOPE.read_text().strip()
    except OSError:
        return ""


def _options(spec: SamplerSpec) -> list[str]:
    rate = max(1, round(1 / spec.interval_s))
    flags = [f"--{name}" for name in ("native", "gil", "idle", "subprocesses") if getattr(spec, name)]
    return ["--format", "speedscope", "--full-filenames", "--rate", str(rate), *flags]
