"""Live comparisons of real functions and scripts: verdicts on differences that no noise can hide."""

from __future__ import annotations

import json
import math
import sys
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from workbench.capture.samplers import SamplerSpec
from workbench.errors import INTERRUPTED, ResultsDiffer, ScenarioError, UsageError
from workbench.experiment.compare import (
    CompareResult,
    CompareSettings,
    compare,
    compare_live,
    compare_runs,
    comparison_json,
    exit_code,
)
from workbench.model import RoundKind, Status, Verdict
from workbench.store import Store

WORK = """
def once():
    return sum(i * i for i in range(4000))

def ten_times():
    for _ in range(10):
        value = once()
    return value

def wrong():
    return once() + 1

def fails():
    raise ValueError("token=abc123secret is not valid")

def vague():
    return object()

async def nap():
    import asyncio
    await asyncio.sleep(0.002)

async def long_nap():
    import asyncio
    await asyncio.sleep(0.02)
"""

QUICK = CompareSettings(sampled_rounds=1)
UNSAMPLED = CompareSettings(sampler=SamplerSpec(name="none"))


@dataclass(frozen=True)
class Measured:
    store: Store
    base: str
    new: str
    result: CompareResult


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Measured:
    """One sampled comparison of a function with ten times its work, for all tests that only look at it."""
    folder = tmp_path_factory.mktemp("measured")
    path = folder / "work.py"
    path.write_text(WORK)
    store = Store(folder / "store.duckdb")
    base, new = f"{path}:once", f"{path}:ten_times"
    _, result = compare(base, new, store=store, settings=QUICK)
    assert result is not None
    return Measured(store, base, new, result)


def test_ten_times_the_work_is_a_regression_and_its_function_is_named(measured: Measured) -> None:
    result, comparison = measured.result, measured.result.comparison
    assert comparison.verdict is Verdict.REGRESSION
    assert result.exit_code == 1
    assert comparison.ratio > 3
    assert comparison.ci[0] > 1
    assert "× slower" in comparison.sentence
    assert comparison.functions[0].frame.file.endswith("work.py")
    assert comparison.functions[0].new_seconds > comparison.functions[0].base_seconds


def test_a_tenth_of_the_work_is_an_improvement(work: Path) -> None:
    result = compare_live(f"{work}:ten_times", f"{work}:once", settings=UNSAMPLED)
    assert result.comparison.verdict is Verdict.IMPROVEMENT
    assert result.exit_code == 0
    assert result.comparison.functions == ()


def test_everything_measured_is_in_the_store_and_judged_there_alike(measured: Measured) -> None:
    store, live = measured.store, measured.result.comparison
    session = store.session(measured.result.session.session_id)
    assert session.kind == "compare"
    assert session.parameters["base"] == measured.base
    base, new = store.session_runs(session.session_id)
    assert {base.run_id, new.run_id} == {live.base, live.new}
    for run in (base, new):
        kinds = [r.kind for r in run.rounds]
        assert kinds.count(RoundKind.TIMING) == live.pairs
        assert kinds.count(RoundKind.WARMUP) >= 5
        assert kinds.count(RoundKind.SAMPLED) == 1
        assert all(r.measures["loops"] >= 1 for r in run.rounds)
    positions = sorted(r.position for run in (base, new) for r in run.rounds)
    assert positions == list(range(len(positions)))
    again, nothing = compare(live.base, live.new, store=store)
    assert nothing is None
    assert (again.verdict, again.pairs, again.advisory) == (live.verdict, live.pairs, False)
    assert again.ratio == pytest.approx(live.ratio)
    assert [c.verdict for c in store.comparisons(session.session_id)] == [live.verdict]


def test_a_run_against_itself_has_changed_nowhere(measured: Measured) -> None:
    run = measured.result.comparison.base
    same = compare_runs(measured.store, run, run)
    assert (same.ratio, same.ci) == (1.0, (1.0, 1.0))
    assert all(c.base_seconds == c.new_seconds and c.base_share == c.new_share for c in same.functions)
    assert same.differences == ()


def test_runs_of_different_sessions_are_advisory(measured: Measured) -> None:
    other = compare_live(measured.base, measured.new, settings=QUICK, store=measured.store).comparison
    comparison = compare_runs(measured.store, measured.result.comparison.base, other.new)
    assert comparison.advisory
    assert exit_code(comparison) == 3
    assert comparison.ratio > 2


def test_the_same_function_twice_is_no_regression(work: Path) -> None:
    """A/A with a wide margin: the bound is +100 %, far beyond what a busy machine does to equal code."""
    from workbench.analysis.verdict import Rule

    result = compare_live(f"{work}:once", f"{work}:once", settings=UNSAMPLED, rule=Rule.of(1.0), max_seconds=20)
    assert result.comparison.verdict in (Verdict.PASS, Verdict.INCONCLUSIVE)


def test_async_functions(work: Path) -> None:
    result = compare_live(f"{work}:long_nap", f"{work}:nap", settings=QUICK)
    assert result.comparison.verdict is Verdict.IMPROVEMENT
    named = {c.frame.function for c in result.comparison.functions}
    assert "long_nap → nap" in named
    assert "sleep" not in named  # asyncio's, which nobody changes


