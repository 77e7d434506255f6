"""Live comparisons that can't come to a verdict, or come to it in another way: one clear line, and all is kept."""

from __future__ import annotations

import random
import re
import signal
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest
from full_store import FullStore

from workbench.analysis.verdict import Rule
from workbench.capture import resources
from workbench.capture.samplers import SamplerSpec
from workbench.errors import CaptureError, ResultsDiffer, ScenarioError, StoreFull, UsageError, WorkbenchError
from workbench.experiment import compare as comparing
from workbench.experiment.compare import CompareResult, CompareSettings, compare_live, compare_runs, exit_code
from workbench.model import Comparison, RoundKind, Status, Verdict
from workbench.store import Store

WORK = """
import itertools, os, time

grown, numbers, calls = [], iter(range(10)), itertools.count()

def steady():
    return sum(i * i for i in range(3000))

def slow():
    time.sleep(0.006)  # once a round

def hangs():
    slow()
    if next(calls) > 8:
        time.sleep(600)

def grows():
    slow()
    grown.append(1)
    return len(grown)

def numbered():
    slow()
    return os.urandom(8)

def grows_too():
    return grows()

def exhausted():
    slow()
    next(numbers)

class Own(BaseException):
    pass

def own_end():
    slow()
    if next(calls) > 8:
        raise Own("why")

def dies():
    os._exit(3)

def ends_the_process():
    slow()
    if next(calls) > 8:
        os._exit(0)

def interrupts():
    slow()
    if next(calls) > 8:
        raise KeyboardInterrupt

def closes():
    slow()
    if next(calls) > 8:
        raise GeneratorExit

def pid():
    return os.getpid()

async def waits():
    import asyncio
    await asyncio.sleep(0.002)
    return hash("text")
"""

SETTINGS = CompareSettings(sampler=SamplerSpec(name="none"))


def stopped(store: Store, base: str, new: str, settings: CompareSettings, kind: type[WorkbenchError]) -> str:
    """The line a comparison stops with; the rounds it had are in the store, one side marked as failed."""
    with pytest.raises(kind) as caught:
        compare_live(base, new, settings=settings, store=store)
    assert "\n" not in str(caught.value)
    runs = store.runs()
    assert sorted(run.status for run in runs) == [Status.FAILED, Status.OK]
    assert all(run.rounds for run in runs)
    return str(caught.value)


def test_a_body_that_hangs_is_stopped(work: Path, store: Store) -> None:
    settings = CompareSettings(sampler=SamplerSpec(name="none"), timeout_s=1.5)
    line = stopped(store, f"{work}:slow", f"{work}:hangs", settings, ScenarioError)
    assert line.endswith("work.py:hangs did not end within 1.5 s and was stopped")


def test_data_that_changes_between_rounds_is_told(work: Path, store: Store) -> None:
    line = stopped(store, f"{work}:grows", f"{work}:grows_too", SETTINGS, ResultsDiffer)
    assert "returned another result than in its first round" in line
    assert "--different-results" in line


def test_a_body_without_repetitions_left_says_so(work: Path, store: Store) -> None:
    line = stopped(store, f"{work}:slow", f"{work}:exhausted", SETTINGS, ScenarioError)
    assert "has no repetitions left" in line
    assert "setup_NAME" in line


def test_an_exception_of_the_bodys_own_that_is_no_exception_is_told(work: Path, store: Store) -> None:
    line = stopped(store, f"{work}:slow", f"{work}:own_end", SETTINGS, ScenarioError)
    assert "work.py:own_end failed at " in line
    assert line.endswith(": Own: why")


