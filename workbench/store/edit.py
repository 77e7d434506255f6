"""Changes to runs that are in the store."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from workbench.store.transaction import transaction

if TYPE_CHECKING:
    from workbench.store.connection import Connection

__all__ = ["delete", "rename", "tag", "untag"]

_BY_KEY = ("samples", "line_weights", "run_nodes")
_BY_ID = ("spans", "plans", "threads", "tasks", "sources", "measures", "rounds", "tags", "parameters", "runs")

# In this order: what a deleted thing alone referred to has no reference left.
_UNUSED = (
    "DELETE FROM nodes WHERE node_id NOT IN (SELECT node_id FROM run_nodes)",
    "DELETE FROM frames WHERE frame_id NOT IN (SELECT frame_id FROM nodes)",
    "DELETE FROM sessions WHERE session_id NOT IN (SELECT session_id FROM runs)",
    "DELETE FROM parameters WHERE run_id = '' AND session_id NOT IN (SELECT session_id FROM sessions)",
    "DELETE FROM environments WHERE environment_id NOT IN (SELECT environment_id FROM sessions)",
    "DELETE FROM packages WHERE environment_id NOT IN (SELECT environment_id FROM environments)",
)


def delete(connection: Connection, run_ids: Sequence[str]) -> None:
    """Remove runs with all their rows, and frames, nodes, sessions and environments that nothing else uses."""
    wanted = [list(run_ids)]
    named = "(SELECT unnest(?::VARCHAR[]))"
    with transaction(connection):
        for table in _BY_KEY:
            keys = f"SELECT run_key FROM runs WHERE run_id IN {named}"
            connection.execute(f"DELETE FROM {table} WHERE run_key IN ({keys})", wanted)
        for table in _BY_ID:
            connection.execute(f"DELETE FROM {table} WHERE run_id IN {named}", wanted)
        connection.execute(f"DELETE FROM comparisons WHERE base IN {named} OR new IN {named}", wanted * 2)
        for statement in _UNUSED:
            connection.execute(statement)


def tag(connection: Connection, run_id: str, label: str) -> None:
    """Label a run once."""
    connection.execute(
        "INSERT INTO tags SELECT $1, $2 WHERE NOT EXISTS (FROM tags WHERE run_id = $1 AND tag = $2)",
        [run_id, label],
    )


def untag(connection: Connection, run_id: str, label: str) -> bool:
    """Take a label off a run; whether it had it."""
    taken = connection.execute("DELETE FROM tags WHERE run_id = ? AND tag = ? RETURNING tag", [run_id, label])
    return bool(taken.fetchall())


def rename(connection: Connection, run_id: str, name: str) -> None:
    """Change a run's name."""
    connection.execute("UPDATE runs SET name = ? WHERE run_id = ?", [name, run_id])
