"""The store: what the rest of the workbench keeps recordings in and reads them from."""

from __future__ import annotations

import logging
import os
import re
import shutil
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.calltree import CallTree
from workbench.errors import (
    RunNotFound,
    StoreError,
    StoreFull,
    StoreLocked,
    StoreUnwritable,
    UsageError,
)
from workbench.model import Comparison, FunctionSource, Plan, Recording, Run, Session, Span, utc_now
from workbench.store import check, edit, failures, rows, spool
from workbench.store.columns import Tables, comparison_tables, session_tables
from workbench.store.connection import compact, reading, writing
from workbench.store.gate import Gate
from workbench.store.info import StoreInfo, gather
from workbench.store.ingest import ingest_all
from workbench.store.location import default_path
from workbench.store.missing import not_found
from workbench.store.plans import read_plans
from workbench.store.query import run_query
from workbench.store.table import Table

if TYPE_CHECKING:
    from workbench.store.connection import Connection

__all__ = ["Store", "StoreInfo"]

_SAVE_WAIT_S = 2.0  # a save has its recording safe in the spool and need not wait long for the file
_PEEK_WAIT_S = 0.25  # nor does a reader that would like to take the spool in first

_NEWEST = "ORDER BY started_at DESC, run_id DESC"
_PARTS = "SELECT run_id FROM parameters WHERE name = 'part_of' AND value IN (SELECT run_id FROM runs)"

_log = logging.getLogger("workbench.store")


