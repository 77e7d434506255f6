"""``wb.history``: change points over commits in a notebook."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.errors import UsageError
from workbench.notebook.shown import table_html
from workbench.views.tables import TextTable, html_text

if TYPE_CHECKING:
    from workbench.experiment.history import Blame, History
    from workbench.store import StoreLike

__all__ = ["HistoryView", "history"]


@dataclass(frozen=True, slots=True)
class HistoryView:
    """A history as a cell shows it: its series and their change points. ``history`` holds its values."""

    history: History

    @property
    def blames(self) -> tuple[Blame, ...]:
        """The change points, with the commits and the function that may be to blame."""
        return self.history.blames

    def changes(self) -> TextTable:
        """A row for each change point."""
        from workbench.reporting.history import changes_table

        return changes_table(self.history)

    def series(self) -> TextTable:
        """A row for each series."""
        from workbench.reporting.history import series_table

        return series_table(self.history)

    def figure(self, measure: str = "wall", name: str = "") -> Any:
        """The longest series of a measure as a plotly figure; ``name`` chooses a variant. Raises ``UsageError``."""
        from workbench.reporting.history import figures

        found = [
            (series, figure)
            for series, figure in figures(self.history)
            if series.measure == measure and name in ("", series.name)
        ]
        if not found:
            known = ", ".join(sorted({f"{series.name} {series.measure}" for series in self.history.series}))
            raise UsageError(
                f"no series of {measure!r}{f' of {name!r}' if name else ''}; there are: {known or 'none'}"
            )
        return max(found, key=lambda pair: len(pair[0].points))[1]

    def write(self, path: str | Path) -> Path:
        """Write the page with all charts; returns its path. Raises ``OutputError``."""
        from workbench.reporting.history import write_history

        write_history(self.history, Path(path))
        return Path(path)

    def _tables(self) -> list[TextTable]:
        return [table for table in (self.series(), self.changes()) if table.rows]

    def _notes(self) -> list[str]:
        from workbench.reporting.history import quiet_lines

        return [*quiet_lines(self.history), *self.history.notes]

    def _repr_html_(self) -> str:
        notes = "".join(f"<li>{html_text(note)}</li>" for note in self._notes())
        tables = "".join(table_html(table) for table in self._tables())
        return f"{tables or '<p>Nothing to show yet.</p>'}{f'<ul>{notes}</ul>' if notes else ''}"

    def __repr__(self) -> str:
        tables = [table.to_text() for table in self._tables()]
        return "\n\n".join([*(tables or ["nothing to show yet"]), *self._notes()])


def history(
    name: str,
    *,
    measures: Sequence[str] = (),
    dirty: bool = False,
    significance: float = 0.01,
    folder: str | Path | None = None,
    store: StoreLike = None,
) -> HistoryView:
    """Where the measures of a scenario, variant or run's name changed over the commits of this repository.

    As ``workbench history``: only runs that can be compared stand in one series. Raises ``RunNotFound`` for a name
    without runs and ``UsageError`` for an unknown measure.
    """
    from workbench.analysis.history import MEASURES
    from workbench.experiment.history import history as history_of
    from workbench.store import opened

    return HistoryView(
        history_of(
            name,
            store=opened(store),
            folder=None if folder is None else Path(folder),
            measures=tuple(measures) or MEASURES,
            dirty=dirty,
            significance=significance,
        )
    )
