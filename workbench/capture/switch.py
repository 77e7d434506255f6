"""Instrumentation that is on while anything is recorded, and waits for its library to be imported."""

from __future__ import annotations

import sys
from collections.abc import Callable

from workbench.capture.forks import ForkSafeLock
from workbench.capture.imported import ImportWaiter

__all__ = ["Switch"]


class Switch:
    """``install`` and ``uninstall`` nest, from any thread; the first calls ``on`` and the last ``off``.

    ``on`` is called once the module has been imported, at once if it is: who doesn't use it doesn't pay for it.
    """

    def __init__(self, module: str, on: Callable[[], None], off: Callable[[], None]) -> None:
        self._module = module
        self._on = on
        self._off = off
        self._lock = ForkSafeLock()
        self._users = 0
        self._is_on = False
        self._waiter = ImportWaiter(module, self._arrived)

    def install(self) -> None:
        with self._lock:
            self._users += 1
            if self._users > 1:
                return
            if self._module in sys.modules:
                self._arrived()
            else:
                self._waiter.install()

    def uninstall(self) -> None:
        with self._lock:
            self._users -= 1
            if self._users > 0:
                return
            self._waiter.remove()
            if self._is_on:
                self._is_on = False
                self._off()

    def _arrived(self) -> None:
        with self._lock:
            if self._users and not self._is_on:
                self._on()
                self._is_on = True
