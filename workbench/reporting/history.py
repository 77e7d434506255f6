"""A history as a table, as JSON, and as one self-contained page with its charts."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from workbench.analysis.detectable import POWER
from workbench.analysis.history import Series
from workbench.experiment.history import Blame, History
from workbench.model import utc_now
from workbench.reporting.chart import chart_html
from workbench.reporting.page import page_html
from workbench.reporting.write import write_atomically
from workbench.views.history import MEASURE_NAMES, Mark, history_chart, quiet_sentence
from workbench.views.numbers import format_measure, format_number_of, format_ratio
from workbench.views.tables import TextTable, html_text

__all__ = [
    "changes_table",
    "figures",
    "history_html",
    "history_json",
    "quiet_lines",
    "series_table",
    "write_history",
]

_SHORT = 7
_SUBJECT = 60
_COMMITS = 10


def changes_table(history: History) -> TextTable:
    """A row for each change point: what changed by how much, at which commit, and what may be to blame."""
    rows = [_change_cells(blame) for blame in history.blames]
    columns = ("Name", "Measure", "Before", "After", "Ratio", "At", "What", "In")
    return replace(_under_conditions(history, columns, rows, (2, 3, 4)), marked=(6,))


def _under_conditions(
    history: History, columns: tuple[str, ...], rows: Sequence[tuple[str, ...]], numbers: tuple[int, ...]
) -> TextTable:
    """The last column says under which conditions; where all are the same, the caption says it once."""
    conditions = {series.conditions for series in history.series}
    if len(conditions) > 1:
        return TextTable(columns, tuple(rows), numbers=numbers)
    caption = next(iter(conditions), "")
    return TextTable(columns[:-1], tuple(row[:-1] for row in rows), caption, numbers)


def _change_cells(blame: Blame) -> tuple[str, ...]:
    series, change = blame.series, blame.change
    return (
        series.name,
        MEASURE_NAMES[series.measure],
        format_measure(change.before, series.unit),
        format_measure(change.after, series.unit),
        format_ratio(change.ratio),
        _at(blame),
        "; ".join(_what(blame)),
        series.conditions,
    )


def _at(blame: Blame) -> str:
    """The commit, or the range that it lies in: nothing was measured between its ends."""
    before, after = blame.before.commit[:_SHORT], blame.after.commit[:_SHORT]
    return after if blame.count == 1 else f"{before}..{after}"


def _what(blame: Blame) -> list[str]:
    """The commit's subject or the number of commits, the function, and what else changed."""
    found = []
    if blame.count == 1:
        found.append(_cut(blame.commits[0].subject))
    elif blame.count:
        found.append(
            f"one of {format_number_of(blame.count, 'commit')}, the last: {_cut(blame.commits[0].subject)}"
        )
    if blame.function:
        found.append(f"mostly `{blame.function}` ({100 * blame.function_share:.0f} % of the difference)")
    return [*found, *blame.differences]


def _cut(text: str) -> str:
    return text if len(text) <= _SUBJECT else f"{text[: _SUBJECT - 1]}…"


def series_table(history: History) -> TextTable:
    """A row for each series: how much there is of it, and where it stands."""
    rows = [
        (
            each.name,
            MEASURE_NAMES[each.measure],
            str(each.commits),
            str(len(each.points)),
            format_measure(each.points[0].value, each.unit),
            format_measure(each.points[-1].value, each.unit),
            str(len(each.changes)),
            each.conditions,
        )
        for each in history.series
    ]
    columns = ("Name", "Measure", "Commits", "Runs", "First", "Last", "Changes", "In")
    return _under_conditions(history, columns, rows, (2, 3, 4, 5, 6))


def quiet_lines(history: History) -> list[str]:
    """For each series without a change point, how small a lasting change it would have shown; counts that kept
    one value don't need it. Those that were not looked at are in the last line."""
    quiet = [each for each in history.series if not each.changes and not each.exact]
    told = [each for each in quiet if each.detectable is not None]
    lines = [f"{series.name}, {MEASURE_NAMES[series.measure]}: {quiet_sentence(series)}" for series in told]
    if len(told) < len(quiet):
        rest = f"{len(quiet) - len(told)} more series"
        lines.append(
            f"no change point in {rest}; fewer measures or one variant at a time tell what they could show"
        )
    if not lines and history.series and not history.blames:
        lines.append("no change point: all are counts that kept their values")
    return lines


def figures(history: History) -> list[tuple[Series, Any]]:
    """A plotly figure for each series, its change points named."""
    return [(series, history_chart(series, _marks(history, series))) for series in history.series]


