"""Measures over commits: runs that may stand in one line, and where the line changed.

Only runs that could be compared with each other form a series: another machine, Python, dataset or link begins one
of its own. A point is a run, at its commit's place in the history. Counts that hold one value a commit change
exactly where they change; all else by E-divisive, and only by a change that is worth a name (``MIN_EFFECT``).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import pairwise

from workbench.analysis.changepoints import SIGNIFICANCE, change_points
from workbench.analysis.comparability import differences, fatal, python_feature_release
from workbench.analysis.counts import counted
from workbench.analysis.detectable import MOST, smallest_step
from workbench.analysis.pairs import LOOPS
from workbench.model import UNITS, RoundKind, Run, Sampler, Session, Status
from workbench.statistics import median

__all__ = ["MEASURES", "MIN_EFFECT", "Change", "LeftOut", "Measured", "Point", "Series", "detectable", "series_of"]

MEASURES = (
    "wall",
    "cpu",
    "peak_rss",
    "statements",
    "cypher_statements",
    "requests",
    "connects",
    "bytes_sent",
    "bytes_received",
)
"""Each gets a series of its own; time, CPU and memory are noisy, the rest are counts."""

MIN_EFFECT = 0.03
"""Smallest relative change of a noisy measure that is a change point."""

MOST_POINTS = 300
"""The newest points of a series; the permutation test takes the square of it."""

_NOISY = frozenset({"wall", "cpu", "peak_rss"})
_WHOLE = frozenset({"peak_rss"})  # not divided by a round's loops
_COMPARED = frozenset({"compare", "gate"})  # both loop short bodies in pairs


@dataclass(frozen=True, slots=True)
class Measured:
    """A run with the session it belongs to; ``position`` is its commit's place in the history."""

    run: Run
    session: Session
    commit: str
    position: int
    dirty: bool = False


@dataclass(frozen=True, slots=True)
class Point:
    """One run's value: the median of its rounds, for one execution of the body."""

    run_id: str
    commit: str
    position: int
    started_at: datetime
    value: float
    dirty: bool = False


@dataclass(frozen=True, slots=True)
class Change:
    """``index`` is the first point after it. ``before`` and ``after`` are medians of the stretches on both sides.

    ``p`` is of the permutation test, None for a count, which changed exactly here.
    """

    index: int
    before: float
    after: float
    p: float | None = None

    @property
    def ratio(self) -> float:
        """after / before; infinite where it began at 0."""
        return self.after / self.before if self.before else math.inf


@dataclass(frozen=True, slots=True)
class Series:
    """One measure of one thing under one set of conditions. ``runs`` are those of the points, in their order.

    ``detectable``: the smallest relative change that would have been found (see ``detectable``); infinite where
    there are too few points to tell any, None where that was not looked for.
    """

    name: str
    measure: str
    unit: str
    conditions: str
    points: tuple[Point, ...]
    changes: tuple[Change, ...] = ()
    runs: tuple[Measured, ...] = field(default=(), repr=False)
    detectable: float | None = None

    @property
    def exact(self) -> bool:
        """Whether it is a count with one value a commit."""
        return _is_exact(self.measure, self.points)

    @property
    def commits(self) -> int:
        return len({point.commit for point in self.points})


@dataclass(frozen=True, slots=True)
class LeftOut:
    """How many runs are not in any series, and why."""

    dirty: int = 0
    elsewhere: int = 0
    without_commit: int = 0
    not_ok: int = 0

    def lines(self) -> list[str]:
        """In words; nothing for what is 0."""
        return [
            f"{_runs(number)} left out: {why}"
            for number, why in (
                (self.dirty, "measured with uncommitted changes (--dirty takes them in)"),
                (self.elsewhere, "of commits that are not in the history of HEAD"),
                (self.without_commit, "measured outside a git repository"),
                (self.not_ok, "failed or interrupted"),
            )
            if number
        ]


def _runs(number: int) -> str:
    return f"{number} run{'' if number == 1 else 's'}"


def series_of(
    measured: Iterable[Measured],
    *,
    measures: Sequence[str] = MEASURES,
    significance: float = SIGNIFICANCE,
    min_effect: float = MIN_EFFECT,
) -> list[Series]:
    """Every series of at least two commits, with its change points; names in order, the longest series first."""
    found = []
    for name, group in _named(measured).items():
        for runs in _comparable(group):
            for measure, members in ((m, part) for m in measures for part in _measured_alike(m, runs)):
                series = _series(name, measure, members)
                if series is not None:
                    found.append(replace(series, changes=tuple(_changes(series, significance, min_effect))))
    order = {measure: index for index, measure in enumerate(measures)}
    return sorted(found, key=lambda s: (s.name, -len(s.points), s.conditions, order[s.measure]))


def _named(measured: Iterable[Measured]) -> dict[str, list[Measured]]:
    groups: dict[str, list[Measured]] = {}
    for each in sorted(measured, key=lambda m: (m.position, m.run.started_at, m.run.run_id)):
        run = each.run
        name = f"{run.scenario}:{run.variant}" if run.scenario and run.variant else run.name
        groups.setdefault(name, []).append(each)
    return dict(sorted(groups.items()))


def _comparable(measured: Sequence[Measured]) -> list[list[Measured]]:
    """Groups within which nothing makes two runs incomparable, by the first run of each."""
    groups: list[list[Measured]] = []
    for each in measured:
        group = next((g for g in groups if _may_stand_beside(g[0], each)), None)
        if group is None:
            groups.append([each])
        else:
            group.append(each)
    return groups


