"""Parts of a sitting: warm-up, time limit, the collector, inputs made outside the clock."""

from __future__ import annotations

import asyncio
import gc
import signal
import sys
import threading
import time
from contextlib import ExitStack, nullcontext
from pathlib import Path
from types import FrameType

import pytest

from workbench.errors import UsageError
from workbench.experiment import heap
from workbench.experiment.callables import FunctionWorkload
from workbench.experiment.deadline import Overdue, deadline
from workbench.experiment.warmup import STEADY_ROUNDS, Steadiness


def rounds_until_steady(seconds: list[float]) -> int:
    steadiness = Steadiness()
    for number, each in enumerate(seconds, start=1):
        steadiness.add(each, each)
        if steadiness.is_steady:
            return number
    return 0


def test_a_flat_start_is_warm_after_the_least_number_of_rounds() -> None:
    assert rounds_until_steady([0.010] * 20) == STEADY_ROUNDS


def test_rounds_that_still_get_faster_are_warm_up() -> None:
    falling = [0.040, 0.030, 0.022, 0.016, 0.012, 0.010]
    assert rounds_until_steady(falling + [0.010] * 20) == len(falling) + STEADY_ROUNDS


def test_noise_upwards_is_no_warm_up() -> None:
    assert rounds_until_steady([0.010, 0.030, 0.011, 0.090, 0.010, 0.012]) == STEADY_ROUNDS


def test_a_slow_body_gets_one_round() -> None:
    assert rounds_until_steady([2.0, 1.0, 1.0]) == 1


def test_a_body_that_takes_too_long_is_interrupted() -> None:
    slept: list[bool] = []
    with pytest.raises(Overdue), deadline(0.05):
        time.sleep(60)
        slept.append(True)
    assert slept == []


def test_a_body_that_swallows_it_is_interrupted_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workbench.experiment.deadline._AGAIN_S", 0.5)
    with pytest.raises(Overdue), deadline(0.05):
        try:
            time.sleep(30)
        except BaseException:
            time.sleep(30)


def test_event_loops_let_it_through() -> None:
    with pytest.raises(Overdue), deadline(0.05):
        asyncio.run(asyncio.sleep(30))


def test_another_thread_than_the_main_one_is_interrupted_too() -> None:
    ended: list[BaseException] = []

    def body() -> None:
        try:
            with deadline(0.05):
                while True:
                    time.sleep(0.01)
        except BaseException as error:
            ended.append(error)

    thread = threading.Thread(target=body)
    thread.start()
    thread.join(20)
    assert [type(error) for error in ended] == [Overdue]


def test_who_waited_for_an_alarm_before_still_gets_it() -> None:
    rung: list[int] = []
    handler = signal.signal(signal.SIGALRM, lambda number, frame: rung.append(number))
    before = signal.setitimer(signal.ITIMER_REAL, 0.2)
    try:
        with deadline(60):
            pass
        until = time.monotonic() + 20
        while not rung and time.monotonic() < until:
            time.sleep(0.01)
        assert rung == [signal.SIGALRM]
    finally:
        signal.setitimer(signal.ITIMER_REAL, *before)
        signal.signal(signal.SIGALRM, handler)


@pytest.mark.parametrize("at_the_end", [False, True])
def test_an_alarm_at_the_worst_moment_does_not_ring_on(monkeypatch: pytest.MonkeyPatch, at_the_end: bool) -> None:
    """As it is switched on, or off: afterwards nothing rings in whatever runs then."""
    setitimer, rung = signal.setitimer, False

    def rings(which: int, seconds: float, interval: float = 0.0) -> tuple[float, float]:
        nonlocal rung
        meant = not rung and (seconds == 0) == at_the_end
        before = setitimer(which, seconds, interval) if not at_the_end else (0.0, 0.0)
        if meant:
            rung = True
            signal.raise_signal(signal.SIGALRM)
        return setitimer(which, seconds, interval) if at_the_end else before

    handler, (left, _) = signal.getsignal(signal.SIGALRM), signal.getitimer(signal.ITIMER_REAL)
    monkeypatch.setattr(signal, "setitimer", rings)
    with nullcontext() if at_the_end else pytest.raises(Overdue), deadline(60):
        pass
    assert rung
    assert signal.getsignal(signal.SIGALRM) is handler
    assert (signal.getitimer(signal.ITIMER_REAL)[0] > 60) == (left > 60)  # only pytest's own goes on
    assert bool(signal.getitimer(signal.ITIMER_REAL)[0]) == bool(left)


