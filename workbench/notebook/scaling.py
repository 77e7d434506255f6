"""``wb.scaling``: how the costs of a target, or of a callable of the notebook, grow with the size."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from workbench.experiment.loops import outside_loop
from workbench.experiment.progress import progress_bar
from workbench.views.scaling import exponents_table, scaling_chart
from workbench.views.tables import html_text

if TYPE_CHECKING:
    from workbench.analysis.scaling import Exponent
    from workbench.experiment.scaling import ScalingResult
    from workbench.store import Store

__all__ = ["ScalingView", "scaling"]


@dataclass(frozen=True, slots=True)
class ScalingView:
    """A measured scaling as a cell shows it; ``view["time"]`` is a measure's exponent."""

    result: ScalingResult

    @property
    def exponents(self) -> Mapping[str, Exponent]:
        """By measure."""
        return self.result.exponents

    @property
    def verdict(self) -> str:
        """``""`` where there was nothing to judge by."""
        return str(self.result.verdict or "")

    def __getitem__(self, measure: str) -> Exponent:
        return self.result.exponents[measure]

    def chart(self) -> Any:
        """Costs over sizes as a plotly figure."""
        base = {growth.name: growth.base for growth in self.result.growths if growth.base is not None}
        return scaling_chart(self.result.exponents, base)

    def _headline(self) -> str:
        worst = [growth.text for growth in self.result.growths if growth.verdict is self.result.verdict]
        return f"{self.verdict}: {'; '.join(worst)}" if worst else self.result.target

    def _repr_html_(self) -> str:
        notes = "".join(f"<li>{html_text(note)}</li>" for note in self.result.notes)
        table = exponents_table(self.result.exponents, self.result.growths).to_html()
        return f'<p style="font-weight:600">{html_text(self._headline())}</p><ul>{notes}</ul>{table}'

    def __repr__(self) -> str:
        table = exponents_table(self.result.exponents, self.result.growths).to_text()
        return "\n".join([self._headline(), *self.result.notes, table])


def scaling(
    target: str | Callable[[Any], Any],
    sizes: Sequence[int] = (8, 16, 32, 64),
    *,
    baseline: str | Callable[[Any], Any] | None = None,
    make: Callable[[int], Any] | None = None,
    max_exponent: Mapping[str, float] | float | None = None,
    rounds: int = 5,
    max_seconds: float = 120.0,
    memory: bool = True,
    store: Store | None = None,
    **settings: Any,
) -> ScalingView:
    """Measure a target, or a callable of one argument, at several sizes, as ``workbench scaling`` does.

    A callable gets the size, or what ``make(size)`` returns, which is outside the clock. ``max_exponent`` limits
    the time's exponent, or those of measures by name; ``settings`` are a scenario's (``link``, ``seed``, …).
    """
    from workbench.analysis.scaling import TIME
    from workbench.experiment.scaling import ScalingSettings, measure_scaling
    from workbench.scenarios.base import Settings
    from workbench.store import Store

    limits = {TIME: float(max_exponent)} if isinstance(max_exponent, int | float) else dict(max_exponent or {})
    chosen = ScalingSettings(Settings(**settings), rounds, max_seconds, memory, limits)
    with progress_bar("scaling") as progress:
        result = outside_loop(
            lambda: measure_scaling(
                target,
                sizes,
                settings=chosen,
                baseline=baseline,
                make=make,
                store=store or Store(),
                progress=progress,
            )
        )
    return ScalingView(result)
