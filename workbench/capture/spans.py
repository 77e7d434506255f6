"""Spans of I/O while a round is recorded: an in-process log, and the hook that instrumentation writes to.

A span costs a few microseconds: its stack is interned by code objects (``frames``), and nothing is resolved, named
or converted before the round is over. Which recording a span belongs to: the one that is current in its context,
else the latest that is active in the process, so that worker threads and older tasks count too. Where recordings
nest, a span belongs to all that are open around it.
"""

from __future__ import annotations

import copy
import os
import random
import sys
import threading
import time
from collections.abc import Iterator
from contextvars import ContextVar
from types import FrameType
from typing import TYPE_CHECKING, Any

from workbench.capture.forks import ForkSafeLock
from workbench.capture.frames import StackKey, StackTable
from workbench.model import Scalar, Span

if TYPE_CHECKING:
    from workbench.calltree import CallTreeBuilder

__all__ = ["OpenSpan", "SpanLog", "active_log", "current_span", "is_recorded_here", "record_span"]

ERROR_LENGTH = 200

_ids = random.Random()  # of our own: drawing from the module's generator would change a seeded program's numbers
_context_log: ContextVar[SpanLog | None] = ContextVar("workbench_span_log", default=None)
_context_span: ContextVar[OpenSpan | None] = ContextVar("workbench_span", default=None)
_active: list[SpanLog] = []
_lock = ForkSafeLock()


class OpenSpan:
    """One operation under way. Instrumentation fills the public fields; ``finish`` ends it, once."""

    __slots__ = (
        "attributes",
        "bytes_received",
        "bytes_sent",
        "end_ns",
        "held",
        "key",
        "kind",
        "log",
        "name",
        "parent",
        "site",
        "span_id",
        "start_ns",
        "status",
        "thread",
        "trace_id",
    )

    def __init__(
        self, log: SpanLog, kind: str, name: str, parent: OpenSpan | None, frame: FrameType | None
    ) -> None:
        self.log = log
        self.kind = kind
        self.name = name
        self.parent = parent
        self.trace_id: int = parent.trace_id if parent is not None else _ids.getrandbits(128) or 1
        self.span_id = _ids.getrandbits(64) or 1
        self.status = "ok"
        self.bytes_sent = 0
        self.bytes_received = 0
        self.attributes: dict[str, Scalar] = {}
        self.end_ns = 0
        self.held = False  # the operation outlives the block that began it: someone else finishes it
        self.thread = threading.current_thread().name
        self.key, self.site = log.table.key_and_site(frame, log.start, log.stem)
        self.start_ns = time.perf_counter_ns()
        log.admit(self)

    def fail(self, error: BaseException | str) -> None:
        """Mark the operation as failed; of an exception only the type is kept, messages may hold data."""
        self.status = "error"
        self.attributes.setdefault("error", error if isinstance(error, str) else type(error).__qualname__)

    def finish(self) -> None:
        if not self.end_ns:
            self.end_ns = time.perf_counter_ns()

    def so_far(self, now_ns: int) -> OpenSpan:
        """A copy of an operation under way, ended here; the operation itself goes on."""
        seen = copy.copy(self)
        seen.attributes = {**self.attributes, "unfinished": True}
        seen.end_ns = now_ns
        return seen


class SpanLog:
    """The spans of one round. Safe to write to from any thread; read it after ``end``."""

    def __init__(self, table: StackTable) -> None:
        self.table = table
        self.spans: list[OpenSpan] = []
        self.failed_requests: dict[int, int] = {}  # hash of a request -> failures since it last succeeded
        self.traceparent = os.environ.get("WORKBENCH_TRACEPARENT", "loopback")
        self.ended = False
        self.began_ns = 0
        self.ended_ns = 0
        self.outer: SpanLog | None = None
        self._unfinished: dict[int, OpenSpan] = {}
        self.start: FrameType | None = None  # the frame that the recording began in, as long as it goes on
        self.stem: StackKey = ()

    def begin(self, caller: FrameType) -> None:
        """Become the log of this context; ``caller`` as in ``start_sampler``."""
        self.start, self.stem = caller, self.table.key_of(caller)
        with _lock:
            _active.append(self)
        self.outer = innermost_open(_context_log.get())
        if self.outer is not None:  # an attempt in a nested recording is a retry all the same
            self.failed_requests = self.outer.failed_requests
        _context_log.set(self)
        self.start_clock()

    def start_clock(self) -> None:
        """From now on times are counted."""
        self.began_ns = time.perf_counter_ns()

    def end(self) -> None:
        """Stop recording. Operations still under way are kept, up to now, with the attribute ``unfinished``."""
        self.ended_ns = time.perf_counter_ns()
        self.ended = True
        self.start = None
        with _lock:
            _active.remove(self)
        _context_log.set(self.outer)
        self._unfinished = {id(s): s.so_far(self.ended_ns) for s in list(self.spans) if not s.end_ns}

    def lies_in(self, other: SpanLog | None) -> bool:
        """Whether the other recording is this one or around it."""
        log: SpanLog | None = self
        while log is not None and log is not other:
            log = log.outer
        return log is not None

    def admit(self, span: OpenSpan) -> None:
        """Take the span, here and in the recordings around this one."""
        if not self.ended:
            self.spans.append(span)
        outer = self.outer
        while outer is not None:
            if not outer.ended:
                outer.table.adopt(span.key, self.table)
                outer.spans.append(span)
            outer = outer.outer

    def export(self, builder: CallTreeBuilder, *, round: int, first_number: int) -> Iterator[Span]:
        """The spans as values, in the order in which they began.

        They are numbered here and not as they come: two threads' spans may be admitted in another order.
        """
        begun = sorted(self.spans, key=lambda span: span.start_ns)
        numbers = {id(span): first_number + place for place, span in enumerate(begun)}
        for original in begun:
            span = self._unfinished.get(id(original), original)
            yield Span(
                number=numbers[id(original)],
                parent=_number_above(span, numbers),
                round=round,
                kind=span.kind,
                name=span.name,
                start_ns=max(span.start_ns - self.began_ns, 0),
                duration_ns=max(span.end_ns - span.start_ns, 0),
                status=span.status,
                thread=builder.thread(span.thread),
                node=builder.node(self.table.stack(span.key, self.stem, caller=True)),
                site=span.site,
                bytes_sent=span.bytes_sent,
                bytes_received=span.bytes_received,
                trace_id=f"{span.trace_id:032x}",
                otel_span_id=f"{span.span_id:016x}",
                attributes=dict(span.attributes),
            )


