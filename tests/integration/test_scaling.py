"""Scaling measured on real functions and a case study; judged by memory and counts, not by a busy clock."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from full_store import FullStore

import workbench as wb
from workbench.analysis.scaling import MEMORY, TIME
from workbench.errors import ResultsDiffer, ScenarioError, StoreFull, UsageError
from workbench.experiment.scaling import ScalingSettings, measure_scaling, scaling_json, stored_exponents
from workbench.model import Status, Verdict
from workbench.reporting.growth import growths_of
from workbench.reporting.load import load_report
from workbench.store import Store

pytestmark = pytest.mark.usefixtures("settled_heap")

WORK = """
def linear(n):
    kept = [bytes(1000) for _ in range(n)]
    return len(kept[:1])

def square(n):
    kept = [bytes(1000) for _ in range(n * n)]
    return len(kept[:1])

def wrong(n):
    return linear(n) + 1

def setup_sorted_input(n):
    return list(range(n * 1000))

def sorted_input(values):
    return len(sorted(values))

def fails(n):
    if n > 8:
        raise ValueError("token=abc123secret at " + str(n))
    return n

async def nap(n):
    import asyncio
    await asyncio.sleep(0.001 * n)
    return n

def nothing():
    return 1

def ends_the_process(n):
    import os
    os._exit(0)

def leaves(n):
    raise SystemExit(0)

def interrupts(n):
    raise KeyboardInterrupt

def hangs(n):
    import threading
    threading.Event().wait()
