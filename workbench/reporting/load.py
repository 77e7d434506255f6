"""Gather what a report shows from the store."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from workbench.analysis.bound import bound_from_parameters
from workbench.analysis.ladder import Row, ladder
from workbench.analysis.names import display_name, run_names, shared_name, side_text
from workbench.analysis.scaling import BASELINE, Exponent, exponents
from workbench.errors import MissingExtra, RunNotFound, UsageError
from workbench.experiment.progress import Progress, silent
from workbench.model import Comparison, Run, Session
from workbench.reporting.growth import clock_of
from workbench.reporting.model import ReportData, RunReport

if TYPE_CHECKING:
    from workbench.scenarios.base import Scenario
    from workbench.store import Store

__all__ = ["load_report"]

_OF_TWO = frozenset({"compare", "gate"})
"""Kinds of sessions that hold two runs, to be compared."""


def load_report(
    store: Store, what: Iterable[str], progress: Progress = silent, *, force: bool = False
) -> ReportData:
    """The report on sessions (by id) and runs (by id, unique prefix, ``latest``).

    Runs of one session stand in the order of its ladder, sessions in the order given; a session that several of the
    runs come from has a part of its own. Two runs are compared: the first named is the base. Of two that can't be
    compared there is no ratio and no verdict, unless ``force``.

    Raises ``RunNotFound`` for a name that is neither, ``UsageError`` for none at all.
    """
    with store.held():
        return _report(store, list(what), progress, force=force)


def _report(store: Store, names: list[str], progress: Progress, *, force: bool) -> ReportData:
    runs = [run for name in names for run in _runs_of(store, name)]
    runs = list({run.run_id: run for run in runs}.values())
    if not runs:
        raise UsageError("nothing to report on: name at least one run or session (workbench runs lists them)")
    sessions = {run.session_id: store.session(run.session_id) for run in runs}
    only = next(iter(sessions.values())) if len(sessions) == 1 else None
    if len(runs) == 2 and (len(names) > 1 or (only is not None and only.kind in _OF_TWO)):
        stored = tuple(store.comparisons(only.session_id)) if only else ()
        if only is not None:
            runs = _as_judged(runs, stored if len(names) == 1 else ())
        loaded = _all_loaded(store, runs, sessions, progress)
        return _of_pair(loaded, only, stored, _comparison(store, runs, stored, force=force))
    groups = {known: _by_rung([run for run in runs if run.session_id == known]) for known in sessions}
    loaded = _all_loaded(store, [run for group in groups.values() for run in group], sessions, progress)
    if only is not None:
        return _of_session(store, loaded, only)
    parts = [(s, tuple(each for each in loaded if each.session is s)) for s in sessions.values()]
    return ReportData(
        title=f"{len(runs)} runs of {len(sessions)} sessions",
        runs=loaded,
        parts=tuple(_of_session(store, part, session) for session, part in parts if len(part) > 1),
    )


def _of_session(store: Store, loaded: tuple[RunReport, ...], session: Session) -> ReportData:
    """Runs of one session: a ladder where they are several."""
    loaded = _by_side(loaded)
    runs = [each.run for each in loaded]
    scenario = _scenario(runs[0].scenario)
    several = len(runs) > 1
    stored = tuple(store.comparisons(session.session_id)) if several else ()
    rows = ladder(runs, _baseline(runs, scenario)) if several else []
    return ReportData(
        title=_title(runs, scenario, session),
        runs=loaded,
        rows=tuple(_with_verdict(row, rows, stored) for row in rows),
        comparisons=stored,
        bound=bound_from_parameters(session.parameters),
        growth_base=_growth_base(store, session),
    )


def _growth_base(store: Store, session: Session) -> Mapping[str, Exponent]:
    """What a scaling session was judged by; nothing where there was no baseline, or it isn't stored any more."""
    known = str(session.parameters.get(BASELINE, ""))
    return exponents(store.session_runs(known), clock_of(session)) if known else {}


def _of_pair(
    loaded: tuple[RunReport, ...], shared: Session | None, stored: tuple[Comparison, ...], comparison: Comparison
) -> ReportData:
    """Two runs, base first."""
    title = _pair_title([each.run for each in loaded])
    loaded = _by_side(loaded)
    rows = ladder([each.run for each in loaded], loaded[0].run.run_id) if shared else []
    return ReportData(
        title=title,
        runs=loaded,
        rows=tuple(_with_verdict(row, rows, (comparison,)) for row in rows),
        comparisons=stored,
        bound=bound_from_parameters(shared.parameters) if shared else None,
        comparison=comparison,
    )


