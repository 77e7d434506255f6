"""From the store to a report: sessions, single runs, and names that are neither."""

import math
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sample_runs import session_report, single_report

from workbench.errors import RunNotFound, UsageError
from workbench.model import Comparison, Recording, Verdict
from workbench.reporting import ReportData, confidential, load_report, report_html, report_markdown
from workbench.store import Store
from workbench.store import store as store_module
from workbench.store.connection import reading


@pytest.fixture
def store(tmp_path: Path) -> Store:
    made = Store(tmp_path / "store.duckdb")
    for report in (single_report(), session_report()):
        save(made, report)
    return made


def save(store: Store, report: ReportData) -> None:
    session = report.runs[0].session
    bound = report.bound.parameters() if report.bound else {}
    session = replace(session, parameters={**session.parameters, **bound})
    store.save(session, [Recording(r.run, r.tree, r.spans) for r in report.runs])


def test_a_session_becomes_a_ladder_with_its_bound(store: Store) -> None:
    wanted = session_report()
    report = load_report(store, [wanted.runs[0].session.session_id])
    assert [row.variant for row in report.rows] == [row.variant for row in wanted.rows]
    assert report.baseline is not None
    assert report.baseline.variant == "naive"
    assert report.fastest is not None
    assert report.fastest.variant == "optimized"
    assert report.bound is not None
    assert report.bound.seconds == pytest.approx(0.93)
    assert report.runs[0].change, "the scenario knows what its variants change"
    assert [len(r.spans) for r in report.runs] == [len(r.spans) for r in wanted.runs]
    assert "1.23 times the bound" in report_html(report).replace("\u00a0", " ")


def test_a_run_by_prefix_becomes_a_page_of_its_own(store: Store) -> None:
    report = load_report(store, ["261123-05"])
    assert report.title == "checkout"
    assert report.rows == ()
    assert report.runs[0].tree is not None
    assert report.runs[0].tree.total_ns().max() > 3e9


def test_runs_of_different_sessions_stand_beside_each_other_without_a_ladder(store: Store) -> None:
    naive = session_report().runs[0].run.run_id
    report = load_report(store, [naive, "261123-050000-one1", naive])
    assert [r.run.run_id for r in report.runs] == [naive, "261123-050000-one1"]
    assert report.rows == ()
    assert len(report.sessions) == 2
    assert report.title == "naive → checkout"
    assert report.comparison is not None
    assert report.comparison.advisory, "different sessions give no verdict"


def test_each_of_several_sessions_has_its_ladder_and_none_spans_them(store: Store) -> None:
    first = session_report()
    later = replace(first.runs[0].session, session_id="261124-040000-ef56")
    runs = [
        replace(r, session=later, run=replace(r.run, session_id=later.session_id, run_id=f"261124-{n}"))
        for n, r in enumerate(first.runs[:2])
    ]
    save(store, replace(first, runs=tuple(runs), bound=None))
    sessions = [later.session_id, first.runs[0].session.session_id, "261123-050000-one1"]
    report = load_report(store, sessions)
    assert report.title == "8 runs of 3 sessions"
    assert report.rows == ()
    assert report.comparison is None
    ladders = [(part.runs[0].session.session_id, [row.variant for row in part.rows]) for part in report.parts]
    assert ladders == [(sessions[0], ["naive", "pooled"]), (sessions[1], [row.variant for row in first.rows])]
    assert [part.bound is None for part in report.parts] == [True, False]

    for made in (report, confidential(report)):
        page, text = report_html(made), report_markdown(made)
        for session_id in sessions[:2]:
            assert f"<h2>Ladder: Export of a Jamf Pro estate to Terraform ({session_id})</h2>" in page
            assert f"#### Export of a Jamf Pro estate to Terraform ({session_id})" in text
        assert page.count("<h2>Bound") == 1
        assert f'data-name="naive · {sessions[0]}"' in page, "tabs of like names are told apart"
        assert 'data-name="optimized"' in page
        assert "2 of 3 sessions have a ladder" in text
        assert "no ratio is taken between them" in page
        assert text.count("| variant | median |") == 2