@pytest.mark.parametrize(
    ("function", "end"),
    [
        ("ends_the_process", "ProcessEnded: os._exit(0)"),
        ("interrupts", "KeyboardInterrupt"),
        ("closes", "GeneratorExit"),
    ],
)
def test_a_body_that_ends_the_process_or_plays_ctrl_c_has_failed(
    work: Path, store: Store, function: str, end: str
) -> None:
    """``os._exit(0)`` would end the comparison with a PASS's code, and the others with those of Ctrl-C."""
    line = stopped(store, f"{work}:slow", f"{work}:{function}", SETTINGS, ScenarioError)
    assert f"work.py:{function} failed at " in line
    assert line.endswith(f": {end}")


def test_a_body_that_differs_from_itself_is_told_so(work: Path, store: Store) -> None:
    line = stopped(store, f"{work}:numbered", f"{work}:numbered", SETTINGS, ResultsDiffer)
    assert "numbered returned another result than in its first round" in line


class Clock:
    """perf_counter_ns that is put forward or back by ``by`` nanoseconds at every ``every``-th reading.

    Otherwise readings lie 4 to 6 ms apart, whatever else the machine does.
    """

    def __init__(self, every: int, by: int) -> None:
        self.every, self.by, self.readings, self.now = every, by, 0, 0
        self.chance = random.Random(7)

    def __call__(self) -> int:
        self.readings += 1
        self.now += self.chance.randrange(4_000_000, 6_000_000)
        if self.readings % self.every == 0:
            self.now += self.by
        return self.now


def compared_by(clock: Clock, work: Path, monkeypatch: pytest.MonkeyPatch) -> CompareResult:
    monkeypatch.setattr(resources.time, "perf_counter_ns", clock)
    settings = CompareSettings(sampler=SamplerSpec(name="none"), shortest_round_s=0.0)  # one call a round
    return compare_live(f"{work}:steady", f"{work}:steady", settings=settings, rule=Rule.of(1.0))


