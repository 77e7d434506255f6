"""Measuring from where an event loop already runs, such as a notebook's cell."""

from __future__ import annotations

import asyncio
import ctypes
import threading
from collections.abc import Callable
from typing import Generic, TypeVar

__all__ = ["outside_loop"]

T = TypeVar("T")


def outside_loop(function: Callable[[], T]) -> T:
    """Call ``function`` where no event loop runs: here, or in a thread of its own if one runs here.

    A workload brings its own loop, and loops don't nest. Ctrl-C meant for the thread is handed on to it, so that
    what it recorded is kept, and its own outcome is then returned or raised.
    """
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return function()
    return _Worker(function).result()


class _Worker(Generic[T]):
    def __init__(self, function: Callable[[], T]) -> None:
        self._function = function
        self._value: list[T] = []
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="workbench-measure", daemon=True)

    def _run(self) -> None:
        try:
            self._value.append(self._function())
        except BaseException as error:
            self._error = error

    def result(self) -> T:
        self._thread.start()
        while self._thread.is_alive():
            try:
                self._thread.join()
            except KeyboardInterrupt:
                self._interrupt()
        if self._error is not None:
            raise self._error
        return self._value[0]

    def _interrupt(self) -> None:
        # The documented way to raise in another thread: https://docs.python.org/3/c-api/init.html
        # #c.PyThreadState_SetAsyncExc; it takes effect at the thread's next bytecode.
        ident = ctypes.c_ulong(self._thread.ident or 0)
        ctypes.pythonapi.PyThreadState_SetAsyncExc(ident, ctypes.py_object(KeyboardInterrupt))
