"""Histories from a store and a repository: order, blame, and what is left out."""

from __future__ import annotations

import json
import math
import random
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from git_projects import GitProject

from workbench.calltree import CallTreeBuilder
from workbench.capture.environment import environment
from workbench.cli.main import cli
from workbench.errors import RunNotFound, UsageError
from workbench.experiment.history import History, history
from workbench.model import Frame, Recording, Round, RoundKind, Run, Sampler, Scalar, Session, Status
from workbench.notebook.history import HistoryView
from workbench.reporting.history import figures, history_html, history_json, quiet_lines
from workbench.store import Store

START = datetime(2026, 1, 1, tzinfo=UTC)
SLOWER_AT, MORE_AT, UNMEASURED, COMMITS = 6, 8, 5, 10
NAME = "demo:fast"


def recorded(
    store: Store, number: int, commit: str, *, wall: float, statements: float = 0.0, slow: bool = False,
    machine: str = "", parameters: Mapping[str, Scalar] | None = None, dirty: bool = False,
    status: Status = Status.OK, name: str = NAME, kind: str = "scenario",
) -> None:  # fmt: skip
    """Store a run of three timing rounds and a sampled one, in which ``render`` takes twice as long if ``slow``."""
    began = START + timedelta(hours=number)
    rng = random.Random(number)
    measures = {"peak_rss": 5e7, "spans": 1.0, "loops": 2.0}
    if statements:
        measures["statements"] = 2 * statements
    rounds = [
        Round(i, RoundKind.TIMING, i, began, {"wall": 2 * wall * rng.lognormvariate(0, 0.02), **measures})
        for i in range(3)
    ]
    rounds.append(Round(3, RoundKind.SAMPLED, 3, began, {"wall": wall}))
    tree = CallTreeBuilder()
    render = tree.node((Frame("app.py", "main"), Frame("app.py", "render")))
    parse = tree.node((Frame("app.py", "main"), Frame("app.py", "parse")))
    thread = tree.thread("MainThread")
    for node, weight in ((render, 20_000_000 if slow else 10_000_000), (parse, 10_000_000)):
        tree.sample(time_ns=0, weight_ns=weight, node=node, thread=thread, round=3, line=1)
    here = environment()
    own = replace(here, commit=commit, dirty=dirty, machine=machine or here.machine)
    scenario, _, variant = name.partition(":")
    scenario, variant = (scenario, variant) if name == NAME else ("", "")
    session = Session(f"s{number:04}", kind, began, scenario, {"scale": "small"}, own)
    run = Run(
        f"r{number:04}", session.session_id, name, began, 1.0, scenario, variant, status=status,
        sampler=Sampler("pyinstrument", "5", 1_000_000), rounds=tuple(rounds), parameters=parameters or {},
    )  # fmt: skip
    store.save(session, [Recording(run, tree.build())])


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> GitProject:
    project = GitProject(tmp_path_factory.mktemp("repository"))
    for number in range(COMMITS):
        project.commit(f"Change {number} <script>alert(1)</script>", {"a.txt": str(number)})
    return project


@pytest.fixture(scope="module")
def commits(project: GitProject) -> list[str]:
    return project.git("rev-list", "--reverse", "HEAD").split()


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory, commits: list[str]) -> Store:
    """Time 1.5 × from commit 6 on, statements 3 to 12 from commit 8 on; commit 5 was never measured."""
    store = Store(tmp_path_factory.mktemp("history") / "workbench.duckdb")
    number = 0
    for place, commit in enumerate(commits):
        for _ in range(2 if place != UNMEASURED else 0):
            # recorded in another order than the commits': a bisection measures old ones later
            slow = place >= SLOWER_AT
            recorded(
                store, (number * 7) % 20, commit, wall=0.03 if slow else 0.02, slow=slow,
                statements=12 if place >= MORE_AT else 3,
            )  # fmt: skip
            number += 1
    recorded(store, 100, commits[-1], wall=9.0, dirty=True)
    recorded(store, 101, "f" * 40, wall=9.0)
    recorded(store, 102, commits[-1], wall=9.0, status=Status.FAILED)
    recorded(store, 103, "", wall=9.0)
    return store


