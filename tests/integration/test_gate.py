"""The gate on real repositories: both sides measured, and nothing left behind."""

from __future__ import annotations

import os
import re
import tempfile
from contextlib import AbstractContextManager
from pathlib import Path

import psutil
import pytest
from git_projects import GitProject

from workbench.analysis.verdict import Rule
from workbench.capture.samplers import SamplerSpec
from workbench.errors import ResultsDiffer, ScenarioError, UsageError
from workbench.experiment.compare import compare_runs
from workbench.experiment.gate import (
    GateOutcome,
    GateResult,
    GateSettings,
    GateTarget,
    judge,
    judge_against,
    judging,
)
from workbench.experiment.gate.repository import Repository
from workbench.model import Status
from workbench.reporting.gate import gate_junit, gate_markdown
from workbench.store import Store

COUNTED = GateSettings(timing=False)

BEFORE = {
    "shop/__init__.py": "",
    "shop/listing.py": """
        def render(): return sum(i * i for i in range(3000))
        def page(): return render()
        """,
    "perf.py": """
        from shop.listing import page

        def first_page(): return page()
        def was_broken(): raise ValueError("password=hunter2 is wrong")
        def breaks(): return 1
        def answer(): return 42
        def hangs(): return 1
        def steady(): return "same"
        def swapped(): return 1
        def interrupts(): return 1
        def naps(): return sum(range(200_000))
        """,
    "books.py": """
        from sqlalchemy import create_engine, text

        engine = create_engine("sqlite://")

        def titles():
            with engine.connect() as connection:
                return [row[0] for row in connection.execute(text("SELECT 1 UNION SELECT 2 UNION SELECT 3"))]
        """,
    "job.py": "print('done')\n",
}
AFTER = {
    "shop/listing.py": """
        def render(): return sum(i * i for i in range(3000))
        def page():
            for _ in range(12): value = render()
            return value
        """,
    "perf.py": """
        import time
        from itertools import count
        from shop.listing import page

        numbers = count()

        def first_page(): return page()
        def was_broken(): return 1
        def breaks(): raise ValueError("password=hunter2 is wrong")
        def answer(): return 41
        def hangs(): time.sleep(600)
        def steady(): return f"number {next(numbers)}"
        def added(): return 1
        def added_broken(): return {}["page"]
        def interrupts(): raise KeyboardInterrupt
        def naps():
            time.sleep(0.1)
            return sum(range(200_000))
        def swapped(): return 1
        """,
    "books.py": """
        from sqlalchemy import create_engine, text

        engine = create_engine("sqlite://")

        def titles():
            with engine.connect() as connection:
                return [connection.execute(text(f"SELECT {i}")).scalar() for i in (1, 2, 3)]
        """,
    "job.py": "import sys\nprint('half')\nsys.exit('no more token=abcdefghijkl')\n",
    "new.py": "print('new')\n",
    "fresh.py": """
        def setup_fits(): return [3]
        def breaks(): raise ValueError("no page")
        async def waits(): raise ValueError("late")
        def makes():
            yield 1
            raise ValueError("half")
        def fits(numbers): return numbers.pop()
        def teardown_fits(numbers): assert not numbers
        """,
    "ends.py": "raise SystemExit('no paper')\n",
}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> GitProject:
    """A first commit, tagged ``before``, and a work tree that isn't committed."""
    project = GitProject(tmp_path_factory.mktemp("repository"))
    project.commit("Open the shop", BEFORE)
    project.git("tag", "before")
    project.write(AFTER)
    return project


