"""The plugin in pytest's hands: profiles, counts, verdicts, pytest-benchmark, xdist, bad input."""

from __future__ import annotations

import subprocess
from pathlib import Path

import duckdb  # noqa: F401 - pytester forgets what a test imported, and this can't be imported twice
import pytest

from workbench.model import Status
from workbench.store import Store

pytest_plugins = ["pytester"]

SQL = """
import pytest
from sqlalchemy import create_engine, text

def ask(times):
    engine = create_engine("sqlite://")
    with engine.connect() as connection:
        for _ in range(times):
            connection.execute(text("SELECT 1"))
    engine.dispose()
    return times
"""
FAST, SLOW = "import time\ndef page():\n    time.sleep({})\n    return 1\n", 0.03
JUDGED = """
import pytest
import app

@pytest.mark.workbench(max_regression="10%")
def test_page(profiled):
    assert profiled(app.page) == 1

def test_bench(benchmark):
    assert benchmark(app.page) == 1

@pytest.mark.skip
@pytest.mark.workbench
def test_skipped():
    raise AssertionError

def test_plain():
    pass
"""


@pytest.fixture(autouse=True)
def outside_xdist(monkeypatch: pytest.MonkeyPatch) -> None:
    """The pytest under test isn't a worker of the one that runs it, and mustn't believe so."""
    for name in ("PYTEST_XDIST_WORKER", "PYTEST_XDIST_WORKER_COUNT", "PYTEST_XDIST_TESTRUNUID"):
        monkeypatch.delenv(name, raising=False)


def git(folder: Path, *arguments: str) -> None:
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", "-C", str(folder), *identity, *arguments], check=True, capture_output=True)


def run(pytester: pytest.Pytester, *arguments: str) -> pytest.RunResult:
    return pytester.runpytest_subprocess("-p", "no:cacheprovider", "--strict-markers", *arguments, timeout=150)


