"""What two recordings of a gate say: the comparison, and counts that rose."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbench.analysis.counts import CountChange, count_changes, varying
from workbench.analysis.functions import function_changes
from workbench.analysis.pairs import LOOPS
from workbench.analysis.summary import sentence
from workbench.analysis.verdict import Rule
from workbench.analysis.weights import sampled_rounds
from workbench.experiment.gate.model import GateSettings
from workbench.model import Comparison, FunctionChange, Recording, RoundKind, Run, Verdict

if TYPE_CHECKING:
    from workbench.experiment.gate.duel import Duel

__all__ = ["compared", "risen"]

_FUNCTIONS_KEPT = 200
_DERIVED = frozenset({"spans"})  # the sum of the others


def compared(base: Recording, new: Recording, duel: Duel) -> tuple[Comparison, list[CountChange]]:
    """The comparison of both recordings by the duel's pairs."""
    changes = count_changes(base.run, new.run)
    functions: tuple[FunctionChange, ...] = ()
    if base.tree is not None and new.tree is not None:
        found = function_changes(
            base.tree,
            new.tree,
            base_executions=_sampled(base.run),
            new_executions=_sampled(new.run),
            base_rounds=sampled_rounds(base.run),
            new_rounds=sampled_rounds(new.run),
        )
        functions = tuple(found)
    comparison = Comparison(
        base=base.run.run_id,
        new=new.run.run_id,
        verdict=duel.verdict or Verdict.INCONCLUSIVE,
        ratio=duel.estimate.ratio,
        ci=(duel.estimate.low, duel.estimate.high),
        pairs=duel.estimate.pairs,
        seconds=duel.elapsed,
        differences=(*duel.notes, *varying(changes)),
        functions=functions[:_FUNCTIONS_KEPT],
        counts={change.name: (change.base, change.new) for change in changes},
        sentence=sentence(duel.estimate, duel.elapsed, functions, changes),
    )
    return comparison, changes


def _sampled(run: Run) -> float:
    return sum(r.measures.get(LOOPS, 1.0) for r in run.rounds if r.kind is RoundKind.SAMPLED) or 1.0


def risen(changes: list[CountChange], settings: GateSettings, rule: Rule) -> list[str]:
    """A line for each count that rose: events exactly, bytes by more than the slow-down that passes.

    A count that varies from round to round on either side tells nothing exactly, and is left to the notes.
    """
    found = []
    for change in changes:
        if change.name in settings.ignore_counts or change.name in _DERIVED or change.new <= change.base:
            continue
        if not (change.base_constant and change.new_constant):
            continue
        if change.name.startswith("bytes_") and change.new <= change.base * (1 + rule.max_regression):
            continue
        found.append(f"{change.name.replace('_', ' ')} rose from {change.base:g} to {change.new:g}")
    return found
