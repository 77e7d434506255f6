"""What can be told from outside of a process that is not ours: where it runs, on what, and how it is scheduled."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from workbench.capture.environment import environment, packages_in
from workbench.capture.pyspy import executable
from workbench.errors import CaptureError
from workbench.model import Environment

__all__ = ["environment_of", "run_delay_s"]

_DUMP_S = 20.0
_PYTHON = re.compile(r"^Python v(\S+)", re.MULTILINE)  # the second line of `py-spy dump`


def environment_of(pid: int) -> Environment:
    """The environment of another Python process on this machine; what can't be told is empty. Never fails.

    Its interpreter's version is what py-spy finds in it, its packages are those of the virtual environment that it
    was started from (not told without one), and git is asked in the folder it works in.
    """
    python, folder = _python(pid), _folder(pid)
    here = environment(folder) if folder else replace(environment(), commit="", branch="", dirty=False)
    return replace(here, python=python, implementation="CPython" if python else "", packages=_packages(pid, python))


def run_delay_s(pid: int) -> float | None:
    """Seconds for which its present threads were ready to run and waited for a core; None where nobody counts them.

    The second number of ``/proc/PID/task/TID/schedstat`` (nanoseconds), see
    https://docs.kernel.org/scheduler/sched-stats.html; Linux alone has it.
    """
    total, found = 0, False
    with suppress(OSError, ValueError, IndexError):  # the process, or one of its threads, has ended
        for task in Path(f"/proc/{pid}/task").iterdir():
            total += int((task / "schedstat").read_text().split()[1])
            found = True
    return total / 1e9 if found else None


def _python(pid: int) -> str:
    try:
        dump = subprocess.run(
            [executable(), "dump", "--nonblocking", "--pid", str(pid)],
            capture_output=True,
            stdin=subprocess.DEVNULL,
            timeout=_DUMP_S,
            check=False,
        )
    except (OSError, subprocess.SubprocessError, CaptureError):
        return ""
    found = _PYTHON.search(dump.stdout.decode("utf-8", "replace"))
    return found[1] if found else ""


def _folder(pid: int) -> Path | None:
    import psutil

    try:
        return Path(psutil.Process(pid).cwd())
    except (psutil.Error, OSError):  # another user's, or it has ended
        return None


def _packages(pid: int, python: str) -> dict[str, str]:
    """Of the virtual environment whose interpreter was started."""
    import psutil

    try:
        process = psutil.Process(pid)
        program, search = process.cmdline()[0], process.environ().get("PATH")
        found = shutil.which(program, path=search) if os.sep not in program else Path(process.cwd()) / program
    except (psutil.Error, OSError, IndexError):
        return {}
    if found is None or not (root := Path(found).parent.parent).joinpath("pyvenv.cfg").is_file():
        return {}
    release = ".".join(python.split(".")[:2])
    return packages_in([str(root / "lib" / f"python{release}" / "site-packages")])
