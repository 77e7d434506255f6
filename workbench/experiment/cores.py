"""Which core a round begins on: the same one for both sides of a pair that run in processes of their own.

The scheduler keeps two processes that take turns on a core each, for as long as they live. Where one core is slower
(a neighbour on the same machine, the sibling of a hyperthread, another kind of core), every pair then says that
the code on it is. So the second side of a pair begins on the core that the first one began on. A thread can be
moved: bound to one core, it migrates there at once; released in the next call, it may run anywhere again, as may
its threads and children, which would otherwise inherit the bond.

Linux only. Elsewhere, and where a sandbox forbids it, rounds begin where they do.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path

__all__ = ["begin_on", "current_core"]

_STAT = Path("/proc/thread-self/stat")
_PROCESSOR = 36  # of the fields after the command's name: proc(5), field 39


def current_core() -> int | None:
    """The core that the calling thread runs on, None where there is no telling."""
    try:
        return int(_STAT.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()[_PROCESSOR])
    except (OSError, ValueError, IndexError):
        return None


def begin_on(core: int) -> None:
    """Move the calling thread to a core, if it may run there, and leave it as free as it was."""
    if sys.platform != "linux":
        return
    with suppress(OSError):  # a sandbox may forbid either
        allowed = os.sched_getaffinity(0)
        if core in allowed and len(allowed) > 1:
            os.sched_setaffinity(0, {core})
            os.sched_setaffinity(0, allowed)
