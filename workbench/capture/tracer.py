"""An OpenTelemetry tracer provider that writes to the span log of the active recording.

It implements OpenTelemetry's API directly rather than configuring the SDK, for three reasons: a span costs less;
the user's own set-up (global provider, ``OTEL_*`` variables, samplers, exporters) neither sees our spans nor
decides over them; and our spans never become the *current* span of OpenTelemetry's context, so that spans which the
user's own instrumentation exports don't get parents that nobody exports.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

from opentelemetry import trace
from opentelemetry.trace.status import Status, StatusCode

from workbench.capture.frames import instrumentation
from workbench.capture.spans import OpenSpan, Within, active_log, start_span
from workbench.model import Scalar

__all__ = ["SpanHandle", "WorkbenchTracerProvider"]


class WorkbenchTracerProvider(trace.TracerProvider):
    """Give this to an instrumentation library as ``tracer_provider``.

    ``kind`` is the kind of all its spans; ``keep`` maps those of its attributes that are kept to our names
    for them. All others are dropped: they hold URLs, statements and headers.
    """

    def __init__(self, kind: str, keep: Mapping[str, str]) -> None:
        self._tracer = _Tracer(kind, keep)

    def get_tracer(self, *args: Any, **kwargs: Any) -> trace.Tracer:
        return self._tracer


class SpanHandle(trace.Span):
    """Our span in OpenTelemetry's clothes; ``span`` is None where nothing is being recorded."""

    __slots__ = ("_keep", "span")

    def __init__(self, span: OpenSpan | None, keep: Mapping[str, str]) -> None:
        self.span = span
        self._keep = keep

    def get_span_context(self) -> trace.SpanContext:
        if self.span is None:
            return trace.INVALID_SPAN_CONTEXT
        return trace.SpanContext(self.span.trace_id, self.span.span_id, False, trace.TraceFlags(1))

    def is_recording(self) -> bool:
        """Whether attributes are wanted; without any to keep, instrumentation needn't gather them."""
        return self.span is not None and bool(self._keep)

    def set_attribute(self, key: str, value: Any) -> None:
        name = self._keep.get(key)
        if name is not None and self.span is not None and isinstance(value, Scalar):
            self.span.attributes[name] = value

    def set_attributes(self, attributes: Mapping[str, Any]) -> None:
        for key, value in attributes.items():
            self.set_attribute(key, value)

    def set_status(self, status: Status | StatusCode, description: str | None = None) -> None:
        code = status.status_code if isinstance(status, Status) else status
        if code is StatusCode.ERROR and self.span is not None:
            self.span.status = "error"

    def record_exception(self, exception: BaseException, *args: Any, **kwargs: Any) -> None:
        if self.span is not None:
            self.span.fail(exception)

    def update_name(self, name: str) -> None:
        """Ignored: the instrumentation's names may hold data."""

    def add_event(self, *args: Any, **kwargs: Any) -> None:
        """Ignored: events hold messages and stack traces."""

    def end(self, end_time: int | None = None) -> None:
        if self.span is not None and not self.span.held:
            self.span.finish()


class _Tracer(trace.Tracer):
    def __init__(self, kind: str, keep: Mapping[str, str]) -> None:
        self._kind = kind
        self._keep = keep

    @instrumentation
    def start_span(self, name: str, *args: Any, **kwargs: Any) -> SpanHandle:
        log = active_log()
        span = start_span(log, self._kind, name, sys._getframe(1)) if log is not None else None
        handle = SpanHandle(span, self._keep)
        if self._keep:
            handle.set_attributes(kwargs.get("attributes") or {})
        return handle

    @instrumentation
    def start_as_current_span(self, name: str, *args: Any, **kwargs: Any) -> Any:
        return _Current(self.start_span(name, *args, **kwargs))


class _Current:
    """Our span as the enclosing one of ours; OpenTelemetry's context is left alone."""

    __slots__ = ("_handle", "_within")

    def __init__(self, handle: SpanHandle) -> None:
        self._handle = handle
        self._within = Within(handle.span) if handle.span is not None else None

    def __enter__(self) -> SpanHandle:
        if self._within is not None:
            self._within.__enter__()
        return self._handle

    def __exit__(self, kind: Any, error: BaseException | None, traceback: Any) -> None:
        if self._within is not None:
            self._within.__exit__(kind, error, traceback)
