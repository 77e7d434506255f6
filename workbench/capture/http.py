"""Spans of httpx requests: OpenTelemetry's instrumentation, with what it doesn't see added around it.

Layers of one request, from the outside: *outer* (ours: which recording, which caller) → OpenTelemetry's transport
(the span, method, status, errors) → *inner* (ours: ``traceparent``, byte counts) → httpx's own transport with
httpcore's trace hook (connects, TLS handshakes, time in the pool's queue). ``HTTPTransport`` and
``AsyncHTTPTransport`` are patched as classes, so that clients made before the recording are covered, and only while
something is recorded (``httpx_patch``).

A request's span lasts until its body is read or closed. Its bytes are those of the HTTP messages: start line,
headers and body as transferred (compressed, if it is), without chunk framing, TLS and TCP.
"""

from __future__ import annotations

import os
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from types import MappingProxyType
from typing import Any

import httpx
from opentelemetry.instrumentation.httpx import (
    AsyncOpenTelemetryTransport,
    RequestInfo,
    SyncOpenTelemetryTransport,
)
from opentelemetry.metrics import NoOpMeterProvider
from opentelemetry.trace import Span as OtelSpan

from workbench.capture.frames import instrumentation, resumes
from workbench.capture.http_names import path_template
from workbench.capture.spans import OpenSpan, SpanLog, start_span
from workbench.capture.tracer import SpanHandle, WorkbenchTracerProvider

__all__ = ["AsyncCall", "SyncCall"]

KEEP: Mapping[str, str] = MappingProxyType(
    {
        "http.method": "method",
        "http.request.method": "method",
        "http.status_code": "status",
        "http.response.status_code": "status",
        "error.type": "error",
    }
)
STEPS = {"connect_tcp": "connect", "connect_unix_socket": "connect", "start_tls": "tls"}
STEP_NAMES = {"connect": "TCP connect", "tls": "TLS handshake"}
REQUEST_LINE = len("  HTTP/1.1\r\n")
STATUS_LINE = len("HTTP/1.1 200 \r\n")
HEADER_SEPARATORS = len(": \r\n")
SERVER_ERROR = 500
TOO_MANY_REQUESTS = 429
TRACEPARENT = "traceparent"
LOOPBACK = ("localhost", "127.", "::1")
TRACEPARENT_FIELDS = 4


class _Call:
    """One request on its way through the layers; also its ``trace`` extension for httpcore."""

    def __init__(self, log: SpanLog, transport: Any, request: httpx.Request, proceed: Any) -> None:
        self.log = log
        self.request = request
        self.transport = transport
        self.proceed = proceed
        self.span: OpenSpan | None = None
        self.their_headers = request.headers
        self.their_trace = request.extensions.get("trace")
        if isinstance(self.their_trace, _Call):  # a redirect or a repeated request carries our mark along
            self.their_trace = self.their_trace.their_trace
        self.our_headers = request.headers
        self._steps: dict[str, OpenSpan] = {}
        request.extensions = {**request.extensions, "trace": self}

    def adopt(self, handle: OtelSpan) -> None:
        """Take over the span that OpenTelemetry's transport has begun."""
        span = handle.span if isinstance(handle, SpanHandle) else None
        if span is None:
            return
        request = self.request
        self.span = span
        span.name = f"{request.method} {path_template(request.url.raw_path.decode('ascii', 'replace'))}"
        span.attributes["host"] = request.url.host
        span.bytes_sent = _request_bytes(request)
        if "transfer-encoding" in request.headers:
            wrap = _CountedAsyncUpload if isinstance(self, AsyncCall) else _CountedUpload
            request.stream = wrap(request.stream, span)
        if failures := self.log.failed_requests.get(hash((request.method, str(request.url)))):
            span.attributes["retry"] = failures

    @instrumentation
    def send_identity(self, request: httpx.Request) -> None:
        """Undo OpenTelemetry's header injection, then send our own ``traceparent`` where that is wanted."""
        request.headers = self.their_headers
        if self.span is not None and TRACEPARENT not in request.headers and _traceparent_wanted(request.url.host):
            request.headers = httpx.Headers(request.headers)
            request.headers[TRACEPARENT] = f"00-{self.span.trace_id:032x}-{self.span.span_id:016x}-01"
        self.our_headers = request.headers

    @instrumentation
    def sent(self, request: httpx.Request) -> None:
        """After the answer's headers: note what identity really went out, and put the user's headers back."""
        parts = request.headers.get(TRACEPARENT, "").split("-")
        if self.span is not None and len(parts) == TRACEPARENT_FIELDS:
            self.span.trace_id, self.span.span_id = int(parts[1], 16), int(parts[2], 16)
        if request.headers is self.our_headers:
            request.headers = self.their_headers
        if isinstance(request.stream, _CountedStream):
            request.stream = request.stream.stream

    @instrumentation
    def answered(self, request: httpx.Request, response: httpx.Response) -> None:
        """Count the answer's headers and follow its body."""
        span = self.span
        if span is None:
            return
        span.attributes["headers_ns"] = time.perf_counter_ns() - span.start_ns
        span.bytes_received = STATUS_LINE + len(response.reason_phrase) + _header_bytes(response.headers)
        if response.status_code >= SERVER_ERROR or response.status_code == TOO_MANY_REQUESTS:
            self.failed(request)
        span.held = True  # the end of the body finishes it, not OpenTelemetry's context manager
        wrap = _CountedAsyncAnswer if isinstance(response.stream, httpx.AsyncByteStream) else _CountedAnswer
        response.stream = wrap(response.stream, span)

    def failed(self, request: httpx.Request) -> None:
        key = hash((request.method, str(request.url)))
        self.log.failed_requests[key] = self.log.failed_requests.get(key, 0) + 1

    @instrumentation
    def event(self, name: str, info: Mapping[str, Any]) -> None:
        """One of httpcore's trace events: ``connection.connect_tcp.started`` and such."""
        _, _, step = name.partition(".")
        action, _, stage = step.partition(".")
        kind = STEPS.get(action)
        if kind is not None:
            self._step(kind, stage, info)
        span = self.span
        if span is not None and stage == "started":
            span.attributes.setdefault("queued_ns", time.perf_counter_ns() - span.start_ns)
            if action == "retry":
                span.attributes["connect_retries"] = int(span.attributes.get("connect_retries") or 0) + 1

    def _step(self, kind: str, stage: str, info: Mapping[str, Any]) -> None:
        if stage == "started":
            started = self._steps[kind] = start_span(self.log, kind, STEP_NAMES[kind], None)
            started.attributes["host"] = self.request.url.host
            if self.span is not None:
                started.key, started.site = self.span.key, self.span.site
        elif kind in self._steps:
            ended = self._steps.pop(kind)
            if stage == "failed":
                ended.fail(info.get("exception") or "failed")
            ended.finish()


