"""Wall and CPU time, peak memory and the garbage collector's state over one round."""

from __future__ import annotations

import gc
import resource
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from workbench.capture.forks import ForkSafeLock

__all__ = ["ResourceUse", "collector_off", "start_resources"]

STATUS = Path("/proc/self/status")
CLEAR_REFS = Path("/proc/self/clear_refs")
RESET_PEAK = "5"  # proc(5): reset the peak resident set size ("high water mark")
RUSAGE_UNIT = 1 if sys.platform == "darwin" else 1024  # ru_maxrss is in bytes on macOS, in KiB on Linux


@dataclass(frozen=True, slots=True)
class ResourceUse:
    """What a round used: seconds, seconds of this process and of the children it waited for, and bytes.

    ``peak_rss`` is exact where the system lets the high-water mark be reset (Linux), or where the round pushed the
    process's all-time peak up; else ``peak_exact`` is False and it is a lower bound: the larger of the resident
    sizes before and after.
    """

    wall_s: float
    cpu_s: float
    peak_rss: int
    peak_exact: bool


class ResourceMeter:
    """Looks at the memory when made; ``begin`` and ``end`` read the clocks and nothing else, as a sampler is on."""

    def __init__(self) -> None:
        self._peak_reset = _reset_peak()
        self._rss = _resident()
        self._all_time_peak = _all_time_peak()
        self._cpu = 0
        self._wall = 0
        self._own_cpu = 0
        self._own_wall = 0

    def begin(self) -> None:
        self._cpu = _cpu_ns()
        self._wall = time.perf_counter_ns()

    def end(self) -> None:
        self._wall = time.perf_counter_ns() - self._wall
        self._cpu = _cpu_ns() - self._cpu

    def use(self) -> ResourceUse:
        """What was used between ``begin`` and ``end``, with the peak up to now."""
        peak, exact = self._peak()
        # A clock that ran backwards shows as such where nothing is left out.
        wall = max(self._wall - self._own_wall, 0) if self._own_wall else self._wall
        cpu = max(self._cpu - self._own_cpu, 0) if self._own_cpu else self._cpu
        return ResourceUse(wall_s=wall / 1e9, cpu_s=cpu / 1e9, peak_rss=peak, peak_exact=exact)

    @contextmanager
    def left_out(self, *, wall: bool = True) -> Iterator[None]:
        """What happens inside is the workbench's own work in this thread, and isn't used by the round.

        ``wall=False``: where the round's own code may have gone on waiting meanwhile.
        """
        began, cpu = time.perf_counter_ns(), time.thread_time_ns()
        try:
            yield
        finally:
            self._own_cpu += time.thread_time_ns() - cpu
            self._own_wall += time.perf_counter_ns() - began if wall else 0

    def stop(self) -> ResourceUse:
        self.end()
        return self.use()

    def _peak(self) -> tuple[int, bool]:
        resident = max(_resident(), self._rss)
        if self._peak_reset:
            return max(_status_bytes("VmHWM"), resident), True
        peak = _all_time_peak()
        return (peak, True) if peak > self._all_time_peak else (resident, False)


def start_resources() -> ResourceMeter:
    """Begin to measure this process."""
    meter = ResourceMeter()
    meter.begin()
    return meter


@contextmanager
def collector_off() -> Iterator[None]:
    """Collect garbage now and switch the collector off inside, as it was afterwards, whatever happens.

    Where threads overlap in this, the first notes how it was and the last restores it.
    """
    with _collector:
        _collector.users += 1
        if _collector.users == 1:
            _collector.was_on = gc.isenabled()
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        with _collector:
            _collector.users -= 1
            if _collector.users == 0 and _collector.was_on:
                gc.enable()


class _Collector(ForkSafeLock):
    users = 0
    was_on = True


_collector = _Collector()


def _cpu_ns() -> int:
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time_ns() + round((children.ru_utime + children.ru_stime) * 1e9)


def _reset_peak() -> bool:
    try:
        CLEAR_REFS.write_text(RESET_PEAK)
    except OSError:  # no Linux, or a sandbox that forbids it
        return False
    return True


def _all_time_peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * RUSAGE_UNIT


def _resident() -> int:
    if found := _status_bytes("VmRSS"):
        return found
    import psutil

    return int(psutil.Process().memory_info().rss)


def _status_bytes(field: str) -> int:
    """A field of /proc/self/status in bytes, 0 if there is none."""
    try:
        text = STATUS.read_text()
    except OSError:
        return 0
    _, found, rest = text.partition(f"{field}:")
    return int(rest.split(None, 1)[0]) * 1024 if found else 0