def test_stored_comparisons_come_along(store: Store) -> None:
    wanted = session_report()
    ids = [r.run.run_id for r in wanted.runs]
    session_id = wanted.runs[0].session.session_id
    verdict = Comparison(ids[0], ids[4], Verdict.IMPROVEMENT, 0.113, (0.1, 0.12), 15, 170.0)
    store.save_comparison(session_id, verdict)
    assert [c.verdict for c in load_report(store, [session_id]).comparisons] == [Verdict.IMPROVEMENT]


def test_a_run_whose_variant_is_no_longer_known_is_still_shown(tmp_path: Path) -> None:
    made = session_report()
    gone = [
        replace(r, run=replace(r.run, scenario="gone"), session=replace(r.session, scenario="gone"))
        for r in made.runs
    ]
    store = Store(tmp_path / "store.duckdb")
    save(store, replace(made, runs=tuple(gone)))
    report = load_report(store, [gone[0].session.session_id])
    assert report.title == "gone"
    assert report.rows[0].is_baseline


def test_unknown_names_and_no_name_are_told(store: Store) -> None:
    with pytest.raises(RunNotFound):
        load_report(store, ["nonsense"])
    with pytest.raises(UsageError, match="nothing to report on"):
        load_report(store, [])


def test_a_gates_two_runs_are_called_by_side_and_commit(tmp_path: Path) -> None:
    store = Store(tmp_path / "gate.duckdb")
    sample = session_report().runs[0]
    session = replace(sample.session, kind="gate", scenario="")
    sides = (("new", "b" * 40, True), ("base", "a" * 40, False))
    runs = [
        replace(
            sample.run,
            run_id=f"run-{side}",
            name="perf.py:page",
            scenario="",
            variant="",
            parameters={"side": side, "commit": commit, "dirty": dirty},
        )
        for side, commit, dirty in sides
    ]
    store.save(session, [Recording(run) for run in runs])
    given = Comparison(
        "run-base", "run-new", Verdict.REGRESSION, 1.19, (1.02, 1.44), 30, 2.0, sentence="19 % slower"
    )
    store.save_comparison(session.session_id, given)
    report = load_report(store, [session.session_id])
    assert report.title == "perf.py:page: base aaaaaaa → new (working tree)"
    assert report.comparison == given
    row = report.rows[1]
    assert (row.variant, row.ratio.ratio, row.ratio.low, row.ratio.high) == ("new (working tree)", 1.19, 1.02, 1.44)
    assert "base aaaaaaa → new (working tree): 19 % slower" in report_html(report)


def test_runs_that_cant_be_compared_have_no_ratio_unless_forced(store: Store) -> None:
    sample = session_report().runs[0]
    other = replace(sample.session.environment, python="2.7.18")
    session = replace(sample.session, session_id="other-session", environment=other)
    store.save(
        session, [Recording(replace(sample.run, run_id="other-run", session_id="other-session"), sample.tree)]
    )
    sides = [sample.run.run_id, "other-run"]
    refused = load_report(store, sides)
    assert refused.comparison is not None
    assert not refused.comparison.comparable
    assert math.isnan(refused.comparison.ratio)
    page = report_html(refused)
    assert "NOT COMPARED" in page
    assert "2.7.18" in page
    assert "× slower" not in page
    assert "× faster" not in page
    forced = load_report(store, sides, force=True)
    assert forced.comparison is not None
    assert forced.comparison.ratio > 0


def test_a_report_opens_the_store_once(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    names = [run.run_id for run in store.runs(limit=2)]
    opened: list[Path] = []

    def counted(path: Path, timeout_s: float, *, closed: bool = False) -> AbstractContextManager[Any]:
        opened.append(path)
        return reading(path, timeout_s, closed=closed)

    monkeypatch.setattr(store_module, "reading", counted)
    assert len(load_report(store, names, force=True).runs) == 2
    assert opened == [store.path]
    store.tag(names[0], "released")  # nothing is held any more
    with pytest.raises(RunNotFound), store.held(), store.held():
        store.run("nothing")
    store.run(names[0])
    assert opened == [store.path] * 3
