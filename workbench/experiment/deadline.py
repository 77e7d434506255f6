"""A time limit on code of the user's that runs in this process."""

from __future__ import annotations

import contextlib
import ctypes
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType

__all__ = ["Overdue", "deadline"]

_AGAIN_S = 1.0
_LONGEST_S = 1e6  # what every clock and wait of the system takes; "inf" is more


class Overdue(KeyboardInterrupt):
    """A round took longer than it may. Of this kind because event loops and careful code let only that through."""


@contextmanager
def deadline(seconds: float) -> Iterator[None]:
    """Raise ``Overdue`` inside if it takes longer, and every second from then on, should the body swallow it.

    It interrupts Python code and sleeps wherever they are. What can't be reached is a call into C that never comes
    back and doesn't heed signals: only a process of its own (``isolate``) can be ended then.
    """
    if threading.current_thread() is threading.main_thread():
        with _alarm(seconds):
            yield
    else:
        with _injected(seconds):
            yield


def _is_ours(frame: FrameType | None) -> bool:
    """Whether it is on its way into or out of ``deadline``: raised there, nobody would switch the alarm off."""
    return frame is not None and frame.f_code.co_filename in (__file__, contextlib.__file__)


@contextmanager
def _alarm(seconds: float) -> Iterator[None]:
    over = False

    def fire(number: int, frame: FrameType | None) -> None:
        if not over and not _is_ours(frame):
            raise Overdue

    began, seconds = time.monotonic(), min(seconds, _LONGEST_S)
    before, (left, every) = signal.getsignal(signal.SIGALRM), signal.getitimer(signal.ITIMER_REAL)
    try:
        signal.signal(signal.SIGALRM, fire)
        signal.setitimer(signal.ITIMER_REAL, seconds, _AGAIN_S)
        yield
    finally:
        try:
            over = True
        finally:  # the alarm may ring at any line, this one's before included, and must not ring on
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, before)
            if left:  # whoever else waits for an alarm, such as a test's own timeout, still gets it
                signal.setitimer(signal.ITIMER_REAL, max(left - (time.monotonic() - began), 1e-3), every)


@contextmanager
def _injected(seconds: float) -> Iterator[None]:
    """For threads other than the main one: raised at the thread's next bytecode, so a sleep ends first."""
    target, goes_on = threading.get_ident(), threading.Lock()
    goes_on.acquire()

    def watch() -> None:
        wait = min(seconds, _LONGEST_S)
        while not goes_on.acquire(timeout=wait):
            wait = _AGAIN_S
            if _is_ours(sys._current_frames().get(target)):
                continue
            ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(target), ctypes.py_object(Overdue))

    watcher = threading.Thread(target=watch, name="workbench-deadline", daemon=True)

    def end() -> None:
        with suppress(RuntimeError):  # released before
            goes_on.release()  # a single step: an Event that is interrupted while it is set stays locked
        if watcher.ident is not None:  # else the system had no thread left, which is the error to tell
            watcher.join()

    try:
        watcher.start()
        yield
    finally:
        try:
            end()
        finally:  # it may be raised at any line here as well, once
            end()