@pytest.fixture(autouse=True)
def own_temporary_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What the gate leaves in the temporary folder would be found here."""
    folder = tmp_path / "scratch"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def judged(project: GitProject, *targets: str | GateTarget, settings: GateSettings = COUNTED) -> GateResult:
    result = judge_against("before", targets, folder=project.root, settings=settings, store=Store())
    assert project.git("worktree", "list").count("\n") == 0
    assert list(Path(tempfile.gettempdir()).iterdir()) == []
    return result


def test_by_processor_time_waiting_is_no_slowdown(project: GitProject) -> None:
    settings = GateSettings(max_seconds=2, clock="cpu", sampler=SamplerSpec(name="none"))
    (target,) = judged(project, "perf.py:naps", settings=settings).targets
    assert target.comparison is not None
    assert target.comparison.ratio < 10  # by the wall clock, some fifty
    assert "judged by CPU time" in target.notes[0]
    store = Store()
    base, new = (run.run_id for run in store.session_runs(target.session_id))
    assert store.session(target.session_id).parameters["clock"] == "cpu"
    assert compare_runs(store, base, new).ratio == target.comparison.ratio
    with pytest.raises(UsageError, match="unknown clock 'sun'; known: wall, cpu"):
        GateSettings(clock="sun")


def test_a_slowdown_is_a_regression_and_names_the_function(project: GitProject) -> None:
    result = judged(project, "perf.py:first_page", settings=GateSettings(max_seconds=60, sampled_rounds=6))

    (target,) = result.targets
    assert (result.outcome, result.exit_code) == (GateOutcome.REGRESSION, 1)
    assert target.comparison is not None
    assert target.comparison.ratio > 3
    assert "render" in target.sentence
    named = {(change.frame.file, change.frame.function) for change in target.comparison.functions}
    assert ("shop/listing.py", "render") in named
    assert result.new.dirty
    store = Store()
    base, new = store.session_runs(target.session_id)
    session = store.session(target.session_id)
    before = project.git("rev-parse", "before")
    assert (base.parameters["side"], base.parameters["commit"]) == ("base", before)
    assert (new.parameters["side"], new.parameters["dirty"]) == ("new", True)
    assert (session.kind, session.parameters["baseline_commit"]) == ("gate", before)
    assert base.name == new.name == "perf.py:first_page"
    assert {r.status for r in (base, new)} == {Status.OK}
    assert [c.verdict for c in store.comparisons(target.session_id)] == [target.comparison.verdict]


def test_each_side_goes_on_in_fresh_processes(tmp_path: Path) -> None:
    project = GitProject(tmp_path / "repository")
    seen = tmp_path / "seen"
    seen.mkdir()
    work = f"""
        import os, pathlib
        def work():
            free = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 0
            pathlib.Path({str(seen)!r}, str(os.getpid())).write_text(str(free))
        """
    project.commit("Work", {"work.py": work})
    project.git("tag", "before")

    settings = GateSettings(rule=Rule(looks=(6,)), sampler=SamplerSpec(name="none"))
    (target,) = judged(project, "work.py:work", settings=settings).targets

    assert target.comparison is not None
    assert target.comparison.pairs == 6
    free = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 0
    assert [file.read_text() for file in seen.iterdir()] == [str(free)] * 4  # processes, none bound to a core
    base, new = Store().session_runs(target.session_id)
    for run in (base, new):
        assert len(run.values("wall")) == 6
        assert [r.index for r in run.rounds] == list(range(len(run.rounds)))
        assert run.name == "work.py:work"
    positions = sorted(r.position for run in (base, new) for r in run.rounds)
    assert positions == list(range(len(positions)))


def test_a_risen_count_is_a_regression_whatever_the_clock_says(project: GitProject) -> None:
    result = judged(project, "books.py:titles", "perf.py:swapped", settings=COUNTED)

    titles, swapped = result.targets
    assert (titles.outcome, swapped.outcome) == (GateOutcome.REGRESSION, GateOutcome.PASS)
    assert titles.counts == ("statements rose from 1 to 3",)
    assert titles.sentence.startswith("statements rose from 1 to 3")
    (issued,) = [note for note in titles.notes if "issued at" in note]
    assert re.fullmatch(r"`SELECT \?` 0 → 3×, issued at books\.py:\d+", issued)
    assert titles.comparison is not None
    assert issued in titles.comparison.differences
    assert issued in gate_junit(result)
    assert "`SELECT ?` 0 → 3×, issued at books.py:" in gate_markdown(result)

    allowed = GateSettings(timing=False, ignore_counts=frozenset({"statements"}))
    assert judged(project, "books.py:titles", settings=allowed).exit_code == 0


def test_targets_that_come_one_by_one_share_a_checkout(
    project: GitProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[str] = []

    def checked_out(repository: Repository, commit: str) -> AbstractContextManager[Path]:
        made.append(commit)
        return original(repository, commit)

    original = judge.checked_out
    monkeypatch.setattr(judge, "checked_out", checked_out)
    with judging("HEAD", folder=project.root, settings=COUNTED) as judge_them:
        assert made == [], "nothing was asked yet"
        outcomes = [judge_them([target]).outcome for target in ("perf.py:swapped", "books.py:titles")]
        assert project.git("worktree", "list").count("\n") == 1
    assert outcomes == [GateOutcome.PASS, GateOutcome.REGRESSION]
    assert len(made) == 1
    assert project.git("worktree", "list").count("\n") == 0


def test_what_the_baseline_lacks_is_said_and_not_failed(project: GitProject) -> None:
    result = judged(project, "perf.py:added", "new.py", settings=COUNTED)

    assert [target.outcome for target in result.targets] == [GateOutcome.ADDED, GateOutcome.ADDED]
    assert result.targets[0].reason == "the baseline has no such target (perf.py has no 'added')"
    assert result.targets[1].reason == "the baseline has no new.py"
    assert (result.outcome, result.exit_code) == (GateOutcome.ADDED, 0)
    assert result.headline == ("nothing to judge", "2 targets are new")
    assert "## 🆕 Performance: nothing to judge\n\n2 targets are new against" in gate_markdown(result)


def test_new_code_that_the_baseline_lacks_must_run(project: GitProject) -> None:
    """Each kind of target once: in a file that both have, in a new one, an async one, a generator, a script."""
    result = judged(
        project, "perf.py:added_broken", "fresh.py:breaks", "fresh.py:waits", "fresh.py:makes", "fresh.py:fits",
        "ends.py", settings=COUNTED,
    )  # fmt: skip

    said = {target.target: (str(target.outcome), target.reason) for target in result.targets}
    assert said["perf.py:added_broken"] == ("FAILED", "KeyError: '[redacted]' (perf.py:15)")
    assert said["fresh.py:breaks"] == ("FAILED", "ValueError: no page (fresh.py:3)")
    assert said["fresh.py:waits"] == ("FAILED", "ValueError: late (fresh.py:4)")
    assert said["fresh.py:makes"] == ("FAILED", "ValueError: half (fresh.py:7)")
    assert said["fresh.py:fits"] == ("ADDED", "the baseline has no fresh.py")
    assert said["ends.py"] == ("FAILED", "exit status 1: no paper")
    assert result.exit_code == ScenarioError.exit_code
    assert Store().runs() == []
    with pytest.raises(UsageError, match="has no 'fit'; did you mean 'fits'"):
        judged(project, "fresh.py:fit")


def test_broken_code_is_told_apart_from_a_broken_baseline(project: GitProject) -> None:
    result = judged(project, "perf.py:breaks", "perf.py:was_broken", settings=COUNTED)

    new, base = result.targets
    assert (new.outcome, base.outcome) == (GateOutcome.FAILED, GateOutcome.INCONCLUSIVE)
    assert "ValueError" in new.reason
    assert "hunter2" not in new.reason
    assert base.reason.startswith("the baseline can't be measured: ")
    assert result.exit_code == ScenarioError.exit_code
    stored = {run.name: run.status for run in Store().runs()}
    assert stored.get("perf.py:breaks") in (None, Status.FAILED)


def test_other_results_stop_the_comparison(project: GitProject) -> None:
    result = judged(project, "perf.py:answer", "perf.py:steady", "job.py", settings=COUNTED)

    answer, steady, job = result.targets
    assert [t.outcome for t in result.targets] == [GateOutcome.FAILED] * 3
    assert "different results (at result: 42 against 41)" in answer.reason
    assert steady.reason.startswith("returned another result than in its first round (at result: ")
    assert "no more" in job.reason
    assert "abcdefghijkl" not in job.reason
    assert result.exit_code == ResultsDiffer.exit_code

    anyway = GateSettings(timing=False, same_results=False)
    assert judged(project, "perf.py:answer", settings=anyway).outcome is GateOutcome.PASS


def test_results_that_change_on_both_sides_alike_stop_the_comparison(tmp_path: Path) -> None:
    """Each side's third call returns 3: equal, and yet no work whose times could be compared."""
    project = GitProject(tmp_path / "repository")
    project.commit("Count", {"perf.py": "from itertools import count\nnext_one = count().__next__\n"})
    project.git("tag", "before")

    result = judged(project, "perf.py:next_one", settings=COUNTED)

    assert (result.outcome, result.exit_code) == (GateOutcome.FAILED, ResultsDiffer.exit_code)
    said = r"returned another result than in its first round \(at result: \d+ against \d+\): it is random, or "
    assert re.match(said, result.targets[0].reason)


