"""The rounds of a run by what they are for: a compared run has hundreds, and their middle and range say most."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from workbench.analysis.pairs import LOOPS, execution_seconds
from workbench.model import UNITS, Round, RoundKind, Run, Status
from workbench.statistics import median
from workbench.views.numbers import format_count, format_measure, format_range, format_seconds
from workbench.views.tables import TextTable

__all__ = ["rounds_table"]

_WALL = "wall"


def rounds_table(run: Run, measures: Sequence[str]) -> TextTable:
    """A row for each kind of round: how many, how they ended, and medians of these measures where there are any.

    Medians and the range of wall time are those of completed rounds. Where a round holds many calls of a short
    body, the time of one stands beside it.
    """
    shown = [m for m in measures if m != _WALL and any(r.measures.get(m) for r in run.rounds)]
    looped = any(r.measures.get(LOOPS, 1) > 1 for r in run.rounds)
    kinds = [kind for kind in RoundKind if any(r.kind is kind for r in run.rounds)]
    rows = tuple(_row([r for r in run.rounds if r.kind is kind], kind, shown, looped=looped) for kind in kinds)
    call = ("loops", "one call") if looped else ()
    columns = ("kind", "rounds", "status", *call, _WALL, "range", *shown)
    numbers = (1, *range(3, len(columns)))
    return TextTable(columns, rows, "rounds, medians" if len(run.rounds) > len(kinds) else "rounds", numbers)


def _row(rounds: Sequence[Round], kind: RoundKind, shown: Sequence[str], *, looped: bool) -> tuple[str, ...]:
    counted = [r for r in rounds if r.status is Status.OK] or rounds
    walls = _values(counted, _WALL)
    calls = [execution_seconds(r.measures) for r in counted if _WALL in r.measures]
    loops = [r.measures.get(LOOPS, 1.0) for r in counted]
    call = (format_count(median(loops)), format_seconds(median(calls) if calls else None)) if looped else ()
    return (
        str(kind),
        format_count(len(rounds)),
        _status(rounds),
        *call,
        format_seconds(median(walls) if walls else None),
        format_range(walls) if len(walls) > 1 else "",
        *(_middle(_values(counted, measure), measure) for measure in shown),
    )


def _values(rounds: Sequence[Round], measure: str) -> list[float]:
    return [r.measures[measure] for r in rounds if measure in r.measures]


def _middle(values: Sequence[float], measure: str) -> str:
    """The median; of a count that isn't the same in all rounds the least and the greatest."""
    unit = UNITS.get(measure, "count")
    if not values:
        return "–"
    if unit == "count" and min(values) != max(values):
        return f"{format_count(min(values))}–{format_count(max(values))}"
    return format_measure(median(values), unit)


def _status(rounds: Sequence[Round]) -> str:
    """``ok``, or how many of the rounds ended otherwise."""
    others = Counter(str(r.status) for r in rounds if r.status is not Status.OK)
    if not others:
        return str(Status.OK)
    return ", ".join(f"{count} {status}" if len(rounds) > 1 else status for status, count in others.items())
