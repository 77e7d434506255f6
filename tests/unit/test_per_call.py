"""All that is shown of a run is of one call of what is measured, however many of them its rounds hold."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from workbench.analysis.ladder import ladder
from workbench.calltree import CallTree, CallTreeBuilder
from workbench.model import Frame, Round, RoundKind, Run, Session, Span
from workbench.notebook.fallback import still_html
from workbench.reporting.model import ReportData, RunReport
from workbench.reporting.sections import ladder_section, run_section
from workbench.reporting.spans import concurrency, operation_rows, operation_table
from workbench.views.payload import decode, encode, meta_of

NOW = datetime(2026, 1, 2, tzinfo=UTC)
MS = 1_000_000


def looped(loops: int = 2, sampled: int = 40) -> Run:
    """A call takes 5 ms and two statements; timing rounds hold ``loops`` of them, sampled ones ``sampled``."""
    kinds = ((RoundKind.TIMING, loops), (RoundKind.TIMING, loops), (RoundKind.SAMPLED, sampled))
    rounds = (
        Round(n, kind, n, NOW, {"wall": 0.005 * calls, "statements": 2.0 * calls, "peak_rss": 7e6, "loops": calls})
        for n, (kind, calls) in enumerate(kinds)
    )
    return Run("r", "s", "perf.py:page", NOW, rounds=tuple(rounds))


def spans(run: Run) -> tuple[Span, ...]:
    names = [r.index for r in run.rounds for _ in range(round(r.measures["statements"]))]
    return tuple(Span(n, -1, index, "sql", "SELECT", n * MS, MS) for n, index in enumerate(names))


def tree(run: Run) -> CallTree:
    builder = CallTreeBuilder()
    node = builder.node((Frame("perf.py", "page"),))
    sampled = run.rounds[-1]
    builder.sample(time_ns=0, weight_ns=round(sampled.measures["wall"] * 1e9), node=node, round=sampled.index)
    return builder.build()


def test_counts_beside_a_median_are_of_the_same_call() -> None:
    (row,) = ladder([looped()])
    assert row.median == pytest.approx(0.005)
    assert (row.measures["statements"], row.measures["peak_rss"]) == (2.0, 7e6)


def test_operations_are_of_a_call() -> None:
    run = looped()
    (row,) = operation_rows(run, spans(run))
    assert (row.count, row.total_s) == (2.0, pytest.approx(0.002))
    assert concurrency(run, spans(run)).total_s == pytest.approx(0.002)
    assert operation_table(run, spans(run)).caption == "I/O operations, mean of 4 calls"


def test_a_picture_shows_the_time_of_a_call_and_says_so() -> None:
    run = looped()
    meta = decode(encode(tree(run), meta_of(run))).meta
    assert (meta.rounds, meta.each) == (40, "call")
    assert int(tree(run).samples.weight_ns.sum()) / meta.rounds == 5 * MS
    assert meta_of(looped(1, 1)).each == "round"
    shown = still_html(tree(run), meta)
    assert "5.00 ms" in shown
    assert "200 ms" not in shown


def test_a_report_names_its_unit() -> None:
    run = looped()
    report = RunReport(run, Session("s", "compare", NOW), tree(run), spans(run))
    pair = ReportData("pair", (report, report), tuple(ladder([run, run])))
    assert "The ladder, per call" in ladder_section(pair, "")
    page = run_section(report, 0, {})
    assert "each holds as many calls as it has loops" in page
    assert "mean of 4 calls" in page
    assert "each holds" not in run_section(RunReport(looped(1, 1), report.session), 0, {})