def test_a_workload_that_plays_ctrl_c_has_failed(project: GitProject) -> None:
    result = judged(project, "perf.py:interrupts", settings=COUNTED)

    assert (result.outcome, result.exit_code) == (GateOutcome.FAILED, ScenarioError.exit_code)
    assert "KeyboardInterrupt (perf.py:" in result.targets[0].reason


LEAVES = """
    import os, subprocess, sys

    if not os.path.exists("pids"):
        daemon = subprocess.Popen([sys.executable, "-c", "import threading; threading.Event().wait()"],
            start_new_session=True)
        with open("pids", "w") as file:
            file.write(str(daemon.pid))

    def reads():
        return sys.stdin.read()
    """


def test_what_a_side_started_is_ended_and_its_stdin_is_empty(tmp_path: Path) -> None:
    """A daemon is in no process group of ours; and a side that reads would take the gate's words to it."""
    project = GitProject(tmp_path / "repository")
    project.commit("Start a daemon", {"perf.py": LEAVES})
    project.git("tag", "before")

    assert judged(project, "perf.py:reads", settings=COUNTED).outcome is GateOutcome.PASS

    daemon = int((project.root / "pids").read_text())
    assert not psutil.pid_exists(daemon) or psutil.Process(daemon).status() == psutil.STATUS_ZOMBIE


