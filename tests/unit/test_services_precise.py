from __future__ import annotations

import socket
import time
from selectors import EVENT_READ

from workbench.services.precise import Lateness, PreciseSelector


def test_a_timeout_never_ends_early_and_none_is_rounded_to_a_millisecond() -> None:
    with PreciseSelector() as selector:
        slept: list[float] = []
        while len(slept) < 50 or (min(slept) >= 0.001 and len(slept) < 5000):
            start = time.perf_counter()
            assert selector.select(0.0002) == []
            slept.append(time.perf_counter() - start)
    assert min(slept) >= 0.0002
    assert min(slept) < 0.001, "epoll's own timeout would have been 1 ms, every time"


def test_an_event_ends_the_wait() -> None:
    left, right = socket.socketpair()
    with left, right, PreciseSelector() as selector:
        selector.register(left, EVENT_READ, "here")
        right.send(b"x")
        ((key, mask),) = selector.select(60)
        assert (key.data, mask) == ("here", EVENT_READ)


def test_lateness_settles_on_the_median_by_length_of_sleep() -> None:
    lateness = Lateness()
    for turn in range(300):
        lateness.learn(0.050, 0.1 if turn % 10 == 0 else 180e-6)
        lateness.learn(0.001, 20e-6)
    assert abs(lateness.after(0.050) - 180e-6) < 3 * Lateness.STEP_S
    assert abs(lateness.after(0.001) - 20e-6) < 3 * Lateness.STEP_S


def test_lateness_is_bounded_and_never_more_than_half_the_sleep() -> None:
    lateness = Lateness()
    for _ in range(1000):
        lateness.learn(1.0, 5.0)
        lateness.learn(30e-6, 5.0)
    assert lateness.after(1.0) == Lateness.LIMIT_S
    assert lateness.after(30e-6) == 15e-6
    assert lateness.after(0.0) == 0.0
