"""What differs between the runs of a report: a reader must not compare what can't be compared."""

from __future__ import annotations

from workbench.analysis.comparability import Difference, differences
from workbench.reporting.model import ReportData, RunReport
from workbench.views.tables import html_text

__all__ = ["comparability_section"]


def comparability_section(report: ReportData) -> str:
    """Each run of another session against the first run; nothing where all share their conditions."""
    first, *others = report.runs
    parts = [
        _run_html(first, other, found)
        for other in others
        if other.session.session_id != first.session.session_id
        and (found := differences(first.run, other.run, first.session, other.session))
    ]
    return f'<section class="comparability"><h2>Comparability</h2>{"".join(parts)}</section>' if parts else ""


def _run_html(first: RunReport, other: RunReport, found: list[Difference]) -> str:
    names = f"{_name(first)} against {_name(other)}"
    refused = any(difference.fatal for difference in found)
    word = "These can't be compared" if refused else "Measured under other conditions"
    lines = "".join(
        f"<li>{html_text(str(d))}{' <strong>(makes them incomparable)</strong>' if d.fatal else ''}</li>"
        for d in found
    )
    role = ' role="alert"' if refused else ""
    return f'<p class="note"{role}>{html_text(f"{word}: {names}")}</p><ul>{lines}</ul>'


def _name(report: RunReport) -> str:
    return f"{report.run.name or 'run'} ({report.run.run_id})"
