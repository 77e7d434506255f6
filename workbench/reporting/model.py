"""What a report shows: plain values, whoever gathered them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from workbench.analysis.bound import Bound
from workbench.analysis.ladder import Row
from workbench.calltree import CallTree
from workbench.model import Comparison, Plan, Run, Session, Span, utc_now

__all__ = ["ReportData", "RunReport"]


@dataclass(frozen=True, slots=True)
class RunReport:
    """One run with its stacks, spans and plans. ``change`` is what its variant does."""

    run: Run
    session: Session
    tree: CallTree | None = None
    spans: tuple[Span, ...] = ()
    change: str = ""
    plans: tuple[Plan, ...] = ()


@dataclass(frozen=True, slots=True)
class ReportData:
    """Runs in the order shown. ``rows`` (a ladder) stands only where the runs share one session and are several."""

    title: str
    runs: tuple[RunReport, ...]
    rows: tuple[Row, ...] = ()
    comparisons: tuple[Comparison, ...] = ()
    bound: Bound | None = None
    written_at: datetime = field(default_factory=utc_now)

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