def test_a_clock_that_jumps_back_now_and_then_costs_its_pairs(work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    result = compared_by(Clock(13, -(10**9)), work, monkeypatch)
    assert result.comparison.verdict is Verdict.PASS
    assert any("pairs left out, in which the clock stood still" in line for line in result.comparison.differences)
    timed = [r for run in result.recordings for r in run.run.rounds if r.kind is RoundKind.TIMING]
    assert any(r.measures["wall"] < 0 for r in timed)  # the raw value is kept


def test_a_clock_that_jumps_forward_is_outvoted(work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    result = compared_by(Clock(31, 3600 * 10**9), work, monkeypatch)
    assert result.comparison.verdict is Verdict.PASS
    assert 0.5 < result.comparison.ratio < 2


def test_a_clock_that_stands_still_ends_it(work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resources.time, "perf_counter_ns", lambda: 5)
    with pytest.raises(CaptureError, match="the wall clock stood still or ran backwards in 10 of 10 pairs"):
        compare_live(f"{work}:steady", f"{work}:steady", settings=SETTINGS)


def test_the_processors_clock_can_decide_and_both_are_kept(work: Path, store: Store) -> None:
    settings = CompareSettings(sampler=SamplerSpec(name="none"), clock="cpu")
    live = compare_live(f"{work}:steady", f"{work}:steady", settings=settings, rule=Rule.of(1.0), store=store)
    assert live.comparison.verdict in (Verdict.PASS, Verdict.IMPROVEMENT)  # a busy machine may say either
    timed = [r for r in live.recordings[0].run.rounds if r.kind is RoundKind.TIMING]
    assert all(r.measures["wall"] > 0 and r.measures["cpu"] > 0 for r in timed)
    again = compare_runs(store, live.comparison.base, live.comparison.new, rule=Rule.of(1.0))
    assert again.ratio == pytest.approx(live.comparison.ratio)


ISOLATED = CompareSettings(sampler=SamplerSpec(name="none"), isolate=True, warmup=0)
ONE_PAIR = Rule().limited(1)


def test_isolated_rounds_have_a_process_each_and_leave_nothing(
    work: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))
    with pytest.raises(ResultsDiffer):
        compare_live(f"{work}:pid", f"{work}:pid", settings=ISOLATED, rule=ONE_PAIR)
    assert list(scratch.iterdir()) == []


def test_an_isolated_rounds_time_is_the_bodys_and_its_hashes_are_fixed(
    work: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PYTHONHASHSEED", raising=False)
    result = compare_live(f"{work}:waits", f"{work}:waits", settings=ISOLATED, rule=ONE_PAIR)
    assert result.comparison.pairs == 1  # their results, hashes of text, were equal
    rounds = [round_ for recording in result.recordings for round_ in recording.run.rounds]
    seconds = [round_.measures["wall"] / round_.measures["loops"] for round_ in rounds]
    assert all(value > 0.001 for value in seconds)
    assert min(seconds) < 0.2  # the start of the process is not in it
    assert all(round_.measures["peak_rss"] > 0 for round_ in rounds)


def test_an_isolated_body_that_ends_its_process_is_told(work: Path) -> None:
    with pytest.raises(ScenarioError, match=r"work.py:dies ended its own process: exit status 3"):
        compare_live(f"{work}:dies", f"{work}:dies", settings=ISOLATED)


def test_an_isolated_body_that_hangs_is_killed(work: Path) -> None:
    settings = CompareSettings(sampler=SamplerSpec(name="none"), isolate=True, timeout_s=2)
    path = work.with_name("sleepy.py")
    path.write_text("def sleeps():\n    import time\n    time.sleep(600)\n")
    with pytest.raises(ScenarioError, match="did not end within 2 s and was killed"):
        compare_live(f"{path}:sleeps", f"{path}:sleeps", settings=settings)


def test_a_variant_cant_be_isolated() -> None:
    with pytest.raises(UsageError, match="only functions can be isolated"):
        compare_live("jamf:naive", "jamf:pooled", settings=ISOLATED)


def test_a_function_that_crashes_the_interpreter_is_told_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "crash.py").write_text(
        "import ctypes, resource\n"
        "resource.setrlimit(resource.RLIMIT_CORE, (0, 0))\n"
        "def sound(): return 1\n"
        "def crashes(): return ctypes.string_at(0)\n"
    )
    command = [sys.executable, "-m", "workbench", "compare", "crash.py:sound", "crash.py:crashes"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)
    assert -done.returncode == signal.SIGSEGV
    assert "Segmentation fault" in done.stderr
    assert re.search(r'crash\.py", line 4 in crashes', done.stderr)
    assert done.stdout == ""


def test_a_verdict_stands_where_its_runs_cant_be_kept(work: Path, tmp_path: Path) -> None:
    measured = compare_live(
        f"{work}:steady",
        f"{work}:steady",
        settings=CompareSettings(sampler=SamplerSpec(name="none"), warmup=1),
        rule=Rule(max_regression=50).limited(6),
        store=FullStore(tmp_path / "full.duckdb"),
    )
    assert measured.comparison.pairs == 6
    assert measured.comparison.differences[0] == "its runs were not stored: the disk is full"
    assert measured.exit_code == (exit_code(measured.comparison) or StoreFull.exit_code)
    assert replace(measured, comparison=passed(measured.comparison)).exit_code == StoreFull.exit_code
    with pytest.raises(StoreFull):  # there is no verdict to tell
        compare_live(f"{work}:own_end", f"{work}:steady", store=FullStore(tmp_path / "full.duckdb"))


def test_runs_are_kept_before_anything_is_made_of_them(
    work: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*arguments: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(comparing, "_live_result", interrupted)
    store = Store(tmp_path / "kept.duckdb")
    settings = CompareSettings(sampler=SamplerSpec(name="none"), warmup=1)
    with pytest.raises(KeyboardInterrupt):
        compare_live(f"{work}:steady", f"{work}:steady", settings=settings, rule=Rule().limited(2), store=store)
    assert len(store.runs()) == 2


def passed(comparison: Comparison) -> Comparison:
    return replace(comparison, verdict=Verdict.PASS)
