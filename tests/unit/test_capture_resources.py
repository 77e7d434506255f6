"""Clocks, peak memory and the garbage collector."""

from __future__ import annotations

import gc
import subprocess
import sys
from contextlib import nullcontext

import pytest

from workbench.capture import resources
from workbench.capture.resources import collector_off, start_resources

MEBIBYTE = 1024 * 1024


def test_the_peak_is_that_of_the_round_and_not_of_the_process() -> None:
    def peak_with(size: int) -> int:
        meter = start_resources()
        block = bytearray(size)
        block[::4096] = b"x" * len(block[::4096])
        del block
        return meter.stop().peak_rss

    if not resources._reset_peak():
        pytest.skip("this system doesn't let the high-water mark be reset")
    large = peak_with(96 * MEBIBYTE)
    small = peak_with(1)
    assert large - small > 80 * MEBIBYTE


def test_where_the_mark_cannot_be_reset_the_peak_is_a_lower_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resources, "_reset_peak", lambda: False)
    use = start_resources().stop()
    assert not use.peak_exact
    assert use.peak_rss > MEBIBYTE
    monkeypatch.setattr(resources, "_all_time_peak", iter([5, 10**15]).__next__)
    use = start_resources().stop()
    assert use.peak_exact
    assert use.peak_rss == 10**15


def test_without_proc_psutil_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resources, "_status_bytes", lambda field: 0)
    assert resources._resident() > MEBIBYTE


def test_children_count_as_cpu_time_once_they_are_waited_for() -> None:
    meter = start_resources()
    subprocess.run([sys.executable, "-c", "sum(range(3_000_000))"], check=True)
    use = meter.stop()
    assert use.cpu_s > 0.01
    assert use.wall_s > 0


@pytest.mark.parametrize("error", [None, ValueError, KeyboardInterrupt])
def test_the_collector_is_off_inside_and_as_before_afterwards(error: type[BaseException] | None) -> None:
    with pytest.raises(error) if error else nullcontext(), collector_off():
        assert not gc.isenabled()
        if error:
            raise error
    assert gc.isenabled()


def test_a_collector_that_was_off_stays_off() -> None:
    gc.disable()
    try:
        with collector_off():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()