"""
QUICK = ScalingSettings(rounds=1, max_seconds=0.1)
SIZES = (4, 8, 16, 32)


def test_a_square_against_a_linear_function_is_a_regression(work: Path, store: Store) -> None:
    result = measure_scaling(f"{work}:square", SIZES, settings=QUICK, baseline=f"{work}:linear", store=store)
    assert result.verdict is Verdict.REGRESSION
    assert result.exit_code == 1
    assert result.exponents[MEMORY].value == pytest.approx(2.0, abs=0.2)
    assert {g.name: g.verdict for g in result.growths}[MEMORY] is Verdict.REGRESSION
    base, new = result.sessions
    assert [run.parameters["size"] for run in store.session_runs(new.session_id)] == list(SIZES)
    assert store.session(new.session_id).kind == "scaling"
    known = base.session_id[:-1]  # as people abbreviate it
    again = measure_scaling(f"{work}:square", SIZES, settings=QUICK, baseline=known, store=store)
    assert again.verdict is Verdict.REGRESSION
    assert len(again.sessions) == 1
    for each in (result, again):
        report = load_report(store, [each.sessions[-1].session_id])
        assert {g.name: g.verdict for g in growths_of(report)} == {g.name: g.verdict for g in each.growths}
    some = [run.run_id for run in store.session_runs(new.session_id)][:3]
    assert growths_of(load_report(store, some)) == []  # of these sizes nobody measured a verdict
    found = stored_exponents(store, new.session_id)
    assert found is not None
    assert {name: fit.value for name, fit in found.items()} == pytest.approx(
        {name: fit.value for name, fit in result.exponents.items()}
    )
    json.dumps(scaling_json(result))


@pytest.mark.soak
def test_declared_limits_judge_without_a_baseline(work: Path) -> None:
    free = measure_scaling(f"{work}:square", SIZES, settings=QUICK)
    assert (free.verdict, free.exit_code) == (None, 0)
    limited = ScalingSettings(rounds=1, max_seconds=0.1, limits={MEMORY: 1.2, "statements": 1.0})
    result = measure_scaling(f"{work}:square", SIZES, settings=limited)
    assert result.verdict is Verdict.REGRESSION
    assert result.notes[-1] == "statements has a declared limit, but was not measured"


def test_memory_grows_with_what_is_kept() -> None:
    result = measure_scaling(lambda n: [bytes(1000) for _ in range(n)], SIZES, settings=QUICK)
    assert result.exponents[MEMORY].value == pytest.approx(1.0, abs=0.1)


@pytest.mark.soak
def test_input_is_made_outside_the_clock(work: Path) -> None:
    made: list[int] = []

    def make(n: int) -> list[int]:
        made.append(n)
        return list(range(n))

    measure_scaling(len, SIZES, settings=QUICK, make=make)
    assert set(made) == set(SIZES)
    result = measure_scaling(f"{work}:sorted_input", SIZES, settings=QUICK)
    assert result.exponents[MEMORY].value == pytest.approx(1.0, abs=0.2)


def test_a_function_that_takes_no_number_is_told_of_its_set_up(work: Path) -> None:
    work.write_text(WORK + "\ndef total(values):\n    return sum(values)\n\ndef pair(a, b):\n    return a\n")
    with pytest.raises(
        ScenarioError, match=r"(?s)int.*called with the size: what setup_total beside it returns"
    ) as caught:
        measure_scaling(f"{work}:total", None, settings=QUICK)
    scope: dict[str, Any] = {}
    exec(str(caught.value).split("`")[1], scope)
    assert list(scope["setup_total"](3)) == [0, 1, 2]
    with pytest.raises(UsageError, match="it is given one at most, which setup_pair returns"):
        measure_scaling(f"{work}:pair", None, settings=QUICK)
    work.write_text(WORK + "\ndef setup_work():\n    return 3\n\ndef work(values):\n    return values\n")
    with pytest.raises(UsageError, match=r"setup_work\(\) in .* must take the size .* `def setup_work\(size\)`"):
        measure_scaling(f"{work}:work", None, settings=QUICK)
    with pytest.raises(ScenarioError, match="make=… makes what it takes"):
        measure_scaling(sum, SIZES, settings=QUICK)


def test_sizes_without_being_told_are_the_baseline_s_or_the_clock_s(work: Path, store: Store) -> None:
    first = measure_scaling(f"{work}:square", SIZES, settings=QUICK, store=store)
    base = first.sessions[0].session_id
    again = measure_scaling(f"{work}:square", settings=QUICK, store=store, baseline=base)
    assert again.exponents[TIME].sizes == SIZES
    cpu = measure_scaling(lambda n: sum(range(n)), settings=replace(QUICK, clock="cpu", memory=False))
    assert len(cpu.exponents[TIME].sizes) == 4
    assert (cpu.clock, cpu.sessions[0].parameters["clock"]) == ("cpu", "cpu")
    assert scaling_json(cpu)["clock"] == "cpu"
    with pytest.raises(UsageError, match="unknown clock 'sun'"):
        ScalingSettings(clock="sun")


def test_a_coroutine_function_is_driven(work: Path) -> None:
    result = measure_scaling(f"{work}:nap", (4, 8, 16), settings=QUICK)
    assert all(cost >= 0.001 * size for size, cost in zip((4, 8, 16), result.exponents[TIME].costs, strict=True))


def test_a_failure_names_its_size_and_keeps_what_was_before(work: Path, store: Store) -> None:
    told = r"fails failed at size 16 at .*work\.py:\d+: ValueError: token=\[redacted\] at 16"
    with pytest.raises(ScenarioError, match=told):
        measure_scaling(f"{work}:fails", SIZES, settings=QUICK, store=store)
    runs = sorted(store.runs(), key=lambda run: float(run.parameters["size"] or 0))
    assert [(run.parameters["size"], run.status) for run in runs] == [
        (4, Status.OK),
        (8, Status.OK),
        (16, Status.FAILED),
    ]


def test_ctrl_c_keeps_the_sizes_so_far(store: Store) -> None:
    def interrupted(n: int) -> int:
        if n == 16:
            signal.raise_signal(signal.SIGINT)
        return n

    result = measure_scaling(interrupted, SIZES, settings=QUICK, store=store)
    assert result.interrupted
    assert result.exit_code == 130
    assert result.verdict is Verdict.INCONCLUSIVE
    assert sorted(float(run.parameters["size"] or 0) for run in store.runs()) == [4, 8, 16]


def patience_with(function: str) -> ScalingSettings:
    """What never ends is stopped soon; all else has the time that a slow machine may need."""
    return replace(QUICK, timeout_s=0.2) if function == "hangs" else QUICK


@pytest.mark.parametrize(
    ("function", "told"),
    [
        ("ends_the_process", r"ends_the_process failed at size 4 at .*: ProcessEnded: os\._exit\(0\)"),
        ("leaves", "leaves failed at size 4 at .*: SystemExit: 0"),
        ("interrupts", "interrupts failed at size 4 at .*: KeyboardInterrupt"),
        ("hangs", "hangs did not end within 0.2 s at size 4 and was stopped"),
    ],
)
def test_a_body_that_ends_the_process_or_never_ends_is_no_pass(work: Path, function: str, told: str) -> None:
    with pytest.raises(ScenarioError, match=told):
        measure_scaling(f"{work}:{function}", SIZES, settings=patience_with(function))


@pytest.mark.parametrize(
    ("function", "told"),
    [
        ("ends_the_process", r"failed at size 8 at .*: ProcessEnded: os\._exit\(0\)"),
        ("interrupts", "failed at size 8 at .*: KeyboardInterrupt"),
        ("hangs", "did not end within 0.2 s at size 8 and was stopped"),
    ],
)
def test_nor_is_it_where_sizes_are_looked_for(work: Path, function: str, told: str) -> None:
    with pytest.raises(ScenarioError, match=told):
        measure_scaling(f"{work}:{function}", settings=patience_with(function))


def test_ctrl_c_while_sizes_are_looked_for_is_ctrl_c() -> None:
    with pytest.raises(KeyboardInterrupt):
        measure_scaling(lambda n: signal.raise_signal(signal.SIGINT), settings=QUICK)


def test_wrong_results_and_wrong_targets_are_refused(work: Path, store: Store) -> None:
    with pytest.raises(ResultsDiffer):
        measure_scaling(f"{work}:wrong", SIZES, settings=QUICK, baseline=f"{work}:linear")
    for target in (f"{work}:nothing", f"{work}:missing", str(work), "latest", "jamf"):
        with pytest.raises(UsageError):
            measure_scaling(target, SIZES, settings=QUICK)
    with wb.profile("block", store=store) as block:
        pass
    assert block.session is not None
    with pytest.raises(UsageError, match="not measured at several sizes"):
        measure_scaling(f"{work}:linear", SIZES, settings=QUICK, baseline=block.session.session_id, store=store)


def shell(*arguments: str, **more: Any) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "workbench", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120, **more)


@pytest.mark.service
def test_n_plus_one_of_a_case_study_from_the_shell(tmp_path: Path) -> None:
    """The naive export asks once for each resource it meets; what it shares, the optimized one asks for once."""
    (tmp_path / "pyproject.toml").write_text(
        '[tool.workbench.scaling."jamf:naive"]\nmax_exponent = {requests = 0.5}\n'
    )
    options = ("--link", "none", "-O", "latency_scale=0", "--sizes", "2,4,8", "--rounds", "1", "--no-memory")
    done = shell("scaling", "jamf:naive", *options, "--json", "--plot", "chart.html", cwd=tmp_path)
    assert done.returncode == 1, done.stderr
    document = json.loads(done.stdout)
    requests = next(each for each in document["exponents"] if each["name"] == "requests")
    assert (requests["exact"], requests["verdict"], requests["limit"]) == (True, "REGRESSION", 0.5)
    page = (tmp_path / "chart.html").read_text()
    assert "Scaling of jamf:naive" in page and "<strong>REGRESSION: requests" in page and "<polyline" in page
    assert "Content-Security-Policy" in page and len(page) < 500_000
    assert shell("scaling", "jamf:naive", "--sizes", "2,x", cwd=tmp_path).returncode == 2
    assert shell("scaling", "jamf:naive", "--resources", "4", cwd=tmp_path).returncode == 2


def test_a_notebook_scales_its_own_function(store: Store) -> None:
    view = wb.scaling(
        lambda n: [bytes(1000) for _ in range(n)], SIZES, rounds=1, max_seconds=0.1, max_exponent=9.0, store=store
    )
    assert view["memory"].value == pytest.approx(1.0, abs=0.2)
    assert view["time"].sizes == SIZES
    assert "time" in repr(view)
    assert "<table" in view._repr_html_()
    bundle = view.chart()._repr_mimebundle_()
    assert "image/svg+xml" in bundle["text/html"] and bundle["application/vnd.plotly.v1+json"]["data"]
    assert view.verdict in ("PASS", "INCONCLUSIVE")


def test_exponents_stand_where_their_runs_cant_be_kept(work: Path, tmp_path: Path) -> None:
    result = measure_scaling(f"{work}:linear", SIZES, settings=QUICK, store=FullStore(tmp_path / "full.duckdb"))
    assert result.exponents
    assert result.notes[-1] == "its runs were not stored: the disk is full"
    assert (result.verdict, result.exit_code) == (None, StoreFull.exit_code)
