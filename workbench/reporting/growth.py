"""The part of a report that a scaling session has: sizes, exponents with intervals, what was allowed, the chart."""

from __future__ import annotations

from collections.abc import Mapping

from workbench.analysis.pairs import CLOCKS
from workbench.analysis.scaling import CHOSEN_SIZES, LIMITS, SIZE, Exponent, Growth, exponents, grown, overall
from workbench.experiment.limits import parse_limits
from workbench.model import Session, Status
from workbench.reporting.model import ReportData
from workbench.reporting.parts import scrolling, section
from workbench.views.scaling import exponents_table
from workbench.views.scaling_svg import scaling_svg
from workbench.views.tables import html_text

__all__ = ["clock_of", "growth_of", "growth_section", "growth_verdict", "growths_of"]


def clock_of(session: Session) -> str:
    """The clock that a session is judged by."""
    return str(session.parameters.get("clock", CLOCKS[0]))


def growth_of(report: ReportData) -> Mapping[str, Exponent]:
    """The exponent of each measure, time by the session's clock; none unless all are one's at several sizes."""
    if len(report.sessions) != 1 or report.sessions[0].kind != "scaling":
        return {}
    return exponents([each.run for each in report.runs], clock_of(report.sessions[0]))


def growths_of(report: ReportData) -> list[Growth]:
    """Judged as when it was measured, by its limits and its baseline; nothing where a size is missing."""
    fits = growth_of(report)
    if not fits or any(each.run.status is not Status.OK for each in report.runs):
        return []
    parameters = report.sessions[0].parameters
    shown = ",".join(str(size) for size in sorted(int(str(each.run.parameters[SIZE])) for each in report.runs))
    if shown != parameters.get(CHOSEN_SIZES, shown):
        return []
    limits = parse_limits(str(parameters.get(LIMITS, "")))
    return grown(fits, report.growth_base or None, limits)


def growth_verdict(report: ReportData) -> str:
    """``REGRESSION: requests: n^0.00 → n^0.98 (exact)``; "" where there was nothing to judge by."""
    growths = growths_of(report)
    worst = overall(growths) if growths else None
    return f"{worst}: {'; '.join(each.text for each in growths if each.verdict is worst)}" if worst else ""


def growth_section(report: ReportData) -> str:
    """Verdict, exponents with what was allowed, and costs over the sizes; "" for a report of anything else."""
    fits, growths = growth_of(report), growths_of(report)
    if not fits:
        return ""
    said = f"<p><strong>{html_text(growth_verdict(report))}</strong></p>" if growths else ""
    body = said + scaling_svg(fits, growths) + scrolling(exponents_table(fits, growths))
    return section("Growth", body, "growth")
