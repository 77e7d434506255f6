"""A test repeated for the gate: what stands for ``profiled``, and pytest-benchmark's own fixture around it."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from pathlib import Path

import pytest

from workbench.testing.repeat import ItemWorkload, Repeater

TESTS = """
import pytest

@pytest.fixture
def timed(benchmark):
    return lambda function: benchmark(function)

def test_attributes(benchmark):
    benchmark.extra_info["size"] = 3
    benchmark.group = "sums"
    assert benchmark.name == "test_attributes" and benchmark.disabled and not benchmark.enabled
    assert benchmark(sum, [1, 2]) == 3
    assert benchmark.stats.stats.mean > 0
    with pytest.raises(Exception, match="only be used once"):
        benchmark(sum, [1])

def test_through_a_fixture(timed):
    sum(range(1_000_000))
    assert timed(lambda: 7) == 7

def test_once(benchmark):
    assert benchmark.pedantic([1].pop) == 1
"""
REPEAT = """
import json, time
from workbench.testing import repeat
from workbench.testing.repeat import open_item
repeat.perf_counter = time.thread_time  # a busy machine makes no call of a test's look long
for name in ("test_attributes", "test_through_a_fixture", "test_once"):
    workload = open_item(f"test_them.py::{name}")
    workload.calibrate(0.002)
    for _ in range(2):
        workload.setup()
        outcome = workload.finish(workload.run())
    workload.close()
    print("measured", json.dumps([outcome.measures["loops"], outcome.measures["wall"]]))
"""


def test_pytest_benchmarks_fixture_stays_itself_and_is_timed_for_what_it_is_given(tmp_path: Path) -> None:
    (tmp_path / "test_them.py").write_text(TESTS)
    done = subprocess.run(
        [sys.executable, "-c", REPEAT], cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    lines = [line for line in done.stdout.splitlines() if line.startswith("measured ")]
    measured = [json.loads(line.removeprefix("measured ")) for line in lines]
    (attributes, _), (indirect, _), (once, _) = measured
    assert attributes > 100, "the function is short, so that it was repeated"
    assert indirect > 100, "the whole test takes longer than a round should: only a part can be repeated"
    assert once == 1, "a target that can't be called twice is one execution"


def test_a_plain_function_that_returns_an_awaitable_is_timed_until_it_ends() -> None:
    calls = []

    async def fetch() -> int:
        await asyncio.sleep(0)
        calls.append(1)
        return 7

    async def main() -> int:
        value: int = await repeater(lambda: fetch())
        return value

    repeater = Repeater()
    repeater.loops = 3
    assert asyncio.run(main()) == 7
    assert (len(calls), repeater.calls, repeater.looped) == (3, 1, 3)


def test_pedantic_repeats_only_what_was_to_be_repeated_with_one_set_up() -> None:
    calls: list[int] = []
    repeater = Repeater()
    repeater.loops = 5
    for how, times in (
        ({}, 1),
        ({"rounds": 10}, 5),
        ({"iterations": 10}, 5),
        ({"setup": lambda: None, "rounds": 10}, 1),
        ({"teardown": lambda: None, "rounds": 10}, 1),
    ):
        calls.clear()
        repeater.reset()
        repeater.pedantic(lambda: calls.append(1), **how)
        assert (len(calls), repeater.looped) == (times, times), how


def test_a_disturbed_call_does_not_end_the_search_for_the_loops(monkeypatch: pytest.MonkeyPatch) -> None:
    workload = ItemWorkload.__new__(ItemWorkload)
    measured = Repeater()
    calls = 0

    def run() -> None:
        nonlocal calls
        calls += 1
        measured.calls, measured.looped = 1, measured.loops
        measured.wall = 0.009 if calls < 3 else 0.001 * measured.loops

    monkeypatch.setattr(workload, "_repeater", measured, raising=False)
    monkeypatch.setattr(workload, "run", run)
    for name in ("setup", "_tear_down"):
        monkeypatch.setattr(workload, name, lambda: None)
    workload.calibrate(0.005)
    assert measured.loops >= 5