def test_scripts_in_fresh_interpreters(tmp_path: Path, store: Store) -> None:
    fast, slow = tmp_path / "fast.py", tmp_path / "slow.py"
    fast.write_text("print('done')\n")
    slow.write_text("import time\ndef wait():\n    time.sleep(0.6)\nwait()\nprint('done')\n")
    result = compare_live(str(fast), str(slow), settings=QUICK, store=store)
    assert result.comparison.verdict is Verdict.REGRESSION
    slept = max(result.comparison.functions, key=lambda c: c.new_seconds - c.base_seconds)
    assert slept.frame.function in {"sleep", "wait"}
    assert "mostly `sleep`" in result.comparison.sentence  # untested, but a difference of 3× and more is no noise
    new = store.run(result.comparison.new)
    assert [r.kind for r in new.rounds].count(RoundKind.SAMPLED) == 1
    assert [r.index for r in new.rounds] == list(range(len(new.rounds)))
    assert all(r.measures["cpu"] < r.measures["wall"] for r in new.rounds if r.kind is RoundKind.TIMING)
    assert new.sampler.name == "pyinstrument"


def test_different_results_stop_it_and_are_kept(work: Path, store: Store) -> None:
    with pytest.raises(ResultsDiffer, match="return different results"):
        compare_live(f"{work}:once", f"{work}:wrong", settings=QUICK, store=store)
    assert {run.status for run in store.runs()} == {Status.OK, Status.FAILED}
    told = replace(UNSAMPLED, same_results=False)
    assert compare_live(f"{work}:once", f"{work}:wrong", settings=told, max_seconds=1).comparison.pairs > 0


def test_results_without_content_are_noted(work: Path) -> None:
    result = compare_live(f"{work}:vague", f"{work}:vague", settings=UNSAMPLED, max_seconds=0.5)
    assert any("not checked for equality" in line for line in result.comparison.differences)


def test_a_failing_function_is_one_redacted_line(work: Path) -> None:
    before = sys.path[:]
    with pytest.raises(ScenarioError, match=r"fails failed at .*work\.py:\d+: ValueError") as caught:
        compare_live(f"{work}:once", f"{work}:fails", settings=QUICK)
    assert "abc123secret" not in str(caught.value)
    assert sys.path == before


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        ("raise SystemExit(3)", ResultsDiffer, "exit status 3"),
        ("1/0", ResultsDiffer, "ZeroDivisionError: division by zero"),
        ("print('other')", ResultsDiffer, "return different results"),
        ("while True: pass", ScenarioError, "did not end within 1 s and was killed"),
    ],
)
def test_bad_scripts(tmp_path: Path, text: str, error: type[Exception], message: str) -> None:
    good, bad = tmp_path / "good.py", tmp_path / "bad.py"
    good.write_text("print('fine')\n")
    bad.write_text(text + "\n")
    settings = replace(UNSAMPLED, timeout_s=1.0 if "while" in text else 60.0)
    with pytest.raises(error, match=message):
        compare_live(str(good), str(bad), settings=settings)


def test_two_scripts_that_fail_alike_are_not_compared(tmp_path: Path, store: Store) -> None:
    bad = tmp_path / "bad.py"
    bad.write_text("import missing_module_of_mine\n")
    with pytest.raises(ScenarioError, match=r"both fail .*missing_module_of_mine"):
        compare_live(str(bad), str(bad), settings=UNSAMPLED, store=store)
    assert [run.status for run in store.runs()] == [Status.FAILED] * 2


def test_a_script_that_fails_is_stored_as_failed_and_the_other_is_not(tmp_path: Path, store: Store) -> None:
    (tmp_path / "good.py").write_text("pass\n")
    (tmp_path / "bad.py").write_text("raise SystemExit(3)\n")
    with pytest.raises(ResultsDiffer):
        compare_live(str(tmp_path / "bad.py"), str(tmp_path / "good.py"), settings=UNSAMPLED, store=store)
    ends = {run.name.rpartition("/")[2]: (run.status, run.error) for run in store.runs()}
    assert ends == {"bad.py": (Status.FAILED, "exit status 3"), "good.py": (Status.OK, "")}


def test_ctrl_c_keeps_the_pairs(tmp_path: Path, store: Store) -> None:
    path = tmp_path / "interrupted.py"
    path.write_text(
        "calls = 0\n"
        "def steady():\n    import time\n    time.sleep(0.03)\n"
        "def pressed():\n    global calls\n    calls += 1\n    steady()\n"
        "    if calls == 20: __import__('signal').raise_signal(2)\n"
    )
    result = compare_live(f"{path}:steady", f"{path}:pressed", settings=QUICK, store=store)
    assert result.interrupted
    assert result.exit_code == INTERRUPTED
    assert result.comparison.verdict is Verdict.INCONCLUSIVE
    assert 1 <= result.comparison.pairs < 20
    assert math.isfinite(result.comparison.ratio)
    assert {run.status for run in store.runs()} == {Status.INTERRUPTED}


def test_time_budget_ends_it(work: Path) -> None:
    result = compare_live(f"{work}:nap", f"{work}:nap", settings=UNSAMPLED, max_seconds=0.1)
    assert 1 <= result.comparison.pairs < 15


def test_impossible_budget(work: Path) -> None:
    with pytest.raises(UsageError, match="above 0"):
        compare_live(f"{work}:once", f"{work}:once", max_seconds=0)


def test_json_is_valid_and_complete(measured: Measured) -> None:
    document = json.loads(json.dumps(comparison_json(measured.result.comparison), allow_nan=False))
    wanted = {"verdict", "ratio", "ci", "pairs", "seconds", "comparable", "differences", "functions", "counts"}
    assert wanted <= set(document)
    assert document["verdict"] == "REGRESSION"
    assert document["ci"][0] <= document["ratio"] <= document["ci"][1]
    assert document["functions"][0]["function"]
