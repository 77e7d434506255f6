"""Processes that measured code leaves running: found by a mark in their environment, and ended.

The mark reaches every process that the code starts, in whatever session; a daemon, which no longer belongs to
whoever started it, has it too. What is missed is a fork that runs no program: it has its parent's environment as it
was at the parent's start.
"""

from __future__ import annotations

from collections.abc import Collection
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import psutil

__all__ = ["descendants", "end_all", "marked"]


def marked(variable: str, value: str) -> set[psutil.Process]:
    """All processes of this user with ``variable`` at ``value`` in the environment they were started with."""
    import psutil

    found = set()
    for process in psutil.process_iter():
        with suppress(psutil.Error, OSError):  # ended meanwhile, or another user's
            if process.environ().get(variable) == value:
                found.add(process)
    return found


def descendants(process: psutil.Process) -> list[psutil.Process]:
    """Children, their children and so on; none where it ended meanwhile."""
    import psutil

    try:
        return process.children(recursive=True)
    except psutil.Error:
        return []


def end_all(processes: Collection[psutil.Process], grace_s: float) -> None:
    """Ask all to end, and kill what is there ``grace_s`` seconds later. Services so get to remove their folders."""
    import psutil

    for process in processes:
        with suppress(psutil.Error):
            process.terminate()
    for process in psutil.wait_procs(processes, timeout=grace_s)[1] if processes else ():
        with suppress(psutil.Error):
            process.kill()
