"""The table of functions that took more or less time, the same in a terminal, a notebook and a report."""

from __future__ import annotations

import math
from collections.abc import Sequence

from workbench.analysis.points import Points, points_of
from workbench.model import CallerChange, FunctionChange
from workbench.views.numbers import format_seconds
from workbench.views.tables import TextTable

__all__ = ["changes_table"]

_TESTED = (
    "Self time of one call of what is measured, from sampled rounds of their own, which the sampler slows. What "
    "grew, shrank or moved is told from noise, with 5 % false discoveries at most"
)
_UNTESTED = (
    "Self time of one call of what is measured, from sampled rounds of their own: too few to tell a change from "
    "noise, and slowed by the sampler; no verdict"
)
_ON_CLOCK = "points are percents of base's time; those of all functions add up to the difference on the clock"
_SAMPLED = "points are percents of base's sampled time"


def changes_table(
    functions: Sequence[FunctionChange], limit: int = 10, *, points: Points | None = None, q: bool = False
) -> TextTable:
    """At most ``limit`` functions; where there were rounds enough with the interval of each change, and its ``q``.

    What a verdict's page shows are ``analysis.explanation.told_functions``, not all that were looked at.

    ``points`` are those of the comparison (``clock_points``), so that table and sentence say the same; else
    percents of base's sampled time.
    """
    points = points or points_of(functions, 1.0, 1.0, 1.0)
    every = [c for c in functions if c.change or not math.isclose(c.base_seconds, c.new_seconds)]
    changed, more = every[:limit], len(every) - limit
    tested = any(change.change or not math.isnan(change.q) for change in functions)
    rows = tuple(_cells(change, points, tested, q) for change in changed)
    caption = f"{_TESTED if tested else _UNTESTED}; {_ON_CLOCK if points.on_clock else _SAMPLED}"
    caption += f"; {more} more not listed" if more > 0 else ""
    if not tested:
        columns: tuple[str, ...] = ("Base", "New", "Points", "Function", "File")
        return TextTable(columns, rows, caption, numbers=(0, 1, 2))
    figures = ("Base", "New", "Points", "95 % interval", *(["q"] if q else []))
    columns = (*figures, "Change", "Function", "File")
    return TextTable(columns, rows, caption, numbers=range(len(figures)))


def _cells(change: FunctionChange, points: Points, tested: bool, q: bool) -> tuple[str, ...]:
    by = _points(change.new_seconds - change.base_seconds, points)
    head = (format_seconds(change.base_seconds), format_seconds(change.new_seconds), by)
    where = (change.frame.function, change.frame.file)
    if not tested:
        return (*head, *where)
    interval = "" if math.isnan(change.low) else f"{_points(change.low, points)} to {_points(change.high, points)}"
    tested_at = ("" if math.isnan(change.q) else f"{change.q:.2g}",) if q else ()
    return (*head, interval, *tested_at, _told(change), *where)


def _points(seconds: float, points: Points) -> str:
    """Signed, with the minus of the sentence above the table."""
    return f"{points.of(seconds):+.1f}".replace("-", "−") if points.a_second else ""


def _told(change: FunctionChange) -> str:
    """``grew``, ``moved from a, b to c``; empty for what may be noise."""
    if change.change != "moved":
        return change.change
    left = [c for c in change.callers if c.new_seconds < c.base_seconds]
    came = [c for c in change.callers if c.new_seconds > c.base_seconds]
    return f"moved from {_names(left)} to {_names(came)}"


def _names(callers: Sequence[CallerChange]) -> str:
    names = [each.caller.function if each.caller else "the top" for each in callers]
    return ", ".join(names) or "the rest"
