"""The part of a report that two runs have: the verdict, what changed, and the differential flame graph."""

from __future__ import annotations

from collections.abc import Mapping

from workbench.analysis.counts import told
from workbench.analysis.names import run_names
from workbench.analysis.summary import headline
from workbench.model import Comparison, FunctionChange
from workbench.reporting.model import ReportData
from workbench.reporting.parts import folded, note, scrolling, section
from workbench.views.diff import diff_html
from workbench.views.numbers import format_count, format_seconds, format_share
from workbench.views.packages import Package
from workbench.views.tables import TextTable, html_text, marked_html

__all__ = ["comparison_section"]

_MOST = 30


def comparison_section(report: ReportData, colours: Mapping[Package, str]) -> str:
    """Base against new; "" for a report that is none of two runs."""
    comparison = report.comparison
    if comparison is None:
        return ""
    base, new = run_names([each.run for each in report.runs])
    parts = [_headline(comparison, base, new)]
    if not comparison.comparable:
        parts.append('<p class="warning" role="note">These runs are not comparable; what differs is below.</p>')
    parts += [f'<p class="warning">{html_text(line)}</p>' for line in comparison.differences]
    parts += [_counts(comparison), _picture(report, colours), _functions(comparison)]
    return section("Comparison", "".join(parts), "comparison")


def _picture(report: ReportData, colours: Mapping[Package, str]) -> str:
    """The differential flame graph, where either side has stacks."""
    base, new = report.runs
    if not any(each.tree is not None and len(each.tree.samples) for each in (base, new)):
        return note("No stacks were taken in these runs.")
    told = "Widths are the slower side's time per round; colours tell what grew and what shrank."
    return note(told) + diff_html(base, new, colours)


def _headline(comparison: Comparison, base: str, new: str) -> str:
    verdict, _, said = headline(comparison).partition(": ")
    return (
        f'<p class="verdict {comparison.verdict.lower()}"><strong>{html_text(verdict)}</strong> '
        f"{html_text(f'{base} → {new}: ')}{marked_html(said)}</p>"
    )


def _counts(comparison: Comparison) -> str:
    rows = tuple(
        (name.replace("_", " "), format_count(base), format_count(new), "" if base == new else "changed")
        for name, (base, new) in told(comparison.counts).items()
    )
    if not rows:
        return ""
    return scrolling(TextTable(("Count", "Base", "New", "Note"), rows, "Counts, per round", (1, 2)))


def _functions(comparison: Comparison) -> str:
    changed = [c for c in comparison.functions if c.base_seconds != c.new_seconds]
    if not changed:
        return note("No function's sampled self time differs.") if comparison.functions else ""
    caption = "Self time by function, greatest change first, per round of sampled rounds; no verdict"
    if len(changed) > _MOST:
        caption += f"; {len(changed) - _MOST} lesser changes are left out"
    columns = ("Function", "File", "Base self", "New self", "Change", "Base self %", "New self %", "Note")
    table = TextTable(columns, tuple(map(_function, changed[:_MOST])), caption, range(2, 7))
    return folded("Functions by change of self time", scrolling(table, "top"))


def _function(change: FunctionChange) -> tuple[str, ...]:
    delta = change.new_seconds - change.base_seconds
    mark = "new" if not change.base_seconds else "gone" if not change.new_seconds else ""
    return (
        change.frame.function,
        change.frame.file,
        format_seconds(change.base_seconds),
        format_seconds(change.new_seconds),
        f"{'+' if delta > 0 else '−' if delta < 0 else ''}{format_seconds(abs(delta))}",
        format_share(change.base_share, 1),
        format_share(change.new_share, 1),
        mark,
    )
