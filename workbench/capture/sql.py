"""Spans of SQL statements through SQLAlchemy, sync and async, by its own events.

OpenTelemetry's instrumentation for SQLAlchemy sees only engines that were made after it, or that it is given; a
notebook's engine is made cells before the recording. SQLAlchemy's events can be listened to on the class, which
covers every engine, made before or after, and an async engine's sync one; its connections and its pool's waits too.

A statement's span lasts from the driver's ``execute`` to its return. With psycopg's and most drivers' client-side
cursors the whole result has crossed the network by then. SQLAlchemy doesn't know how many bytes that were.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import lru_cache
from types import FrameType
from typing import Any

from workbench.capture.frames import instrumentation, resumes
from workbench.capture.spans import OpenSpan, active_log, record_span, start_span
from workbench.capture.switch import Switch
from workbench.redaction import redact_sql

__all__ = ["install", "uninstall"]

_SLOT = "_workbench_span"  # on the execution context, which lives as long as the statement
_LONGEST = 400

_connect: Any = None  # SQLAlchemy's own; stay set after the last recording: a thread may be on its way through ours
_take: Any = None


def _patch() -> None:
    global _connect, _take
    from sqlalchemy import Engine, event
    from sqlalchemy.engine.default import DefaultDialect
    from sqlalchemy.pool import QueuePool

    for name, listener in _LISTENERS.items():
        event.listen(Engine, name, listener)
    _connect, _take = DefaultDialect.connect, QueuePool._do_get
    DefaultDialect.connect = _traced_connect  # type: ignore[method-assign]
    QueuePool._do_get = _traced_take  # type: ignore[method-assign]


def _unpatch() -> None:
    from sqlalchemy import Engine, event
    from sqlalchemy.engine.default import DefaultDialect
    from sqlalchemy.pool import QueuePool

    for name, listener in _LISTENERS.items():
        event.remove(Engine, name, listener)
    if DefaultDialect.connect is _traced_connect:
        DefaultDialect.connect = _connect  # type: ignore[method-assign]
    if QueuePool._do_get is _traced_take:
        QueuePool._do_get = _take  # type: ignore[method-assign]


@instrumentation
def _before(_connection: Any, _cursor: Any, statement: str, _values: Any, context: Any, many: bool) -> None:
    log = active_log()
    if log is None or context is None:
        return
    span = start_span(log, "sql", _named(statement), _caller())
    if many:
        span.attributes["many"] = True
    setattr(context, _SLOT, span)


def _after(_connection: Any, cursor: Any, _statement: str, _values: Any, context: Any, _many: bool) -> None:
    span = _span_of(context)
    if span is not None:
        rows = getattr(cursor, "rowcount", -1)
        if rows >= 0:
            span.attributes["rows"] = rows
        span.finish()


def _failed(situation: Any) -> None:
    span = _span_of(situation.execution_context)
    if span is not None:
        span.fail(situation.original_exception)
        span.finish()


_LISTENERS: dict[str, Callable[..., Any]] = {
    "before_cursor_execute": _before,
    "after_cursor_execute": _after,
    "handle_error": _failed,
}


def _span_of(context: Any) -> OpenSpan | None:
    span: OpenSpan | None = getattr(context, _SLOT, None)
    return span


def _caller() -> FrameType | None:
    """The frame that issued the statement. Under asyncio SQLAlchemy works in a greenlet, whose parent has it."""
    greenlets = sys.modules.get("greenlet")
    current: Any = greenlets.getcurrent() if greenlets is not None else None
    if type(current).__name__ == "_AsyncIoGreenlet" and current.parent is not None:
        frame: FrameType | None = current.parent.gr_frame
        return frame
    return sys._getframe(2)


@lru_cache(maxsize=1024)
def _named(statement: str) -> str:
    """The statement on one line, without literals and comments; the store's gate would take them out, too."""
    text = " ".join(redact_sql(statement).split())
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


@instrumentation
def _traced_connect(self: Any, *arguments: Any, **options: Any) -> Any:
    with record_span("connect", f"connect {self.name}"):
        return _resumed(_connect, self, *arguments, **options)


@instrumentation
def _traced_take(self: Any) -> Any:
    """A connection out of the pool; a span only if the pool is empty and may not grow."""
    if not _exhausted(self):
        return _resumed(_take, self)
    with record_span("pool-wait", "wait for a pooled connection"):
        return _resumed(_take, self)


@resumes
def _resumed(original: Any, *arguments: Any, **options: Any) -> Any:
    return original(*arguments, **options)


def _exhausted(pool: Any) -> bool:
    limit: int = pool._max_overflow
    return limit > -1 and pool._overflow >= limit and pool._pool.empty()


_switch = Switch("sqlalchemy", _patch, _unpatch)


def install() -> None:
    """Begin to see statements, connects and waits for a connection; calls nest, from any thread."""
    _switch.install()


def uninstall() -> None:
    """End; the last one takes everything off again."""
    _switch.uninstall()
