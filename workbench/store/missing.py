"""What to say where a run or session is asked for that isn't there: what is, and what may have been meant."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from workbench.errors import RunNotFound
from workbench.suggestions import nearest

if TYPE_CHECKING:
    from workbench.store.connection import Connection

__all__ = ["not_found"]

_NEWEST = 500
"""Runs among whose ids and names a mistyped one is looked for."""


def not_found(connection: Connection, path: Path, text: str, what: str, waiting: str) -> RunNotFound:
    """The exception for ``text``, which no ``what`` (run or session) has as its id; ``waiting`` ends its line."""
    (count,) = connection.execute("SELECT count(*) FROM runs").fetchone() or (0,)
    if not count:
        return RunNotFound(
            f"no {what} {text!r}: {path} holds no runs yet; record one with `workbench profile -- job.py` "
            f"or `workbench run jamf`, or name another store by --store or WORKBENCH_STORE{waiting}"
        )
    if text.startswith("latest~"):
        hint = f", which holds {count} run{'s' if count > 1 else ''}:"
    else:
        hint = (_meant(connection, text, what) if text else "") or ":"
    return RunNotFound(f"no {what} {text!r} in {path}{hint} `workbench runs` lists them{waiting}")


def _meant(connection: Connection, text: str, what: str) -> str:
    """By an id like it, or by a run's name, which people remember and ids are not."""
    newest = connection.execute(
        f"SELECT run_id, session_id, name FROM runs ORDER BY started_at DESC, run_id DESC LIMIT {_NEWEST}"
    ).fetchall()
    id_of_name = {name: run_id for run_id, _, name in reversed(newest)}
    column = 1 if what == "session" else 0
    if what == "run" and (name := nearest(text, id_of_name)) is not None:
        return f"; did you mean {id_of_name[name]} ({name!r})?"
    known = nearest(text, ["latest", *(row[column] for row in newest)] if what == "run" else [r[1] for r in newest])
    return f"; did you mean {known!r}?" if known is not None else ""
