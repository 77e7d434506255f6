"""The report as Markdown, for a pull request's comment or a ticket.

Code hosts make more of a text than Markdown says: mentions, issue numbers, links, mathematics, a little HTML. Names
therefore stand in code spans, and prose is escaped so that all of it shows as it is.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from workbench.analysis.counts import told
from workbench.analysis.explanation import told_functions, unexplained
from workbench.analysis.ladder import Row
from workbench.analysis.names import run_names
from workbench.analysis.points import clock_points
from workbench.analysis.summary import headline
from workbench.model import UNITS, Comparison
from workbench.reporting.growth import growth_of, growths_of
from workbench.reporting.model import ReportData, RunReport
from workbench.reporting.spans import concurrency_note, operation_rows
from workbench.reporting.summary import summary
from workbench.shortening import shortened
from workbench.views.changes import changes_table
from workbench.views.flamegraph import top_functions
from workbench.views.notes import sampling_notes
from workbench.views.numbers import (
    format_count,
    format_interval,
    format_measure,
    format_range,
    format_ratio,
    format_seconds,
    format_share,
)
from workbench.views.scaling import exponents_table
from workbench.views.tables import printable

__all__ = ["code", "marked", "prose", "report_markdown"]

_MOST = 20  # rows of a table; a comment of a pull request holds 65,536 characters
_TOP = 5
_PUNCTUATION = re.compile(r"([\\`*_{}\[\]<>|~$#])")
_LINKED = re.compile(r"(@)(?=\w)|(#)(?=\d)|(:)(?=//)|(\bwww)(?=\.)", re.IGNORECASE)
_LIST_MARK = re.compile(r"^([-+=]|\d+[.)])")
_COUNTS = ("requests", "statements", "cypher_statements", "connects", "bytes_received")
_MARKED = re.compile("`([^`]+)`")
_BREAK = "\u200b"  # between a mark and what would make it a link or a mention


def code(text: str) -> str:
    """A name as a code span that is safe in a table's cell, too; without its middle where it is long."""
    shown = shortened(printable(text))
    if not shown.strip():
        return "–"
    fence = "`" * (1 + max((len(run) for run in re.findall("`+", shown)), default=0))
    pad = " " if "`" in (shown[0], shown[-1]) or shown[0] == shown[-1] == " " else ""
    return f"{fence}{pad}{shown}{pad}{fence}".replace("|", "\\|")


def prose(text: str) -> str:
    """Text that shows as it is: no markup, mention, reference or link comes of it."""
    whole = "".join(printable(text[at : at + 400]) for at in range(0, len(text), 400))  # it cuts what is longer
    broken = _LINKED.sub(lambda found: f"{found[0]}{_BREAK}", whole)
    escaped = _PUNCTUATION.sub(r"\\\1", broken)
    return _LIST_MARK.sub(lambda found: f"{found[0][:-1]}\\{found[0][-1]}", escaped)


def marked(text: str) -> str:
    """Text of our own making whose `code` stands in backticks."""
    pieces = _MARKED.split(text)
    return "".join(code(piece) if index % 2 else prose(piece) for index, piece in enumerate(pieces))


def report_markdown(report: ReportData) -> str:
    """Title, summary, verdict, the ladder or what took the time, and where it was measured."""
    told = summary(report)
    parts = [f"### {prose(printable(report.title))}", prose(told) if report.comparison is None else marked(told)]
    parts += [_verdict(report, c) for c in report.shown_comparisons]
    if fits := growth_of(report):
        table = exponents_table(fits, growths_of(report))
        parts.append(_table([c.lower() for c in table.columns], table.rows, len(table.columns) - 1))
    if report.rows:
        parts.append(_ladder(report.rows))
    if report.comparison is not None:
        parts += [_counts(report.comparison), _changes(report.comparison)]
    elif report.parts:
        parts += [text for part in report.parts for text in _session(part)]
    elif not report.rows:
        parts += [part for run in report.runs[:3] for part in _run(run, titled=len(report.runs) > 1)]
    parts.append(_measured(report))
    return "\n\n".join(part for part in parts if part) + "\n"


def _session(part: ReportData) -> list[str]:
    """One session of several: its verdicts and its ladder."""
    heading = f"#### {prose(printable(part.title))} ({prose(part.runs[0].session.session_id)})"
    return [heading, *(_verdict(part, c) for c in part.shown_comparisons), _ladder(part.rows)]


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]], numbers: int) -> str:
    """A table whose last ``numbers`` columns are set flush right."""
    marks = [":---"] * (len(columns) - numbers) + ["---:"] * numbers
    lines = [f"| {' | '.join(line)} |" for line in (columns, marks, *rows[:_MOST])]
    if len(rows) > _MOST:
        lines.append(f"\n{len(rows) - _MOST} more are left out.")
    return "\n".join(lines)


