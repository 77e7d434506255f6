"""Rows back into values."""

from __future__ import annotations

import json
import math
from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from workbench.calltree import CallTree
from workbench.model import (
    CallerChange,
    Comparison,
    Environment,
    Frame,
    FunctionChange,
    FunctionSource,
    Round,
    RoundKind,
    Run,
    Sampler,
    Scalar,
    Session,
    Span,
    Status,
    Verdict,
)
from workbench.store.trees import Columns, build_tree

if TYPE_CHECKING:
    from workbench.store.connection import Connection

__all__ = ["comparisons", "runs", "sessions", "sources", "spans", "tree"]

_ENVIRONMENT = ("commit", "dirty", "branch", "python", "implementation", "os", "cpu", "cores", "memory_bytes")
_ENVIRONMENT += ("machine", "power", "workbench")  # type: ignore[assignment]
_SPAN = ("number", "parent", "round", "kind", "name", "start_ns", "duration_ns", "status", "thread", "node", "site")
_SPAN += ("bytes_sent", "bytes_received", "trace_id", "otel_span_id")  # type: ignore[assignment]


def _utc(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC)


def _number(value: float | None) -> float:
    return math.nan if value is None else value


def _scalar(value: str, kind: str) -> Scalar:
    if kind == "none":
        return None
    if kind == "bool":
        return value == "True"
    return int(value) if kind == "int" else float(value) if kind == "float" else value


def runs(connection: Connection, where: str, parameters: Sequence[Any]) -> list[Run]:
    """Runs for which the clause over ``runs r`` holds, in its order, rounds included."""
    found = connection.execute(
        "SELECT run_id, session_id, name, started_at, duration_s, scenario, variant, status, error, sampler, "
        f"sampler_version, interval_ns, clock, mode FROM runs r {where}",
        list(parameters),
    ).fetchall()
    wanted = [row[0] for row in found]
    rounds = _rounds(connection, wanted)
    chosen: dict[str, dict[str, Scalar]] = defaultdict(dict)
    for run_id, name, value, kind in _of(connection, "SELECT run_id, name, value, type FROM parameters", wanted):
        chosen[run_id][name] = _scalar(value, kind)
    tags: dict[str, list[str]] = defaultdict(list)
    for run_id, tag in _of(connection, "SELECT run_id, tag FROM tags", wanted):
        tags[run_id].append(tag)
    return [
        Run(
            run_id=row[0],
            session_id=row[1],
            name=row[2],
            started_at=_utc(row[3]),
            duration_s=row[4],
            scenario=row[5],
            variant=row[6],
            status=Status(row[7]),
            error=row[8],
            sampler=Sampler(*row[9:14]),
            parameters=chosen[row[0]],
            tags=tuple(sorted(tags[row[0]])),
            rounds=tuple(rounds[row[0]]),
        )
        for row in found
    ]


def _of(connection: Connection, select: str, run_ids: list[str], order: str = "") -> list[tuple[Any, ...]]:
    statement = f"{select} WHERE run_id IN (SELECT unnest(?::VARCHAR[])) {order}"
    rows: list[tuple[Any, ...]] = connection.execute(statement, [run_ids]).fetchall()
    return rows


def _rounds(connection: Connection, run_ids: list[str]) -> dict[str, list[Round]]:
    measures: dict[tuple[str, int], dict[str, float]] = defaultdict(dict)
    for run_id, index, name, value in _of(connection, "SELECT run_id, round, name, value FROM measures", run_ids):
        measures[run_id, index][name] = _number(value)
    rounds: dict[str, list[Round]] = defaultdict(list)
    select = "SELECT run_id, round, kind, position, started_at, status, error FROM rounds"
    for run_id, index, kind, position, started, status, error in _of(
        connection, select, run_ids, "ORDER BY run_id, round"
    ):
        rounds[run_id].append(
            Round(index, RoundKind(kind), position, _utc(started), measures[run_id, index], Status(status), error)
        )
    return rounds


def sessions(connection: Connection, where: str, parameters: Sequence[Any]) -> list[Session]:
    """Sessions for which the clause over ``sessions s`` holds, in its order."""
    columns = ", ".join(f"e.{name}" for name in _ENVIRONMENT)
    found = connection.execute(
        f"SELECT s.session_id, s.kind, s.started_at, s.scenario, s.environment_id, {columns} FROM sessions s "
        f"JOIN environments e ON e.environment_id = s.environment_id {where}",
        list(parameters),
    ).fetchall()
    packages: dict[str, dict[str, str]] = defaultdict(dict)
    rows = connection.execute(
        "SELECT environment_id, name, version FROM packages WHERE environment_id IN (SELECT unnest(?::VARCHAR[]))",
        [sorted({row[4] for row in found})],
    ).fetchall()
    for key, name, version in rows:
        packages[key][name] = version
    chosen: dict[str, dict[str, Scalar]] = defaultdict(dict)
    rows = connection.execute(
        "SELECT session_id, name, value, type FROM parameters WHERE run_id = '' "
        "AND session_id IN (SELECT unnest(?::VARCHAR[]))",
        [[row[0] for row in found]],
    ).fetchall()
    for session_id, name, value, kind in rows:
        chosen[session_id][name] = _scalar(value, kind)
    return [
        Session(
            session_id=row[0],
            kind=row[1],
            started_at=_utc(row[2]),
            scenario=row[3],
            parameters=chosen[row[0]],
            environment=Environment(
                **dict(zip(_ENVIRONMENT, row[5:], strict=True)), packages=dict(sorted(packages[row[4]].items()))
            ),
        )
        for row in found
    ]