def _number_above(span: OpenSpan, numbers: dict[int, int]) -> int:
    """The nearest enclosing span of the same recording; -1 for none."""
    above = span.parent
    while above is not None and id(above) not in numbers:
        above = above.parent
    return -1 if above is None else numbers[id(above)]


def innermost_open(log: SpanLog | None) -> SpanLog | None:
    """This recording, or the nearest around it that hasn't ended."""
    while log is not None and log.ended:
        log = log.outer
    return log


def active_log() -> SpanLog | None:
    """The log that a span begun here and now belongs to; None if nothing is being recorded."""
    if not _active:
        return None
    log = innermost_open(_context_log.get())
    if log is not None:
        return log
    try:
        return _active[-1]
    except IndexError:  # ended by another thread just now
        return None


def is_recorded_here() -> bool:
    """Whether this context (not another thread's, or an unrelated task's) lies in a recording with spans."""
    return innermost_open(_context_log.get()) is not None


def current_span() -> OpenSpan | None:
    """The operation that encloses this point, in the same recording."""
    span = _context_span.get()
    return None if span is None or innermost_open(span.log) is None else span


class record_span:  # noqa: N801 - reads as a verb where it is used
    """Record one operation of this kind; gives None, at next to no cost, if nothing is being recorded.

    ``name`` must be a template without the user's data.
    An exception inside marks the span as failed and propagates.
    """

    __slots__ = ("_attributes", "_kind", "_name", "_outer", "_span")

    def __init__(self, kind: str, name: str, **attributes: Scalar) -> None:
        self._kind = kind
        self._name = name
        self._attributes = attributes
        self._span: OpenSpan | None = None

    def __enter__(self) -> OpenSpan | None:
        log = active_log()
        if log is None:
            return None
        self._span = span = start_span(log, self._kind, self._name, sys._getframe(1))
        span.attributes = self._attributes
        self._outer = _context_span.get()
        _context_span.set(span)
        return span

    def __exit__(self, kind: Any, error: BaseException | None, traceback: Any) -> None:
        if self._span is not None:
            close_span(self._span, self._outer, error)


def start_span(log: SpanLog, kind: str, name: str, frame: FrameType | None) -> OpenSpan:
    """Begin a span inside the enclosing one; the caller finishes it."""
    parent = _context_span.get()
    if parent is not None and ((held_by := innermost_open(parent.log)) is None or not log.lies_in(held_by)):
        parent = None
    return OpenSpan(log, kind, name, parent, frame)


class Within:
    """Makes the span the enclosing one of this context, and finishes it at the end unless it is held."""

    __slots__ = ("_outer", "_span")

    def __init__(self, span: OpenSpan) -> None:
        self._span = span
        self._outer: OpenSpan | None = None

    def __enter__(self) -> OpenSpan:
        self._outer = _context_span.get()
        _context_span.set(self._span)
        return self._span

    def __exit__(self, kind: Any, error: BaseException | None, traceback: Any) -> None:
        close_span(self._span, self._outer, error)


def close_span(span: OpenSpan, outer: OpenSpan | None, error: BaseException | None) -> None:
    """Make ``outer`` the enclosing one again, and finish the span unless it is held."""
    _context_span.set(outer)
    if error is not None:
        span.fail(error)
    if not span.held:
        span.finish()
