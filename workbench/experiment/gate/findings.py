"""What two recordings of a gate say: the comparison, and the counts that rose."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbench.analysis.counts import count_changes, varying
from workbench.analysis.functions import function_changes
from workbench.analysis.pairs import LOOPS
from workbench.analysis.summary import opposed, sentence
from workbench.analysis.weights import sampled_rounds
from workbench.model import Comparison, FunctionChange, Recording, RoundKind, Run, Verdict

if TYPE_CHECKING:
    from workbench.experiment.gate.duel import Duel

__all__ = ["compared"]

_FUNCTIONS_KEPT = 200


def compared(base: Recording, new: Recording, duel: Duel) -> tuple[Comparison, list[str]]:
    """The comparison of both recordings by the duel's pairs, and a line for each count that rose and may not."""
    changes = count_changes(base.run, new.run)
    found = duel.rule.risen(changes)
    timed = duel.verdict or Verdict.INCONCLUSIVE
    # A gate makes no trades: more requests for less time is for a person to allow (``ignore-counts``).
    verdict = Verdict.REGRESSION if found and duel.verdict else timed
    functions: tuple[FunctionChange, ...] = ()
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
    comparison = Comparison(
        base=base.run.run_id,
        new=new.run.run_id,
        verdict=verdict,
        ratio=duel.estimate.ratio,
        ci=(duel.estimate.low, duel.estimate.high),
        pairs=duel.estimate.pairs,
        seconds=duel.elapsed,
        differences=(*duel.notes, *varying(changes), *opposed(duel.estimate, functions)),
        functions=functions[:_FUNCTIONS_KEPT],
        counts={change.name: (change.base, change.new) for change in changes},
        sentence=sentence(
            duel.estimate,
            duel.elapsed,
            functions,
            changes,
            verdict=timed,
            counts_first=verdict is not timed,
        ),
    )
    return comparison, found


def _sampled(run: Run) -> float:
    return sum(r.measures.get(LOOPS, 1.0) for r in run.rounds if r.kind is RoundKind.SAMPLED) or 1.0