def _verdict(report: ReportData, comparison: Comparison) -> str:
    runs = [each.run for each in report.runs]
    names = dict(zip((run.run_id for run in runs), run_names(runs), strict=True))
    sides = [code(names.get(side) or side) for side in (comparison.base, comparison.new)]
    verdict, _, said = headline(comparison).partition(": ")
    notes = "".join(f"\n- {marked(each)}" for each in comparison.differences)
    told = "" if report.comparison is not None else f": {marked(said)}"  # the summary has said it
    return f"**{verdict}** {' → '.join(sides)}{told}{chr(10) if notes else ''}{notes}"


def _ladder(rows: Sequence[Row]) -> str:
    counted = [name for name in _COUNTS if any(row.measures.get(name) for row in rows)]
    columns = ["variant", "median", "range", "ratio", *(name.replace("_", " ") for name in counted)]
    cells = [
        [
            code(row.variant or row.name),
            format_seconds(row.median if row.rounds else None),
            f"{format_range((row.low, row.high))} ({row.rounds})" if row.rounds else "–",
            _ratio(row),
            *(format_measure(row.measures.get(name), UNITS[name]) for name in counted),
        ]
        for row in rows
    ]
    return _table(columns, cells, len(columns) - 1)


def _ratio(row: Row) -> str:
    if row.is_baseline and row.rounds:
        return "1"
    if not row.ratio.pairs:
        return "–"
    return f"{format_ratio(row.ratio.ratio)} {format_interval(row.ratio.low, row.ratio.high)}".replace("[", "\\[")


def _counts(comparison: Comparison) -> str:
    rows = [[name.replace("_", " "), *map(format_count, pair)] for name, pair in told(comparison.counts).items()]
    return _table(["count a call", "base", "new"], rows, 2) if rows else ""


def _changes(comparison: Comparison) -> str:
    """The functions that are told to have changed, with interval and q; or a line that says why there is none."""
    table = changes_table(told_functions(comparison), 2 * _TOP, points=clock_points(comparison), q=True)
    if not table.rows:
        return prose(unexplained(comparison))
    figures = len(table.numbers)
    columns = ["function", "file", "change", *(column.lower() for column in table.columns[:figures])]
    rows = [[code(row[-2]), code(row[-1]), prose(row[-3]), *row[:figures]] for row in table.rows]
    return f"{_table(columns, rows, figures)}\n\n{prose(table.caption)}."


def _run(report: RunReport, *, titled: bool) -> list[str]:
    """What a run spent its time on: functions and operations."""
    parts = [f"#### {prose(report.run.name or report.run.run_id)}"] if titled else []
    if report.tree is not None:
        top = top_functions(report.tree, _TOP)
        awaited = any(f.awaiting_ns for f in top)
        rows = [
            [
                code(f.frame.function),
                code(f.frame.file),
                format_share(f.self_share, 1),
                *([format_share(f.awaiting_share, 1)] if awaited else []),
            ]
            for f in top
        ]
        columns = ["function", "file", "self time", *(["awaiting"] if awaited else [])]
        parts.append(_table(columns, rows, len(columns) - 2) if rows else "")
        parts += [prose(note) for note in sampling_notes(report.run, report.tree)]
    operations = operation_rows(report.run, report.spans, report.tree)[:_TOP]
    called = any(o.caller for o in operations)
    rows = [
        [
            code(o.name),
            code(o.site),
            *([code(o.caller)] if called else []),
            format_count(o.count),
            format_seconds(o.total_s),
        ]
        for o in operations
    ]
    columns = ["operation", "issued at", *(["called by"] if called else []), "count", "total"]
    parts.append(_table(columns, rows, len(columns) - 2) if rows else "")
    parts.append(prose(concurrency_note(report.run, report.spans)))
    return parts


def _measured(report: ReportData) -> str:
    lines = []
    for session in report.sessions:
        env = session.environment
        facts = (
            f"{env.implementation} {env.python}".strip(),
            env.os,
            f"{env.cpu} × {env.cores}" if env.cores else env.cpu,
            f"commit {env.commit[:10]}{'+' if env.dirty else ''}" if env.commit else "",
            f"session {session.session_id}",
        )
        lines.append(f"Measured {session.started_at:%Y-%m-%d %H:%M} UTC: {prose(', '.join(filter(None, facts)))}.")
    if report.confidential:
        lines.append("Confidential copy: paths, source, hosts and statements are left out.")
    return "  \n".join(lines)
