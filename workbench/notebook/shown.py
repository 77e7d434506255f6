"""Results that show themselves as tables in a notebook and as text elsewhere."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from workbench.analysis.counts import told
from workbench.analysis.explanation import told_functions, unexplained
from workbench.analysis.pairs import seconds
from workbench.analysis.points import clock_points
from workbench.analysis.summary import headline
from workbench.model import Comparison, Run, Verdict
from workbench.statistics import median
from workbench.views.changes import changes_table
from workbench.views.flamegraph import FunctionTime
from workbench.views.tables import (
    TextTable,
    format_count,
    format_range,
    format_seconds,
    html_text,
    marked_html,
)

__all__ = ["ComparisonView", "FunctionTable", "ReportFile", "RunList", "aligned", "middle_seconds", "table_html"]

_FUNCTIONS = 10


class RunList(list[Run]):
    """Runs as a list that shows itself as a table."""

    def table(self) -> TextTable:
        """Id, name, when, status, rounds and wall time of each run."""
        columns = ("Run", "Name", "Started (UTC)", "Status", "Rounds", "Median", "Range", "Tags")
        return TextTable(columns, tuple(map(_run_cells, self)), numbers=(4, 5, 6))

    def _repr_html_(self) -> str:
        return table_html(self.table()) if self else "<p>No runs are stored yet.</p>"

    def __repr__(self) -> str:
        return self.table().to_text() if self else "no runs"


def table_html(table: TextTable) -> str:
    """The table for a notebook's page, where JupyterLab would align all columns to the right."""
    return aligned(table.to_html())


def aligned(html: str) -> str:
    """HTML with tables of ``TextTable.to_html``: words to the left, numbers to the right on any page."""
    left, right = ' style="text-align:left"', ' style="text-align:right;white-space:nowrap"'
    html = html.replace("<caption>", f"<caption{left}>")
    html = html.replace("<td>", f"<td{left}>").replace('<th scope="col">', f'<th scope="col"{left}>')
    return html.replace(' class="number">', f' class="number"{right}>')


def middle_seconds(run: Run) -> float | None:
    """The median of the run's timing rounds (else of its sampled ones); None without a completed round."""
    _, values = seconds(run)
    return median(values) if values else None


def _run_cells(run: Run) -> tuple[str, ...]:
    _, values = seconds(run)
    middle = format_seconds(median(values)) if values else "–"
    tags = " ".join(run.tags)
    started = f"{run.started_at:%Y-%m-%d %H:%M:%S}"
    return run.run_id, run.name, started, str(run.status), str(len(run.rounds)), middle, format_range(values), tags


@dataclass(frozen=True, slots=True)
class ComparisonView:
    """A comparison as a cell shows it; ``comparison`` holds its values."""

    comparison: Comparison

    @property
    def verdict(self) -> str:
        return str(self.comparison.verdict)

    def headline(self) -> str:
        """Verdict, difference and interval in one line."""
        return headline(self.comparison)

    def functions(self) -> TextTable:
        """The functions whose self time is told to have changed, the largest change first."""
        return changes_table(told_functions(self.comparison), _FUNCTIONS, points=clock_points(self.comparison))

    def counts(self) -> TextTable:
        """The counts of both sides."""
        rows = tuple(
            (name.replace("_", " "), format_count(base), format_count(new))
            for name, (base, new) in told(self.comparison.counts).items()
        )
        return TextTable(("Count per call", "Base", "New"), rows, numbers=(1, 2))

    def _repr_html_(self) -> str:
        weight = "700" if self.comparison.verdict is Verdict.REGRESSION else "600"
        notes = "".join(f"<li>{marked_html(note)}</li>" for note in self._notes())
        tables = "".join(table_html(t) for t in (self.counts(), self.functions()) if t.rows)
        return f'<p style="font-weight:{weight}">{marked_html(self.headline())}</p><ul>{notes}</ul>{tables}'

    def __repr__(self) -> str:
        tables = [t.to_text() for t in (self.counts(), self.functions()) if t.rows]
        return "\n\n".join([self.headline(), *self._notes(), *tables])

    def _notes(self) -> list[str]:
        """What to know of the measuring, and why no function is listed."""
        return list(filter(None, (*self.comparison.differences, unexplained(self.comparison))))


@dataclass(frozen=True, slots=True)
class FunctionTable:
    """Functions of a run (nanoseconds over all rounds, and shares) that show themselves as a table."""

    functions: tuple[FunctionTime, ...]
    table: TextTable
    notes: tuple[str, ...] = ()

    def _repr_html_(self) -> str:
        return table_html(self.table) + "".join(f"<p><small>{html_text(note)}</small></p>" for note in self.notes)

    def __repr__(self) -> str:
        return "\n".join((self.table.to_text(), *self.notes))


@dataclass(frozen=True, slots=True)
class ReportFile:
    """A written report; shows itself as a link."""

    path: Path

    def _repr_html_(self) -> str:
        # Relative, so that the link works from the notebook's page and from a copy of both.
        link = quote(os.path.relpath(self.path).replace(os.sep, "/"))
        return f'<a href="{html_text(link)}" target="_blank" rel="noopener">{html_text(str(self.path))}</a>'

    def __repr__(self) -> str:
        return str(self.path)

    def __fspath__(self) -> str:
        return str(self.path)