def test_without_the_option_nothing_happens_and_nothing_heavy_is_loaded(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("""
        import sys, pytest
        @pytest.mark.workbench(counts={"sql": 0})
        def test_it(profiled):
            assert profiled(max, 1, 2) == 2
            loaded = {name.partition(".")[0] for name in sys.modules}
            assert not loaded & {"duckdb", "numpy", "plotly", "pyinstrument", "opentelemetry", "httpx"}
    """)
    run(pytester).assert_outcomes(passed=1)
    assert not Store().path.exists()


def test_what_a_test_measures_is_kept_under_its_name(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("""
        import asyncio, pytest
        def busy():
            return sum(i * i for i in range(300_000))
        def before_it():
            return busy()
        @pytest.mark.workbench
        def test_whole():
            assert busy()
        class TestParts:
            def test_part(self, profiled):
                before_it()
                assert profiled(busy)
        def test_awaited(profiled):
            async def nap():
                await asyncio.sleep(0.01)
                return 7
            async def main():
                return await profiled(nap)
            assert asyncio.run(main()) == 7
        @pytest.mark.workbench
        def test_fails():
            busy()
            raise ValueError("token=abc123secret")
    """)
    result = run(pytester, "--workbench")
    result.assert_outcomes(passed=3, failed=1)
    store = Store()
    runs = {run.name.rpartition("::")[2]: run for run in store.runs()}
    assert set(runs) == {"test_whole", "test_part", "test_awaited", "test_fails"}
    assert {name: run.status for name, run in runs.items() if run.status is not Status.OK} == {
        "test_fails": Status.FAILED
    }
    part = {frame.function for frame in store.tree(runs["test_part"].run_id).frames}
    assert "busy" in part and "before_it" not in part
    functions = {frame.function for frame in store.tree(runs["test_whole"].run_id).frames}
    assert {"test_whole", "busy"} <= functions
    assert not any("pluggy" in frame.file for frame in store.tree(runs["test_whole"].run_id).frames)
    result.stdout.fnmatch_lines([f"*test_whole: profiled as {runs['test_whole'].run_id}"])


def test_more_statements_than_allowed_fail_with_their_place_and_the_flame_graph(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        SQL
        + """
@pytest.mark.workbench(counts={"sql": 3})
def test_three():
    ask(3)

@pytest.mark.workbench(counts={"sql": 3, "connects": 0})
def test_four(profiled):
    ask(9)
    profiled(ask, 4)
"""
    )
    result = run(pytester, "--workbench")
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(
        [
            "statements: 4, at most 3 allowed; issued at *test_more_statements*.py:* (4×)",
            "flame graph: workbench report * -o report.html",
        ]
    )


def test_a_count_holds_for_what_is_awaited_and_warns_where_nothing_counts(pytester: pytest.Pytester) -> None:
    """A plain function that returns an awaitable is measured until that ends; sqlite3 itself nobody watches."""
    pytester.makepyfile("""
        import asyncio, sqlite3, pytest
        async def fetch():
            from sqlalchemy import create_engine, text
            await asyncio.sleep(0)
            with create_engine("sqlite://").connect() as connection:
                connection.execute(text("SELECT 1"))
            return 7
        def plain():
            for _ in range(50):
                sqlite3.connect(":memory:").execute("SELECT 1")
        @pytest.mark.workbench(counts={"sql": 0})
        def test_driver(profiled):
            profiled(plain)
        @pytest.mark.workbench(counts={"sql": 0})
        def test_lambda(profiled):
            async def main():
                return await profiled(lambda: fetch())
            assert asyncio.run(main()) == 7
    """)
    result = run(pytester, "--workbench")
    result.assert_outcomes(passed=1, failed=1, warnings=1)
    result.stdout.fnmatch_lines(
        ["statements: 1, at most 0 allowed; issued at *", "*statements are seen through SQLAlchemy only*"]
    )
    (awaited,) = (r for r in Store().runs() if r.name.endswith("test_lambda"))
    assert len(awaited.rounds) == 1


def test_a_fixtures_benchmark_is_profiled_too(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("""
        import pytest
        @pytest.fixture
        def timed(benchmark):
            return lambda function: benchmark.pedantic(function)
        @pytest.mark.workbench(counts={"spans_other": 0, "cache_misses": 0})
        def test_it(timed):
            assert timed(lambda: 7) == 7
    """)
    run(pytester, "--workbench").assert_outcomes(passed=1)
    assert len(Store().runs()) == 1


def test_pytest_benchmark_works_as_ever_and_gets_a_profile(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("""
        import json
        calls = []
        def count(*args):
            calls.append(args)
            return len(calls)
        def test_called(benchmark):
            assert benchmark(count) > 1
        def test_once(benchmark):
            calls.clear()
            assert benchmark.pedantic(count, args=(1,)) == 1
            assert calls == [(1,)]
        def test_set_up(benchmark):
            assert benchmark.pedantic(len, setup=lambda: (([1, 2],), {}), rounds=3) == 2
    """)
    result = run(pytester, "--workbench", "--benchmark-min-rounds=2", "--benchmark-max-time=0.01")
    result.assert_outcomes(passed=3)
    result.stdout.fnmatch_lines(["*benchmark: 3 tests*"])
    assert len(Store().runs()) == 3


@pytest.fixture
def project(pytester: pytest.Pytester) -> Path:
    """A repository whose work tree is ten times slower than its only commit."""
    pytester.makepyfile(app=FAST.format(SLOW / 10), test_app=JUDGED)
    pytester.makefile(".toml", pyproject='[tool.workbench]\n[tool.pytest.ini_options]\naddopts = "-q"\n')
    git(pytester.path, "init", "-q", "-b", "trunk")
    git(pytester.path, "add", "app.py", "test_app.py", "pyproject.toml")
    git(pytester.path, "commit", "-q", "-m", "first")
    pytester.makepyfile(app=FAST.format(SLOW))
    return pytester.path


@pytest.mark.service
def test_a_slower_test_fails_against_the_baseline(project: Path, pytester: pytest.Pytester) -> None:
    result = run(pytester, "--workbench", "--workbench-baseline", "HEAD", "--benchmark-disable", "--junitxml=r.xml")
    result.assert_outcomes(passed=1, failed=2, skipped=1)
    result.stdout.fnmatch_lines(
        [
            "REGRESSION against HEAD (*): *× slower (*), * pairs*; mostly `*",
            "*(*) grew by itself: +* points (95 % +* to +*)",
            "flame graph: workbench report * -o report.html",
            "test_app.py::test_page: REGRESSION*",
            "test_app.py::test_bench: REGRESSION*",
            "judged 2 tests in *: * opening, * warming up, * timing, * sampling",
        ]
    )
    assert '<property name="workbench" value="REGRESSION against HEAD' in (project / "r.xml").read_text()
    assert not list(project.glob(".git/worktrees/*"))
    assert {session.kind for session in Store().sessions()} == {"gate", "test"}


@pytest.mark.soak
@pytest.mark.service
def test_beside_other_tests_counts_are_judged_and_times_are_not(project: Path, pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        app=SQL + "def page():\n    return ask(2) - 1\n",
        test_app=JUDGED.replace("benchmark", "profiled"),
    )
    git(project, "commit", "-q", "-a", "-m", "second")
    pytester.makepyfile(app=SQL + "import time\ndef page():\n    time.sleep(0.05)\n    return ask(2) - ask(1)\n")
    result = run(
        pytester, "--workbench", "--workbench-baseline", "HEAD", "-n", "2", "-k", "test_page or test_plain"
    )
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(
        ["*REGRESSION against HEAD*statements rose from 2 to 3*", "`*SELECT*issued at app.py:*"]
    )
    result.stdout.fnmatch_lines(["*counts are judged, times are not*"])


def test_a_test_that_the_baseline_lacks_passes(project: Path, pytester: pytest.Pytester) -> None:
    pytester.makepyfile(test_new="def test_new(profiled):\n    profiled(sum, [1])\n")
    result = run(pytester, "--workbench", "--workbench-baseline", "HEAD", "test_new.py")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["*ADDED against HEAD*"])


@pytest.mark.parametrize(
    ("mark", "said"),
    [
        ("max_regression='fast'", "*'fast' is no percentage*"),
        ("max_regression=True", "*max_regression is a percentage*"),
        ("counts=3", "*counts is a mapping*"),
        ("counts={'sqll': 1}", "*counts has no 'sqll' (did you mean 'sql'?); it knows sql,*"),
        ("counts={7: 1}", "*counts has no 7; it knows*"),
        ("counts={'sql': -1}", "*whole number from 0 on*"),
        ("max_seconds=0", "*above 0 s*"),
        ("wurst=1", "*has no 'wurst'*"),
        ("'5%'", "*by name, not '5%'*"),
    ],
)
def test_a_mark_that_means_nothing_is_refused(pytester: pytest.Pytester, mark: str, said: str) -> None:
    pytester.makepyfile(f"import pytest\n@pytest.mark.workbench({mark})\ndef test_it():\n    pass\n")
    result = pytester.runpytest_inprocess("-p", "no:cacheprovider", "--workbench")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([said])


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--workbench-baseline", "HEAD"), "*needs --workbench*"),
        (("--workbench", "--workbench-max-regression", "10"), "*out of range*"),
        (("--workbench", "--workbench-max-seconds", "0"), "*above 0*"),
        (("--workbench", "--workbench-baseline", "HEAD"), "*--workbench-baseline HEAD: *"),
    ],
)
def test_options_that_mean_nothing_are_refused(
    pytester: pytest.Pytester, arguments: tuple[str, ...], said: str
) -> None:
    """The last: there is no repository."""
    pytester.makepyfile("def test_it(profiled):\n    profiled(int)\n")
    result = run(pytester, *arguments)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([said])


def test_a_store_that_cant_be_used_is_told_before_the_tests_run(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    foreign = pytester.path / "notes.duckdb"
    foreign.write_text("no database")
    monkeypatch.setenv("WORKBENCH_STORE", str(foreign))
    pytester.makepyfile("def test_it(profiled):\n    raise AssertionError('it ran')\n")
    result = run(pytester, "--workbench")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*--workbench: *notes.duckdb is no DuckDB file*"])
    assert "it ran" not in result.stdout.str()


def test_a_profile_that_cant_be_stored_is_not_said_to_be(pytester: pytest.Pytester) -> None:
    pytester.makeconftest("""
        from workbench.testing import recorded
        recorded.save_or_warn = lambda *given: OSError("the disk is full")
    """)
    pytester.makepyfile("def test_it(profiled):\n    assert profiled(max, 1, 2) == 2\n")
    result = run(pytester, "--workbench")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["*::test_it: its profile was not stored: the disk is full"])
    assert "profiled as" not in result.stdout.str()


def test_counts_without_a_measured_call_fail(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("""
        import pytest
        @pytest.mark.workbench(counts={"sql": 3})
        def test_it(profiled):
            pass
    """)
    result = run(pytester, "--workbench")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["counts are declared, but profiled(…) was never called"])


def test_a_wrong_revision_is_told_also_where_no_test_is_marked(pytester: pytest.Pytester) -> None:
    git(pytester.path, "init", "-q")
    git(pytester.path, "commit", "-q", "--allow-empty", "-m", "start")
    pytester.makepyfile("def test_plain():\n    pass\n")
    refused = run(pytester, "--workbench", "--workbench-baseline", "nosuchrev")
    assert refused.ret == pytest.ExitCode.USAGE_ERROR
    refused.stderr.fnmatch_lines(["*unknown revision 'nosuchrev'*"])
    assert "workbench ===" not in refused.stdout.str()
    run(pytester, "--workbench").stdout.fnmatch_lines(["*no test that ran is marked*"])
    pytester.makepyfile("def test_ended():\n    raise KeyboardInterrupt\n")
    ended = run(pytester, "--workbench")
    assert ended.ret == pytest.ExitCode.INTERRUPTED
    assert "no test that ran is marked" not in ended.stdout.str()
