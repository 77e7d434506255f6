"""Counts are nearly free of noise, so they are compared exactly, and before any clock."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import comb, inf

from workbench.analysis.pairs import LOOPS
from workbench.model import UNITS, RoundKind, Run, Status
from workbench.statistics import median

__all__ = [
    "BY_KIND",
    "COUNTS",
    "CountChange",
    "count_changes",
    "counted",
    "risen",
    "risen_counts",
    "told",
    "varying",
]

COUNTS = tuple(
    name for name, unit in UNITS.items() if unit in ("count", "bytes") and name not in ("peak_rss", LOOPS)
)
"""The standard measures that count: events and bytes moved. (Peak memory is measured, not counted.)"""

BY_KIND = ("spans_", "cache_", "page_cache_")
"""How the names of further counts begin: spans of other kinds, such as ``spans_queue``, and a cache's events."""

_DERIVED = frozenset({"spans"})
_EVENTS = frozenset(name for name in COUNTS if UNITS[name] == "count")
_DYNAMIC = ("spans_", "cache_")  # there only where there are any

_RARE = 200
"""Two sides that both vary count as different where one chance in so many orders them so."""

_SPARED = 10


@dataclass(frozen=True, slots=True)
class CountChange:
    """A count per execution of the body (median over rounds), and whether each run kept to one value."""

    name: str
    base: float
    new: float
    base_constant: bool = True
    new_constant: bool = True
    rounds: int = 2  # of the side that has fewer
    base_most: float | None = None  # None: as ``base`` where that is constant, else unknown
    new_least: float | None = None  # both but for one round in ``_SPARED``

    @property
    def changed(self) -> bool:
        return self.base != self.new

    def rose(self, tolerance: float = 0.0) -> bool:
        """Whether nine rounds in ten of new have more than nine in ten of base, in enough to tell that from chance.

        The tenth of either may be an exception (a retry, a pool that filled up): it would hide all others. Of fewer
        than ten rounds none is: every round of new has more than any of base. Two rounds a side are enough where
        all of one side have the same count. Where both vary, chance alone puts all of new above all of base once in
        (2 n over n) times, n rounds a side: from five on that is rarer than 1 in ``_RARE``.
        """
        most = self.base_most if self.base_most is not None else self.base if self.base_constant else inf
        least = self.new_least if self.new_least is not None else self.new if self.new_constant else -inf
        told = self.base_constant or self.new_constant or comb(2 * self.rounds, self.rounds) >= _RARE
        return self.rounds > 1 and told and least > most * (1 + tolerance)


def count_changes(base: Run, new: Run) -> list[CountChange]:
    """Every count that both runs hold and that isn't 0 in both: those of ``COUNTS``, then those by kind of span.

    Where spans were measured, a kind that didn't occur was counted too, as 0.
    """
    changes = []
    found = {name for r in (*base.rounds, *new.rounds) for name in r.measures if name.startswith(BY_KIND)}
    for name in (*COUNTS, *sorted(found - set(COUNTS))):
        before, after = _per_execution(base, name), _per_execution(new, name)
        if before and after and (any(before) or any(after)):
            same = (len(set(before)) == 1, len(set(after)) == 1)
            rounds = min(len(before), len(after))
            ends = (sorted(before)[-1 - len(before) // _SPARED], sorted(after)[len(after) // _SPARED])
            changes.append(CountChange(name, median(before), median(after), *same, rounds, *ends))
    return changes


def risen(
    changes: Iterable[CountChange], *, tolerance: float = 0.0, ignored: frozenset[str] = frozenset()
) -> list[str]:
    """A line for each of ``risen_counts``."""
    return [
        f"{change.name.replace('_', ' ')} rose from {change.base:g} to {change.new:g}"
        for change in risen_counts(changes, tolerance=tolerance, ignored=ignored)
    ]


def risen_counts(
    changes: Iterable[CountChange], *, tolerance: float = 0.0, ignored: frozenset[str] = frozenset()
) -> list[CountChange]:
    """The counts that rose: events exactly, bytes by more than ``tolerance`` (0.03 is 3 %).

    See ``CountChange.rose`` for what varies between rounds. Left out are the sum of all spans, as what it sums is
    there, and a cache's hits, of which more are better.
    """
    return [
        change
        for change in changes
        if change.rose(tolerance if change.name.startswith("bytes_") else 0.0)
        and change.name not in ignored
        and change.name not in _DERIVED
        and not change.name.endswith("_hits")
    ]


def told(counts: Mapping[str, tuple[float, float]]) -> dict[str, tuple[float, float]]:
    """Counts (base, new) as a person is told them: without the sum of all spans where what it sums is there."""
    kinds = any(name in _EVENTS - _DERIVED or name.startswith("spans_") for name in counts)
    return {name: pair for name, pair in counts.items() if not (kinds and name in _DERIVED)}


def varying(changes: list[CountChange]) -> list[str]:
    """One line for each side whose count wasn't the same in all its rounds: its data or its server changed."""
    return [
        f"{change.name} varies between rounds of {side}; the medians are compared"
        for change in changes
        for side, constant in (("base", change.base_constant), ("new", change.new_constant))
        if not constant
    ]


def counted(measures: Mapping[str, float], name: str) -> float | None:
    """A round's count; None where it was not counted. With spans, what didn't occur was counted as 0."""
    dynamic = name in _EVENTS or name.startswith(_DYNAMIC)
    return measures.get(name, 0.0 if dynamic and "spans" in measures else None)


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
