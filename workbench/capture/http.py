"""Spans of httpx requests: OpenTelemetry's instrumentation, with what it doesn't see added around it.

Layers of one request, from the outside: *outer* (ours: which recording, which caller) → OpenTelemetry's transport
(the span, from its beginning to its end or error) → *inner* (ours: byte counts) → httpx's own transport with
httpcore's trace hook (connects, TLS handshakes, time in the pool's queue, ``traceparent``). ``HTTPTransport`` and
``AsyncHTTPTransport`` are patched as classes, so that clients made before the recording are covered, and only while
something is recorded (``httpx_patch``).

OpenTelemetry's transport gets a shadow of the request: its method, without URL and headers, and a span that wants
no attributes. So no secret ever reaches an attribute, the program's own request object stays untouched, and a span
costs a third: parsing the URL again and normalising all headers for attributes to be dropped was most of it.

A request's span lasts until its body is read or closed. Its bytes are those of the HTTP messages: start line,
headers and body as transferred (compressed, if it is), without chunk framing, TLS, TCP and our ``traceparent``.
"""

from __future__ import annotations

import re
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from functools import lru_cache
from itertools import chain
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

STEPS = {"connect_tcp": "connect", "connect_unix_socket": "connect", "start_tls": "tls"}
STEP_NAMES = {"connect": "TCP connect", "tls": "TLS handshake"}
REQUEST_LINE = len("  HTTP/1.1\r\n")
STATUS_LINE = len("HTTP/1.1 200 \r\n")
CLIENT_ERROR = 400
SERVER_ERROR = 500
TOO_MANY_REQUESTS = 429
LOOPBACK = ("localhost", "127.", "::1")
IDENTITY = re.compile(rb"[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}.*")  # W3C Trace Context


class _Call:
    """One request on its way through the layers; also its ``trace`` extension for httpcore."""

    span: OpenSpan | None = None
    response: httpx.Response | None = None

    def __init__(self, log: SpanLog, transport: Any, request: httpx.Request, proceed: Any) -> None:
        self.log = log
        self.request = request
        self.transport = transport
        self.proceed = proceed
        self.their_trace = request.extensions.get("trace")
        if isinstance(self.their_trace, _Call):  # a redirect or a repeated request carries our mark along
            self.their_trace = self.their_trace.their_trace
        self._steps: dict[str, OpenSpan] = {}
        self._extensions = request.extensions = {**request.extensions, "trace": self}

    def adopt(self, handle: OtelSpan) -> None:
        """Take over the span that OpenTelemetry's transport has begun."""
        span = handle.span if isinstance(handle, SpanHandle) else None
        if span is None:
            return
        self.span = span
        url = self.request.url
        span.name = f"{self.request.method} {path_template(url.raw_path.decode('ascii', 'replace'))}"
        span.attributes["method"] = self.request.method
        span.attributes["host"] = url.host
        if self.log.failed_requests and (failures := self.log.failed_requests.get(self._identity())):
            span.attributes["retry"] = failures

    @instrumentation
    def answered(self, response: httpx.Response) -> None:
        """Count the answer's headers and follow its body."""
        self.response = response
        if response.status_code >= SERVER_ERROR or response.status_code == TOO_MANY_REQUESTS:
            self.failed()
        span = self.span
        if span is None:
            return
        span.attributes["status"] = response.status_code
        if response.status_code >= CLIENT_ERROR:  # as OpenTelemetry's conventions for client spans say
            span.status = "error"
        span.attributes["headers_ns"] = time.perf_counter_ns() - span.start_ns
        span.bytes_received += STATUS_LINE + len(response.reason_phrase) + _header_bytes(response.headers.raw)
        span.held = True  # the end of the body finishes it, not OpenTelemetry's context manager
        wrap = _CountedAsyncAnswer if isinstance(response.stream, httpx.AsyncByteStream) else _CountedAnswer
        response.stream = wrap(response.stream, span)

    def failed(self) -> None:
        key = self._identity()
        self.log.failed_requests[key] = self.log.failed_requests.get(key, 0) + 1

    def _identity(self) -> int:
        return hash((self.request.method, str(self.request.url)))

    @instrumentation
    def event(self, name: str, info: Mapping[str, Any]) -> None:
        """One of httpcore's trace events: ``connection.connect_tcp.started`` and such."""
        _, action, stage = name.split(".")
        span = self.span
        if span is None:
            return
        if stage == "started":
            span.attributes.setdefault("queued_ns", time.perf_counter_ns() - span.start_ns)
        if action in STEPS:
            self._step(STEPS[action], stage, info)
        elif stage == "started" and action == "send_request_headers":
            self._sending(span, info["request"])
        elif stage == "started" and action == "retry":
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

    def _sending(self, span: OpenSpan, sent: Any) -> None:
        """``sent`` is httpcore's request, just before its headers go out; further events aren't needed."""
        if sent.method == b"CONNECT":  # to a proxy, for a tunnel; ours comes after it
            return
        self._stop_listening()
        size = len(sent.method) + len(sent.url.target) + REQUEST_LINE + _header_bytes(sent.headers)
        headers = {key.lower(): value for key, value in sent.headers}
        if b"content-length" in headers:
            size += int(headers[b"content-length"])
        elif b"transfer-encoding" in headers:
            sent.stream = _CountedUpload(sent.stream, span)
        span.bytes_sent += size
        if b"traceparent" not in headers and _traceparent_wanted(self.log.traceparent, self.request.url.host):
            ours = f"00-{span.trace_id:032x}-{span.span_id:016x}-01"
            sent.headers = [*sent.headers, (b"traceparent", ours.encode("ascii"))]
        elif identity := IDENTITY.fullmatch(headers.get(b"traceparent", b"")):
            span.trace_id, span.span_id = int(identity[1], 16), int(identity[2], 16)

    def _stop_listening(self) -> None:
        if self.their_trace is not None:
            self._extensions["trace"] = self.their_trace
        else:
            self._extensions.pop("trace", None)


