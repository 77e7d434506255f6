"""What happens to recordings when the process forks: they are the parent's alone.

The child is a copy, with hooks, patches and open files of the parent. It takes its hooks off at once and
never writes: a run that two processes finish would be stored as whichever saves first.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable

__all__ = ["ForkSafeLock", "forget", "leave_in_child"]

_locks: list[ForkSafeLock] = []
_leavers: list[Callable[[], None]] = []
_registered = False


class ForkSafeLock:
    """A re-entrant lock that is free in a forked child, whichever thread of the parent held it. Make it once."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        _locks.append(self)

    def __enter__(self) -> None:
        self._lock.acquire()

    def __exit__(self, *_: object) -> None:
        self._lock.release()

    def renew(self) -> None:
        """Free it: its holder doesn't exist in this process."""
        self._lock = threading.RLock()


def leave_in_child(leave: Callable[[], None]) -> None:
    """Call ``leave`` in every child that is forked until ``forget``, the latest first."""
    global _registered
    if not _registered:  # with the first recording: importing the workbench changes nothing
        _registered = True
        os.register_at_fork(after_in_child=_leave_all)
    _leavers.append(leave)


def forget(leave: Callable[[], None]) -> None:
    """The recording is over; does nothing if the fork has been followed already."""
    if leave in _leavers:
        _leavers.remove(leave)


def _leave_all() -> None:
    for lock in _locks:
        lock.renew()
    while _leavers:
        _leavers.pop()()
