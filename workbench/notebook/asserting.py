"""A gate in a notebook's cell: nothing to see while nothing is slower, an error when something is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from workbench.errors import StoreError, UsageError
from workbench.model import Comparison, Verdict
from workbench.notebook.gating import GateHeld, as_target, assert_against
from workbench.notebook.measuring import compared_here, target_of

if TYPE_CHECKING:
    from workbench.store import StoreLike

__all__ = ["NoRegression", "assert_no_regression"]

_POLICIES = ("pass", "fail")


@dataclass(frozen=True, slots=True)
class NoRegression:
    """What a passed gate returns. It shows the same words whatever was measured, so that a saved output stays true.

    The figures are in ``verdict``, ``sentence`` and ``comparison``, and in the cell's metadata, which nbval doesn't
    compare.
    """

    comparison: Comparison

    @property
    def verdict(self) -> str:
        """PASS, IMPROVEMENT or INCONCLUSIVE."""
        return str(self.comparison.verdict)

    @property
    def sentence(self) -> str:
        return self.comparison.sentence

    def __repr__(self) -> str:
        return "no regression found"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> tuple[dict[str, str], dict[str, Any]]:
        figures = {"verdict": self.verdict, "sentence": self.sentence}
        return {"text/plain": repr(self)}, {"workbench": figures}


def assert_no_regression(
    base: Any,
    new: Any = None,
    *,
    baseline: str = "",
    max_regression: str = "",
    alpha: float | None = None,
    max_seconds: float | None = None,
    inconclusive: str = "pass",
    store: StoreLike = None,
    **settings: Any,
) -> NoRegression | GateHeld:
    """Compare as ``wb.compare`` does, and raise ``AssertionError`` if ``new`` is slower or does more.

    With ``baseline``, a git revision, one target is named: its code at that revision is checked out and measured
    beside the work tree's, as ``workbench gate`` does; code that fails or returns another result raises, too.

    PASS and IMPROVEMENT return; REGRESSION, by the clock or by a count that rose, raises one line with the
    sentence and the command that measures it again. INCONCLUSIVE returns too, as noise is nobody's fault, or raises
    with ``inconclusive="fail"``. Nothing that varies is printed: the cell is stable under nbval. Advisory
    comparisons (stored runs of different sessions) are INCONCLUSIVE, whatever they say. Without margins the
    project's own hold (``[tool.workbench.compare]``).
    """
    from workbench.experiment.compare import CompareSettings
    from workbench.experiment.gate import GateSettings
    from workbench.experiment.margins import margin_for
    from workbench.scenarios.base import Settings
    from workbench.store import opened

    if inconclusive not in _POLICIES:
        raise UsageError(f"inconclusive is {' or '.join(map(repr, _POLICIES))}, not {inconclusive!r}")
    if baseline:
        target, margin = as_target(base, new), margin_for(base, max_regression=max_regression, alpha=alpha)
        gate = GateSettings(
            scenario=Settings(**settings), rule=margin.rule, max_seconds=max_seconds or margin.max_seconds
        )
        return assert_against(target, baseline, settings=gate, store=opened(store), inconclusive=inconclusive)
    a, b = target_of(base, "base"), target_of(new, "new")
    said = bool(max_regression) or alpha is not None
    rule = margin_for(str(b), max_regression=max_regression, alpha=alpha).rule if said else None
    chosen = CompareSettings(scenario=Settings(**settings))
    comparison, live = compared_here(a, b, store=opened(store), settings=chosen, rule=rule, max_seconds=max_seconds)
    lost = live.store_error if live is not None else None
    verdict = Verdict.INCONCLUSIVE if comparison.advisory else comparison.verdict
    if verdict is Verdict.REGRESSION or (verdict is Verdict.INCONCLUSIVE and inconclusive == "fail"):
        look = f"workbench report {comparison.base} {comparison.new} -o difference.html shows the flame graphs"
        stored = f"stored as {comparison.base} and {comparison.new}: {look}"
        raise AssertionError(f"{verdict}: {comparison.sentence}; {comparison.differences[0] if lost else stored}")
    if lost is not None:
        raise StoreError(f"{verdict}, but {comparison.differences[0]}") from lost
    return NoRegression(comparison)
