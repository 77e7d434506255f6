"""A session with its recordings, and a comparison, as columns of the schema's tables."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Any

import numpy as np
import numpy.typing as npt

from workbench.calltree import frame_id
from workbench.model import UNITS, CallerChange, Comparison, Environment, Recording, Run, Scalar, Session, Span
from workbench.store.ids import run_key
from workbench.store.plans import plan_rows
from workbench.store.trees import Column, Columns, tree_columns

__all__ = ["Tables", "comparison_tables", "environment_id", "naive_utc", "session_tables"]

Tables = dict[str, Columns]

_DTYPES: Mapping[str, npt.DTypeLike] = {
    **dict.fromkeys(("dirty", "comparable", "advisory"), np.bool_),
    **dict.fromkeys(("run_key", "interval_ns", "memory_bytes", "start_ns", "duration_ns"), np.int64),
    **dict.fromkeys(("bytes_sent", "bytes_received"), np.int64),
    **dict.fromkeys(
        (
            "first_line",
            "last_line",
            "task",
            "round",
            "position",
            "thread",
            "number",
            "parent",
            "node",
            "cores",
            "pairs",
        ),
        np.int32,
    ),
    **dict.fromkeys(("started_at", "created_at"), "datetime64[us]"),
    **dict.fromkeys(("duration_s", "ratio", "ci_low", "ci_high", "seconds"), np.float64),
}


def naive_utc(moment: datetime) -> datetime:
    """As the store keeps times: UTC without a zone."""
    return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment


def environment_id(environment: Environment) -> str:
    """Content address of the environment."""
    text = json.dumps(asdict(environment) | {"packages": dict(environment.packages)}, sort_keys=True)
    return blake2b(text.encode(), digest_size=8, person=b"wb.environment").hexdigest()


def session_tables(session: Session, recordings: Sequence[Recording]) -> Tables:
    """All rows of a session; redaction lies behind us."""
    runs = [recording.run for recording in recordings]
    tables: Tables = {
        **_session(session),
        "runs": _columns([_run(run) for run in runs]),
        "tags": _columns([{"run_id": run.run_id, "tag": tag} for run in runs for tag in dict.fromkeys(run.tags)]),
        "rounds": _columns([row for run in runs for row in _rounds(run)]),
        "measures": _columns([row for run in runs for row in _measures(run)], {"value": np.float64}),
        "spans": _joined([_spans(recording) for recording in recordings if recording.spans]),
        "threads": _columns([row for recording in recordings for row in _numbered(recording, "thread")]),
        "tasks": _columns([row for recording in recordings for row in _numbered(recording, "task")]),
        "sources": _columns(
            [row for recording in recordings for row in _sources(recording)], {"frame_id": np.uint64}
        ),
        "plans": _columns([row for recording in recordings for row in plan_rows(recording)]),
    }
    rows = [*_parameters(session.session_id, "", session.parameters)]
    for run in runs:
        rows += _parameters(session.session_id, run.run_id, run.parameters)
    tables["parameters"] = _columns(rows)
    trees = [
        tree_columns(run_key(r.run.run_id, r.run.started_at), r.tree) for r in recordings if r.tree is not None
    ]
    for name in ("frames", "nodes", "run_nodes", "line_weights", "samples"):
        tables[name] = _joined([tree[name] for tree in trees])
    return {name: columns for name, columns in tables.items() if columns and len(next(iter(columns.values())))}


def comparison_tables(session_id: str, comparison: Comparison, created_at: datetime) -> Tables:
    """One row of ``comparisons``."""
    row = {
        "session_id": session_id,
        "base": comparison.base,
        "new": comparison.new,
        "created_at": naive_utc(created_at),
        "verdict": str(comparison.verdict),
        "ratio": comparison.ratio,
        "ci_low": comparison.ci[0],
        "ci_high": comparison.ci[1],
        "pairs": comparison.pairs,
        "seconds": comparison.seconds,
        "comparable": comparison.comparable,
        "advisory": comparison.advisory,
        "differences": json.dumps(list(comparison.differences)),
        "functions": json.dumps(
            [
                [c.frame.file, c.frame.function, c.frame.line]
                + [_json_number(x) for x in (c.base_seconds, c.new_seconds, c.base_share, c.new_share)]
                + [_json_number(x) for x in (c.low, c.high, c.q)]
                + [c.change, [_caller(each) for each in c.callers]]
                for c in comparison.functions
            ]
        ),
        "counts": json.dumps({name: [_json_number(x) for x in pair] for name, pair in comparison.counts.items()}),
        "sentence": comparison.sentence,
    }
    return {"comparisons": _columns([row])}


def _caller(change: CallerChange) -> list[Any]:
    caller = change.caller
    frame = None if caller is None else [caller.file, caller.function, caller.line]
    return [frame, _json_number(change.base_seconds), _json_number(change.new_seconds)]


def _json_number(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _session(session: Session) -> Tables:
    environment = session.environment
    key = environment_id(environment)
    described = {name: value for name, value in asdict(environment).items() if name != "packages"}
    return {
        "environments": _columns([{"environment_id": key, **described}]),
        "packages": _columns(
            [
                {"environment_id": key, "name": name, "version": version}
                for name, version in sorted(environment.packages.items())
            ]
        ),
        "sessions": _columns(
            [
                {
                    "session_id": session.session_id,
                    "kind": session.kind,
                    "scenario": session.scenario,
                    "started_at": naive_utc(session.started_at),
                    "environment_id": key,
                }
            ]
        ),
    }


def _run(run: Run) -> dict[str, Any]:
    return {
        "run_id": run.run_id,
        "run_key": run_key(run.run_id, run.started_at),
        "session_id": run.session_id,
        "name": run.name,
        "scenario": run.scenario,
        "variant": run.variant,
        "status": str(run.status),
        "error": run.error,
        "started_at": naive_utc(run.started_at),
        "duration_s": run.duration_s,
        "sampler": run.sampler.name,
        "sampler_version": run.sampler.version,
        "interval_ns": run.sampler.interval_ns,
        "clock": run.sampler.clock,
        "mode": run.sampler.mode,
    }


def _rounds(run: Run) -> Iterable[dict[str, Any]]:
    for each in run.rounds:
        yield {
            "run_id": run.run_id,
            "round": each.index,
            "kind": str(each.kind),
            "position": each.position,
            "started_at": naive_utc(each.started_at),
            "status": str(each.status),
            "error": each.error,
        }


def _measures(run: Run) -> Iterable[dict[str, Any]]:
    for each in run.rounds:
        for name, value in each.measures.items():
            unit = UNITS.get(name, "")
            yield {"run_id": run.run_id, "round": each.index, "name": name, "value": value, "unit": unit}


def _parameters(session_id: str, run_id: str, values: Mapping[str, Scalar]) -> list[dict[str, Any]]:
    return [
        {
            "session_id": session_id,
            "run_id": run_id,
            "name": name,
            "value": "" if value is None else repr(value) if isinstance(value, float) else str(value),
            "type": "none" if value is None else type(value).__name__,
        }
        for name, value in values.items()
    ]


def _numbered(recording: Recording, what: str) -> Iterable[dict[str, Any]]:
    """Threads or tasks of the run's call tree."""
    names = getattr(recording.tree, f"{what}s") if recording.tree else ()
    for number, name in enumerate(names):
        yield {"run_id": recording.run.run_id, what: number, "name": name}


