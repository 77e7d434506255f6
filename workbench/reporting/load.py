"""Gather what a report shows from the store."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from workbench.analysis.bound import bound_from_parameters
from workbench.analysis.ladder import ladder
from workbench.errors import MissingExtra, RunNotFound, UsageError
from workbench.model import Comparison, Run, Session
from workbench.reporting.model import ReportData, RunReport, called

if TYPE_CHECKING:
    from workbench.scenarios.base import Scenario
    from workbench.store import Store

__all__ = ["load_report"]


def load_report(store: Store, what: Iterable[str]) -> ReportData:
    """The report on sessions (by id) and runs (by id, unique prefix, ``latest``).

    Runs of one session stand in the order of its ladder, others in the order given. Two runs are compared: the
    first named is the base.

    Raises ``RunNotFound`` for a name that is neither, ``UsageError`` for none at all.
    """
    names = list(what)
    runs = [run for name in names for run in _runs_of(store, name)]
    runs = list({run.run_id: run for run in runs}.values())
    if not runs:
        raise UsageError("nothing to report on: name at least one run or session (workbench runs lists them)")
    sessions = {run.session_id: store.session(run.session_id) for run in runs}
    shared = next(iter(sessions.values())) if len(sessions) == 1 else None
    scenario = _scenario(runs[0].scenario)
    changes = {variant.name: variant.summary for variant in scenario.variants} if scenario else {}
    pair = len(runs) == 2 and (len(names) > 1 or (shared is not None and shared.kind == "compare"))
    if shared and len(runs) > 1 and not pair:
        runs = _by_rung(runs, list(changes))
    stored = tuple(store.comparisons(shared.session_id)) if shared and len(runs) > 1 else ()
    return ReportData(
        title=_pair_title(runs) if pair else _title(runs, scenario, shared),
        runs=tuple(_loaded(store, run, sessions[run.session_id], changes) for run in runs),
        rows=tuple(ladder(runs, runs[0].run_id if pair else _baseline(runs, scenario)))
        if shared and runs[1:]
        else (),
        comparisons=stored,
        bound=bound_from_parameters(shared.parameters) if shared else None,
        comparison=_comparison(store, runs, stored) if pair else None,
    )


def _comparison(store: Store, runs: Sequence[Run], stored: Sequence[Comparison]) -> Comparison:
    """The verdict as it was given, else one on the stored rounds; what makes it advisory stands in it."""
    from workbench.experiment.compare import compare_runs

    base, new = (run.run_id for run in runs)
    given = [each for each in stored if (each.base, each.new) == (base, new)]
    return given[-1] if given else compare_runs(store, base, new, force=True)


def _runs_of(store: Store, name: str) -> list[Run]:
    """The runs of a session, or one run."""
    try:
        session_id = store.session(name).session_id
    except RunNotFound:
        return [store.run(store.resolve(name))]
    return list(store.session_runs(session_id))


def _loaded(store: Store, run: Run, session: Session, changes: Mapping[str, str]) -> RunReport:
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


def _by_rung(runs: Sequence[Run], variants: Sequence[str]) -> list[Run]:
    """The runs in the order of their scenario's ladder; the store returns a session's runs in no such order."""
    return sorted(runs, key=lambda run: variants.index(run.variant) if run.variant in variants else len(variants))


def _baseline(runs: Sequence[Run], scenario: Scenario | None) -> str:
    """The scenario's baseline if it is among the runs, else the first run."""
    if scenario is None or all(run.variant != scenario.baseline for run in runs):
        return ""
    return scenario.baseline


def _pair_title(runs: Sequence[Run]) -> str:
    return " → ".join(called(runs))


def _title(runs: Sequence[Run], scenario: Scenario | None, shared: Session | None) -> str:
    if len(runs) == 1:
        return runs[0].name or runs[0].run_id
    if shared is None or not shared.scenario:
        return f"{len(runs)} runs"
    return scenario.title if scenario else shared.scenario
