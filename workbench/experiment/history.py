"""The history of a scenario or of the user's own code: change points, and the commits that may be to blame."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from workbench.analysis.causes import Cause, Sampled, cause, sampled_time
from workbench.analysis.changepoints import SIGNIFICANCE
from workbench.analysis.comparability import differences
from workbench.analysis.history import (
    MEASURES,
    Change,
    LeftOut,
    Measured,
    Point,
    Series,
    detectable,
    series_of,
)
from workbench.analysis.names import commit_of
from workbench.analysis.summary import function_text
from workbench.analysis.weights import sampled_rounds
from workbench.errors import RunNotFound, UsageError
from workbench.experiment.gate.repository import Commit, GitFailed, Repository
from workbench.model import Run, Sampler, Session, Status
from workbench.store import Store
from workbench.suggestions import suggestion

__all__ = ["Blame", "History", "history"]

_LISTED = 50
_EXPLAINED = frozenset({"wall", "cpu"})
_EXPLAINED_CHANGES = 20
_QUIET_SERIES = 12  # of those without a change point, the first: how small a change they would have shown
_SAMPLED_RUNS = 12  # of either side, the nearest
_REMARKS = ("Python", "packages", "workbench", "power", "operating system")


@dataclass(frozen=True, slots=True)
class Blame:
    """A change point with what may be to blame for it.

    ``commits`` are those after ``before`` up to ``after``, the newest first (none where git doesn't know both; at
    most the newest 50 of ``count``).
    ``function`` is the one that changed most in the change's direction, with the library code that it calls, ""
    where none is told from noise; ``function_s`` by how much, in sampled seconds an execution; ``function_share``
    its part of all that changed in that direction.
    ``differences`` say what else was not the same on both sides.
    """

    series: Series
    change: Change
    before: Point
    after: Point
    commits: tuple[Commit, ...] = ()
    function: str = ""
    function_s: float = 0.0
    function_share: float = 0.0
    differences: tuple[str, ...] = ()
    total: int = 0

    @property
    def count(self) -> int:
        """How many commits the change lies in; 0 where that is unknown."""
        return self.total or len(self.commits)


@dataclass(frozen=True, slots=True)
class History:
    """Series with their change points, and what was left out. ``by_time``: as git knows no order of the commits."""

    name: str
    series: tuple[Series, ...]
    blames: tuple[Blame, ...]
    notes: tuple[str, ...] = ()
    by_time: bool = False


def history(
    name: str,
    *,
    store: Store,
    folder: Path | None = None,
    measures: Sequence[str] = MEASURES,
    dirty: bool = False,
    significance: float = SIGNIFICANCE,
) -> History:
    """The history of ``SCENARIO``, ``SCENARIO:VARIANT`` or a run's name (``perf.py:first_page``, ``job.py``).

    The order of commits is that of the repository around ``folder`` (default: the working folder), for what HEAD
    reaches; without a repository, or where it knows none of the commits, runs are ordered by time. ``dirty`` takes
    in runs that were measured with uncommitted changes. Raises ``RunNotFound`` where no run has that name, and
    ``UsageError`` for an unknown measure.
    """
    unknown = [measure for measure in measures if measure not in MEASURES]
    if unknown:
        raise UsageError(f"unknown measure {unknown[0]!r}{suggestion(unknown[0], MEASURES)}")
    if not 0 < significance < 1:
        raise UsageError(f"the significance must lie between 0 and 1, not {significance:g}")
    runs = _runs(store, name)
    sessions = {session.session_id: session for session in store.sessions()}
    repository = _repository(folder)
    order = _order(repository)
    known = any(commit_of(run, sessions[run.session_id])[0] in order for run in runs)
    if not known:
        order = _by_time(runs, sessions)
    measured, left_out = _measured(runs, sessions, order, dirty=dirty, by_time=not known)
    series = _with_detectable(series_of(measured, measures=measures, significance=significance), significance)
    explained = 0
    trees = _Trees(store)
    blames = []
    for each in series:
        for change in each.changes:
            explain = each.measure in _EXPLAINED and explained < _EXPLAINED_CHANGES
            explained += explain
            blames.append(_blame(each, change, repository if known else None, trees if explain else None))
    notes = left_out.lines()
    if not known:
        notes.append("git knows none of these commits here: runs are in the order of time")
    return History(name, tuple(series), tuple(blames), tuple(notes), by_time=not known)


def _with_detectable(series: Sequence[Series], significance: float) -> list[Series]:
    """Series without a change point say what they would have shown; the first of them, as each takes a while."""
    found, asked = [], 0
    for each in series:
        if not each.changes and asked < _QUIET_SERIES:
            asked += not each.exact
            each = replace(each, detectable=detectable(each, significance=significance))
        found.append(each)
    return found


def _runs(store: Store, name: str) -> list[Run]:
    scenario, _, variant = name.partition(":")
    found = [run for run in store.runs(scenario=scenario) if not variant or run.variant == variant] if name else []
    if not found:
        found = [run for run in store.runs() if run.name == name or run.name.startswith(f"{name}:")] if name else []
    if not found:
        runs = store.runs()
        known = {run.name for run in runs} | {run.scenario for run in runs if run.scenario}
        hint = suggestion(name, known, listed="") if runs else "; it holds no runs yet"
        raise RunNotFound(f"no run of {name!r} in {store.path}{hint or '; `workbench runs` lists what there is'}")
    return found


def _repository(folder: Path | None) -> Repository | None:
    try:
        return Repository(folder or Path.cwd())
    except (UsageError, OSError):
        return None


def _order(repository: Repository | None) -> dict[str, int]:
    try:
        return {commit: i for i, commit in enumerate(repository.order())} if repository is not None else {}
    except GitFailed:  # no commit yet
        return {}


def _by_time(runs: Iterable[Run], sessions: Mapping[str, Session]) -> dict[str, int]:
    """Commits by the moment of their first run; runs outside a repository each count as a state of their own."""
    first: dict[str, float] = {}
    for run in runs:
        key = commit_of(run, sessions[run.session_id])[0] or run.run_id
        first[key] = min(first.get(key, run.started_at.timestamp()), run.started_at.timestamp())
    return {commit: index for index, commit in enumerate(sorted(first, key=lambda c: (first[c], c)))}


def _measured(
    runs: Iterable[Run], sessions: Mapping[str, Session], order: Mapping[str, int], *, dirty: bool, by_time: bool
) -> tuple[list[Measured], LeftOut]:
    """Runs that have a place in the order, and how many have none."""
    kept: list[Measured] = []
    left: Counter[str] = Counter()
    for run in runs:
        session = sessions[run.session_id]
        commit, changed = commit_of(run, session)
        key = commit or (run.run_id if by_time else "")
        if run.status is not Status.OK:
            left["not_ok"] += 1
        elif not key:
            left["without_commit"] += 1
        elif key not in order:
            left["elsewhere"] += 1
        elif changed and not dirty:
            left["dirty"] += 1
        else:
            kept.append(Measured(run, session, key, order[key], changed))
    return kept, LeftOut(**left)


def _blame(series: Series, change: Change, repository: Repository | None, trees: _Trees | None) -> Blame:
    before, after = series.points[change.index - 1], series.points[change.index]
    blame = Blame(series, change, before, after, differences=_differences(series, change))
    if repository is not None:
        try:
            commits = tuple(repository.between(before.commit, after.commit))
        except GitFailed:  # a shallow clone may know the name of a commit and not how it got there
            commits = ()
        blame = replace(blame, commits=commits[:_LISTED], total=len(commits))
    if trees is not None and (found := _function(trees, series, change)):
        name = function_text(found.frame)
        blame = replace(blame, function=name, function_s=found.seconds, function_share=found.share)
    return blame


def _differences(series: Series, change: Change) -> tuple[str, ...]:
    """What changed between the two runs besides the code: it may be to blame, too."""
    a, b = series.runs[change.index - 1], series.runs[change.index]
    found = differences(a.run, b.run, a.session, b.session)
    return tuple(str(each) for each in found if str(each).startswith(_REMARKS) and "unknown" not in str(each))


def _function(trees: _Trees, series: Series, change: Change) -> Cause | None:
    """The function that took most of the change, by the sampled rounds of the nearest runs on both sides.

    Only up to the neighbouring change points, beyond which the code is yet another.
    """
    edges = [0, *(each.index for each in series.changes), len(series.runs)]
    place = edges.index(change.index, 1)
    before = series.runs[edges[place - 1] : change.index][::-1]
    after = series.runs[change.index : edges[place + 1]]
    nearest = next((each.run.sampler for each in after if trees.sampled(each.run)), None)
    if nearest is None:
        return None
    sides = ([m.run for m in side if _same_sampler(m.run.sampler, nearest)] for side in (before, after))
    base, new = (list(islice(filter(None, map(trees.sampled, runs)), _SAMPLED_RUNS)) for runs in sides)
    return cause(base, new, slower=change.after > change.before)


def _same_sampler(one: Sampler, other: Sampler) -> bool:
    return (one.name, one.interval_ns, one.clock) == (other.name, other.interval_ns, other.clock)


class _Trees:
    """What runs were sampled at, each read once."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._known: dict[str, Sampled | None] = {}

    def sampled(self, run: Run) -> Sampled | None:
        """None for a run without stacks."""
        if run.run_id not in self._known:
            rounds = sampled_rounds(run) if run.sampler.name != "none" else {}
            self._known[run.run_id] = sampled_time(self._store.tree(run.run_id), rounds) if rounds else None
        return self._known[run.run_id]
