"""Which looks of py-spy found a thread that waits, whatever the system said of it.

py-spy stops the process for each look. A thread that sleeps is woken by that, and where the next look comes soon,
or the machine is busy, it is still seen on its way back to sleep: as running. ``--nonblocking`` would cure it, but
tears stacks of code that runs (docs/decisions.md). So a look is told by where it fell: in the standard library's
Python around a lock, a selector or a child process, or on a source line that calls ``sleep`` or ``acquire``, for
which py-spy, unlike pyinstrument, has no frame. Waits in other C functions stay what py-spy took them for.
"""

from __future__ import annotations

import linecache
import re

from workbench.capture.roles import Role, role_of
from workbench.model import Frame

__all__ = ["called_wait", "only_waits"]

_CALLS = re.compile(r"(?<!def )\b(sleep|acquire)\(")
_NAMES = {"sleep": Frame("<built-in>", "sleep"), "acquire": Frame("<built-in>", "lock.acquire")}
_ONLY_WAIT = frozenset({"<stdlib>/threading.py", "<stdlib>/selectors.py", "<stdlib>/subprocess.py"})


def called_wait(filename: str, line: int) -> Frame | None:
    """The C function that blocks and is called on this line of a source file; None if it names none.

    Where a call on the line leads into Python, that is the leaf of the stack and not this line.
    """
    found = _CALLS.search(linecache.getline(filename, line)) if line > 0 else None
    return _NAMES[found[1]] if found else None


def only_waits(leaf: Frame) -> bool:
    """Whether a thread with this leaf does nothing but wait; one that reads from a socket may be decrypting."""
    return leaf in _NAMES.values() or (leaf.file in _ONLY_WAIT and role_of(leaf) is Role.WAIT)
