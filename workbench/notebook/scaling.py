"""``wb.scaling``: how the costs of a target, or of a callable of the notebook, grow with the size."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from workbench.experiment.loops import outside_loop
from workbench.experiment.progress import progress_bar
from workbench.notebook.shown import table_html
from workbench.views.charts import CONFIG
from workbench.views.scaling import exponents_table, scaling_chart
from workbench.views.scaling_svg import scaling_svg
from workbench.views.tables import html_text

if TYPE_CHECKING:
    from workbench.analysis.scaling import Exponent
    from workbench.experiment.scaling import ScalingResult
    from workbench.store import StoreLike

__all__ = ["ScalingChart", "ScalingView", "scaling"]


@dataclass(frozen=True, slots=True)
class ScalingChart:
    """``figure`` is plotly's, to change or save."""

    figure: Any
    still: str
    text: str

    def _repr_mimebundle_(self, **options: Any) -> dict[str, Any]:
        document = json.loads(self.figure.to_json())
        picture = base64.b64encode(self.still.replace('"currentColor"', '"#7d7d7d"').encode()).decode()
        image = f'<img src="data:image/svg+xml;base64,{picture}" width="900" alt="Costs over sizes">'
        return {
            "application/vnd.plotly.v1+json": {
                "data": document["data"],
                "layout": document["layout"],
                "config": dict(CONFIG),
            },
            "text/html": image,
            "text/plain": self.text,
        }

    def __repr__(self) -> str:
        return self.text


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

    def chart(self) -> ScalingChart:
        """Costs over sizes: plotly's figure where it is drawn, a picture in the saved notebook."""
        growths = self.result.growths
        base = {growth.name: growth.base for growth in growths if growth.base is not None}
        figure = scaling_chart(self.result.exponents, base, growths)
        return ScalingChart(figure, scaling_svg(self.result.exponents, growths), repr(self))

    def _headline(self) -> str:
        worst = [growth.text for growth in self.result.growths if growth.verdict is self.result.verdict]
        return f"{self.verdict}: {'; '.join(worst)}" if worst else self.result.target

    def _repr_html_(self) -> str:
        notes = "".join(f"<li>{html_text(note)}</li>" for note in self.result.notes)
        table = table_html(exponents_table(self.result.exponents, self.result.growths))
        return f'<p style="font-weight:600">{html_text(self._headline())}</p><ul>{notes}</ul>{table}'

    def __repr__(self) -> str:
        table = exponents_table(self.result.exponents, self.result.growths).to_text()
        return "\n".join([self._headline(), *self.result.notes, table])


def scaling(
    target: str | Callable[[Any], Any],
    sizes: Sequence[int] | None = None,
    *,
    baseline: str | Callable[[Any], Any] | None = None,
    make: Callable[[int], Any] | None = None,
    max_exponent: Mapping[str, float] | float | None = None,
    rounds: int = 5,
    max_seconds: float = 120.0,
    memory: bool = True,
    clock: str = "wall",
    store: StoreLike = None,
    **settings: Any,
) -> ScalingView:
    """Measure a target, or a callable of one argument, at several sizes, as ``workbench scaling`` does.

    Without ``sizes`` a function's grow from 8 on until the clock can tell them apart. A callable gets the size, or
    what ``make(size)`` returns, which is outside the clock. ``max_exponent`` limits the time's exponent, or those
    of measures by name; ``clock`` is "wall" or "cpu"; ``settings`` are a scenario's (``link``, ``seed``, …).
    """
    from workbench.analysis.scaling import TIME
    from workbench.experiment.scaling import ScalingSettings, measure_scaling
    from workbench.scenarios.base import Settings
    from workbench.store import opened

    limits = {TIME: float(max_exponent)} if isinstance(max_exponent, int | float) else dict(max_exponent or {})
    chosen = ScalingSettings(Settings(**settings), rounds, max_seconds, memory, limits, clock)
    with progress_bar("scaling") as progress:
        result = outside_loop(
            lambda: measure_scaling(
                target,
                sizes,
                settings=chosen,
                baseline=baseline,
                make=make,
                store=opened(store),
                progress=progress,
            )
        )
    return ScalingView(result)