def _comparison(store: Store, runs: Sequence[Run], stored: Sequence[Comparison], *, force: bool) -> Comparison:
    """The verdict as it was given, else one on the stored rounds; what makes it advisory stands in it."""
    from workbench.experiment.compare import compare_runs

    base, new = (run.run_id for run in runs)
    given = [each for each in stored if (each.base, each.new) == (base, new)]
    return given[-1] if given else compare_runs(store, base, new, force=force, refuse=False)


def _as_judged(runs: Sequence[Run], stored: Sequence[Comparison]) -> list[Run]:
    """The two runs of a session, the base of its last comparison first."""
    new = stored[-1].new if stored else ""
    return sorted(runs, key=lambda run: run.run_id == new)


def _by_side(loaded: tuple[RunReport, ...]) -> tuple[RunReport, ...]:
    """The runs of a gate, which are called alike, as variants that are called by their sides."""
    names = run_names([each.run for each in loaded])
    return tuple(
        replace(each, run=replace(each.run, variant=name)) if name == side_text(each.run) else each
        for each, name in zip(loaded, names, strict=True)
    )


def _with_verdict(row: Row, rows: Sequence[Row], judged: Sequence[Comparison]) -> Row:
    """The row with the ratio and interval that its verdict rests on: a report has one of each."""
    base = next(each.run_id for each in rows if each.is_baseline)
    given = [each for each in judged if (each.base, each.new) == (base, row.run_id)]
    if not given or row.is_baseline:
        return row
    low, high = given[-1].ci
    return replace(row, ratio=replace(row.ratio, ratio=given[-1].ratio, low=low, high=high, pairs=given[-1].pairs))


def _runs_of(store: Store, name: str) -> list[Run]:
    """The runs of a session, or one run."""
    try:
        session_id = store.session(name).session_id
    except RunNotFound:
        return [store.run(store.resolve(name))]
    return list(store.session_runs(session_id))


def _all_loaded(
    store: Store, runs: Sequence[Run], sessions: Mapping[str, Session], progress: Progress
) -> tuple[RunReport, ...]:
    found = []
    for number, run in enumerate(runs):
        progress(f"reading {run.variant or run.name or run.run_id}", number, len(runs))
        found.append(_loaded(store, run, sessions[run.session_id]))
    return tuple(found)


def _loaded(store: Store, run: Run, session: Session) -> RunReport:
    scenario = _scenario(run.scenario)
    changes = {variant.name: variant.summary for variant in scenario.variants} if scenario else {}
    tree, spans = store.tree(run.run_id), tuple(store.spans(run.run_id))
    return RunReport(
        run,
        session,
        tree if len(tree) else None,
        spans,
        changes.get(run.variant, ""),
        tuple(store.plans(run.run_id)),
        tuple(store.sources(run.run_id)),
    )


def _scenario(name: str) -> Scenario | None:
    """The scenario the runs were measured with; None where it is gone or its extra isn't installed."""
    from workbench.scenarios import registry

    if name not in registry.names():
        return None
    try:
        return registry.get(name)
    except (ImportError, MissingExtra):
        return None


def _by_rung(runs: Sequence[Run]) -> list[Run]:
    """The runs of a session in the order of its scenario's ladder; the store returns them in no such order."""
    scenario = _scenario(runs[0].scenario)
    variants = [variant.name for variant in scenario.variants] if scenario else []
    return sorted(runs, key=lambda run: variants.index(run.variant) if run.variant in variants else len(variants))


def _baseline(runs: Sequence[Run], scenario: Scenario | None) -> str:
    """The scenario's baseline if it is among the runs, else the first run."""
    if scenario is None or all(run.variant != scenario.baseline for run in runs):
        return ""
    return scenario.baseline


def _pair_title(runs: Sequence[Run]) -> str:
    whole = " → ".join(run_names(runs))
    return f"{shared_name(runs)}: {whole}" if all(map(side_text, runs)) and shared_name(runs) else whole


def _title(runs: Sequence[Run], scenario: Scenario | None, session: Session) -> str:
    if len(runs) == 1:
        return display_name(runs[0])
    if not session.scenario:
        return f"{len(runs)} runs"
    return scenario.title if scenario else session.scenario