class SyncCall(_Call):
    """A request of ``httpx.Client``."""

    def __call__(self, name: str, info: Mapping[str, Any]) -> None:
        self.event(name, info)
        if self.their_trace is not None:
            self.their_trace(name, info)

    @instrumentation
    def run(self, request: httpx.Request) -> httpx.Response:
        return _sync.handle_request(request)


class AsyncCall(_Call):
    """A request of ``httpx.AsyncClient``."""

    async def __call__(self, name: str, info: Mapping[str, Any]) -> None:
        self.event(name, info)
        if self.their_trace is not None:
            await self.their_trace(name, info)

    @instrumentation
    async def run(self, request: httpx.Request) -> httpx.Response:
        return await _async.handle_async_request(request)


class _Inner(httpx.BaseTransport, httpx.AsyncBaseTransport):
    """Below OpenTelemetry's transports: goes on to httpx's own."""

    @resumes
    def handle_request(self, request: httpx.Request) -> httpx.Response:
        call: SyncCall = request.extensions["trace"]
        call.send_identity(request)
        try:
            response: httpx.Response = call.proceed(call.transport, request)
        except Exception:
            call.failed(request)
            raise
        finally:
            call.sent(request)
        call.answered(request, response)
        return response

    @resumes
    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        call: AsyncCall = request.extensions["trace"]
        call.send_identity(request)
        try:
            response: httpx.Response = await call.proceed(call.transport, request)
        except Exception:
            call.failed(request)
            raise
        finally:
            call.sent(request)
        call.answered(request, response)
        return response


class _CountedStream:
    """Counts what passes through a body, still compressed if it is."""

    def __init__(self, stream: Any, span: OpenSpan) -> None:
        self.stream = stream
        self.span = span


class _CountedAnswer(_CountedStream, httpx.SyncByteStream):
    def __iter__(self) -> Iterator[bytes]:
        for part in self.stream:
            self.span.bytes_received += len(part)
            yield part
        self.span.finish()

    def close(self) -> None:
        self.stream.close()
        self.span.finish()


class _CountedAsyncAnswer(_CountedStream, httpx.AsyncByteStream):
    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for part in self.stream:
            self.span.bytes_received += len(part)
            yield part
        self.span.finish()

    async def aclose(self) -> None:
        await self.stream.aclose()
        self.span.finish()


class _CountedUpload(_CountedStream, httpx.SyncByteStream):
    def __iter__(self) -> Iterator[bytes]:
        for part in self.stream:
            self.span.bytes_sent += len(part)
            yield part


class _CountedAsyncUpload(_CountedStream, httpx.AsyncByteStream):
    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for part in self.stream:
            self.span.bytes_sent += len(part)
            yield part


def _header_bytes(headers: httpx.Headers) -> int:
    return sum(len(key) + len(value) + HEADER_SEPARATORS for key, value in headers.raw) + len("\r\n")


def _request_bytes(request: httpx.Request) -> int:
    head = len(request.method) + len(request.url.raw_path) + REQUEST_LINE + _header_bytes(request.headers)
    return head + int(request.headers.get("content-length") or 0)


def _traceparent_wanted(host: str) -> bool:
    """``WORKBENCH_TRACEPARENT``: ``loopback`` (the default: services on this machine only), ``all`` or ``off``."""
    wanted = os.environ.get("WORKBENCH_TRACEPARENT", "loopback")
    return wanted == "all" or (wanted == "loopback" and host.startswith(LOOPBACK))


def _adopt(span: OtelSpan, info: RequestInfo) -> None:
    call = (info.extensions or {}).get("trace")
    if isinstance(call, _Call):
        call.adopt(span)


async def _adopt_async(span: OtelSpan, info: RequestInfo) -> None:
    _adopt(span, info)


_provider = WorkbenchTracerProvider("http", KEEP)
_sync = SyncOpenTelemetryTransport(
    _Inner(), tracer_provider=_provider, meter_provider=NoOpMeterProvider(), request_hook=_adopt
)
_async = AsyncOpenTelemetryTransport(
    _Inner(), tracer_provider=_provider, meter_provider=NoOpMeterProvider(), request_hook=_adopt_async
)
