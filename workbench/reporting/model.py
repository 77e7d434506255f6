"""What a report shows: plain values, whoever gathered them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from workbench.analysis.bound import Bound
from workbench.analysis.ladder import Row
from workbench.analysis.scaling import Exponent
from workbench.calltree import CallTree
from workbench.model import Comparison, FunctionSource, Plan, Run, Session, Span, utc_now

__all__ = ["CONFIDENTIAL", "ReportData", "RunReport", "told_apart"]

CONFIDENTIAL = (
    "Confidential copy: folders, source, host and user names, addresses, statements, plans, package lists, "
    "command lines and the texts of errors are left out."
)
"""What a report says of itself after ``reporting.confidential``."""


def told_apart(runs: Sequence[Run]) -> list[str]:
    """As ``run_names``, but names that stand in several sessions keep their name beside their session's id."""
    names = [run.variant or run.name or run.run_id for run in runs]
    keys = [(name, run.session_id) for name, run in zip(names, runs, strict=True)]
    return [
        name
        if names.count(name) == 1
        else f"{name} · {run.session_id}"
        if keys.count((name, run.session_id)) == 1
        else f"{name} · {run.run_id}"
        for name, run in zip(names, runs, strict=True)
    ]


@dataclass(frozen=True, slots=True)
class RunReport:
    """One run with its stacks, spans, plans and where its code was. ``change`` is what its variant does."""

    run: Run
    session: Session
    tree: CallTree | None = None
    spans: tuple[Span, ...] = ()
    change: str = ""
    plans: tuple[Plan, ...] = ()
    sources: tuple[FunctionSource, ...] = ()


@dataclass(frozen=True, slots=True)
class ReportData:
    """Runs in the order shown. ``rows`` (a ladder) stands only where the runs share one session and are several.

    ``comparison`` stands where the report is of two runs, base first; ``comparisons`` are the stored ones. A report
    over several sessions holds in ``parts`` a report of each that several of the runs come from: ratios are taken
    within a session only, because nothing else was measured interleaved. ``growth_base`` are the exponents that
    those of a scaling session were judged by.
    """

    title: str
    runs: tuple[RunReport, ...]
    rows: tuple[Row, ...] = ()
    comparisons: tuple[Comparison, ...] = ()
    bound: Bound | None = None
    comparison: Comparison | None = None
    confidential: bool = False
    parts: tuple[ReportData, ...] = ()
    growth_base: Mapping[str, Exponent] = field(default_factory=dict)
    written_at: datetime = field(default_factory=utc_now)

    @property
    def shown_comparisons(self) -> tuple[Comparison, ...]:
        """The comparison that the report is about, else all that are stored."""
        return (self.comparison,) if self.comparison is not None else self.comparisons

    @property
    def sessions(self) -> tuple[Session, ...]:
        """The sessions the runs come from, each once."""
        return tuple({r.session.session_id: r.session for r in self.runs}.values())

    @property
    def baseline(self) -> Row | None:
        """The row that the ratios refer to."""
        return next((row for row in self.rows if row.is_baseline), None)

    @property
    def fastest(self) -> Row | None:
        """The row with the least median wall time."""
        timed = [row for row in self.rows if row.median == row.median]  # NaN: no completed round
        return min(timed, key=lambda row: row.median, default=None)