def _sources(recording: Recording) -> Iterable[dict[str, Any]]:
    """Of functions that the call tree has: another's frame would be unknown to the store."""
    tree = recording.tree
    known = {tree.frames[frame] for frame in set(tree.node_frame.tolist())} if tree else set()
    for number, source in enumerate(source for source in recording.sources if source.frame in known):
        yield {
            "run_id": recording.run.run_id,
            "number": number,
            "frame_id": frame_id(source.frame),
            "first_line": source.first_line,
            "last_line": source.last_line,
            "digest": source.digest,
        }


_SPAN_FIELDS: Mapping[str, Callable[[Span], Any]] = {
    **{
        name: lambda span, name=name: getattr(span, name)  # type: ignore[misc]
        for name in (
            *("number", "parent", "round", "kind", "name", "start_ns", "duration_ns", "status", "thread", "node"),
            *("site", "bytes_sent", "bytes_received", "trace_id", "otel_span_id"),
        )
    },
    "attributes": lambda span: json.dumps(dict(span.attributes), ensure_ascii=False),
}


def _spans(recording: Recording) -> Columns:
    columns = {name: _array(name, [read(span) for span in recording.spans]) for name, read in _SPAN_FIELDS.items()}
    return {"run_id": _array("run_id", [recording.run.run_id] * len(recording.spans)), **columns}


def _columns(rows: Sequence[Mapping[str, Any]], dtypes: Mapping[str, npt.DTypeLike] | None = None) -> Columns:
    if not rows:
        return {}
    return {name: _array(name, [row[name] for row in rows], (dtypes or {}).get(name)) for name in rows[0]}


def _array(name: str, values: list[Any], dtype: npt.DTypeLike | None = None) -> Column:
    return np.array(values, dtype=dtype or _DTYPES.get(name, object))


def _joined(parts: Sequence[Columns]) -> Columns:
    if not parts:
        return {}
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
