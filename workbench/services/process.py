"""Start a service as a child process of our own, and make sure that it never outlives us.

The child gets its configuration as one JSON line on stdin (never by argv, which other users can read), binds port 0
on loopback, and reports what it bound as one JSON line on stdout. stdin then stays open as a life line: when the
parent closes it or dies, by whatever signal, the child reads end-of-file and exits. Requests such as ``stats``
travel over the same two pipes, one JSON line each way. The child is in a session of its own, so a Ctrl-C at the
terminal reaches only the parent, which then stops it in order.
"""

from __future__ import annotations

import json
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import weakref
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

from workbench.errors import ServiceError, ServiceStartFailed
from workbench.services.stoppable import Stoppable

__all__ = ["ServiceProcess", "start_service"]

STOP_TIMEOUT_S = 3.0
TAIL_LINES = 6
_LONGEST_POLL_S = 1e6  # milliseconds are a C int


def start_service(
    module: str,
    config: Mapping[str, Any],
    *,
    name: str,
    timeout_s: float = 30.0,
    python: Path | None = None,
    folder: Path | None = None,
    variables: Mapping[str, str] | None = None,
) -> ServiceProcess:
    """Run ``python -m module`` as a service; return when it reports ready.

    ``name`` is what error messages call it, ``python`` the interpreter (ours by default), ``folder`` where it works
    (here by default); ``variables`` are added to its environment. Raises ServiceStartFailed with the last lines it
    wrote to stderr if it exits, says nonsense or stays silent for ``timeout_s``; nothing of it is left then.
    """
    with tempfile.TemporaryFile() as log:
        process = ServiceProcess(_spawn(module, log, python, folder, variables or {}), name)
        try:
            process.ready = process._exchange(dict(config), timeout_s)
        except BaseException as error:
            process.stop()
            if isinstance(error, ServiceError):
                raise ServiceStartFailed(_failure(name, error, log)) from None
            raise
    return process


def _spawn(
    module: str, log: IO[bytes], python: Path | None, folder: Path | None, variables: Mapping[str, str]
) -> subprocess.Popen[bytes]:
    # -P keeps the working directory off the path: a notebook's folder may hold a json.py of its own.
    return subprocess.Popen(
        [str(python or sys.executable), "-P", "-m", module],
        cwd=folder,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=log,
        env={**_environment(), **variables},
        bufsize=0,
        start_new_session=True,
    )


def _environment() -> dict[str, str]:
    """Ours, with the folder of this very package on the path, in case it isn't installed."""
    root = Path(__file__).resolve().parents[2]
    environment = dict(os.environ)
    if root.name not in ("site-packages", "dist-packages"):
        paths = [*filter(None, environment.get("PYTHONPATH", "").split(os.pathsep)), str(root)]
        environment["PYTHONPATH"] = os.pathsep.join(paths)
    return environment


def _failure(name: str, error: ServiceError, log: IO[bytes]) -> str:
    log.seek(0)
    lines = [line.strip() for line in log.read().decode(errors="replace").splitlines() if line.strip()]
    said = " | ".join(lines[-TAIL_LINES:]) or "it wrote nothing to stderr"
    return f"{name} did not start: {error}; its last words: {said}"


