"""A scenario measured from the shell: real simulator, real link, real store, and what each command then says."""

import contextlib
import io
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from workbench.cli.main import _run

SMALL = ("--resources", "2", "--link", "lan", "-O", "latency_scale=0.05")


def workbench(*argv: object, store: Path, code: int | None = 0) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "workbench", *map(str, argv)]
    env = {**os.environ, "WORKBENCH_STORE": str(store)}
    done = subprocess.run(command, capture_output=True, text=True, timeout=150, env=env)
    assert code is None or done.returncode == code, done.stderr + done.stdout
    return done


def told(*argv: object, store: Path, code: int = 0) -> subprocess.CompletedProcess[str]:
    """As ``workbench``, in this process: its start takes longer than most commands."""
    out, err = io.StringIO(), io.StringIO()
    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        patch.setattr(sys, "argv", ["workbench", *map(str, argv)])
        patch.setenv("WORKBENCH_STORE", str(store))
        patch.delitem(sys.modules, "ipykernel", raising=False)  # another test's notebook
        with pytest.raises(SystemExit) as ending:
            _run()
    assert ending.value.code == code, err.getvalue() + out.getvalue()
    return subprocess.CompletedProcess(sys.argv, code, out.getvalue(), err.getvalue())


def document(*argv: object, store: Path, code: int = 0) -> Any:
    return json.loads(told(*argv, "--json", store=store, code=code).stdout)


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Any]:
    store = tmp_path_factory.mktemp("session") / "wb.duckdb"
    argv = ("run", "jamf", "--variants", "naive,optimized", "--rounds", "2", *SMALL)
    return store, json.loads(workbench(*argv, "--json", store=store).stdout)


def test_run_prints_the_contracts_document(measured: tuple[Path, Any]) -> None:
    _, result = measured
    assert [(r["variant"], r["status"]) for r in result["runs"]] == [("naive", "ok"), ("optimized", "ok")]
    assert {r["session_id"] for r in result["runs"]} == {result["session_id"]}
    (comparison,) = result["comparisons"]
    assert (comparison["base"], comparison["new"], comparison["pairs"]) == ("naive", "optimized", 2)
    assert comparison["interval"].startswith("range")  # two pairs allow no 95 % interval, and it says so
    assert result["bound_seconds"] > 0
    assert result["failures"] == {}


def test_rounds_are_interleaved_and_only_sampled_ones_have_stacks(measured: tuple[Path, Any]) -> None:
    store, result = measured
    shown = {r["variant"]: document("show", r["run_id"], store=store) for r in result["runs"]}
    timing = sorted(
        (r["position"], variant) for variant, run in shown.items() for r in run["rounds"] if r["kind"] == "timing"
    )
    order = [variant for _, variant in timing]
    assert order[:2] == order[3:1:-1]  # the second sweep mirrors the first
    assert all([r["kind"] for r in run["rounds"]].count("sampled") == 1 for run in shown.values())
    rounds = document("sql", "SELECT DISTINCT kind FROM v_samples JOIN v_rounds USING (run_id, round)", store=store)
    assert rounds == [{"kind": "sampled"}]


def test_counts_are_the_same_in_all_rounds_alike(measured: tuple[Path, Any]) -> None:
    store, result = measured
    naive = document("show", result["runs"][0]["run_id"], store=store)
    requests = {r["measures"]["requests"] for r in naive["rounds"]}
    assert len(requests) == 1
    assert naive["rounds"][0]["measures"]["tls_handshakes"] == requests.pop()


def test_runs_list_newest_first_and_can_be_named_tagged_and_deleted(
    tmp_path: Path, measured: tuple[Path, Any]
) -> None:
    store = tmp_path / "copy.duckdb"
    shutil.copy(measured[0], store)
    first, second = (r["run_id"] for r in measured[1]["runs"])
    told("tag", first, "before", "slow", store=store)
    told("rename", second, "after the fix", store=store)
    runs = {r["run_id"]: r for r in document("runs", store=store)}
    assert runs[first]["tags"] == ["before", "slow"]
    assert runs[second]["name"] == "after the fix"
    told("delete", first, store=store)
    assert [r["run_id"] for r in document("runs", store=store)] == [second]
    assert first in told("show", first, store=store, code=5).stderr


def test_stored_runs_of_one_session_are_compared_by_their_pairs(measured: tuple[Path, Any]) -> None:
    store, result = measured
    naive, optimized = (r["run_id"] for r in result["runs"])
    compared = document("compare", naive, optimized, store=store, code=3)  # two pairs can't give a verdict
    assert compared["verdict"] == "INCONCLUSIVE"
    assert compared["pairs"] == 2
    assert compared["comparable"] is True
    counts = {c["name"]: c for c in compared["counts"]}
    assert counts["requests"]["changed"] is True
    assert counts["requests"]["new"] < counts["requests"]["base"]


def test_a_session_becomes_one_file(measured: tuple[Path, Any], tmp_path: Path) -> None:
    store, result = measured
    out = tmp_path / "ladder.html"
    told("report", result["session_id"], "-o", out, store=store)
    html = out.read_text()
    assert "jamf:naive" in html
    assert "Content-Security-Policy" in html


