"""Consistency of the store: what primary and foreign keys would say."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from workbench.store.connection import Connection

__all__ = ["problems"]

_UNIQUE = (
    ("environments", "environment_id"),
    ("packages", "environment_id, name"),
    ("sessions", "session_id"),
    ("runs", "run_id"),
    ("runs", "run_key"),
    ("parameters", "session_id, run_id, name"),
    ("tags", "run_id, tag"),
    ("rounds", "run_id, round"),
    ("measures", "run_id, round, name"),
    ("frames", "frame_id"),
    ("nodes", "node_id"),
    ("run_nodes", "run_key, number"),
    ("threads", "run_id, thread"),
    ("tasks", "run_id, task"),
    ("sources", "run_id, number"),
    ("samples", "run_key, number"),
    ("spans", "run_id, number"),
    ("plans", "run_id, number"),
    ("comparisons", "session_id, base, new"),
)
_REFERENCES = (
    ("packages", "environment_id", "environments", "environment_id"),
    ("sessions", "environment_id", "environments", "environment_id"),
    ("runs", "session_id", "sessions", "session_id"),
    *((table, "run_id", "runs", "run_id") for table in ("tags", "rounds", "measures", "spans", "plans")),
    *((table, "run_id", "runs", "run_id") for table in ("threads", "tasks", "sources")),
    ("sources", "frame_id", "frames", "frame_id"),
    *((table, "run_key", "runs", "run_key") for table in ("run_nodes", "line_weights", "samples")),
    ("run_nodes", "node_id", "nodes", "node_id"),
    ("nodes", "frame_id", "frames", "frame_id"),
    ("nodes WHERE parent_id <> 0", "parent_id", "nodes", "node_id"),
    ("samples", "run_key, node", "run_nodes", "run_key, number"),
    ("line_weights", "run_key, node", "run_nodes", "run_key, number"),
    ("run_nodes WHERE parent >= 0", "run_key, parent", "run_nodes", "run_key, number"),
)


def problems(connection: Connection) -> list[str]:
    """One line for each rule that is broken."""
    found = []
    for table, key in _UNIQUE:
        count = _count(
            connection, f"SELECT count(*) FROM (SELECT 1 FROM {table} GROUP BY {key} HAVING count(*) > 1)"
        )
        if count:
            found.append(f"{count} duplicate ({key}) in {table}")
    for source, key, target, target_key in _REFERENCES:
        missing = f"SELECT DISTINCT {key} FROM {source} EXCEPT SELECT {target_key} FROM {target}"
        count = _count(connection, f"SELECT count(*) FROM ({missing})")
        if count:
            found.append(f"{count} ({key}) of {source.partition(' ')[0]} not in {target}")
    return found


def _count(connection: Connection, statement: str) -> int:
    row = connection.execute(statement).fetchone()
    return int(row[0]) if row else 0
