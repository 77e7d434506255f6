"""SIGTERM and SIGHUP end what is measured as Ctrl-C does: children, folders and worktrees are cleared away."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

__all__ = ["terminable"]

_SIGNALS = (signal.SIGTERM, signal.SIGHUP)
_CLEARING_S = 5.0  # a hang-up often comes with a termination: the second must not stop the clearing up


@contextmanager
def terminable() -> Iterator[None]:
    """Within, both signals raise ``KeyboardInterrupt``; on the main thread, and where nobody else handles them.

    What is ignored stays so: ``nohup`` ignores SIGHUP.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    raised_at = float("-inf")

    def interrupt(number: int, frame: FrameType | None) -> None:
        nonlocal raised_at
        if time.monotonic() - raised_at > _CLEARING_S:
            raised_at = time.monotonic()
            raise KeyboardInterrupt

    ours = [number for number in _SIGNALS if signal.getsignal(number) is signal.SIG_DFL]
    for number in ours:
        signal.signal(number, interrupt)
    try:
        yield
    finally:
        for number in ours:
            signal.signal(number, signal.SIG_DFL)
