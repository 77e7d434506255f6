"""The part of a report that a scaling session has: its sizes, the exponents with their intervals, and the chart."""

from __future__ import annotations

from collections.abc import Mapping

from workbench.analysis.pairs import CLOCKS
from workbench.analysis.scaling import Exponent, exponents
from workbench.reporting.model import ReportData
from workbench.reporting.parts import scrolling, section
from workbench.views.scaling import exponents_table
from workbench.views.scaling_svg import scaling_svg

__all__ = ["growth_of", "growth_section"]


def growth_of(report: ReportData) -> Mapping[str, Exponent]:
    """The exponent of each measure, time by the session's clock; none unless all are one's at several sizes."""
    if len(report.sessions) != 1 or report.sessions[0].kind != "scaling":
        return {}
    clock = str(report.sessions[0].parameters.get("clock", CLOCKS[0]))
    return exponents([each.run for each in report.runs], clock)


def growth_section(report: ReportData) -> str:
    """Exponents, intervals, and costs over the sizes; "" for a report of anything else."""
    fits = growth_of(report)
    if not fits:
        return ""
    return section("Growth", scaling_svg(fits) + scrolling(exponents_table(fits)), "growth")