def spans(connection: Connection, run_id: str) -> list[Span]:
    """The run's spans in recorded order."""
    rows = connection.execute(
        f"SELECT {', '.join(_SPAN)}, attributes FROM spans WHERE run_id = ? ORDER BY number", [run_id]
    ).fetchall()
    return [Span(**dict(zip(_SPAN, row[:-1], strict=True)), attributes=json.loads(row[-1])) for row in rows]


def tree(connection: Connection, run_id: str) -> CallTree:
    """The run's call tree with its node numbers; empty if none was recorded."""
    (key,) = connection.execute("SELECT run_key FROM runs WHERE run_id = ?", [run_id]).fetchone() or (0,)
    nodes = _columns(
        connection,
        "SELECT n.parent, c.frame_id FROM run_nodes n JOIN nodes c ON c.node_id = n.node_id "
        "WHERE n.run_key = ? ORDER BY n.number",
        key,
    )
    frames = connection.execute(
        "SELECT frame_id, file, function, line FROM frames WHERE frame_id IN (SELECT unnest(?::UBIGINT[]))",
        [np.unique(nodes["frame_id"]).tolist()],
    ).fetchall()
    rest = {
        "samples": _columns(
            connection,
            "SELECT round, thread, node, gap_ns, weight_ns, task FROM samples WHERE run_key = ? ORDER BY number",
            key,
        ),
        "line_weights": _columns(
            connection, "SELECT node, line, weight_ns FROM line_weights WHERE run_key = ? ORDER BY number", key
        ),
    }
    known = {frame_id: Frame(file, function, line) for frame_id, file, function, line in frames}
    return build_tree(nodes, known, _names(connection, "thread", run_id), _names(connection, "task", run_id), rest)


def _names(connection: Connection, what: str, run_id: str) -> tuple[str, ...]:
    """Threads or tasks by number."""
    select = f"SELECT name FROM {what}s WHERE run_id = ? ORDER BY {what}"
    return tuple(name for (name,) in connection.execute(select, [run_id]).fetchall())


def sources(connection: Connection, run_id: str) -> list[FunctionSource]:
    """Where the run's functions stood, in recorded order."""
    rows = connection.execute(
        "SELECT f.file, f.function, f.line, s.first_line, s.last_line, s.digest FROM sources s "
        "JOIN frames f ON f.frame_id = s.frame_id WHERE s.run_id = ? ORDER BY s.number",
        [run_id],
    ).fetchall()
    return [FunctionSource(Frame(*row[:3]), *row[3:]) for row in rows]


def _columns(connection: Connection, statement: str, key: int) -> Columns:
    fetched = connection.execute(statement, [key]).fetchnumpy()
    return {name: np.ma.getdata(column) for name, column in fetched.items()}  # no column of these may be NULL


def comparisons(connection: Connection, session_id: str) -> list[Comparison]:
    """The session's comparisons, oldest first."""
    rows = connection.execute(
        "SELECT base, new, verdict, ratio, ci_low, ci_high, pairs, seconds, comparable, advisory, differences, "
        "functions, counts, sentence FROM comparisons WHERE session_id = ? ORDER BY created_at, base, new",
        [session_id],
    ).fetchall()
    return [
        Comparison(
            base=row[0],
            new=row[1],
            verdict=Verdict(row[2]),
            ratio=_number(row[3]),
            ci=(_number(row[4]), _number(row[5])),
            pairs=row[6],
            seconds=_number(row[7]),
            comparable=row[8],
            advisory=row[9],
            differences=tuple(json.loads(row[10])),
            functions=tuple(_change(item) for item in json.loads(row[11])),
            counts={name: (_number(low), _number(high)) for name, (low, high) in json.loads(row[12]).items()},
            sentence=row[13],
        )
        for row in rows
    ]


def _change(item: list[Any]) -> FunctionChange:
    """Older workbenches wrote the frame and the first four numbers only."""
    base, new, base_share, new_share, low, high, q = (
        *map(_number, item[3:10]),
        *[math.nan] * (10 - len(item[:10])),
    )
    change, callers = item[10:] or ("", ())
    return FunctionChange(
        frame=Frame(*item[:3]),
        base_seconds=base,
        new_seconds=new,
        base_share=base_share,
        new_share=new_share,
        low=low,
        high=high,
        q=q,
        change=change,
        callers=tuple(
            CallerChange(Frame(*caller) if caller else None, _number(before), _number(after))
            for caller, before, after in callers
        ),
    )