class Store:
    """A store by its path. Holds no connection, but inside ``held``: each method opens one for as long as it works.

    ``timeout_s`` bounds the wait for a file that another process holds (``WORKBENCH_STORE_TIMEOUT``, else 5 s);
    then StoreLocked names the holder. Saving never fails for a lock: the recording stays in the spool, and whoever
    opens the store for writing next takes it in.
    """

    def __init__(self, path: Path | str | None = None, *, timeout_s: float | None = None) -> None:
        self.path = (default_path() if path is None else Path(path)).expanduser().absolute()
        if "?" in str(self.path):  # DuckDB takes what follows for options and looks for its log elsewhere
            raise UsageError(f"DuckDB can't open a path with a question mark: {self.path}; name another one")
        self.timeout_s = _timeout() if timeout_s is None else timeout_s
        self._held = threading.local()

    def __repr__(self) -> str:
        return f"Store({str(self.path)!r})"

    @property
    def spool(self) -> Path:
        """The folder of recordings that wait for the file."""
        return self.path.with_name(self.path.name + ".spool")

    def waiting(self, session_id: str) -> Path | None:
        """Where the session's runs wait in the spool, None if they don't."""
        return next((e for e in spool.entries(self.spool) if e.name.startswith(f"{session_id}-")), None)

    # Writing

    def save(self, session: Session, recordings: Sequence[Recording]) -> None:
        """Keep a session's finished runs; saving a run twice changes nothing.

        Redacted, written to the spool and made durable, then taken into the store. Raises StoreForeign,
        StoreTooNew, StoreUnwritable or StoreFull if the store can't be written; the message says where the
        recording lies.
        """
        _check_recordings(session, recordings)
        gate = Gate()
        tables = session_tables(gate.session(session), [gate.recording(recording) for recording in recordings])
        self._spool_and_ingest(session.session_id, tables)

    def save_comparison(self, session_id: str, comparison: Comparison) -> None:
        """Keep a comparison; it replaces an earlier one of the same two runs in that session."""
        gate = Gate()
        tables = comparison_tables(gate.text(session_id), gate.comparison(comparison), utc_now())
        self._spool_and_ingest(f"{session_id}-comparison", tables)

    def _spool_and_ingest(self, name: str, tables: Tables) -> None:
        entry = self._spool(name, tables)
        try:
            with self._writing(min(self.timeout_s, _SAVE_WAIT_S)):
                pass
        except StoreLocked as error:
            _log.info("%s; the recording waits in %s", error, entry)
        except StoreError as error:
            if entry.exists():
                raise type(error)(f"{error}; the recording is kept in {entry}") from error
            raise

    def _spool(self, name: str, tables: Tables) -> Path:
        import duckdb

        try:
            return spool.write(self.spool, name, tables)
        except (OSError, duckdb.Error) as error:
            reason = failures.translate(error, self.spool)
        try:  # not beside the store, then: anywhere is better than nowhere
            rescue = Path(tempfile.mkdtemp(prefix="workbench-rescue-"))
        except OSError as error:
            raise type(reason)(f"{reason}; the recording is lost") from error
        try:
            entry = spool.write(rescue, name, tables)
        except (OSError, duckdb.Error) as error:
            shutil.rmtree(rescue, ignore_errors=True)
            raise type(reason)(f"{reason}; the recording is lost") from error
        raise type(reason)(f"{reason}; the recording is kept in {entry}: move that folder into {self.spool}")

    def prepare(self) -> None:
        """Create or migrate the store and take the spool in, so that a bad path fails before the work, not after.

        A store that another process holds is fine.
        """
        try:
            with self._writing(_PEEK_WAIT_S):
                pass
        except StoreLocked:
            if not os.access(self.path.parent, os.W_OK):
                raise StoreUnwritable(f"can't write into {self.path.parent}: check its permissions") from None

    def migrate(self) -> int:
        """Create the store or bring it to the current schema; returns its version."""
        with self._writing() as connection:
            return gather(connection, self.path, self.spool).schema_version

    def delete(self, run_ids: Sequence[str]) -> None:
        """Remove runs and what only they used, also its bytes: the file is written anew without them.

        Raises the store's errors; one that says so comes when the runs are gone and the file still has their bytes.
        """
        with self._writing() as connection:
            self._check_known(connection, run_ids)
            edit.delete(connection, run_ids)
        try:
            compact(self.path, self.timeout_s)
        except StoreError as error:
            gone = f"{len(run_ids)} run{'s are' if len(run_ids) > 1 else ' is'} deleted"
            raise type(error)(
                f"{gone}, but the file still has the bytes ({error}); `workbench store compact` removes them"
            ) from error

    def compact(self) -> None:
        """Write the file anew, without the room and the bytes of what was deleted."""
        with self._writing():
            pass
        compact(self.path, self.timeout_s)

    def tag(self, run_id: str, tag: str) -> None:
        """Label a run; a label it has already changes nothing."""
        with self._writing() as connection:
            self._check_known(connection, [run_id])
            edit.tag(connection, run_id, Gate().text(tag))

    def untag(self, run_id: str, tag: str) -> bool:
        """Take a label off a run; whether it had it."""
        with self._writing() as connection:
            self._check_known(connection, [run_id])
            return edit.untag(connection, run_id, Gate().text(tag))

    def rename(self, run_id: str, name: str) -> None:
        """Give a run another name."""
        with self._writing() as connection:
            self._check_known(connection, [run_id])
            edit.rename(connection, run_id, Gate().text(name))

    # Reading

    def runs(
        self,
        *,
        scenario: str | None = None,
        name: str | None = None,
        tag: str | None = None,
        limit: int | None = None,
    ) -> list[Run]:
        """Runs, newest first: of that scenario, with that text in their name (in any case), with that very tag."""
        asked = {
            "scenario = ?": scenario,
            "contains(lower(name), lower(?))": name,
            "run_id IN (SELECT run_id FROM tags WHERE tag = ?)": tag,
        }
        conditions = [condition for condition, value in asked.items() if value is not None]
        parameters = [value for value in asked.values() if value is not None]
        where = f"WHERE {' AND '.join(conditions)} " if conditions else ""
        bound = f" LIMIT {int(limit)}" if limit is not None else ""
        with self._reading() as connection:
            return rows.runs(connection, f"{where}{_NEWEST}{bound}", parameters)

    def run(self, run_id: str) -> Run:
        """The run of that full id."""
        with self._reading() as connection:
            found = rows.runs(connection, "WHERE run_id = ?", [run_id])
            if not found:
                raise self._not_found(connection, run_id)
        return found[0]

    def resolve(self, text: str) -> str:
        """The run id meant by a full id, a unique prefix, ``latest`` or ``latest~N`` (N runs before it).

        A block that was recorded inside another run isn't counted once that run is here.
        """
        with self._reading() as connection:
            latest = re.fullmatch(r"latest(?:~(\d{1,9}))?", text)
            if latest:
                statement = f"SELECT run_id FROM runs WHERE run_id NOT IN ({_PARTS}) {_NEWEST} LIMIT 1 OFFSET ?"
                found = connection.execute(statement, [int(latest[1] or 0)]).fetchall()
            else:
                statement = (
                    "SELECT run_id FROM runs WHERE starts_with(run_id, ?) ORDER BY run_id = ? DESC, run_id LIMIT 6"
                )
                found = connection.execute(statement, [text, text]).fetchall() if text else []
            return self._one(connection, [row[0] for row in found], text, "run")

    def session(self, session_id: str) -> Session:
        """The session of that id or unique prefix."""
        with self._reading() as connection:
            found = rows.sessions(
                connection,
                "WHERE starts_with(s.session_id, ?) ORDER BY s.session_id = ? DESC, s.session_id LIMIT 6",
                [session_id, session_id],
            )
            known = [session.session_id for session in found] if session_id else []
            chosen = self._one(connection, known, session_id, "session")
        return next(session for session in found if session.session_id == chosen)

    def sessions(self) -> list[Session]:
        """Sessions, newest first."""
        with self._reading() as connection:
            return rows.sessions(connection, "ORDER BY s.started_at DESC, s.session_id DESC", [])

    def session_runs(self, session_id: str) -> list[Run]:
        """The session's runs in the order in which they started."""
        with self._reading() as connection:
            return rows.runs(connection, "WHERE session_id = ? ORDER BY started_at, run_id", [session_id])

    def tree(self, run_id: str) -> CallTree:
        """The run's call tree, as it was recorded; empty if none was."""
        with self._reading() as connection:
            self._check_known(connection, [run_id])
            return rows.tree(connection, run_id)

    def spans(self, run_id: str) -> list[Span]:
        """The run's spans by number."""
        with self._reading() as connection:
            self._check_known(connection, [run_id])
            return rows.spans(connection, run_id)

    def sources(self, run_id: str) -> list[FunctionSource]:
        """Where the functions with time on their lines stood when the run was recorded, with digests."""
        with self._reading() as connection:
            self._check_known(connection, [run_id])
            return rows.sources(connection, run_id)

    def plans(self, run_id: str) -> list[Plan]:
        """How servers carried out the run's statements, in recorded order."""
        with self._reading() as connection:
            self._check_known(connection, [run_id])
            return read_plans(connection, run_id)

    def comparisons(self, session_id: str) -> list[Comparison]:
        """The session's comparisons, oldest first."""
        with self._reading() as connection:
            return rows.comparisons(connection, session_id)

    def query(self, sql: str, parameters: Sequence[Any] = ()) -> Table:
        """One read-only statement over the tables and views of docs/schema.md; raises QueryRefused."""
        with self._reading(closed=True) as connection:
            return run_query(connection, sql, parameters)

    def info(self) -> StoreInfo:
        """What the store holds, and what waits in its spool."""
        with self._reading() as connection:
            return gather(connection, self.path, self.spool)

    def verify(self) -> None:
        """Check uniqueness and references; raises StoreError with what is wrong."""
        with self._reading() as connection:
            problems = check.problems(connection)
        if problems:
            raise StoreError(f"{self.path} is inconsistent: {'; '.join(problems)}")

    # Underneath

    @contextmanager
    def _writing(self, timeout_s: float | None = None) -> Iterator[Connection]:
        with writing(self.path, self.timeout_s if timeout_s is None else timeout_s) as connection:
            ingest_all(connection, self.spool, self.path)
            yield connection

    @contextmanager
    def held(self) -> Iterator[None]:
        """Read by one connection inside, in this thread: opening one takes longer than most reads.

        Nobody can write meanwhile, and nothing may be written inside.
        """
        if self._connection is not None:
            yield
            return
        with self._reading() as self._held.connection:
            try:
                yield
            finally:
                self._held.connection = None

    @property
    def _connection(self) -> Connection | None:
        held: Connection | None = getattr(self._held, "connection", None)
        return held

    @contextmanager
    def _reading(self, *, closed: bool = False) -> Iterator[Connection]:
        if not closed and self._connection is not None:
            yield self._connection
            return
        if spool.entries(self.spool):
            self._try_ingest()
        with reading(self.path, self.timeout_s, closed=closed) as connection:
            yield connection

    def _try_ingest(self) -> None:
        """Take the spool in before reading, if the file is free; else what is in the store is read without it."""
        try:
            with self._writing(min(self.timeout_s, _PEEK_WAIT_S)):
                pass
        except (StoreLocked, StoreFull, StoreUnwritable) as error:
            _log.info("%s; recordings wait in %s", error, self.spool)

    def _check_known(self, connection: Connection, run_ids: Sequence[str]) -> None:
        found = connection.execute(
            "SELECT run_id FROM runs WHERE run_id IN (SELECT unnest(?::VARCHAR[]))", [list(run_ids)]
        ).fetchall()
        missing = sorted(set(run_ids) - {row[0] for row in found})
        if missing:
            raise self._not_found(connection, missing[0])

    def _not_found(self, connection: Connection, text: str, what: str = "run") -> RunNotFound:
        waiting = len(spool.entries(self.spool))
        wait = "1 recording still waits" if waiting == 1 else f"{waiting} recordings still wait"
        return not_found(connection, self.path, text, what, f" ({wait} in {self.spool})" if waiting else "")

    def _one(self, connection: Connection, found: list[str], text: str, what: str) -> str:
        if not found:
            raise self._not_found(connection, text, what)
        if len(found) > 1 and found[0] != text:
            some = ", ".join(found[:5]) + (", …" if len(found) > 5 else "")
            raise RunNotFound(f"{text!r} is the beginning of several {what}s ({some}): give more of the id")
        return found[0]


def _timeout() -> float:
    text = os.environ.get("WORKBENCH_STORE_TIMEOUT", "").strip() or "5"
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds <= 86_400:
        raise UsageError(f"WORKBENCH_STORE_TIMEOUT={text!r} is no number of seconds: use 5, for example")
    return seconds


def _check_recordings(session: Session, recordings: Sequence[Recording]) -> None:
    ids = [recording.run.run_id for recording in recordings]
    if len(set(ids)) != len(ids):
        raise StoreError(f"session {session.session_id} has two runs of the same id")
    strangers = [r.run.run_id for r in recordings if r.run.session_id != session.session_id]
    if strangers:
        raise StoreError(f"run {strangers[0]} is not of session {session.session_id}")
