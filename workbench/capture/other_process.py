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

__all__ = ["environment_of", "run_delays"]

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


def run_delays(pid: int) -> dict[int, float]:
    """For how long each of its threads was ready to run and waited for a core, in seconds, by thread id.

    The second number of ``/proc/PID/task/TID/schedstat`` (nanoseconds), see
    https://docs.kernel.org/scheduler/sched-stats.html; Linux alone has it, and elsewhere there is nothing.
    """
    delays = {}
    for task in _threads(pid):
        with suppress(OSError, ValueError, IndexError):  # the thread has ended
            delays[int(task.name)] = int((task / "schedstat").read_text().split()[1]) / 1e9
    return delays


def _threads(pid: int) -> list[Path]:
    try:
        return list(Path(f"/proc/{pid}/task").iterdir())
    except OSError:
        return []


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
        if Path(f"/proc/{pid}/ns/mnt").is_symlink() and not _shares_files(pid):
            return None
        return Path(psutil.Process(pid).cwd())
    except (psutil.Error, OSError):  # another user's, or it has ended
        return None


def _shares_files(pid: int) -> bool:
    """Whether its paths are ours: in a container the same path is another folder."""
    return Path(f"/proc/{pid}/ns/mnt").readlink() == Path("/proc/self/ns/mnt").readlink()


def _packages(pid: int, python: str) -> dict[str, str]:
    """Of the virtual environment whose interpreter was started."""
    import psutil

    try:
        process = psutil.Process(pid)
        program, search = process.cmdline()[0], process.environ().get("PATH", "")
        found = shutil.which(program, path=search) if os.sep not in program else Path(process.cwd()) / program
    except (psutil.Error, OSError, IndexError):
        return {}
    if found is None or not (root := Path(found).parent.parent).joinpath("pyvenv.cfg").is_file():
        return {}
    release = ".".join(python.split(".")[:2])
    return packages_in([str(root / "lib" / f"python{release}" / "site-packages")])
