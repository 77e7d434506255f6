"""A Java process that never outlives us, with its arguments where other users can't read them."""

from __future__ import annotations

import ctypes
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from shutil import which

__all__ = ["Jvm", "free_port", "jdk_version"]

STOP_TIMEOUT_S = 5.0

_PR_SET_PDEATHSIG = 1  # prctl(2)


def free_port() -> int:
    """A loopback port that nobody listens on now."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@cache
def jdk_version(command: str = "javac") -> int:
    """The feature release of the JDK at hand, 0 if there is none: a JRE can't compile the launcher."""
    found = which(command)
    if found is None:
        return 0
    try:
        said = subprocess.run([found, "-version"], capture_output=True, text=True, timeout=30, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return 0
    match = re.search(r"javac (\d+)", said.stdout + said.stderr)
    return int(match[1]) if match else 0


class Jvm:
    """A JVM started in ``folder``, which also holds its arguments and its log."""

    def __init__(self, java: str, arguments: Sequence[str], folder: Path) -> None:
        self._java = java
        self._folder = folder
        self._file = folder / "java-arguments"
        self._output = folder / "java-output"
        # Not on the command line, which everyone on the machine can read: they may hold a password.
        self._file.touch(mode=0o600)
        self._file.write_text("".join(f"{_quoted(argument)}\n" for argument in arguments))
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        return self._process.pid if self._process else 0

    def start(self) -> None:
        with self._output.open("ab") as log:
            self._process = subprocess.Popen(
                [self._java, f"@{self._file}"],
                stdin=subprocess.PIPE,  # a life line for those who read it
                stdout=log,
                stderr=log,
                cwd=self._folder,
                preexec_fn=_die_with_parent if sys.platform == "linux" else None,
            )

    def exited(self) -> int | None:
        """The exit code once it has ended."""
        return self._process.poll() if self._process else None

    def last_words(self) -> str:
        """What it said of its end: the first exceptions, or its last lines."""
        text = self._output.read_text(errors="replace") if self._output.exists() else ""
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        causes = [line for line in lines if "Exception" in line or "Error" in line]
        return " | ".join(causes[:3] or lines[-5:])

    def stop(self, *, kill: bool = False) -> None:
        """End it in order, or at once; reaps it."""
        process, self._process = self._process, None
        if process is None:
            return
        if kill:
            process.kill()
        else:
            process.terminate()
        assert process.stdin is not None
        process.stdin.close()
        try:
            process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _quoted(argument: str) -> str:
    """As java's argument files take it (java(1), "java Command-Line Argument Files")."""
    escaped = argument.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