@pytest.mark.parametrize(
    ("argv", "code", "says"),
    [
        (("run", "jamff"), 2, "did you mean 'jamf'"),
        (("run", "jamf", "--variants", "naiv"), 2, "has no variant 'naiv'"),
        (("run", "jamf", "--scale", "huge"), 2, "small, medium"),
        (("run", "jamf", "--link", "moon"), 2, "moon"),
        (("run", "jamf", "--rounds", "0"), 2, "--rounds"),
        (("run", "jamf", "-O", "latency_scale"), 2, "KEY=VALUE"),
        (("run", "jamf", "-O", "colour=red"), 2, "colour"),
        (("show", "999999"), 5, "999999"),
        (("compare", "jamf:naive", "jamf:optimised"), 2, "optimised"),
        (("compare", "nope", "nope2"), 5, "nope"),
        (("sql", "DROP TABLE runs"), 26, ""),
        (("sql", "SELEC 1"), 26, ""),
        (("report", "nothing", "-o", "x.html"), 5, "nothing"),
        (("nonsense",), 2, "nonsense"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_bad_input_is_one_line_and_its_exit_code(
    measured: tuple[Path, Any], argv: tuple[str, ...], code: int, says: str
) -> None:
    done = (workbench if argv == ("nonsense",) else told)(*argv, store=measured[0], code=code)
    assert says in done.stderr
    assert "Traceback" not in done.stderr
    assert len([line for line in done.stderr.splitlines() if line.startswith(("workbench:", "Error:"))]) == 1


@pytest.mark.parametrize(
    ("options", "code"),
    [
        (("always_429=true",), 34),
        (("html_rate=1",), 35),
        (("truncate_rate=1",), 35),
        (("reset_rate=1",), 31),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) else "",
)
def test_a_lying_server_ends_the_session_with_its_own_code(
    tmp_path: Path, options: tuple[str, ...], code: int
) -> None:
    store = tmp_path / "wb.duckdb"
    chosen = [part for option in options for part in ("-O", option)]
    argv = ("run", "jamf", "--variants", "optimized", "--rounds", "1", "-O", "patience_s=1", *SMALL, *chosen)
    done = told(*argv, store=store, code=code)
    assert "Traceback" not in done.stderr
    (run,) = document("runs", store=store)  # what was recorded until then is kept
    assert run["status"] == "failed"


def test_an_unwritable_or_foreign_store_is_told_before_anything_is_measured(tmp_path: Path) -> None:
    foreign = tmp_path / "notes.duckdb"
    foreign.write_text("not a database at all\n" * 50)
    never_run = tmp_path / "job.py"
    never_run.write_text(f"open({str(tmp_path / 'ran')!r}, 'w')")
    for argv in (("runs",), ("profile", "--", str(never_run)), ("run", "jamf", *SMALL)):
        done = told(*argv, store=foreign, code=22)
        assert str(foreign) in done.stderr
        assert done.stdout == ""
    assert not (tmp_path / "ran").exists()
    assert foreign.read_text().startswith("not a database")


def test_a_store_below_a_file_is_told_apart_from_an_empty_one(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = told("runs", store=tmp_path / "file" / "wb.duckdb", code=23)
    assert "Not a directory" in done.stderr


def test_a_bad_place_for_the_report_is_told_before_anything_is_measured(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = told("demo", "-o", tmp_path / "file" / "demo.html", store=tmp_path / "wb.duckdb", code=60)
    assert str(tmp_path / "file") in done.stderr
    assert not (tmp_path / "wb.duckdb").exists()


@pytest.mark.parametrize("status", [0, 1, 7])
def test_sys_exit_in_a_compared_function_is_no_verdict(tmp_path: Path, status: int) -> None:
    (tmp_path / "jobs.py").write_text(
        "import sys\n\n\ndef works():\n    return 1\n\n\ncalls = []\n\n\ndef leaves():\n    calls.append(1)\n"
        f"    if len(calls) > 3000:\n        sys.exit({status})\n    return 1\n"
    )
    store = tmp_path / "wb.duckdb"
    target = tmp_path / "jobs.py"
    done = workbench("compare", f"{target}:works", f"{target}:leaves", store=store, code=70)
    assert f"SystemExit: {status}" in done.stderr


def test_what_compared_functions_print_does_not_reach_the_document(tmp_path: Path) -> None:
    (tmp_path / "jobs.py").write_text("print('importing')\n\n\ndef a():\n    print('noise')\n    return 1\n")
    target = f"{tmp_path / 'jobs.py'}:a"
    done = workbench(
        "compare", target, target, "--max-seconds", "1", "--json", store=tmp_path / "wb.duckdb", code=None
    )
    assert json.loads(done.stdout)["pairs"] > 0


@pytest.mark.soak
def test_the_demo_goes_on_past_a_case_study_that_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORKBENCH_POSTGRES_URL", "postgresql://nobody:secret@127.0.0.1:1/none")
    store, page = tmp_path / "wb.duckdb", tmp_path / "demo.html"
    fast = ("--resources", "1", "--rounds", "1", "-o", page)
    done = workbench("demo", "workflows", "jamf", *fast, store=store, code=31)
    assert "demo: workflows:" in done.stderr
    assert "secret" not in done.stdout + done.stderr
    assert {run["scenario"] for run in json.loads(workbench("runs", "--json", store=store).stdout)} == {"jamf"}
    assert "optimized" in page.read_text()
