"""What measured code may not do to the process it runs in: overstay, end it, or pass for a person's Ctrl-C."""

from __future__ import annotations

import dis
import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout, suppress
from pathlib import Path
from typing import Never
from weakref import WeakSet

from workbench.experiment.deadline import Overdue, deadline
from workbench.experiment.leftovers import descendants, end_all, marked
from workbench.paths import is_user_code, normalise

__all__ = ["ProcessEnded", "contained", "ending_children", "is_ctrl_c", "is_own_interrupt", "silenced"]

_GRACE_S = 3.0
_MARK = "WORKBENCH_STARTED_BY"
_RAISES = {"RAISE_VARARGS", "RERAISE"}

_started: WeakSet[threading.Thread] = WeakSet()
"""By measured code, in this and in earlier rounds, or while others did."""


class ProcessEnded(BaseException):
    """The code called ``os._exit``. No ``Exception``, as nothing would have caught the end of the process."""


@contextmanager
def contained(seconds: float) -> Iterator[None]:
    """Raise ``Overdue`` inside after ``seconds``, and ``ProcessEnded`` where the code calls ``os._exit``.

    That would end the comparison with the code's own exit status, and 0 would read as PASS. Forks of this process
    end as ever; one that comes back from the code ends here, or there would be two comparisons. So does the process
    where a library's thread that ran before ends it, as a notebook's kernel does when its parent is gone.
    """
    leave, owner = os._exit, os.getpid()
    measuring = threading.current_thread()
    others = set(threading.enumerate()) - {measuring} - set(_started)

    def refused(status: int) -> Never:
        caller = sys._getframe(1).f_code.co_filename
        if os.getpid() != owner:
            leave(status)
        if threading.current_thread() in others and not is_user_code(normalise(caller)):
            leave(status)
        raise ProcessEnded(f"os._exit({status})")

    os._exit = refused
    try:
        with deadline(seconds):
            yield
    finally:
        os._exit = leave
        _started.update(set(threading.enumerate()) - {measuring} - others)
        if os.getpid() != owner:
            leave(0)


@contextmanager
def ending_children() -> Iterator[None]:
    """Afterwards end what measured code started from this process and left running, daemons too.

    Meanwhile a mark stands in the environment, by which programs are found that no longer belong to whoever started
    them (see ``leftovers``). What is missed is a fork of a fork that runs no program, after its parent has ended.
    """
    import psutil

    ours, mark, outer = psutil.Process(), f"{os.getpid()}:{time.monotonic_ns()}", os.environ.get(_MARK)
    before = set(ours.children())
    os.environ[_MARK] = mark
    try:
        yield
    finally:
        if outer is None:
            os.environ.pop(_MARK, None)
        else:
            os.environ[_MARK] = outer
        started = [child for child in ours.children() if child not in before]
        found = {process for child in started for process in (*descendants(child), child)} | marked(_MARK, mark)
        end_all([process for process in found if process.pid not in (ours.pid, _tracker())], _GRACE_S)


@contextmanager
def silenced() -> Iterator[None]:
    """Throw away what measured code, or a process of its, writes to descriptor 1: the answer alone stands there."""
    sys.stdout.flush()
    try:
        kept = os.dup(1)
    except OSError:  # closed by whoever started us
        yield
        return
    sink = os.open(os.devnull, os.O_WRONLY)
    os.dup2(sink, 1)
    os.close(sink)
    try:
        # a stream of the code's own, to close or to replace
        with Path(os.devnull).open("w", encoding="utf-8", errors="replace") as nowhere, redirect_stdout(nowhere):
            yield
    finally:
        with suppress(OSError, ValueError, AttributeError):  # the code has found the real one, and closed that
            sys.stdout.flush()
        with suppress(OSError):  # the code has closed all that it found
            os.dup2(kept, 1)
            os.close(kept)


def _tracker() -> int | None:
    """Pid of multiprocessing's resource tracker, which ends after us and by itself, and removes what we leave."""
    module = sys.modules.get("multiprocessing.resource_tracker")
    pid: int | None = getattr(getattr(module, "_resource_tracker", None), "_pid", None)
    return pid


def is_ctrl_c(error: BaseException) -> bool:
    """Whether it is a person's doing, or a signal's: neither a time limit nor the user's code raised it."""
    return isinstance(error, KeyboardInterrupt) and not isinstance(error, Overdue) and not is_own_interrupt(error)


def is_own_interrupt(error: BaseException) -> bool:
    """Whether a ``KeyboardInterrupt`` was raised by a statement of the user's code, and not by a signal.

    A signal's is raised between two instructions, or by a handler that isn't the user's.
    """
    traceback = error.__traceback__
    while traceback is not None and traceback.tb_next is not None:
        traceback = traceback.tb_next
    if not isinstance(error, KeyboardInterrupt) or traceback is None:
        return False
    code = traceback.tb_frame.f_code
    if not is_user_code(normalise(code.co_filename)):
        return False
    here = (i.opname for i in dis.get_instructions(code) if i.offset == traceback.tb_lasti)
    return next(here, "") in _RAISES
