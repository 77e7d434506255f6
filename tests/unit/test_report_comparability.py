"""A report of runs from several sittings says what differs between them."""

from __future__ import annotations

from dataclasses import replace

from sample_runs import EVIL, run, session

from workbench.reporting.comparability import comparability_section
from workbench.reporting.model import ReportData, RunReport
from workbench.reporting.write import report_html


def report(*reports: RunReport) -> ReportData:
    return ReportData("two runs", reports)


FIRST = RunReport(run("naive", [1.0]), session())


def other(**environment: object) -> RunReport:
    sitting = replace(session(), session_id="261124-040000-ffff")
    sitting = replace(sitting, environment=replace(sitting.environment, **environment))  # type: ignore[arg-type]
    return RunReport(run("optimized", [1.0], session_id=sitting.session_id), sitting)


def test_runs_under_equal_conditions_need_no_words() -> None:
    assert comparability_section(report(FIRST, RunReport(run("optimized", [1.0]), session()))) == ""
    assert comparability_section(report(FIRST, other())) == ""
    assert comparability_section(report(FIRST)) == ""


def test_what_is_noted_and_what_makes_runs_incomparable() -> None:
    noted = comparability_section(report(FIRST, other(power="battery", commit="b" * 40)))
    assert "Measured under other conditions" in noted
    assert "commit: 0123456789ab against bbbbbbbbbbbb" in noted
    refused = comparability_section(report(FIRST, other(python="3.14.0")))
    assert "can&#x27;t be compared" in refused
    assert "makes them incomparable" in refused
    assert 'role="alert"' in refused


def test_it_stands_in_the_page_and_is_escaped() -> None:
    page = report_html(report(FIRST, other(cpu=EVIL[0], os=EVIL[1])))
    assert '<section class="comparability">' in page
    section = page.partition('<section class="comparability">')[2].partition("</section>")[0]
    assert "<script" not in section
    assert "<img" not in section
