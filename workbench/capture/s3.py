"""Spans of the HTTP requests that botocore (boto3) makes, with connects, handshakes and bytes, by our own patch.

OpenTelemetry's instrumentation for botocore sees calls of the API: one span for all attempts of a call, no
connects, no bytes, and it adds X-Ray headers to what is sent. What is compared here are the requests, each attempt
for itself. Presigning makes no request and so no span. Nothing is patched outside a recording, and botocore isn't
imported for it.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from workbench.capture.frames import resumes
from workbench.capture.spans import OpenSpan, active_log, record_span, start_span
from workbench.capture.switch import Switch

__all__ = ["install", "uninstall"]

_SERVER_ERROR = 500
_CLIENT_ERROR = 400
_TOO_MANY_REQUESTS = 429
_REQUEST_LINE = len("  HTTP/1.1\r\n")
_STATUS_LINE = len("HTTP/1.1 200 OK\r\n")
_CONTINUE = len("HTTP/1.1 100 Continue\r\n\r\n")
_ADDED = len("Host: \r\nAccept-Encoding: identity\r\n")  # by urllib3, to the headers that botocore hands over
_TLS_SLOT = "_workbench_tls"

_send: Any = None  # botocore's own; stay set after the last recording: a thread may be on its way through ours
_new_conn: Any = None
_connect: Any = None


def _patch() -> None:
    global _send, _new_conn, _connect
    from botocore.awsrequest import AWSHTTPConnection, AWSHTTPSConnection
    from botocore.httpsession import URLLib3Session

    _send, _new_conn, _connect = URLLib3Session.send, AWSHTTPConnection._new_conn, AWSHTTPSConnection.connect
    URLLib3Session.send = _traced_send
    # Inherited from urllib3, whose other users aren't ours to watch: set on botocore's own classes.
    AWSHTTPConnection._new_conn = AWSHTTPSConnection._new_conn = _traced_new_conn
    AWSHTTPSConnection.connect = _traced_connect


def _unpatch() -> None:
    from botocore.awsrequest import AWSHTTPConnection, AWSHTTPSConnection
    from botocore.httpsession import URLLib3Session

    if URLLib3Session.send is _traced_send:
        URLLib3Session.send = _send
    for owner, name, ours in (
        (AWSHTTPConnection, "_new_conn", _traced_new_conn),
        (AWSHTTPSConnection, "_new_conn", _traced_new_conn),
        (AWSHTTPSConnection, "connect", _traced_connect),
    ):
        if owner.__dict__.get(name) is ours:
            delattr(owner, name)


@resumes
def _traced_send(self: Any, request: Any) -> Any:
    log = active_log()
    if log is None:
        return _send(self, request)
    parts = urlsplit(request.url)
    identity = hash((request.method, request.url))
    with record_span("http", f"{request.method} {_template(parts.path)}") as span:
        assert span is not None
        span.attributes["method"], span.attributes["host"] = request.method, parts.hostname or ""
        if failures := log.failed_requests.get(identity):
            span.attributes["retry"] = failures
        span.bytes_sent = _sent(request, parts)
        try:
            response = _send(self, request)
        except Exception:
            log.failed_requests[identity] = log.failed_requests.get(identity, 0) + 1
            raise
        if response.status_code >= _SERVER_ERROR or response.status_code == _TOO_MANY_REQUESTS:
            log.failed_requests[identity] = log.failed_requests.get(identity, 0) + 1
        _answered(span, request, response)
        return response


def _answered(span: OpenSpan, request: Any, response: Any) -> None:
    span.attributes["status"] = response.status_code
    if response.status_code >= _CLIENT_ERROR:
        span.status = "error"
    # A stream is read later, by the program: its length is in the headers.
    body = int(response.headers.get("content-length") or 0) if request.stream_output else len(response.content)
    interim = _CONTINUE if "Expect" in request.headers else 0
    span.bytes_received = _STATUS_LINE + _header_bytes(response.headers) + body + interim


def _sent(request: Any, parts: Any) -> int:
    target = len(parts.path or "/") + (len(parts.query) + 1 if parts.query else 0)
    head = (
        len(request.method) + target + _REQUEST_LINE + _header_bytes(request.headers) + _ADDED + len(parts.netloc)
    )
    return head + int(request.headers.get("Content-Length") or 0)


def _header_bytes(headers: Any) -> int:
    """Bytes of the header block with the empty line that ends it."""
    return sum(len(_text(name)) + len(_text(value)) + 4 for name, value in headers.items()) + 2


def _text(value: Any) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)


def _template(path: str) -> str:
    """``/bucket/a/b`` → ``/{bucket}/{key}``: both are the user's data."""
    bucket, _, key = path.strip("/").partition("/")
    return "/{bucket}/{key}" if key else "/{bucket}" if bucket else "/"


@resumes
def _traced_new_conn(self: Any) -> Any:
    log = active_log()
    with record_span("connect", "TCP connect", host=str(self.host)):
        connection = _new_conn(self)
    if log is not None and self.default_port == 443:
        tls = start_span(log, "tls", "TLS handshake", None)
        tls.attributes["host"] = str(self.host)
        setattr(self, _TLS_SLOT, tls)
    return connection


@resumes
def _traced_connect(self: Any) -> None:
    """TCP, then TLS: the handshake's span begins where the TCP connect's ends."""
    try:
        _connect(self)
    except BaseException as error:
        if tls := self.__dict__.get(_TLS_SLOT):
            tls.fail(error)
        raise
    finally:
        if tls := self.__dict__.pop(_TLS_SLOT, None):
            tls.finish()


_switch = Switch("botocore.httpsession", _patch, _unpatch)
install = _switch.install
uninstall = _switch.uninstall
