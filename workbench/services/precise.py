"""Wake up on time: a selector whose timeouts are good to some tens of microseconds.

``epoll_wait`` counts in milliseconds, and Python rounds a timeout up to the next one, so a loop over it wakes up to
1 ms late. ``select`` takes microseconds but no descriptor above 1023. The epoll (or kqueue) descriptor is itself
something ``select`` can wait for: wait there with the precise timeout, then collect the events with none.
"""

from __future__ import annotations

import contextlib
import select
import selectors
from math import frexp
from pathlib import Path
from typing import TYPE_CHECKING

__all__ = ["Lateness", "PreciseSelector", "tighten_timer_slack"]

if TYPE_CHECKING:
    # One of the concrete ones: which it is depends on the platform.
    _Base = selectors.SelectSelector
else:
    _Base = selectors.DefaultSelector


class PreciseSelector(_Base):
    """``selectors.DefaultSelector`` with precise timeouts; also fits ``asyncio.SelectorEventLoop``."""

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is not None and timeout > 0:
            descriptor: int = self.fileno()  # type: ignore[attr-defined]
            select.select([descriptor], [], [], timeout)
            timeout = 0
        return super().select(timeout)


def tighten_timer_slack() -> None:
    """Ask Linux not to group this process's timers: its default lets each be 50 µs late."""
    with contextlib.suppress(OSError):
        Path("/proc/self/timerslack_ns").write_text("1")


class Lateness:
    """How late a process wakes up, learnt from its own timers: the median by length of the sleep, in seconds.

    A processor that slept longer sleeps deeper: 25 µs after 0.25 ms, 180 µs after 50 ms were seen. The estimate
    moves by a fixed step towards each observation, which tracks a median and so shrugs off the odd stall.
    """

    STEP_S = 8e-6
    LIMIT_S = 400e-6

    def __init__(self) -> None:
        self._by_octave = [50e-6] * 64

    @staticmethod
    def _octave(slept_s: float) -> int:
        return min(63, max(0, frexp(slept_s)[1] + 32))

    def after(self, slept_s: float) -> float:
        """The lateness to expect of a sleep of that length."""
        return min(self._by_octave[self._octave(slept_s)], slept_s / 2)

    def learn(self, slept_s: float, late_s: float) -> None:
        octave = self._octave(slept_s)
        step = self.STEP_S if late_s > self._by_octave[octave] else -self.STEP_S
        self._by_octave[octave] = min(self.LIMIT_S, max(0.0, self._by_octave[octave] + step))
