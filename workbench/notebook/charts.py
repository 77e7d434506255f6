"""``wb.ladder`` and ``wb.distributions``: plotly's chart where it is drawn, a still one and a table elsewhere."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from workbench.analysis.ladder import Row
from workbench.analysis.ladder import ladder as ladder_rows
from workbench.analysis.pairs import seconds
from workbench.errors import RunNotFound, UsageError
from workbench.model import Recording, Run
from workbench.notebook.measuring import Ladder
from workbench.notebook.shown import table_html
from workbench.statistics import median
from workbench.store import opened
from workbench.views.charts import CONFIG, LadderStep
from workbench.views.numbers import format_interval, format_range, format_ratio, format_seconds
from workbench.views.tables import TextTable

if TYPE_CHECKING:
    from workbench.store import Store, StoreLike

__all__ = ["Chart", "distributions", "ladder"]

_GREY = "#7d7d7d"
"""Stands out by 4 : 1 on a white and on JupyterLab's dark page; a saved picture can't know which it is on."""


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart of seconds a round. ``figure()`` is plotly's, to change or save; ``table`` holds its numbers."""

    steps: tuple[LadderStep, ...]
    table: TextTable
    draw: Callable[[], Any]
    bound_s: float | None = None

    def figure(self) -> Any:
        """The plotly figure."""
        figure = self.draw()
        return figure.update_layout(font_color=_GREY)

    def _repr_mimebundle_(self, **options: Any) -> dict[str, Any]:
        document = json.loads(self.figure().to_json())
        plotly = {"data": document["data"], "layout": document["layout"], "config": dict(CONFIG)}
        return {
            "application/vnd.plotly.v1+json": plotly,
            "text/html": self._still() + table_html(self.table),
            "text/plain": self.table.to_text(),
        }

    def _still(self) -> str:
        from workbench.views.ladder_svg import ladder_svg

        svg = ladder_svg(self.steps, bound_s=self.bound_s).replace('"currentColor"', f'"{_GREY}"')
        if not svg:
            return ""
        picture = base64.b64encode(svg.encode("utf-8", "replace")).decode()
        return (
            f'<img src="data:image/svg+xml;base64,{picture}" width="960" '
            'alt="Wall time of a round of each run, as in the table">'
        )

    def __repr__(self) -> str:
        return self.table.to_text()


def ladder(what: Any, *, baseline: str = "", store: StoreLike = None) -> Chart:
    """Every variant of a session against the first (or ``baseline``): median, range, rounds and the bound.

    ``what`` is what ``wb.run`` returned, a session's id, a run of the session, or several runs. Raises
    ``UsageError`` for fewer than two runs with a completed round.
    """
    from workbench.views.charts import ladder_chart

    bound = what.bound_seconds if isinstance(what, Ladder) else None
    baseline = baseline or (what.rows[0].variant if isinstance(what, Ladder) and what.rows else "")
    runs = [run for run in _session_runs(what, store) if seconds(run)[1]]
    if len(runs) < 2:
        raise UsageError(f"a ladder needs two runs with a completed round, not {len(runs)}")
    rows = ladder_rows(runs, baseline)
    steps = tuple(_step(row, run) for row, run in zip(rows, runs, strict=True))
    return Chart(steps, _table(rows), lambda: ladder_chart(steps, bound_s=bound), bound)


def distributions(*what: Any, store: StoreLike = None) -> Chart:
    """The rounds of each run as points and a box. ``what`` are runs, their ids, sessions, or lists of them.

    Timing rounds where a run has some, else its sampled ones. Raises ``UsageError`` where there is no round at all.
    """
    from workbench.views.charts import distribution_chart

    runs = [run for each in what for run in _each(each, store)]
    series: dict[str, list[float]] = {}
    for run in runs:
        name = _name(run)
        if values := seconds(run)[1]:
            series[f"{name} ({run.run_id})" if name in series else name] = values
    if not series:
        raise UsageError("there is no completed round to draw")
    rows = tuple(
        (name, str(len(values)), format_seconds(median(values)), format_range(values))
        for name, values in series.items()
    )
    table = TextTable(("Run", "Rounds", "Median", "Range"), rows, "Wall time of a round", range(1, 4))
    steps = tuple(LadderStep(name, tuple(values)) for name, values in series.items())
    return Chart(steps, table, lambda: distribution_chart(series))


def _step(row: Row, run: Run) -> LadderStep:
    values = tuple(seconds(run)[1])
    if row.is_baseline:
        return LadderStep(_name(run), values)
    return LadderStep(_name(run), values, row.ratio.ratio, (row.ratio.low, row.ratio.high))


def _table(rows: Sequence[Row]) -> TextTable:
    cells = tuple(
        (
            row.variant or row.name,
            format_seconds(row.median),
            f"{format_seconds(row.low)}–{format_seconds(row.high)}",
            str(row.rounds),
            "1" if row.is_baseline else format_ratio(row.ratio.ratio),
            "" if row.is_baseline else format_interval(row.ratio.low, row.ratio.high),
        )
        for row in rows
    )
    columns = ("Run", "Median", "Range", "Rounds", "Ratio", "Interval or range")
    return TextTable(columns, cells, "A measurement, not a verdict.", range(1, 6))


def _name(run: Run) -> str:
    return run.variant or run.name or run.run_id


def _session_runs(what: Any, store: StoreLike) -> list[Run]:
    """A single run stands for its session."""
    runs = _each(what, store)
    if len(runs) != 1 or isinstance(what, Ladder):
        return runs
    return opened(store).session_runs(runs[0].session_id)


def _each(what: Any, store: StoreLike) -> list[Run]:
    """The runs that ``what`` names or holds."""
    if isinstance(what, Ladder):
        return list(what.runs.values())
    recording = what if isinstance(what, Recording) else getattr(what, "recording", None)
    if isinstance(recording, Recording):
        return [recording.run]
    if isinstance(what, Run):
        return [what]
    if isinstance(what, str):
        return _named(what, opened(store))
    if isinstance(what, Iterable):
        return [run for part in what for run in _each(part, store)]
    raise UsageError(f"a chart is drawn of runs or sessions or their ids, not of {type(what).__name__}")


def _named(text: str, store: Store) -> list[Run]:
    try:
        return store.session_runs(store.session(text).session_id)
    except RunNotFound:
        return [store.run(store.resolve(text))]
