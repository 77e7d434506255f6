"""Where a run was measured: what two runs must share to be comparable. Reads and never fails.

What can't change while a process lives is read once. A kernel lives for days, though: its user edits, commits,
switches branches and unplugs the power between two runs, so git and the power mode are asked again and again.
"""

from __future__ import annotations

import hashlib
import os
import platform
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import lru_cache, partial
from pathlib import Path

from workbench.capture.power import power_mode
from workbench.capture.worktree import has_changes
from workbench.model import Environment
from workbench.paths import working_folder

__all__ = ["environment", "packages_in"]

GIT_TIMEOUT_S = 2.0
MACHINE_ID_FILES = (Path("/etc/machine-id"), Path("/var/lib/dbus/machine-id"))
MOST_PACKAGES = 400

_ASKED_AGAIN_AFTER = 20  # times as long as asking takes: at most a twentieth of a process's time goes into it
_asked: dict[str, tuple[float, tuple[str, str, bool, str]]] = {}  # by folder: until when an answer holds, and it


def environment(root: Path | None = None) -> Environment:
    """The environment of this process, with git's state of the checkout at ``root`` (default: working folder).

    Git is given up on after two seconds. It and the power mode are asked again once 20 times as long has passed as
    asking took, so that blocks in quick succession spend little time on it. ``machine`` is a one-way digest, so
    that it says "same machine" and nothing else.
    """
    folder = root or working_folder()
    commit, branch, dirty, power = _changing(str(Path(folder).resolve()) if folder else "")
    return replace(_lasting(), commit=commit, branch=branch, dirty=dirty, power=power)


def _changing(root: str) -> tuple[str, str, bool, str]:
    """Commit, branch, whether the code differs from the commit, and the power mode, as of a moment ago."""
    began = time.monotonic()
    known = _asked.get(root)
    if known is None or began >= known[0]:
        answer = (*_git_state(root), power_mode())
        now = time.monotonic()
        known = _asked[root] = (now + _ASKED_AGAIN_AFTER * (now - began), answer)
    return known[1]


@lru_cache(maxsize=1)
def _lasting() -> Environment:
    return Environment(
        python=platform.python_version(),
        implementation=platform.python_implementation(),
        packages=dict(_packages()),
        os=f"{platform.system()} {platform.release()}",
        cpu=_cpu_model(),
        cores=os.cpu_count() or 0,
        memory_bytes=_memory_bytes(),
        machine=_machine_digest(),
        workbench=_packages().get("workbench", ""),
    )


def _git_state(root: str) -> tuple[str, str, bool]:
    """Commit, branch ("" if detached) and whether the code differs from it; empty outside a checkout."""
    commit = _git(root, "rev-parse", "HEAD") if root else ""
    if not commit:
        return "", "", False
    branch = _git(root, "symbolic-ref", "--short", "-q", "HEAD")
    return commit, branch, has_changes(partial(_git, root))


def _git(root: str, *arguments: str) -> str:
    settings = {**os.environ, "GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0"}
    try:
        answer = subprocess.run(
            ["git", "-c", "core.fsmonitor=false", "-C", root, *arguments],
            capture_output=True,
            stdin=subprocess.DEVNULL,
            timeout=GIT_TIMEOUT_S,
            env=settings,
            check=False,
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return answer.stdout.decode("utf-8", "replace").strip() if answer.returncode == 0 else ""


@lru_cache(maxsize=1)
def _packages() -> Mapping[str, str]:
    return packages_in(sys.path)


def packages_in(folders: Iterable[str]) -> dict[str, str]:
    """Installed distributions and their versions, by name; read from folder names, as metadata takes seconds."""
    found: dict[str, str] = {}
    for folder in folders:
        for entry in _names(folder):
            stem, dot, _ = entry.rpartition(".dist-info")
            name, _, version = stem.partition("-")
            if dot and version:
                found.setdefault(name.lower().replace("_", "-"), version)
    return dict(sorted(found.items())[:MOST_PACKAGES])


def _names(folder: str) -> list[str]:
    try:
        return os.listdir(folder or ".")  # noqa: PTH208 - names are all that is needed, of thousands
    except OSError:
        return []


def _cpu_model() -> str:
    for line in _read(Path("/proc/cpuinfo")).splitlines():
        key, _, value = line.partition(":")
        if key.strip() in ("model name", "Model", "Hardware"):
            return value.strip()
    if sys.platform == "darwin" and (brand := _output("sysctl", "-n", "machdep.cpu.brand_string")):
        return brand
    return platform.processor() or platform.machine()


def _memory_bytes() -> int:
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (ValueError, OSError):
        return 0


def _machine_digest() -> str:
    identity = next((text for path in MACHINE_ID_FILES if (text := _read(path).strip())), "") or platform.node()
    return hashlib.blake2b(identity.encode(), digest_size=8, person=b"wb.machine").hexdigest()


def _output(*command: str) -> str:
    try:
        answer = subprocess.run(command, capture_output=True, text=True, timeout=GIT_TIMEOUT_S, check=False)
    except (OSError, subprocess.SubprocessError):
        return ""
    return answer.stdout.strip()


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
