"""The spans of a run by operation: how many, how long."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from workbench.analysis.issued import Callers
from workbench.analysis.pairs import LOOPS, each_of, seconds
from workbench.calltree import CallTree
from workbench.model import Run, Span, Status
from workbench.statistics import quantile
from workbench.views.tables import TextTable, format_bytes, format_count, format_seconds

__all__ = ["Concurrency", "OperationRow", "concurrency", "concurrency_note", "operation_rows", "operation_table"]

_MOST = 25
_OVERLAPPING = 0.999


@dataclass(frozen=True, slots=True)
class OperationRow:
    """Spans of one kind, name and call site. Counts, seconds and bytes are means of a call.

    ``caller`` is who called the site's code from another file, of most of them; "" if nobody did.
    """

    kind: str
    name: str
    site: str
    count: float
    total_s: float
    p50_s: float
    p95_s: float
    errors: float
    bytes_received: float
    busy_s: float  # how long at least one was under way
    caller: str = ""


@dataclass(frozen=True, slots=True)
class Concurrency:
    """How operations lay beside each other; seconds are means of a call of what is measured.

    ``total_s`` sums all of them, ``busy_s`` is how long at least one was under way, ``at_once`` the most that were
    in any round. Operations within another (a connect within its request) are in ``total_s`` only, and ``nested``.
    """

    total_s: float
    busy_s: float
    at_once: int
    nested: int


def _counted(run: Run, spans: Iterable[Span]) -> tuple[list[Span], int]:
    """The spans of the rounds that count (timing rounds where there are any), and how many calls these hold."""
    kind, _ = seconds(run)
    calls = {r.index: r.measures.get(LOOPS, 1.0) for r in run.rounds if r.kind is kind and r.status is Status.OK}
    calls = calls or dict.fromkeys([r.index for r in run.rounds] or [0], 1.0)
    return [span for span in spans if span.round in calls], max(1, round(sum(calls.values())))


def operation_rows(run: Run, spans: Iterable[Span], tree: CallTree | None = None) -> list[OperationRow]:
    """A row for each operation, most total time first; with the run's ``tree`` its callers are named."""
    counted, rounds = _counted(run, spans)
    callers = Callers(tree)
    groups: dict[tuple[str, str, str], list[Span]] = {}
    for span in counted:
        groups.setdefault((span.kind, span.name, span.site), []).append(span)
    rows = [_row(key, members, rounds, callers) for key, members in groups.items()]
    return sorted(rows, key=lambda row: -row.total_s)


def concurrency(run: Run, spans: Iterable[Span]) -> Concurrency:
    """Of the rounds that count, as in the table of operations."""
    counted, rounds = _counted(run, spans)
    numbers = {span.number for span in counted}
    outer = [span for span in counted if span.parent not in numbers]
    most = max(
        (_overlaps([span for span in outer if span.round == number])[1] for number in {s.round for s in outer}),
        default=0,
    )
    busy = _busy_ns(outer)
    total = sum(span.duration_ns for span in counted)
    return Concurrency(total / 1e9 / rounds, busy / 1e9 / rounds, most, len(counted) - len(outer))


def _busy_ns(spans: list[Span]) -> int:
    """Nanoseconds in which at least one was under way, over all their rounds."""
    by_round: dict[int, list[Span]] = {}
    for span in spans:
        by_round.setdefault(span.round, []).append(span)
    return sum(_overlaps(members)[0] for members in by_round.values())


def _overlaps(spans: list[Span]) -> tuple[int, int]:
    """Nanoseconds in which at least one was under way, and how many were at most; one may end as another begins."""
    edges = [(span.start_ns, 1) for span in spans] + [(span.start_ns + span.duration_ns, -1) for span in spans]
    busy = under_way = most = since = 0
    for at, step in sorted(edges):  # at one moment ends come before beginnings
        if under_way:
            busy += at - since
        since = at
        under_way += step
        most = max(most, under_way)
    return busy, most


def concurrency_note(run: Run, spans: Iterable[Span]) -> str:
    """Why totals add up to more time than passed; "" where they don't."""
    found = concurrency(run, spans)
    why = [f"up to {found.at_once} operations were under way at once"] if found.at_once > 1 else []
    why += ["connects and the like count within their requests, too"] if found.nested else []
    if not why:
        return ""
    total, busy = format_seconds(found.total_s), format_seconds(found.busy_s)
    return f"The totals add up to {total} because {', and '.join(why)}; at least one was under way for {busy}."


def _row(key: tuple[str, str, str], spans: list[Span], rounds: int, callers: Callers) -> OperationRow:
    durations = [span.duration_ns / 1e9 for span in spans]
    return OperationRow(
        *key,
        count=len(spans) / rounds,
        total_s=sum(durations) / rounds,
        p50_s=quantile(durations, 0.5),
        p95_s=quantile(durations, 0.95),
        errors=sum(span.status == "error" for span in spans) / rounds,
        bytes_received=sum(span.bytes_received for span in spans) / rounds,
        busy_s=_busy_ns(spans) / 1e9 / rounds,
        caller=callers.most(spans),
    )


def operation_table(run: Run, spans: Iterable[Span], tree: CallTree | None = None) -> TextTable:
    """The heaviest operations as a table; what is left out is counted in its caption.

    Where operations of a row overlap, how long any of them was in flight stands beside the sum of their times.
    """
    rows = operation_rows(run, spans, tree)
    called = any(row.caller for row in rows[:_MOST])
    overlap = any(row.busy_s < _OVERLAPPING * row.total_s for row in rows)
    _, rounds = _counted(run, ())
    each = each_of([run])
    caption = f"I/O operations, per {each}" if rounds == 1 else f"I/O operations, mean of {rounds} {each}s"
    if len(rows) > _MOST:
        caption += f"; {len(rows) - _MOST} lighter ones are left out"
    cells = tuple(
        (
            row.kind,
            row.name,
            row.site,
            *([row.caller] if called else []),
            format_count(row.count),
            format_seconds(row.total_s),
            *([format_seconds(row.busy_s)] if overlap else []),
            format_seconds(row.p50_s),
            format_seconds(row.p95_s),
            format_count(row.errors) if row.errors else "",
            format_bytes(row.bytes_received) if row.bytes_received else "",
        )
        for row in rows[:_MOST]
    )
    beside = ["In flight"] if overlap else []
    callers = ["Called by"] if called else []
    columns = (
        "Kind",
        "Operation",
        "Issued at",
        *callers,
        "Count",
        "Total",
        *beside,
        "p50",
        "p95",
        "Errors",
        "Received",
    )
    return TextTable(columns, cells, caption, numbers=range(3 + len(callers), len(columns)))