def test_a_workload_that_hangs_is_ended(project: GitProject) -> None:
    settings = GateSettings(timing=False, timeout_s=0.5)
    result = judged(project, "perf.py:hangs", settings=settings)

    assert result.outcome is GateOutcome.FAILED
    assert "did not end within 0.5 s" in result.targets[0].reason


def test_code_of_the_other_side_is_no_baseline(tmp_path: Path) -> None:
    project = GitProject(tmp_path / "repository")
    hidden = str(project.root / "deep" / "inside")
    project.commit(
        "Hide the package",
        {
            "perf.py": f"import sys\nsys.path.insert(0, {hidden!r})\nimport hidden\nwork = lambda: hidden.work()\n",
            "deep/inside/hidden.py": "def work(): return 1\n",
        },
    )
    project.git("tag", "before")
    result = judged(project, "perf.py:work", settings=COUNTED)

    assert result.exit_code == 3
    assert "imported hidden from elsewhere than its checkout" in result.targets[0].reason


def test_a_project_named_workbench_is_measured_with_each_sides_own_code(tmp_path: Path) -> None:
    project = GitProject(tmp_path / "repository")
    project.commit(
        "A workbench of another time",
        {
            "workbench/__init__.py": "VALUE = 'then'\n",
            "perf.py": "import workbench\ndef value(): return workbench.VALUE\n",
        },
    )
    project.git("tag", "before")
    assert judged(project, "perf.py:value", settings=COUNTED).exit_code == 0
    project.write({"workbench/__init__.py": "VALUE = 'now'\n"})

    result = judged(project, "perf.py:value", settings=COUNTED)

    assert result.targets[0].exit_code == ResultsDiffer.exit_code


@pytest.mark.parametrize(
    ("revision", "targets", "says"),
    [
        ("before", [], "name what to judge"),
        ("nonsense", ["perf.py:answer"], "unknown revision 'nonsense'"),
        ("--all", ["perf.py:answer"], "unknown revision '--all'"),
        ("before", ["perf.py:nothing"], "has no 'nothing'"),
        ("before", ["gone.py"], "no file"),
        ("before", ["jamf:naive"], "not this repository's"),
        ("before", ["latest"], "is a stored run"),
        ("before", [f"{Path(__file__)}:test"], "is not in the repository"),
    ],
)
def test_what_is_no_gate_is_a_usage_error(
    project: GitProject, revision: str, targets: list[str], says: str
) -> None:
    with pytest.raises(UsageError, match=says):
        judge_against(revision, targets, folder=project.root)


def test_a_folder_without_a_repository_is_a_usage_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    with pytest.raises(UsageError, match="is not in a git work tree"):
        judge_against("HEAD", ["x.py"], folder=tmp_path)
    GitProject(tmp_path / "empty")
    with pytest.raises(UsageError, match="has no commit yet"):
        judge_against("HEAD", ["x.py"], folder=tmp_path / "empty")
