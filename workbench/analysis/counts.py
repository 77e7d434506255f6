"""Counts are nearly free of noise, so they are compared exactly, and before any clock."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from workbench.analysis.pairs import LOOPS
from workbench.model import UNITS, RoundKind, Run, Status
from workbench.statistics import median

__all__ = ["COUNTS", "CountChange", "count_changes", "counted", "risen", "varying"]

COUNTS = tuple(
    name for name, unit in UNITS.items() if unit in ("count", "bytes") and name not in ("peak_rss", LOOPS)
)
"""The standard measures that count: events and bytes moved. (Peak memory is measured, not counted.)"""

_DERIVED = frozenset({"spans"})
_IF_ANY = frozenset({"statements", "cypher_statements"})
_MORE = ("spans_", "retries", "cache_", "page_cache_")  # spans of other kinds by kind, such as spans_sql


@dataclass(frozen=True, slots=True)
class CountChange:
    """A count per execution of the body (median over rounds), and whether each run kept to one value."""

    name: str
    base: float
    new: float
    base_constant: bool = True
    new_constant: bool = True
    rounds: int = 2  # of the side that has fewer

    @property
    def changed(self) -> bool:
        return self.base != self.new


def count_changes(base: Run, new: Run) -> list[CountChange]:
    """Every count that both runs hold and that isn't 0 in both: those of ``COUNTS``, then those by kind of span."""
    changes = []
    found = {name for r in (*base.rounds, *new.rounds) for name in r.measures if name.startswith(_MORE)}
    for name in (*COUNTS, *sorted(found - set(COUNTS))):
        before, after = _per_execution(base, name), _per_execution(new, name)
        if before and after and (any(before) or any(after)):
            same = (len(set(before)) == 1, len(set(after)) == 1)
            rounds = min(len(before), len(after))
            changes.append(CountChange(name, median(before), median(after), *same, rounds))
    return changes


def risen(
    changes: Iterable[CountChange], *, tolerance: float = 0.0, ignored: frozenset[str] = frozenset()
) -> list[str]:
    """A line for each count that rose: events exactly, bytes by more than ``tolerance`` (0.03 is 3 %).

    It must have been the same in all of at least two rounds of either side: what varies tells nothing exactly. Left
    out are the sum of all spans, as what it sums is there, and a cache's hits, of which more are better.
    """
    return [
        f"{change.name.replace('_', ' ')} rose from {change.base:g} to {change.new:g}"
        for change in changes
        if change.new > change.base * (1 + tolerance if change.name.startswith("bytes_") else 1)
        and change.name not in ignored
        and change.name not in _DERIVED
        and not change.name.endswith("_hits")
        and change.base_constant
        and change.new_constant
        and change.rounds > 1
    ]


def varying(changes: list[CountChange]) -> list[str]:
    """One line for each side whose count wasn't the same in all its rounds: its data or its server changed."""
    return [
        f"{change.name} varies between rounds of {side}; the medians are compared"
        for change in changes
        for side, constant in (("base", change.base_constant), ("new", change.new_constant))
        if not constant
    ]


def counted(measures: Mapping[str, float], name: str) -> float | None:
    """A round's count; None where it was not counted. Statements are counted only where there are any."""
    return measures.get(name, 0.0 if name in _IF_ANY and "spans" in measures else None)


def _per_execution(run: Run, name: str) -> list[float]:
    """The count in each timing round, else in each sampled one (a script's own process counts only there)."""
    for kind in (RoundKind.TIMING, RoundKind.SAMPLED):
        values = [
            value / r.measures.get(LOOPS, 1.0)
            for r in run.rounds
            if r.kind is kind and r.status is Status.OK and (value := counted(r.measures, name)) is not None
        ]
        if values:
            return values
    return []