class ServiceProcess(Stoppable):
    """A running service; a context manager. Ends at ``stop``, garbage collection, or the interpreter's end."""

    ready: dict[str, Any]

    def __init__(self, popen: subprocess.Popen[bytes], name: str) -> None:
        self.name = name
        self.ready = {}
        self._popen = popen
        self._lock = threading.Lock()
        self._buffer = b""
        self._sequence = 0
        self._leftovers: list[Path] = []
        self._finalize = weakref.finalize(self, _shut_down, popen, self._leftovers, os.getpid())

    @property
    def pid(self) -> int:
        return self._popen.pid

    @property
    def alive(self) -> bool:
        return self._finalize.alive and self._popen.poll() is None

    def ask(self, operation: str, timeout_s: float = 10.0, **arguments: Any) -> dict[str, Any]:
        """The service's answer to one of its control operations, such as ``stats``. Raises ServiceError."""
        self._sequence += 1
        return self._exchange({"op": operation, "id": self._sequence, "arguments": arguments}, timeout_s)

    def remove_at_end(self, folder: Path) -> None:
        """Remove a folder of the service's when it has ended: itself it can't if it was killed."""
        self._leftovers.append(folder)

    def stop(self) -> None:
        """End the process and reap it; harmless when it is over already."""
        self._finalize()

    def _exchange(self, message: Mapping[str, Any], timeout_s: float) -> dict[str, Any]:
        with self._lock:
            if not self._finalize.alive:
                raise ServiceError(f"{self.name} was stopped")
            assert self._popen.stdin is not None
            try:
                self._popen.stdin.write(json.dumps(message).encode() + b"\n")
            except OSError:
                raise ServiceError(f"{self.name} {self._ending()}") from None
            answer = self._read_answer(message.get("id"), time.monotonic() + timeout_s, timeout_s)
        if "error" in answer:
            raise ServiceError(f"{self.name} says: {answer['error']}")
        return answer

    def _read_answer(self, wanted: object, deadline: float, timeout_s: float) -> dict[str, Any]:
        """The next answer with that id; an older one belongs to a caller who gave up waiting."""
        while True:
            line = self._read_line(deadline, timeout_s)
            try:
                answer: dict[str, Any] = json.loads(line)
            except ValueError:
                raise ServiceError(f"{self.name} answered something that is no JSON") from None
            if answer.pop("id", None) == wanted:
                return answer

    def _read_line(self, deadline: float, timeout_s: float) -> bytes:
        assert self._popen.stdout is not None
        while b"\n" not in self._buffer:
            if not _readable(self._popen.stdout, deadline):
                raise ServiceError(f"{self.name} gave no answer within {timeout_s:g} s")
            chunk = self._popen.stdout.read(65536)
            if not chunk:
                raise ServiceError(f"{self.name} {self._ending()}")
            self._buffer += chunk
        line, _, self._buffer = self._buffer.partition(b"\n")
        return line

    def _ending(self) -> str:
        """How it ended, in words, now that it answers no more."""
        try:
            code = self._popen.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            return "closed its line to us and ran on"
        if code >= 0:
            return f"exited with code {code}"
        name = signal.Signals(-code).name if -code in set(signal.Signals) else f"signal {-code}"
        return f"was ended by {name}"


def _readable(stream: IO[bytes], deadline: float) -> bool:
    """Whether there is something to read, or end-of-file, before the deadline (``time.monotonic``)."""
    poll = select.poll()
    poll.register(stream.fileno(), select.POLLIN | select.POLLHUP)
    seconds = min(max(0.0, deadline - time.monotonic()), _LONGEST_POLL_S)
    return bool(poll.poll(seconds * 1000))


def _shut_down(popen: subprocess.Popen[bytes], leftovers: list[Path], owner: int) -> None:
    """Close the life line, give the child its time to end, then kill and reap it."""
    if os.getpid() != owner:
        return  # a fork of the parent holds a copy of the object, not the child
    assert popen.stdin is not None and popen.stdout is not None
    try:
        popen.stdin.close()
        _drain(popen.stdout, time.monotonic() + STOP_TIMEOUT_S)
    finally:
        popen.kill()  # no-op once it has been reaped; a child past its end-of-file is beyond manners
        popen.wait()
        popen.stdout.close()
        for folder in leftovers:
            shutil.rmtree(folder, ignore_errors=True)


def _drain(stream: IO[bytes], deadline: float) -> None:
    """Read until end-of-file, which is the moment the child ends: waiting without polling."""
    while _readable(stream, deadline):
        if not stream.read(65536):
            return
