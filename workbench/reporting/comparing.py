"""The part of a report that two runs have: the verdict, what changed, and the differential flame graph."""

from __future__ import annotations

import math
from collections.abc import Mapping

from workbench.analysis.counts import told
from workbench.analysis.explanation import told_functions, unexplained
from workbench.analysis.names import run_names
from workbench.analysis.points import clock_points
from workbench.analysis.summary import headline
from workbench.model import Comparison, FunctionChange
from workbench.reporting.model import ReportData
from workbench.reporting.parts import folded, note, scrolling, section
from workbench.views.changes import changes_table
from workbench.views.diff import diff_html
from workbench.views.numbers import format_count, format_seconds, format_share
from workbench.views.packages import Package
from workbench.views.tables import TextTable, html_text, marked_html

__all__ = ["comparison_section"]

_MOST = 30
_TOLD = 10


def comparison_section(report: ReportData, colours: Mapping[Package, str]) -> str:
    """Base against new; "" for a report that is none of two runs."""
    comparison = report.comparison
    if comparison is None:
        return ""
    base, new = run_names([each.run for each in report.runs])
    parts = (
        _headline(comparison, base, new),
        _differences(comparison),
        _counts(comparison),
        _picture(report, colours),
        _functions(comparison),
    )
    return section("Comparison", "".join(parts), "comparison")


def _picture(report: ReportData, colours: Mapping[Package, str]) -> str:
    """The differential flame graph, where either side has stacks."""
    base, new = report.runs
    if not any(each.tree is not None and len(each.tree.samples) for each in (base, new)):
        return note("No stacks were taken in these runs.")
    told = "Widths are the slower side's time of one call; colours tell what grew and what shrank."
    return note(told) + diff_html(base, new, colours)


def _headline(comparison: Comparison, base: str, new: str) -> str:
    verdict, _, said = headline(comparison).partition(": ")
    return (
        f'<p class="verdict {comparison.verdict.lower()}"><strong>{html_text(verdict)}</strong> '
        f"{html_text(f'{base} → {new}: ')}{marked_html(said)}</p>"
    )


def _differences(comparison: Comparison) -> str:
    """One box of what else than the code differs."""
    lines = "".join(f"<li>{marked_html(line)}</li>" for line in comparison.differences)
    if comparison.comparable:
        return f'<div class="warning" role="note"><ul>{lines}</ul></div>' if lines else ""
    head = "<p>These runs are not comparable. What differs:</p>"
    return f'<div class="warning" role="note">{head}<ul>{lines}</ul></div>'


def _counts(comparison: Comparison) -> str:
    rows = tuple(
        (name.replace("_", " "), format_count(base), format_count(new), "" if base == new else "changed")
        for name, (base, new) in told(comparison.counts).items()
    )
    if not rows:
        return ""
    return scrolling(TextTable(("Count", "Base", "New", "Note"), rows, "Counts, of one call", (1, 2)))


def _functions(comparison: Comparison) -> str:
    """Those told from noise, or a line; all that were looked at behind a fold."""
    changed = [c for c in comparison.functions if c.base_seconds != c.new_seconds]
    if not changed:
        return note("No function's sampled self time differs.") if comparison.functions else ""
    told = changes_table(told_functions(comparison), _TOLD, points=clock_points(comparison), q=True)
    shown = scrolling(told, "top") if told.rows else ""
    if why := unexplained(comparison):
        shown = note(f"{why[0].upper()}{why[1:]}.")
    caption = "Self time of one call, from sampled rounds, noise and all; no verdict"
    if len(changed) > _MOST:
        caption += f"; {len(changed) - _MOST} lesser changes are left out"
    columns = (
        "Function",
        "File",
        "Base self",
        "New self",
        "Change",
        "95 % interval",
        "q",
        "Base self %",
        "New self %",
        "Note",
    )
    table = TextTable(columns, tuple(map(_function, changed[:_MOST])), caption, range(2, 9))
    return shown + folded("All functions that were looked at", scrolling(table, "top"))


def _function(change: FunctionChange) -> tuple[str, ...]:
    delta = change.new_seconds - change.base_seconds
    mark = "new" if not change.base_seconds else "gone" if not change.new_seconds else ""
    return (
        change.frame.function,
        change.frame.file,
        format_seconds(change.base_seconds),
        format_seconds(change.new_seconds),
        _signed(delta),
        "" if math.isnan(change.low) else f"{_signed(change.low)} to {_signed(change.high)}",
        "" if math.isnan(change.q) else f"{change.q:.2g}",
        format_share(change.base_share, 1),
        format_share(change.new_share, 1),
        mark,
    )


def _signed(seconds: float) -> str:
    return f"{'+' if seconds > 0 else ''}{format_seconds(seconds)}".replace("-", "−")
