"""Sockets and deadlines in one thread, on time to some tens of microseconds."""

from __future__ import annotations

import heapq
import itertools
import selectors
import socket
import time
from collections.abc import Callable

from workbench.services.precise import Lateness, PreciseSelector

__all__ = ["Loop"]

_EARLY_S = 30e-6  # a deadline this near is served at once: another wait would overshoot it by as much
_READ_SHARE = 0.65  # lateness on a socket's event against a timer's, as measured


class Loop:
    """Sockets and deadlines (``time.monotonic`` seconds), served in one thread."""

    def __init__(self) -> None:
        self._selector = PreciseSelector()
        self._heap: list[tuple[float, int, Callable[[float], None]]] = []
        self._order = itertools.count()
        self._masks: dict[socket.socket, int] = {}
        self._lateness = Lateness()

    def at(self, when: float, call: Callable[[float], None]) -> None:
        heapq.heappush(self._heap, (when, next(self._order), call))

    def watch(self, sock: socket.socket, mask: int, call: Callable[[int, float], None]) -> None:
        """Have ``call(events, now)`` called when the socket is readable or writable; a mask of 0 ends it."""
        before = self._masks.get(sock, 0)
        if mask == before:
            return
        if not before:
            self._selector.register(sock, mask, call)
        elif mask:
            self._selector.modify(sock, mask, call)
        else:
            # Not kept with an empty mask: epoll would go on to report a hang-up, for ever.
            self._selector.unregister(sock)
        self._masks[sock] = mask
        if not mask:
            del self._masks[sock]

    def run(self) -> None:
        """Serve for ever."""
        while True:
            now = time.monotonic()
            wait = self._heap[0][0] - now if self._heap else None
            events = self._wait(wait, now)
            woken = time.monotonic()
            # What woke us came earlier than we noticed, by about what our timers are late.
            self._dispatch(events, woken - (_READ_SHARE * self._lateness.after(woken - now) if events else 0.0))
            self._expire(time.monotonic() + _EARLY_S)

    def _wait(self, wait: float | None, now: float) -> list[tuple[selectors.SelectorKey, int]]:
        if wait is None or wait <= _EARLY_S:
            return self._selector.select(None if wait is None else 0)
        early = self._lateness.after(wait)
        events = self._selector.select(wait - early)
        if not events:
            self._lateness.learn(wait, time.monotonic() - (now + wait - early))
        return events

    def _dispatch(self, events: list[tuple[selectors.SelectorKey, int]], now: float) -> None:
        for key, mask in events:
            if key.fileobj in self._masks:  # an earlier event of this batch may have closed it
                key.data(mask, now)

    def _expire(self, now: float) -> None:
        heap = self._heap
        while heap and heap[0][0] <= now:
            heapq.heappop(heap)[2](now)