class SyncCall(_Call):
    """A request of ``httpx.Client``."""

    def __call__(self, name: str, info: Mapping[str, Any]) -> None:
        self.event(name, info)
        if self.their_trace is not None:
            self.their_trace(name, info)

    @instrumentation
    def run(self) -> httpx.Response:
        shadow = _sync.handle_request(_Shadow(self))
        return self.response or shadow


class AsyncCall(_Call):
    """A request of ``httpx.AsyncClient``."""

    async def __call__(self, name: str, info: Mapping[str, Any]) -> None:
        self.event(name, info)
        if self.their_trace is not None:
            await self.their_trace(name, info)

    @instrumentation
    async def run(self) -> httpx.Response:
        shadow = await _async.handle_async_request(_Shadow(self))
        return self.response or shadow


class _Shadow(httpx.Request):
    """What OpenTelemetry's transport sees of a request: the method."""

    def __init__(self, call: _Call) -> None:
        self.method = call.request.method
        self.url = NO_URL
        self.headers = NO_HEADERS
        self.stream = call.request.stream
        self.extensions = {"call": call}


NO_URL: Any = "/"  # a string: it is parsed again for each request
NO_HEADERS = httpx.Headers()


@lru_cache(maxsize=128)
def _shadow_answer(status: int) -> httpx.Response:
    """What it sees of an answer: the status."""
    return httpx.Response(status)


class _Inner(httpx.BaseTransport, httpx.AsyncBaseTransport):
    """Below OpenTelemetry's transports: goes on to httpx's own."""

    @resumes
    def handle_request(self, request: httpx.Request) -> httpx.Response:
        call: SyncCall = request.extensions["call"]
        try:
            response: httpx.Response = call.proceed(call.transport, call.request)
        except Exception:
            call.failed()
            raise
        call.answered(response)
        return _shadow_answer(response.status_code)

    @resumes
    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        call: AsyncCall = request.extensions["call"]
        try:
            response: httpx.Response = await call.proceed(call.transport, call.request)
        except Exception:
            call.failed()
            raise
        call.answered(response)
        return _shadow_answer(response.status_code)


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


class _CountedUpload(_CountedStream):
    """A request's body of unknown length, as httpcore iterates over it."""

    def __iter__(self) -> Iterator[bytes]:
        for part in self.stream:
            self.span.bytes_sent += len(part)
            yield part

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for part in self.stream:
            self.span.bytes_sent += len(part)
            yield part


def _header_bytes(headers: list[tuple[bytes, bytes]]) -> int:
    """Bytes of the header block; joined, because under a profiler each call of ``len`` would cost as much again."""
    return len(b"  ".join(chain.from_iterable(headers))) + 2 * len("\r\n") if headers else len("\r\n")


def _traceparent_wanted(wanted: str, host: str) -> bool:
    """``WORKBENCH_TRACEPARENT``: ``loopback`` (the default: services on this machine only), ``all`` or ``off``."""
    return wanted == "all" or (wanted == "loopback" and host.startswith(LOOPBACK))


def _adopt(span: OtelSpan, info: RequestInfo) -> None:
    call = (info.extensions or {}).get("call")
    if isinstance(call, _Call):
        call.adopt(span)


async def _adopt_async(span: OtelSpan, info: RequestInfo) -> None:
    _adopt(span, info)


_provider = WorkbenchTracerProvider("http", keep={})
_sync = SyncOpenTelemetryTransport(
    _Inner(), tracer_provider=_provider, meter_provider=NoOpMeterProvider(), request_hook=_adopt
)
_async = AsyncOpenTelemetryTransport(
    _Inner(), tracer_provider=_provider, meter_provider=NoOpMeterProvider(), request_hook=_adopt_async
)
