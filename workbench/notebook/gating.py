"""``wb.assert_no_regression(target, baseline=REV)``: the gate of ``workbench gate`` in a notebook's cell."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from workbench.errors import StoreError, UsageError
from workbench.experiment.loops import outside_loop

if TYPE_CHECKING:
    from workbench.experiment.gate import GateResult, GateSettings
    from workbench.store import Store

__all__ = ["GateHeld", "as_target", "assert_against"]


@dataclass(frozen=True, slots=True)
class GateHeld:
    """A gate that found no regression. It shows the same words whatever was measured, as a saved output must."""

    result: GateResult

    @property
    def verdict(self) -> str:
        """PASS, IMPROVEMENT, INCONCLUSIVE, or ADDED where the baseline has no such target."""
        return str(self.result.outcome)

    @property
    def sentence(self) -> str:
        return "; ".join(filter(None, (target.sentence for target in self.result.targets)))

    def __repr__(self) -> str:
        return "no regression found"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> tuple[dict[str, str], dict[str, Any]]:
        figures = {"verdict": self.verdict, "sentence": self.sentence}
        return {"text/plain": repr(self)}, {"workbench": figures}


def assert_against(
    target: str, baseline: str, *, settings: GateSettings, store: Store, inconclusive: str
) -> GateHeld:
    """Judge ``target`` against the git revision. Raises ``AssertionError`` in one line where it doesn't hold.

    ``StoreError`` where it does and its runs could not be kept.
    """
    from workbench.experiment.gate import GateOutcome, judge_against

    result = outside_loop(lambda: judge_against(baseline, [target], settings=settings, store=store))
    if result.outcome is GateOutcome.INTERRUPTED:
        raise KeyboardInterrupt
    held = {GateOutcome.PASS, GateOutcome.IMPROVEMENT, GateOutcome.ADDED}
    if inconclusive == "pass":
        held.add(GateOutcome.INCONCLUSIVE)
    (judged,) = result.targets
    if result.outcome not in held:
        stored = judged.comparison
        look = f"; {judged.unsaved}" if judged.unsaved else ""
        if stored is not None and stored.pairs and not judged.unsaved:
            look = f"; workbench report {stored.base} {stored.new} -o difference.html shows the flame graphs"
        issued = "".join(f"; {note}" for note in judged.notes if "issued at" in note)
        raise AssertionError(f"{result.outcome}: {judged.sentence}{issued} (against {result.baseline}){look}")
    if judged.unsaved:
        raise StoreError(f"{result.outcome} against {result.baseline}, but {judged.unsaved}")
    return GateHeld(result)


def as_target(what: Any, new: Any) -> str:
    """The one target of a gate with a baseline. Raises ``UsageError``."""
    if new is not None or not isinstance(what, str):
        raise UsageError("with baseline=REVISION, name one target, such as 'file.py:function'")
    return what
