"""How long a scan was busy with what: phases may overlap, and each counts while anything of it is under way."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

__all__ = ["PHASES", "Phases"]

PHASES = ("listing", "versions", "properties", "writes", "relationships", "descriptions")


class Phases:
    """Seconds by phase. Not for threads: a scan lives in one event loop."""

    def __init__(self, now: Callable[[], float] = time.perf_counter) -> None:
        self._now = now
        self._seconds = dict.fromkeys(PHASES, 0.0)
        self._active = dict.fromkeys(PHASES, 0)
        self._since = dict.fromkeys(PHASES, 0.0)

    @contextmanager
    def of(self, name: str) -> Iterator[None]:
        """The body belongs to this phase."""
        if not self._active[name]:
            self._since[name] = self._now()
        self._active[name] += 1
        try:
            yield
        finally:
            self._active[name] -= 1
            if not self._active[name]:
                self._seconds[name] += self._now() - self._since[name]

    def measures(self) -> dict[str, float]:
        """As measures of a round: ``phase_<name>_s``."""
        return {f"phase_{name}_s": seconds for name, seconds in self._seconds.items()}
