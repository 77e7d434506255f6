"""Spans of httpx requests: one layer of ours around httpx's own transports, and httpcore's trace hook below them.

The layer begins the span, lets httpx's transport go on (connects, TLS handshakes, time in the pool's queue and
``traceparent`` come from the hook), counts bytes, and follows the body to its end. ``HTTPTransport`` and
``AsyncHTTPTransport`` are patched as classes, so that clients made before the recording are covered, and only while
something is recorded (``httpx_patch``).

OpenTelemetry's httpx transport isn't used (docs/decisions.md, HTTP spans): all that it adds holds URLs and headers,
so that nothing of it could be kept, and driving it took most of what a span cost. Name and status follow its
semantic conventions, and a program's own instrumentation by it works beside ours.

A request's span lasts until its body is read or closed. Its bytes are those of the HTTP messages: start line,
headers and body as transferred (compressed, if it is), without chunk framing, TLS, TCP and our ``traceparent``.
"""

from __future__ import annotations

import ipaddress
import re
import sys
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from functools import lru_cache
from itertools import chain
from types import FrameType
from typing import Any

import httpx

from workbench.capture.frames import instrumentation, resumes
from workbench.capture.http_names import path_template
from workbench.capture.spans import OpenSpan, SpanLog, Within, start_span

__all__ = ["AsyncCall", "SyncCall"]

STEPS = {"connect_tcp": "connect", "connect_unix_socket": "connect", "start_tls": "tls"}
STEP_NAMES = {"connect": "TCP connect", "tls": "TLS handshake"}
REQUEST_LINE = len("  HTTP/1.1\r\n")
STATUS_LINE = len("HTTP/1.1 200 \r\n")
CLIENT_ERROR = 400
SERVER_ERROR = 500
TOO_MANY_REQUESTS = 429
IDENTITY = re.compile(rb"[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}.*")  # W3C Trace Context


class _Call:
    """One request on its way through the layers; also its ``trace`` extension for httpcore."""

    span: OpenSpan | None = None

    def __init__(self, log: SpanLog, transport: Any, request: httpx.Request, proceed: Any) -> None:
        self.log = log
        self.request = request
        self.transport = transport
        self.proceed = proceed
        self.their_trace = request.extensions.get("trace")
        if isinstance(self.their_trace, _Call):  # a redirect or a repeated request carries our mark along
            self.their_trace = self.their_trace.their_trace
        self._failed = False
        self._steps: dict[str, OpenSpan] = {}
        self._extensions = request.extensions = {**request.extensions, "trace": self}

    @instrumentation
    def begin(self, caller: FrameType) -> Within:
        """Begin the span; ``caller`` is httpx's frame above our layer."""
        request = self.request
        url = request.url
        name = f"{request.method} {path_template(url.raw_path.decode('ascii', 'replace'))}"
        self.span = span = start_span(self.log, "http", name, caller)
        span.attributes = {"method": request.method, "host": url.host}
        if self.log.failed_requests and (failures := self.log.failed_requests.get(self._identity())):
            span.attributes["retry"] = failures
        return Within(span)

    @instrumentation
    def answered(self, response: httpx.Response) -> None:
        """Count the answer's headers and follow its body."""
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
        span.held = True  # the end of the body finishes it, not the end of the call
        # by the kind of call and not of stream: a body that is there already is both kinds at once
        wrap = _CountedAsyncAnswer if isinstance(self, AsyncCall) else _CountedAnswer
        response.stream = wrap(response.stream, span, self)

    def failed(self) -> None:
        """The next request like this one is a retry."""
        key = self._identity()
        self._failed = True
        self.log.failed_requests[key] = self.log.failed_requests.get(key, 0) + 1

    @instrumentation
    def ended(self, error: BaseException | None = None) -> None:
        """The body is over, read or closed; or broken, and with it the request."""
        span = self.span
        if span is None or span.end_ns:
            return
        if error is not None:
            self.failed()
            span.fail(error)
        elif not self._failed and self.log.failed_requests:
            self.log.failed_requests.pop(self._identity(), None)
        span.finish()

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

    @resumes
    def run(self) -> httpx.Response:
        with self.begin(sys._getframe(2)):
            try:
                response: httpx.Response = self.proceed(self.transport, self.request)
            except Exception:
                self.failed()
                raise
            self.answered(response)
        return response


class AsyncCall(_Call):
    """A request of ``httpx.AsyncClient``."""

    async def __call__(self, name: str, info: Mapping[str, Any]) -> None:
        self.event(name, info)
        if self.their_trace is not None:
            await self.their_trace(name, info)

    @resumes
    async def run(self) -> httpx.Response:
        with self.begin(sys._getframe(2)):
            try:
                response: httpx.Response = await self.proceed(self.transport, self.request)
            except Exception:
                self.failed()
                raise
            self.answered(response)
        return response


class _CountedStream:
    """Counts what passes through a body, still compressed if it is."""

    def __init__(self, stream: Any, span: OpenSpan) -> None:
        self.stream = stream
        self.span = span


class _CountedBody(_CountedStream):
    """An answer's body. A reader that goes away early (GeneratorExit) is no error, what the stream raises is."""

    def __init__(self, stream: Any, span: OpenSpan, call: _Call) -> None:
        super().__init__(stream, span)
        self.call = call


class _CountedAnswer(_CountedBody, httpx.SyncByteStream):
    def __iter__(self) -> Iterator[bytes]:
        try:
            for part in self.stream:
                self.span.bytes_received += len(part)
                yield part
        except GeneratorExit:
            raise
        except BaseException as error:
            self.call.ended(error)
            raise
        self.call.ended()

    def close(self) -> None:
        try:
            self.stream.close()
        finally:
            self.call.ended()


class _CountedAsyncAnswer(_CountedBody, httpx.AsyncByteStream):
    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            async for part in self.stream:
                self.span.bytes_received += len(part)
                yield part
        except GeneratorExit:
            raise
        except BaseException as error:
            self.call.ended(error)
            raise
        self.call.ended()

    async def aclose(self) -> None:
        try:
            await self.stream.aclose()
        finally:
            self.call.ended()


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
    return wanted == "all" or (wanted == "loopback" and _is_loopback(host))


@lru_cache(maxsize=512)
def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:  # a name: not resolved here, and others may own one that only looks local
        return host.lower() == "localhost"
