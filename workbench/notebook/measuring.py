"""Measure a case study, or compare two things, from a notebook's cell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from inspect import iscoroutinefunction
from typing import TYPE_CHECKING, Any

from workbench.errors import UsageError
from workbench.experiment.callables import require_no_arguments
from workbench.experiment.loops import outside_loop
from workbench.experiment.progress import progress_bar
from workbench.experiment.targets import CallableTarget
from workbench.model import Comparison, Recording
from workbench.notebook.shown import ComparisonView, table_html
from workbench.views.numbers import format_bytes, format_count, format_seconds, format_times
from workbench.views.tables import TextTable

if TYPE_CHECKING:
    from workbench.analysis.ladder import Row
    from workbench.experiment.compare import CompareResult
    from workbench.experiment.session import MeasuredSession
    from workbench.model import Run
    from workbench.scenarios.base import Scenario
    from workbench.store import StoreLike

__all__ = ["Ladder", "compare", "compared_here", "run", "target_of"]


@dataclass(frozen=True)
class Ladder:
    """A measured session: a run for each variant. ``ladder["naive"]`` is that variant's run."""

    scenario: Scenario
    measured: MeasuredSession

    @property
    def session_id(self) -> str:
        return self.measured.session.session_id

    @property
    def runs(self) -> dict[str, Run]:
        """The runs by variant."""
        return {recording.run.variant: recording.run for recording in self.measured.recordings}

    def __getitem__(self, variant: str) -> Run:
        return self.runs[variant]

    @property
    def rows(self) -> list[Row]:
        """Every run beside the baseline."""
        from workbench.analysis.ladder import ladder

        runs = self.runs
        return ladder(list(runs.values()), self.scenario.baseline if self.scenario.baseline in runs else "")

    @property
    def bound_seconds(self) -> float | None:
        """What no correct implementation can beat; None if it was not worked out."""
        return self.measured.bound.seconds if self.measured.bound else None

    def table(self) -> TextTable:
        """The ladder as a table."""
        from workbench.analysis.calls import calls_made

        rows = self.rows
        calls = calls_made(rows)
        cells = [
            (
                row.variant,
                format_seconds(row.median),
                "" if row.is_baseline else format_times(row.ratio.ratio),
                *(format_count(row.measures.get(name)) for name in calls),
                format_count(row.measures.get("connects")),
                format_bytes(row.measures.get("bytes_received")),
                format_bytes(row.measures.get("peak_rss")),
            )
            for row in rows
        ]
        named = (f"{label[0].upper()}{label[1:]}" for label in calls.values())
        columns = ("Variant", "Median", "Against the first", *named, "Connects", "Received", "Peak RSS")
        return TextTable(columns, tuple(cells), "A measurement, not a verdict.", range(1, len(columns)))

    def _repr_html_(self) -> str:
        return table_html(self.table())

    def __repr__(self) -> str:
        return self.table().to_text()


def run(
    scenario: str,
    *,
    variants: Sequence[str] = (),
    scale: str = "small",
    resources: int | None = None,
    link: str = "cloud",
    seed: int = 1,
    rounds: int = 3,
    sampler: str = "pyinstrument",
    options: Mapping[str, str] | None = None,
    store: StoreLike = None,
) -> Ladder:
    """Measure variants (default: all) of a scenario interleaved, profile each, keep all and return the ladder.

    As ``workbench run``: ``rounds`` timing rounds of each variant and one sampled round. Raises ``UsageError`` for
    an unknown scenario, variant, scale, link or option.
    """
    from workbench.capture.samplers import SamplerSpec
    from workbench.experiment.session import Plan, measure
    from workbench.scenarios import registry
    from workbench.scenarios.base import Settings
    from workbench.store import opened

    found = registry.get(scenario)
    settings = Settings(scale=scale, seed=seed, link=link, resources=resources, options=options or {})
    plan = Plan(rounds=rounds, sampler=SamplerSpec.chosen(sampler))
    with progress_bar(scenario) as progress:
        measured = outside_loop(
            lambda: measure(found, settings, variants=variants, plan=plan, store=opened(store), progress=progress)
        )
    return Ladder(found, measured)


def compare(
    base: Any, new: Any, *, max_seconds: float | None = None, force: bool = False, **settings: Any
) -> ComparisonView:
    """Compare two runs (or their ids), or measure two targets now, as ``workbench compare`` does.

    A target is a function without arguments (sync or async), ``"jamf:naive"``, ``"file.py"`` or
    ``"file.py:function"``; ``settings`` are a scenario's ``scale``, ``resources``, ``link``, ``seed`` and
    ``options``. Without ``max_seconds`` the project's hold, else 60. Raises ``UsageError`` for anything else.
    """
    a, b = target_of(base, "base"), target_of(new, "new")
    from workbench.experiment.compare import CompareSettings
    from workbench.scenarios.base import Settings
    from workbench.store import Store

    chosen = CompareSettings(scenario=Settings(**settings))

    with progress_bar("compare") as progress:
        comparison, _ = compared_here(
            a,
            b,
            store=Store(),
            settings=chosen,
            max_seconds=max_seconds,
            force=force,
            progress=progress,
        )
    return ComparisonView(comparison)


def compared_here(
    base: str | CallableTarget, new: str | CallableTarget, **how: Any
) -> tuple[Comparison, CompareResult | None]:
    """``experiment.compare.compare`` where a notebook's event loop may run; ``how`` are its keywords."""
    from workbench.experiment.compare import compare as compare_targets

    def measured() -> tuple[Comparison, CompareResult | None]:
        return compare_targets(base, new, **how)

    # Functions that don't wait need no loop, and may hold what belongs to this thread (SQLite connections).
    sides = (base, new)
    here = all(isinstance(side, CallableTarget) and not iscoroutinefunction(side.function) for side in sides)
    return measured() if here else outside_loop(measured)


def target_of(what: Any, otherwise: str) -> str | CallableTarget:
    """How ``compare`` knows it; a function without a name of its own is called ``otherwise``."""
    name = getattr(what.run if isinstance(what, Recording) else what, "run_id", what)
    if isinstance(name, str):
        return name
    if callable(what):
        called = getattr(what, "__qualname__", "") or otherwise
        named = otherwise if "<lambda>" in called else called
        require_no_arguments(what, named)
        return CallableTarget(what, named)
    raise UsageError(
        f"compare takes a run, its id, a function, or a target like 'jamf:naive', 'file.py' or 'file.py:function', "
        f"not a {type(what).__name__}"
    )