@pytest.fixture(scope="module")
def found(store: Store, project: GitProject) -> History:
    return history(NAME, store=store, folder=project.root)


def test_a_slowdown_is_blamed_on_the_commits_between_and_on_the_function(
    found: History, commits: list[str]
) -> None:
    (blame,) = (b for b in found.blames if b.series.measure == "wall")

    assert (blame.before.commit, blame.after.commit) == (commits[4], commits[6])
    assert [c.commit for c in blame.commits] == [commits[6], commits[5]]
    assert blame.commits[0].subject.startswith("Change 6")
    assert blame.change.ratio == pytest.approx(1.5, rel=0.05)
    assert blame.change.after == pytest.approx(0.03, rel=0.05)
    assert blame.change.p is not None
    assert blame.change.p <= 0.01
    assert (blame.function, blame.function_s) == ("render", pytest.approx(0.01))


def test_all_commits_are_counted_also_where_only_the_newest_are_listed(
    store: Store, project: GitProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workbench.experiment.history._LISTED", 1)
    (blame,) = history(NAME, store=store, folder=project.root, measures=["wall"]).blames
    assert (len(blame.commits), blame.count) == (1, 2)


def test_a_count_changes_exactly_where_it_does(found: History, commits: list[str]) -> None:
    (blame,) = (b for b in found.blames if b.series.measure == "statements")

    assert (blame.before.commit, blame.after.commit) == (commits[7], commits[8])
    assert (blame.change.before, blame.change.after, blame.change.p) == (3.0, 12.0, None)
    assert blame.series.exact


def test_what_has_no_place_is_left_out_and_said(found: History) -> None:
    assert not found.by_time
    assert all(len(series.points) == 18 for series in found.series)
    assert {series.measure for series in found.series} == {"wall", "peak_rss", "statements"}
    assert found.notes == (
        "1 run left out: measured with uncommitted changes (--dirty takes them in)",
        "1 run left out: of commits that are not in the history of HEAD",
        "1 run left out: measured outside a git repository",
        "1 run left out: failed or interrupted",
    )


def test_dirty_runs_can_be_taken_in(store: Store, project: GitProject) -> None:
    series = history(NAME, store=store, folder=project.root, dirty=True, measures=["wall"]).series[0]
    assert [point.dirty for point in series.points].count(True) == 1


def test_without_a_repository_runs_are_in_the_order_of_time(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    by_time = history(NAME, store=store, folder=tmp_path, measures=["wall"])
    assert by_time.by_time
    assert "order of time" in by_time.notes[-1]
    assert all(not blame.commits for blame in by_time.blames)


def test_another_machine_is_another_series(tmp_path: Path, project: GitProject, commits: list[str]) -> None:
    store = Store(tmp_path / "workbench.duckdb")
    for place, commit in enumerate(commits[:3]):
        for number, machine in enumerate(("m1", "m2")):
            recorded(store, 2 * place + number, commit, wall=0.01 * (1 + 4 * number), machine=machine)

    found = history("demo", store=store, folder=project.root, measures=["wall"])

    assert [len(series.points) for series in found.series] == [3, 3]
    assert {series.conditions.partition(",")[0] for series in found.series} == {"machine m1", "machine m2"}
    assert found.blames == ()
    assert [series.detectable for series in found.series] == [math.inf, math.inf]
    assert quiet_lines(found)[0] == (
        "demo:fast, time: no change point in 3 commits; "
        "too few commits, or too much scatter, to tell even a tenfold change"
    )


def test_a_series_without_a_change_point_says_what_it_would_have_shown(
    found: History, store: Store, project: GitProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The peak of memory is the same in all runs; time and statements have change points."""
    sentence = (
        "no change point in 9 commits; a lasting change of 3 % or more in the middle of them would have been "
        "found (80 % of the time)"
    )
    assert quiet_lines(found) == [f"demo:fast, peak memory: {sentence}"]
    assert sentence.capitalize() in history_html(found)
    assert f"demo:fast, peak memory: {sentence}" in repr(HistoryView(found))
    texts = {series.measure: [a.text for a in figure.layout.annotations] for series, figure in figures(found)}
    assert texts["peak_rss"] == [sentence]
    document = {each["measure"]: each["detectable"] for each in history_json(found)["series"]}
    assert (document["wall"], document["statements"]) == (None, None)
    assert (round(document["peak_rss"]["ratio"], 9), document["peak_rss"]["power"]) == (1.03, 0.8)
    monkeypatch.chdir(project.root)
    arguments = ["history", NAME, "--store", str(store.path)]
    assert sentence in CliRunner().invoke(cli, arguments, catch_exceptions=False).output


def test_only_so_many_series_are_asked(
    store: Store, project: GitProject, commits: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workbench.experiment.history._QUIET_SERIES", 1)
    some = Store(tmp_path / "workbench.duckdb")
    for place in range(3):
        recorded(some, place, commits[place], wall=0.02)
    lines = quiet_lines(history(NAME, store=some, folder=project.root))
    assert [line.partition(";")[0] for line in lines] == [
        "demo:fast, time: no change point in 3 commits",
        "no change point in 1 more series",
    ]


def test_a_gates_baseline_stands_at_its_own_commit(tmp_path: Path, project: GitProject, commits: list[str]) -> None:
    store = Store(tmp_path / "workbench.duckdb")
    for place in range(2):
        at = {"commit": commits[place], "dirty": False}
        recorded(store, place, commits[-1], wall=0.01, parameters=at, name="perf.py:page", dirty=True)

    (series,) = history("perf.py", store=store, folder=project.root, measures=["wall"]).series

    assert series.name == "perf.py:page"
    assert [point.commit for point in series.points] == commits[:2]


def test_peak_memory_of_other_processes_is_another_series(
    tmp_path: Path, project: GitProject, commits: list[str]
) -> None:
    """`compare` measures in its own process and `gate` in one a side: times compare, a process's memory doesn't."""
    store = Store(tmp_path / "workbench.duckdb")
    for place in range(4):
        kind = "compare" if place % 2 else "gate"
        recorded(store, place, commits[place], wall=0.01, name="perf.py:page", kind=kind)
    found = history("perf.py", store=store, folder=project.root, measures=["wall", "peak_rss"]).series
    assert sorted((s.measure, len(s.points)) for s in found) == [("peak_rss", 2), ("peak_rss", 2), ("wall", 4)]


def test_the_page_holds_the_charts_and_no_markup_of_others(found: History) -> None:
    page = history_html(found)
    assert page.count("data-wb-chart") == len(found.series) + 1  # the script looks for it, too
    assert "<script>alert(1)" not in page
    assert "default-src 'none'" in page
    _, figure = figures(found)[0]
    assert len(figure.layout.shapes) == 1
    assert "render" in figure.layout.annotations[0].text


def test_the_command_prints_tables_json_and_a_page(
    store: Store, project: GitProject, commits: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(project.root)
    page = tmp_path / "history.html"
    arguments = ["history", NAME, "--store", str(store.path)]
    table = CliRunner().invoke(
        cli, [*arguments, "--html", str(page)], catch_exceptions=False, standalone_mode=False
    )
    assert f"{commits[4][:7]}..{commits[6][:7]}" in table.output
    assert "mostly `render` (100 % of the difference)" in table.output
    assert page.stat().st_size > 1_000_000
    printed = CliRunner().invoke(cli, [*arguments, "--json"], catch_exceptions=False, standalone_mode=False)
    document = json.loads(printed.stdout)
    assert {s["measure"]: len(s["changes"]) for s in document["series"]} == {
        "wall": 1,
        "peak_rss": 0,
        "statements": 1,
    }


def test_unknown_names_are_told(store: Store, project: GitProject) -> None:
    with pytest.raises(RunNotFound, match="no run of 'nothing'"):
        history("nothing", store=store, folder=project.root)
    with pytest.raises(RunNotFound):
        history("", store=store, folder=project.root)
    with pytest.raises(UsageError, match="unknown measure 'speed'"):
        history(NAME, store=store, folder=project.root, measures=["speed"])
