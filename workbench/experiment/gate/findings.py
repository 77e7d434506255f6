"""What two recordings of a gate say: the comparison, the counts that rose, and where that was issued."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbench.analysis.causes import Cause
from workbench.analysis.counts import count_changes, varying
from workbench.analysis.explanation import own_cause
from workbench.analysis.functions import function_changes
from workbench.analysis.issued import issued_more
from workbench.analysis.pairs import LOOPS
from workbench.analysis.summary import sentence
from workbench.analysis.weights import sampled_rounds
from workbench.model import Comparison, FunctionChange, Recording, RoundKind, Run, Verdict

if TYPE_CHECKING:
    from workbench.experiment.gate.duel import Duel

__all__ = ["compared"]

_FUNCTIONS_KEPT = 200


def compared(base: Recording, new: Recording, duel: Duel) -> tuple[Comparison, list[str], list[str]]:
    """The comparison of both recordings by the duel's pairs, with two kinds of lines.

    One for each count that rose and may not; and those that say which operations these were, and where issued.
    """
    changes = count_changes(base.run, new.run)
    found = duel.rule.risen(changes)
    timed = duel.verdict or Verdict.INCONCLUSIVE
    # A gate makes no trades: more requests for less time is for a person to allow (``ignore-counts``).
    verdict = Verdict.REGRESSION if found and duel.verdict else timed
    names = duel.rule.risen_names(changes)
    issued = issued_more(base.run, base.spans, new.run, new.spans, names, new.tree)
    functions: tuple[FunctionChange, ...] = ()
    own: Cause | None = None
    if base.tree is not None and new.tree is not None:
        moved = function_changes(
            base.tree,
            new.tree,
            base_executions=_sampled(base.run),
            new_executions=_sampled(new.run),
            base_rounds=sampled_rounds(base.run),
            new_rounds=sampled_rounds(new.run),
        )
        functions = tuple(moved)
        low, high = duel.estimate.low, duel.estimate.high
        own = own_cause(base.run, new.run, base.tree, new.tree, low, high, one_sitting=True)
    comparison = Comparison(
        base=base.run.run_id,
        new=new.run.run_id,
        verdict=verdict,
        ratio=duel.estimate.ratio,
        ci=(duel.estimate.low, duel.estimate.high),
        pairs=duel.estimate.pairs,
        seconds=duel.elapsed,
        differences=(*duel.notes, *issued, *varying(changes)),
        functions=functions[:_FUNCTIONS_KEPT],
        counts={change.name: (change.base, change.new) for change in changes},
        sentence=sentence(
            duel.estimate,
            duel.elapsed,
            functions,
            changes,
            own=own,
            verdict=timed,
            counts_first=verdict is not timed,
        ),
    )
    return comparison, found, issued


def _sampled(run: Run) -> float:
    return sum(r.measures.get(LOOPS, 1.0) for r in run.rounds if r.kind is RoundKind.SAMPLED) or 1.0