def test_on_the_way_in_or_out_nothing_is_raised() -> None:
    """By contextlib's own frames, from which nobody would switch the alarm off any more."""
    theirs: list[FrameType] = []
    with ExitStack() as stack:
        stack.callback(lambda: theirs.append(sys._getframe(1)))
    assert "contextlib" in theirs[0].f_code.co_filename
    with deadline(60):
        rings = signal.getsignal(signal.SIGALRM)
        assert callable(rings)
        rings(signal.SIGALRM, theirs[0])
        with pytest.raises(Overdue):
            rings(signal.SIGALRM, sys._getframe())


def test_what_lives_is_set_aside_inside_only() -> None:
    with heap.settled() as settle:
        assert gc.get_freeze_count() > 0
        settle()
        assert gc.get_freeze_count() > 0
    assert gc.get_freeze_count() == 0


def test_a_programs_own_freezing_is_left_alone() -> None:
    gc.freeze()
    frozen = gc.get_freeze_count()  # falls by what ends meanwhile
    try:
        later = [[index] for index in range(10_000)]
        with heap.settled() as settle:
            settle()
            assert frozen / 2 < gc.get_freeze_count() <= frozen
        assert frozen / 2 < gc.get_freeze_count() <= frozen
        assert len(later) == 10_000
    finally:
        gc.unfreeze()


JOBS = """
made, torn, loops = [], [], []

def setup_drain():
    made.append(1)
    return list(range(5))

def drain(items):
    taken = 0
    while items:
        taken += items.pop()
    return taken

def teardown_drain(items):
    torn.append(len(items))

async def setup_ask():
    import asyncio
    loops.append(asyncio.get_running_loop())
    return 3

async def ask(number):
    import asyncio
    loops.append(asyncio.get_running_loop())
    return number

def teardown_plain():
    torn.append("plain")

def plain():
    return 1

def greedy(a, b):
    return a
"""


@pytest.fixture
def jobs(tmp_path: Path) -> Path:
    path = tmp_path / "jobs.py"
    path.write_text(JOBS)
    return path


def test_each_call_has_its_own_input_made_before_the_round(jobs: Path) -> None:
    workload = FunctionWorkload(jobs, "drain")
    workload.calibrate(0.0)
    module = workload._function.__globals__
    module["made"].clear()
    module["torn"].clear()
    workload.loops = 3
    workload.setup()
    assert len(module["made"]) == 3
    assert workload.run() == 10  # the last of three, and none had been emptied before
    assert workload.finish(10).measures == {"loops": 3.0}
    assert module["torn"] == [0, 0, 0]
    workload.close()


def test_an_async_function_and_its_set_up_share_one_loop_for_all_rounds(jobs: Path) -> None:
    workload = FunctionWorkload(jobs, "ask")
    workload.calibrate(0.0)
    for _ in range(2):
        workload.setup()
        assert workload.runner is not None
        workload.finish(workload.runner.run(workload.run()))
    loops = workload._function.__globals__["loops"]
    assert len(loops) >= 8
    assert len(set(map(id, loops))) == 1
    workload.close()
    assert loops[0].is_closed()


def test_tear_down_alone_runs_after_each_call(jobs: Path) -> None:
    workload = FunctionWorkload(jobs, "plain")
    workload.calibrate(0.0)
    torn = workload._function.__globals__["torn"]
    torn.clear()
    workload.loops = 2
    workload.setup()
    workload.finish(workload.run())
    assert torn == ["plain", "plain"]
    workload.close()


def test_what_a_failed_round_set_up_is_torn_down_at_the_end(jobs: Path) -> None:
    workload = FunctionWorkload(jobs, "drain")
    workload.calibrate(0.0)
    torn = workload._function.__globals__["torn"]
    torn.clear()
    workload.setup()
    workload.close()
    assert torn == [5]


def test_more_arguments_than_a_set_up_gives_are_refused(jobs: Path) -> None:
    with pytest.raises(
        UsageError, match=r"write `def setup_greedy\(\): return …` .*, or compare a function that takes none"
    ):
        FunctionWorkload(jobs, "greedy")
