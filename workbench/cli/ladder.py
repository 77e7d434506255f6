"""A measured session as text and as a JSON document."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import click

from workbench.analysis.calls import calls_made
from workbench.analysis.ladder import Row, ladder
from workbench.cli.output import print_table
from workbench.cli.runs import run_json

if TYPE_CHECKING:
    from workbench.analysis.bound import Bound
    from workbench.experiment.session import MeasuredSession
    from workbench.scenarios.base import Scenario

__all__ = ["print_session", "session_document"]


def session_document(scenario: Scenario, measured: MeasuredSession) -> dict[str, Any]:
    """What ``workbench run --json`` prints."""
    rows = _rows(scenario, measured)
    commit = measured.session.environment.commit
    return {
        "session_id": measured.session.session_id,
        "runs": [run_json(recording.run, commit) for recording in measured.recordings],
        "comparisons": [
            {
                "base": scenario.baseline,
                "new": row.variant,
                "ratio": row.ratio.ratio,
                "ci": [row.ratio.low, row.ratio.high],
                "interval": row.ratio.label,
                "pairs": row.ratio.pairs,
                "median_seconds": row.median,
            }
            for row in rows
            if not row.is_baseline
        ],
        "bound_seconds": measured.bound.seconds if measured.bound else None,
        "failures": {
            variant: [{"resource": f.resource, "error": f.error} for f in failures]
            for variant, failures in measured.failures.items()
        },
    }


def _rows(scenario: Scenario, measured: MeasuredSession) -> list[Row]:
    runs = [recording.run for recording in measured.recordings]
    names = {run.variant for run in runs}
    return ladder(runs, scenario.baseline if scenario.baseline in names else "")


def print_session(scenario: Scenario, measured: MeasuredSession) -> None:
    """Print the ladder, the bound and how close the best variant comes, and what failed."""
    rows = _rows(scenario, measured)
    parameters = measured.session.parameters
    about = ", ".join(f"{k} {parameters[k]}" for k in ("scale", "resources", "link", "seed") if k in parameters)
    calls = calls_made(rows)
    columns = (*_COLUMNS, *calls.values(), *_MORE_COLUMNS)
    cells = [_cells(row, calls) for row in rows]
    print_table(columns, cells, title=f"{scenario.title} ({about})", right="l" + "r" * (len(columns) - 1))
    labels = {row.ratio.label for row in rows if not row.is_baseline and row.ratio.label}
    note = f"; the speed-up's bounds are: {', '.join(sorted(labels))}" if labels else ""
    click.echo(f"A measurement, not a verdict{note}.")
    if measured.bound is not None:
        _print_bound(measured.bound, next((r for r in rows if r.variant == scenario.best), None))
    for variant, failures in measured.failures.items():
        click.echo(f"{variant}: {len(failures)} part(s) failed, the rest was done")
        for failure in failures[:5]:
            click.echo(f"  {failure.resource}: {failure.error}")
    if measured.interrupted:
        click.echo("interrupted: the finished rounds are kept")


_COLUMNS = ("variant", "median", "range", "× faster", "bounds")
_MORE_COLUMNS = ("connects", "received", "peak RSS")


def _cells(row: Row, calls: Iterable[str]) -> tuple[str, ...]:
    from workbench.views.numbers import format_bytes, format_count, format_seconds

    measures = row.measures
    if not row.rounds:  # interrupted, or failed, before its first round was over
        return (row.variant or row.name, "not measured", *[""] * (len(_COLUMNS) - 2))
    low, high = row.speedup_range
    return (
        row.variant or row.name,
        format_seconds(row.median),
        f"{format_seconds(row.low)}–{format_seconds(row.high)} ({row.rounds})",
        "1" if row.is_baseline else _times(row.speedup),
        "" if row.is_baseline else f"{_times(low)}–{_times(high)}",
        *(format_count(measures.get(name)) for name in calls),
        format_count(measures.get("connects")),
        format_bytes(measures.get("bytes_received")),
        format_bytes(measures.get("peak_rss")),
    )


def _times(speedup: float) -> str:
    return f"{speedup:.3g}" if math.isfinite(speedup) else "–"


def _print_bound(bound: Bound, best: Row | None) -> None:
    from workbench.views.numbers import format_seconds

    rows = [(term.name, format_seconds(term.seconds), term.formula) for term in bound.terms]
    if bound.floor_seconds:
        rows.append(("CPU floor", format_seconds(bound.floor_seconds), "measured: no link, no service latency"))
    print_table(("bound", "seconds", "how"), rows, right="lr")
    if best is not None and bound.seconds > 0:
        click.echo(
            f"{best.variant}: {format_seconds(best.median)}, {best.median / bound.seconds:.2f} × the bound "
            f"of {format_seconds(bound.seconds)}"
        )
