"""Connections that last as long as one operation, with bounded retry while another process holds the file.

DuckDB locks a file for one writing process, or any number of reading ones. Inside a process it shares one instance
a file and refuses a second configuration, so connections of this process to one file take turns. Never open the
store file by other means while a connection is open: closing any descriptor of it drops the process's POSIX lock.
"""

from __future__ import annotations

import os
import random
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.errors import StoreLocked
from workbench.store import failures
from workbench.store.compact import rewrite
from workbench.store.location import make_folder
from workbench.store.migrations import CURRENT, check_version, migrate, version_of

if TYPE_CHECKING:
    import duckdb

    Connection = duckdb.DuckDBPyConnection
    Config = dict[str, str | bool | int | float | list[str]]

__all__ = ["compact", "fsync_folder", "memory", "reading", "writing"]

_STORAGE: Config = {"storage_compatibility_version": "v1.5.0"}  # DuckDB 2 then writes files that 1.5 can read
_CLOSED: Config = {  # others' SQL: no files, no extensions, no Python variables, no changing that
    "enable_external_access": "false",
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "python_enable_replacements": "false",
    "lock_configuration": "true",
}

_turns: dict[str, threading.Lock] = {}
_turns_guard = threading.Lock()


def _forget_turns() -> None:
    _turns.clear()


os.register_at_fork(
    after_in_child=_forget_turns
)  # a lock held by another thread of the parent is never released here


@contextmanager
def writing(path: Path, timeout_s: float) -> Iterator[Connection]:
    """A read-write connection to the store, created or migrated if need be; errors are the store's own."""
    with _translated(path), _turn(path, timeout_s) as deadline:
        if not path.exists():
            _create(path)
        connection = _open_writing(path, deadline)
        try:
            yield connection
        finally:
            connection.close()


def compact(path: Path, timeout_s: float) -> None:
    """Write the file anew, without the bytes of what was deleted; nothing where there is no file."""
    with _translated(path), _turn(path, timeout_s) as deadline:
        if not path.exists():
            return
        connection = _open_writing(path, deadline)
        try:
            rewrite(connection, path, storage_version=str(_STORAGE["storage_compatibility_version"]))
        finally:
            connection.close()
        fsync_folder(path.resolve().parent)


@contextmanager
def reading(path: Path, timeout_s: float, *, closed: bool = False) -> Iterator[Connection]:
    """A read-only connection, to an empty store in memory if there is no file; ``closed`` for others' SQL."""
    with _translated(path), _turn(path, timeout_s) as deadline:
        connection = _open_reading(path, deadline, closed) if _exists(path) else memory(closed=closed)
        try:
            yield connection
        finally:
            connection.close()


def _exists(path: Path) -> bool:
    """Whether the file is there; a path *below* a file is an error, which ``Path.exists`` hides."""
    try:
        path.stat()
    except FileNotFoundError:
        return False
    return True


def _open_writing(path: Path, deadline: float) -> Connection:
    connection = _connect_to_current(path, deadline)
    try:
        version = check_version(version_of(connection), path)
        if version < CURRENT:
            migrate(connection, since=version)
    except BaseException:
        connection.close()
        raise
    return connection


def _connect_to_current(path: Path, deadline: float) -> Connection:
    """A read-write connection to the file that has the name once it is locked, not to one replaced meanwhile.

    A file is replaced only by who holds its lock, so one that has the name before and after opening it is it.
    """
    while True:
        before = path.stat()
        connection = _connect(path, deadline, read_only=False, config=_STORAGE)
        if _is_at(path, before):
            return connection
        # what was opened has no name any more, and the log beside the name is the new file's
        connection.execute("PRAGMA disable_checkpoint_on_shutdown")
        connection.close()
        if time.monotonic() > deadline:
            raise StoreLocked(f"{path} was replaced while it was opened: try again")


def _is_at(path: Path, known: os.stat_result) -> bool:
    try:
        now = path.stat()
    except FileNotFoundError:
        return False
    return (now.st_dev, now.st_ino) == (known.st_dev, known.st_ino)


def _open_reading(path: Path, deadline: float, closed: bool) -> Connection:
    config: Config = _CLOSED if closed else {}
    connection = _connect(path, deadline, read_only=True, config=config)
    try:
        version = check_version(version_of(connection), path)
    except BaseException:
        connection.close()
        raise
    if version == CURRENT:
        return connection
    connection.close()  # the views that readers rely on come with the migration
    _open_writing(path, deadline).close()
    return _connect(path, deadline, read_only=True, config=config)


def memory(*, closed: bool = False) -> Connection:
    """An empty store in memory."""
    import duckdb

    connection = duckdb.connect(":memory:")
    migrate(connection)
    if closed:
        for name, value in _CLOSED.items():
            connection.execute(f"SET {name} = {value}")
    return connection


@contextmanager
def _translated(path: Path) -> Iterator[None]:
    import duckdb

    try:
        yield
    except (duckdb.Error, OSError) as error:
        raise failures.translate(error, path) from error


@contextmanager
def _turn(path: Path, timeout_s: float) -> Iterator[float]:
    """This process's turn at the file; yields the moment (monotonic) at which waiting ends."""
    deadline = time.monotonic() + timeout_s
    with _turns_guard:
        lock = _turns.setdefault(str(path), threading.Lock())
    if not lock.acquire(timeout=max(timeout_s, 0.001)):
        raise StoreLocked(f"{path} is in use by another thread of this process ({os.getpid()}): try again")
    try:
        yield deadline
    finally:
        lock.release()


def _connect(path: Path, deadline: float, *, read_only: bool, config: Config) -> Connection:
    import duckdb

    return _retried(lambda: duckdb.connect(str(path), read_only=read_only, config=config), deadline)


def _retried(connect: Callable[[], Connection], deadline: float) -> Connection:
    import duckdb

    while True:
        try:
            return connect()
        except (duckdb.IOException, duckdb.ConnectionException) as error:
            left = deadline - time.monotonic()
            if not failures.is_locked(error) or left <= 0:
                raise
        time.sleep(
            min(left, random.uniform(0.005, 0.06))
        )  # jittered, so that waiting processes don't march in step


def _create(path: Path) -> None:
    """A complete empty store appears under its name at once, or not at all."""
    import duckdb

    make_folder(path.parent)
    draft = path.with_name(f".{path.name}.{os.getpid()}-{secrets.token_hex(4)}.new")
    try:
        connection = duckdb.connect(str(draft), config=_STORAGE)
        try:
            migrate(connection)
        finally:
            connection.close()
        _publish(draft, path)
    finally:
        for leftover in (draft, draft.with_name(draft.name + ".wal")):
            with suppress(OSError):
                leftover.unlink(missing_ok=True)


def _publish(draft: Path, path: Path) -> None:
    try:
        os.link(draft, path)  # unlike a rename it never replaces the store that another process has just made
    except FileExistsError:
        return
    except OSError:  # no hard links on this file system
        if not path.exists():
            draft.rename(path)
    fsync_folder(path.parent)


def fsync_folder(folder: Path) -> None:
    """Make a rename in the folder durable, where the platform can."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
