"""The spans of a run by operation: how many, how long."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from workbench.analysis.pairs import seconds
from workbench.model import Run, Span, Status
from workbench.statistics import quantile
from workbench.views.tables import TextTable, format_bytes, format_count, format_seconds

__all__ = ["OperationRow", "operation_rows", "operation_table"]

_MOST = 25


@dataclass(frozen=True, slots=True)
class OperationRow:
    """Spans of one kind, name and call site. Counts, seconds and bytes are means of a round."""

    kind: str
    name: str
    site: str
    count: float
    total_s: float
    p50_s: float
    p95_s: float
    errors: float
    bytes_received: float


def _counted(run: Run, spans: Iterable[Span]) -> tuple[list[Span], int]:
    """The spans of the rounds that count (timing rounds where there are any), and how many rounds these are."""
    kind, _ = seconds(run)
    rounds = {r.index for r in run.rounds if r.kind is kind and r.status is Status.OK}
    rounds = rounds or {r.index for r in run.rounds} or {0}
    return [span for span in spans if span.round in rounds], len(rounds)


def operation_rows(run: Run, spans: Iterable[Span]) -> list[OperationRow]:
    """A row for each operation, most total time first."""
    counted, rounds = _counted(run, spans)
    groups: dict[tuple[str, str, str], list[Span]] = {}
    for span in counted:
        groups.setdefault((span.kind, span.name, span.site), []).append(span)
    rows = [_row(key, members, rounds) for key, members in groups.items()]
    return sorted(rows, key=lambda row: -row.total_s)


def _row(key: tuple[str, str, str], spans: list[Span], rounds: int) -> OperationRow:
    durations = [span.duration_ns / 1e9 for span in spans]
    return OperationRow(
        *key,
        count=len(spans) / rounds,
        total_s=sum(durations) / rounds,
        p50_s=quantile(durations, 0.5),
        p95_s=quantile(durations, 0.95),
        errors=sum(span.status == "error" for span in spans) / rounds,
        bytes_received=sum(span.bytes_received for span in spans) / rounds,
    )


def operation_table(run: Run, spans: Iterable[Span]) -> TextTable:
    """The heaviest operations as a table; what is left out is counted in its caption."""
    rows = operation_rows(run, spans)
    _, rounds = _counted(run, ())
    caption = "I/O operations, per round" if rounds == 1 else f"I/O operations, mean of {rounds} rounds"
    if len(rows) > _MOST:
        caption += f"; {len(rows) - _MOST} lighter ones are left out"
    cells = tuple(
        (
            row.kind,
            row.name,
            row.site,
            format_count(row.count),
            format_seconds(row.total_s),
            format_seconds(row.p50_s),
            format_seconds(row.p95_s),
            format_count(row.errors) if row.errors else "",
            format_bytes(row.bytes_received) if row.bytes_received else "",
        )
        for row in rows[:_MOST]
    )
    columns = ("Kind", "Operation", "Issued at", "Count", "Total", "p50", "p95", "Errors", "Received")
    return TextTable(columns, cells, caption, numbers=range(3, len(columns)))
