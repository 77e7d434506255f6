"""What stands before moto: counters, credentials, latency and faults, as WSGI middleware."""

from __future__ import annotations

import os
import re
import socket
import struct
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import parse_qs

from workbench.services.s3.latency import fault, latency_s
from workbench.services.s3.options import S3Options

__all__ = ["Front"]

_CREDENTIAL = re.compile(r"Credential=([^/,]+)/")
_ERROR = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    "<Error><Code>{code}</Code><Message>{message}</Message><RequestId>0</RequestId></Error>"
)

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
Application = Callable[[Environ, StartResponse], Iterable[bytes]]


class Front:
    """A WSGI application around ``inner``. Only requests signed by ``access_key`` pass; moto checks none itself."""

    def __init__(self, inner: Application, options: S3Options, access_key: str) -> None:
        self._inner = inner
        self._options = options
        self._access_key = access_key
        self._lock = threading.Lock()
        self.clear()

    def clear(self) -> None:
        """Counters and draws as at the start."""
        with self._lock:
            self._counts: Counter[str] = Counter(requests=0, connections=0, unauthorized=0)
            self._operations: Counter[str] = Counter()
            self._asked: Counter[tuple[str, str]] = Counter()
            self._in_flight = 0
            self._peak = 0

    def connected(self) -> None:
        """A client has opened a connection."""
        with self._lock:
            self._counts["connections"] += 1

    def stats(self) -> dict[str, Any]:
        with self._lock:
            return {
                **self._counts,
                "operations": dict(self._operations),
                "max_in_flight": self._peak,
                "cpu_s": time.process_time(),
            }

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        operation, key = _asked_for(environ)
        nth = self._enter(operation, key)
        try:
            return _whole(self._answer, environ, start_response, operation, key, nth)
        finally:
            with self._lock:
                self._in_flight -= 1

    def _enter(self, operation: str, key: str) -> int:
        with self._lock:
            self._counts["requests"] += 1
            self._operations[operation] += 1
            self._asked[operation, key] += 1
            self._in_flight += 1
            self._peak = max(self._peak, self._in_flight)
            return self._asked[operation, key]

    def _answer(
        self, environ: Environ, start_response: StartResponse, operation: str, key: str, nth: int
    ) -> Iterable[bytes]:
        options = self._options
        refusal = self._refusal(environ)
        if refusal:
            with self._lock:
                self._counts["unauthorized"] += 1
            return _error(start_response, "403 Forbidden", *refusal)
        time.sleep(latency_s(options.seed, operation, key, nth, options.latency_scale))
        trouble = fault(options.faults, options.seed, operation, key, nth)
        if trouble:
            with self._lock:
                self._counts[f"fault_{trouble}"] += 1
        if trouble == "reset":
            _reset(environ)
        if trouble:
            return _error(start_response, "503 Slow Down", "SlowDown", "Please reduce your request rate.")
        return self._inner(environ, start_response)

    def _refusal(self, environ: Environ) -> tuple[str, str] | None:
        """Code and message, unless the request is signed by our access key, in its header or its query."""
        header = _CREDENTIAL.search(environ.get("HTTP_AUTHORIZATION", ""))
        query = parse_qs(environ.get("QUERY_STRING", "")).get("X-Amz-Credential", [""])[0]
        signer = header[1] if header else query.partition("/")[0]
        if not signer:
            return "AccessDenied", "Access Denied"
        if signer != self._access_key:
            return "InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records."
        return None


def _asked_for(environ: Environ) -> tuple[str, str]:
    """Operation and key; the path is ``/bucket`` or ``/bucket/key``."""
    path = environ.get("PATH_INFO", "").encode("latin-1", "replace").decode("utf-8", "replace")
    key = path.lstrip("/").partition("/")[2]
    return (f"{environ['REQUEST_METHOD']} object" if key else f"{environ['REQUEST_METHOD']} bucket"), key


def _whole(
    answer: Callable[..., Iterable[bytes]], environ: Environ, start_response: StartResponse, *about: Any
) -> Iterable[bytes]:
    """The answer in one piece, with its length in the headers, so that the connection can stay open."""
    begun: list[tuple[str, list[tuple[str, str]]]] = []

    def collect(status: str, headers: list[tuple[str, str]], *_: Any) -> None:
        begun.append((status, headers))

    body = b"".join(answer(environ, collect, *about))
    status, headers = begun[-1]
    if environ["REQUEST_METHOD"] != "HEAD":  # whose length is that of the object
        headers = [(name, value) for name, value in headers if name.lower() != "content-length"]
        headers.append(("Content-Length", str(len(body))))
    start_response(status, headers)
    return [body]


def _error(start_response: StartResponse, status: str, code: str, message: str) -> Iterable[bytes]:
    body = _ERROR.format(code=code, message=message).encode()
    start_response(status, [("Content-Type", "application/xml")])
    return [body]


def _reset(environ: Environ) -> None:
    """Close the connection with a TCP reset, then end the request as werkzeug does when a client has gone."""
    connection: socket.socket = environ["werkzeug.socket"]
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    os.close(connection.detach())  # ``close`` would wait for the files that the handler has made of it
    raise ConnectionResetError("reset on purpose")
