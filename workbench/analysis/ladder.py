"""The ladder of a session: every run beside the baseline."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from workbench.analysis.counts import BY_KIND, COUNTS
from workbench.analysis.pairs import CLOCKS, LOOPS, paired_seconds, seconds, seconds_of
from workbench.errors import UsageError
from workbench.model import RoundKind, Run, Status
from workbench.statistics import Estimate, median, paired_ratio

__all__ = ["Row", "ladder"]


@dataclass(frozen=True, slots=True)
class Row:
    """One run. ``median``, ``low`` and ``high`` are seconds a round, over ``rounds`` timing rounds.

    ``ratio`` is this run / baseline, paired by sweep (1 exactly for the baseline itself). ``measures`` holds the
    median of every measure of those rounds in its own unit; times, counts and bytes moved are of one execution of
    the body.
    """

    run_id: str
    name: str
    variant: str
    status: Status
    rounds: int
    median: float
    low: float
    high: float
    ratio: Estimate
    is_baseline: bool = False
    measures: Mapping[str, float] = field(default_factory=dict)

    @property
    def speedup(self) -> float:
        """How many times faster than the baseline (below 1: slower)."""
        return 1 / self.ratio.ratio

    @property
    def speedup_range(self) -> tuple[float, float]:
        """The ends of ``ratio`` as speed-ups, the smaller first."""
        return 1 / self.ratio.high, 1 / self.ratio.low


def ladder(runs: Sequence[Run], baseline: str = "") -> list[Row]:
    """A row for each run, in the order given, relative to the one named ``baseline`` (default: the first).

    ``baseline`` is a run's variant, name or id. Raises ``UsageError`` where no run is called so.
    """
    if not runs:
        return []
    base = _find(runs, baseline) if baseline else runs[0]
    return [_row(run, base) for run in runs]


def _find(runs: Sequence[Run], baseline: str) -> Run:
    for run in runs:
        if baseline in (run.variant, run.name, run.run_id):
            return run
    known = ", ".join(run.variant or run.name for run in runs)
    raise UsageError(f"no run {baseline!r} in this session to compare with; it has: {known}")


def _row(run: Run, base: Run) -> Row:
    kind, values = seconds(run)
    base_values, new_values = paired_seconds(base, run)
    return Row(
        run_id=run.run_id,
        name=run.name,
        variant=run.variant,
        status=run.status,
        rounds=len(values),
        median=median(values),
        low=min(values, default=float("nan")),
        high=max(values, default=float("nan")),
        ratio=paired_ratio(base_values, new_values),
        is_baseline=run is base,
        measures=_medians(run, kind),
    )


def _medians(run: Run, kind: RoundKind) -> dict[str, float]:
    names = dict.fromkeys(name for r in run.rounds if r.kind is kind for name in r.measures)
    every = {name: _values(run, kind, name) for name in names}
    return {name: median(values) for name, values in every.items() if values}


def _values(run: Run, kind: RoundKind, name: str) -> list[float]:
    if name in CLOCKS:
        return seconds_of(run, kind, name)
    counts = name in COUNTS or name.startswith(BY_KIND)
    return [
        r.measures[name] / (r.measures.get(LOOPS, 1.0) if counts else 1.0)
        for r in run.rounds
        if r.kind is kind and r.status is Status.OK and name in r.measures
    ]