def _marks(history: History, series: Series) -> list[Mark]:
    found = []
    for blame in history.blames:
        if blame.series is series:
            head = f"{format_ratio(blame.change.ratio)} at {_at(blame)}"
            found.append(Mark(blame.change.index, " ".join((head, blame.function))))
    return found


def history_json(history: History) -> dict[str, Any]:
    """The document of ``workbench history --json``."""
    return {
        "name": history.name,
        "by_time": history.by_time,
        "notes": list(history.notes),
        "series": [_series_json(history, series) for series in history.series],
    }


def _series_json(history: History, series: Series) -> dict[str, Any]:
    return {
        "name": series.name,
        "measure": series.measure,
        "unit": series.unit,
        "conditions": series.conditions,
        "exact": series.exact,
        "points": [
            {
                "run_id": point.run_id,
                "commit": point.commit,
                "started_at": point.started_at,
                "value": point.value,
                "dirty": point.dirty,
            }
            for point in series.points
        ],
        "detectable": _detectable_json(series),
        "changes": [_change_json(blame) for blame in history.blames if blame.series is series],
    }


def _detectable_json(series: Series) -> dict[str, Any] | None:
    """None where the series has change points or was not looked at; a ratio of None: too few commits, or too
    much scatter, to tell.

    An exact count shows every change.
    """
    if series.detectable is None:
        return None
    ratio = 1 + series.detectable
    return {"ratio": ratio if math.isfinite(ratio) else None, "power": 1.0 if series.exact else POWER}


def _change_json(blame: Blame) -> dict[str, Any]:
    change = blame.change
    return {
        "index": change.index,
        "before": change.before,
        "after": change.after,
        "ratio": change.ratio if math.isfinite(change.ratio) else None,
        "p": change.p,
        "commit_before": blame.before.commit,
        "commit": blame.after.commit,
        "commits": [
            {"commit": c.commit, "when": c.when, "author": c.author, "subject": c.subject} for c in blame.commits
        ],
        "function": blame.function or None,
        "function_seconds": blame.function_s if blame.function else None,
        "function_share": blame.function_share if blame.function else None,
        "differences": list(blame.differences),
    }


def history_html(history: History) -> str:
    """The page: the change points, a chart for each series, and the commits that may be to blame."""
    title = f"History of {history.name}"
    changes = changes_table(history)
    body = [
        *(f"<p>{html_text(note[0].upper() + note[1:])}.</p>" for note in history.notes),
        f"<section><h2>Change points</h2>{changes.to_html()}</section>" if changes.rows else "",
    ]
    for series, figure in figures(history):
        name = f"{series.name}: {MEASURE_NAMES[series.measure]}"
        body.append(f"<section><h2>{html_text(name)}</h2><p>{html_text(series.conditions)}</p>")
        body.append(chart_html(figure, f"{name} over commits, as in the tables"))
        if series.detectable is not None and not series.exact:
            body.append(f"<p>{html_text(quiet_sentence(series).capitalize())}.</p>")
        body += [_commits_html(blame) for blame in history.blames if blame.series is series]
        body.append("</section>")
    body.append(f"<section><h2>Series</h2>{series_table(history).to_html()}</section>")
    return page_html(
        title,
        header=f"<h1>{html_text(title)}</h1><p>{html_text(_summary(history))}</p>",
        main="".join(body),
        footer=f"Written {utc_now():%Y-%m-%d %H:%M} UTC by workbench. This page is one file and asks no network "
        "for anything.",
        plotly=True,
    )


def _summary(history: History) -> str:
    return f"{format_number_of(len(history.blames), 'change point')} in {len(history.series)} series."


def _commits_html(blame: Blame) -> str:
    """The commits a change lies in."""
    if not blame.commits:
        return ""
    items = "".join(
        f"<li><code>{html_text(c.short)}</code> {html_text(f'{c.subject} ({c.author}, {c.when[:10]})')}</li>"
        for c in blame.commits[:_COMMITS]
    )
    more = blame.count - _COMMITS
    rest = f"<li>and {more} more</li>" if more > 0 else ""
    ratio = format_ratio(blame.change.ratio)
    where = f"{ratio} at {_at(blame)}" + (", by one of:" if blame.count > 1 else ":")
    return f"<p>{html_text(where)}</p><ul>{items}{rest}</ul>"


def write_history(history: History, path: Path) -> None:
    """Write the page to ``path``, whole or not at all. Raises ``OutputError``."""
    write_atomically(path, history_html(history))