def _measured_alike(measure: str, runs: Sequence[Measured]) -> list[list[Measured]]:
    """Those whose processes hold the same things beside the body: a peak of memory is a whole process's."""
    groups: dict[tuple[str, bool], list[Measured]] = {}
    for each in runs:
        isolated = bool(each.session.parameters.get("isolate"))
        key = (each.session.kind, isolated) if measure in _WHOLE else ("", False)
        groups.setdefault(key, []).append(each)
    return list(groups.values())


def _may_stand_beside(first: Measured, other: Measured) -> bool:
    if _kind(first) != _kind(other):
        return False
    a, b = (replace(m.run, sampler=Sampler()) if _is_timed(m.run) else m.run for m in (first, other))
    return not fatal(differences(a, b, first.session, other.session))


def _kind(measured: Measured) -> tuple[str, bool]:
    """How it was measured: a session's way, and whether its times are free of a sampler."""
    kind = measured.session.kind
    return ("compare" if kind in _COMPARED else kind), _is_timed(measured.run)


def _is_timed(run: Run) -> bool:
    return any(r.kind is RoundKind.TIMING and r.status is Status.OK for r in run.rounds)


def _series(name: str, measure: str, runs: Sequence[Measured]) -> Series | None:
    """The measure over those runs that have it; None where that is one commit, or nothing but zeros."""
    found = [(each, value) for each in runs if not math.isnan(value := _value(each.run, measure))]
    found = found[-MOST_POINTS:]
    if len({each.position for each, _ in found}) < 2 or not any(value for _, value in found):
        return None
    points = tuple(
        Point(each.run.run_id, each.commit, each.position, each.run.started_at, value, each.dirty)
        for each, value in found
    )
    kept = tuple(each for each, _ in found)
    return Series(name, measure, UNITS[measure], _conditions(kept[0]), points, runs=kept)


def _value(run: Run, measure: str) -> float:
    kind = RoundKind.TIMING if _is_timed(run) else RoundKind.SAMPLED
    if measure not in _NOISY and not run.values(measure, kind):
        kind = RoundKind.SAMPLED  # a script counts only there
    rounds = [r.measures for r in run.rounds if r.kind is kind and r.status is Status.OK]
    values = [
        value / (1.0 if measure in _WHOLE else measures.get(LOOPS, 1.0))
        for measures in rounds
        if (value := counted(measures, measure)) is not None and math.isfinite(value)
    ]
    return median(values) if values else math.nan


def _conditions(measured: Measured) -> str:
    """What tells one series from another: machine, Python, and what was chosen for the scenario."""
    environment, parameters = measured.session.environment, measured.session.parameters
    parts = [
        f"machine {environment.machine[:6]}" if environment.machine else "",
        f"{environment.cores} cores" if environment.cores else "",
        python_feature_release(environment),
        *(str(parameters[name]) for name in ("scale", "link") if parameters.get(name)),
        f"{parameters['resources']} resources" if parameters.get("resources") else "",
        f"data {str(parameters['dataset_digest'])[:6]}" if parameters.get("dataset_digest") else "",
        {"scenario": "", "gate": "pairs", "compare": "pairs"}.get(measured.session.kind, measured.session.kind),
    ]
    return ", ".join(filter(None, parts))


def _is_exact(measure: str, points: Sequence[Point]) -> bool:
    if measure in _NOISY:
        return False
    values: Mapping[int, set[float]] = {point.position: set() for point in points}
    for point in points:
        values[point.position].add(point.value)
    return all(len(found) == 1 for found in values.values())


def _changes(series: Series, significance: float, min_effect: float) -> list[Change]:
    points = series.points
    values = [point.value for point in points]
    if series.exact:
        steps = [i for i in range(1, len(values)) if values[i] != values[i - 1]]
        return [Change(i, values[i - 1], values[i]) for i in steps]
    positions = [point.position for point in points]
    x = [math.log(value) for value in values] if _by_ratio(series) else values
    found = {c.index: c.p for c in change_points(x, positions, significance=significance)}
    return _worth_a_name(values, found, min_effect)


def _by_ratio(series: Series) -> bool:
    return series.measure in _NOISY and all(point.value > 0 for point in series.points)


def detectable(
    series: Series, *, significance: float = SIGNIFICANCE, min_effect: float = MIN_EFFECT
) -> float | None:
    """The smallest relative change in the middle of a series without one that four of five times would be found.

    0.08 for one of 8 % and more; infinite where not even ten times as much would be. 0 for an exact count; None for
    one that mostly is 0, of which nothing is a share.
    """
    if series.exact:
        return 0.0
    values, positions = [p.value for p in series.points], [p.position for p in series.points]
    if _by_ratio(series):
        logs = [math.log(value) for value in values]
        step = smallest_step(
            logs, positions, least=math.log1p(min_effect), most=math.log1p(MOST), significance=significance
        )
        return math.inf if step is None else math.expm1(step)
    level = median(values)
    if level <= 0:
        return None
    parts = [value / level for value in values]
    step = smallest_step(parts, positions, least=min_effect, most=MOST, significance=significance)
    return math.inf if step is None else step


def _worth_a_name(values: Sequence[float], found: dict[int, float], min_effect: float) -> list[Change]:
    """Changes of the least effect and more; without a smaller one, its neighbours' stretches are one."""
    while True:
        changes = _between(values, found)
        least = min(changes, key=_size, default=None)
        if least is None or _size(least) >= math.log1p(min_effect):
            return changes
        del found[least.index]


def _size(change: Change) -> float:
    return abs(math.log(change.ratio)) if 0 < change.ratio < math.inf else math.inf


def _between(values: Sequence[float], found: Mapping[int, float]) -> list[Change]:
    edges = [0, *sorted(found), len(values)]
    middles = [median(values[a:b]) for a, b in pairwise(edges)]
    inner = zip(edges[1:-1], middles, middles[1:], strict=False)
    return [Change(index, before, after, found[index]) for index, before, after in inner]
