"""Waiting and giving up, on a clock of our own: backoff, patience, the limiter."""

from __future__ import annotations

import asyncio
from itertools import pairwise

import pytest

from workbench.errors import ServiceError, ServiceThrottled
from workbench.scenarios.http.limiter import Limiter
from workbench.scenarios.http.retry import Patience, backoff
from workbench.scenarios.http.trouble import Trouble

FAULT = Trouble(ServiceError("500"), again=True)
FATAL = Trouble(ServiceError("404"))
THROTTLED = Trouble(ServiceThrottled("429"), again=True, throttled=True, retry_after=1.0)


class Clock:
    """Time that passes only where somebody sleeps."""

    def __init__(self) -> None:
        self.time = 100.0
        self.slept: list[float] = []

    def now(self) -> float:
        return self.time

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.time += seconds
        await asyncio.sleep(0)


def test_backoff_doubles_with_jitter_that_is_the_same_every_time() -> None:
    delays = [backoff("GET /x", attempt) for attempt in range(1, 10)]
    assert delays == [backoff("GET /x", attempt) for attempt in range(1, 10)]
    assert backoff("GET /y", 1) != delays[0]
    for attempt, delay in enumerate(delays):
        step = min(0.1 * 2**attempt, 2.5)
        assert step <= delay < 2 * step
    assert max(delays) <= 5.0


def test_retry_after_is_waited_for_in_full() -> None:
    assert 7.0 <= backoff("GET /x", 1, 7.0) < 7.1
    assert backoff("GET /x", 1, 0.0) < 0.1


def test_faults_get_three_more_attempts_and_fatal_errors_none() -> None:
    clock = Clock()
    patience = Patience(1000, clock.now)
    assert [patience.delay(FAULT, "k", attempt) is not None for attempt in range(1, 6)] == [True] * 3 + [False] * 2
    assert patience.delay(FATAL, "k", 1) is None


def test_a_throttled_request_may_try_for_as_long_as_others_succeed() -> None:
    clock = Clock()
    patience = Patience(5.0, clock.now)
    for attempt in range(1, 30):
        clock.time += 1.0
        patience.succeeded()
        assert patience.delay(THROTTLED, "k", attempt) is not None
    assert patience.delay(THROTTLED, "k", 30) is None


def test_when_nobody_succeeds_nobody_waits_beyond_the_budget() -> None:
    clock = Clock()
    patience = Patience(5.0, clock.now)
    clock.time += 3.0
    assert patience.delay(THROTTLED, "k", 1) is not None
    clock.time += 1.5
    assert patience.delay(THROTTLED, "k", 2) is None
    assert patience.delay(FAULT, "other", 1) is not None, "0.2 s are still within it"
    clock.time += 1.0
    assert patience.delay(FAULT, "other", 1) is None


async def crowd(limiter: Limiter, clock: Clock, count: int, seconds: float = 1.0) -> tuple[int, list[float]]:
    """So many holders at once; returns the most at a time and when each began."""
    held = most = 0
    began: list[float] = []

    async def one() -> None:
        nonlocal held, most
        async with limiter:
            began.append(clock.now())
            held += 1
            most = max(most, held)
            await asyncio.sleep(0)
            held -= 1

    await asyncio.gather(*(one() for _ in range(count)))
    return most, began


def test_the_limiter_never_lets_more_in_than_its_limit() -> None:
    clock = Clock()

    async def scenario() -> int:
        return (await crowd(Limiter(4, now=clock.now, sleep=clock.sleep), clock, 50))[0]

    assert asyncio.run(scenario()) == 4


def test_a_refusal_pauses_all_and_takes_one_place() -> None:
    clock = Clock()

    async def scenario() -> tuple[Limiter, int, list[float]]:
        limiter = Limiter(4, now=clock.now, sleep=clock.sleep)
        async with limiter:
            limiter.refused(2.0)
        return limiter, *await crowd(limiter, clock, 20)

    limiter, most, began = asyncio.run(scenario())
    assert (limiter.limit, most) == (3, 3)
    assert min(began) >= 102.0
    assert all(later >= earlier for earlier, later in pairwise(began))


def test_one_place_always_stays() -> None:
    clock = Clock()

    async def scenario() -> int:
        limiter = Limiter(3, now=clock.now, sleep=clock.sleep)
        for _ in range(10):
            limiter.refused(0.0)
        return (await crowd(limiter, clock, 5))[0]

    assert asyncio.run(scenario()) == 1


def test_a_longer_pause_is_not_shortened_by_a_later_shorter_one() -> None:
    clock = Clock()

    async def scenario() -> list[float]:
        limiter = Limiter(3, now=clock.now, sleep=clock.sleep)
        limiter.refused(5.0)
        limiter.refused(1.0)
        return (await crowd(limiter, clock, 1))[1]

    assert asyncio.run(scenario()) == [105.0]


def test_whoever_is_cancelled_while_waiting_gives_its_place_back() -> None:
    async def scenario() -> None:
        limiter = Limiter(1)
        limiter.refused(60.0)
        waiting = asyncio.create_task(limiter.__aenter__())
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        limiter._resume_at = 0.0
        async with asyncio.timeout(5), limiter:
            pass

    asyncio.run(scenario())
