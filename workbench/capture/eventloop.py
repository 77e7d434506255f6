"""Lets pyinstrument charge waiting to the awaiting function also where the profile began outside the event loop.

Its await tracking compares a context variable: the profiled tasks have it set, the loop's own frames must not.
With ``asyncio.run`` inside the profiled code the loop runs in the same context as its caller, so that all waiting
would be charged to ``select``. While a sampler is active, ``run_forever`` therefore clears the variable around
the loop; tasks keep the copy that they were created with.
"""

from __future__ import annotations

import asyncio
from typing import Any

from pyinstrument.stack_sampler import active_profiler_context_var

from workbench.capture.forks import ForkSafeLock

__all__ = ["hide_from_profiler", "show_to_profiler"]

_lock = ForkSafeLock()
_users = 0
_original = asyncio.BaseEventLoop.run_forever


def hide_from_profiler() -> None:
    """Begin; calls nest, from any thread."""
    global _users
    with _lock:
        _users += 1
        if _users == 1:
            asyncio.BaseEventLoop.run_forever = _run_forever  # type: ignore[method-assign]


def show_to_profiler() -> None:
    """End; the last one restores the event loop's own method."""
    global _users
    with _lock:
        _users -= 1
        if _users == 0 and asyncio.BaseEventLoop.run_forever is _run_forever:
            asyncio.BaseEventLoop.run_forever = _original  # type: ignore[method-assign]


def _run_forever(self: Any) -> None:
    profiler = active_profiler_context_var.get()
    if profiler is None:
        return _original(self)
    active_profiler_context_var.set(None)
    try:
        return _original(self)
    finally:
        active_profiler_context_var.set(profiler)
