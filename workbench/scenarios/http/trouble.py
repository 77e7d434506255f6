"""What can go wrong with one request: httpx's exceptions and a server's answers as the errors a user reads."""

from __future__ import annotations

import ssl
from email.utils import parsedate_to_datetime
from json import JSONDecodeError
from typing import Any

import httpx

from workbench.errors import (
    ServiceBadResponse,
    ServiceError,
    ServiceThrottled,
    ServiceTimeout,
    ServiceTLS,
    ServiceUnauthorized,
    ServiceUnreachable,
)
from workbench.model import utc_now

__all__ = ["Trouble", "check", "decode", "from_exception"]

_MOST_SECONDS = 3600.0
_UNKNOWN_AUTHORITY = (
    18,
    19,
    20,
    21,
)  # OpenSSL's X509_V_ERR_…: self-signed, or issued by an authority not known here
_NO_TLS = ("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "HTTP_REQUEST", "PACKET_LENGTH_TOO_LONG")


class Trouble(Exception):
    """A failed request: the error to report, and whether another attempt may help.

    ``throttled`` is an answer 429 with ``retry_after`` in seconds, None if the server didn't say.
    """

    def __init__(
        self, error: ServiceError, *, again: bool = False, throttled: bool = False, retry_after: float | None = None
    ) -> None:
        super().__init__(str(error))
        self.error = error
        self.again = again
        self.throttled = throttled
        self.retry_after = retry_after


def check(response: httpx.Response, what: str, credentials: str = "the credentials", said: str = "") -> None:
    """Raise ``Trouble`` unless the answer is a 2xx. ``what`` is the request without its query: ``GET /path``.

    ``credentials`` is what a user should check after a 401 or 403, ``said`` the server's own words if it has any.
    """
    status = response.status_code
    if response.is_success:
        return
    if status == 429:
        error = ServiceThrottled(f"{what}: the server still answers 429 (too many requests); lower the concurrency")
        raise Trouble(error, again=True, throttled=True, retry_after=_retry_after(response))
    if status in (401, 403):
        text = f"{what}: the server answered {status}{said}; check {credentials} and the privileges"
        raise Trouble(ServiceUnauthorized(text))
    if status >= 500:
        raise Trouble(ServiceError(f"{what}: the server answered {status}{said}"), again=True)
    raise Trouble(ServiceError(f"{what}: the server answered {status}{said}"))


def decode(response: httpx.Response, what: str, server: str = "the right server") -> Any:
    """The answer's JSON. ``server`` is what should have answered.

    Raises ``Trouble`` for HTML and for JSON that ends too early or isn't JSON at all.
    """
    kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    if "html" in kind or response.content.lstrip()[:1] == b"<":
        text = f"{what}: the server sent {kind or 'markup'} instead of JSON; is this {server}?"
        raise Trouble(ServiceBadResponse(text))
    try:
        return response.json()
    except (JSONDecodeError, UnicodeDecodeError) as error:
        size = len(response.content)
        # One more attempt may help: a proxy that cut the body off is often a passing fault.
        raise Trouble(
            ServiceBadResponse(f"{what}: the server sent broken or truncated JSON ({size} bytes)"), again=True
        ) from error


def from_exception(error: httpx.HTTPError, what: str, base_url: str) -> Trouble:
    """The trouble that an exception of httpx means."""
    if isinstance(error, httpx.TimeoutException):
        return Trouble(ServiceTimeout(f"{what}: no answer from {base_url} in time"), again=True)
    if _tls(error) is not None:
        text = f"{what}: the TLS handshake with {base_url} failed ({_reason(error)}); {_tls_mend(error)}"
        return Trouble(ServiceTLS(text))
    if isinstance(error, httpx.RemoteProtocolError) and "complete message body" in str(error):
        return Trouble(ServiceBadResponse(f"{what}: the answer was truncated"), again=True)
    if isinstance(error, httpx.DecodingError):
        return Trouble(ServiceBadResponse(f"{what}: the answer's content encoding is broken"), again=True)
    reason = _reason(error)
    return Trouble(ServiceUnreachable(f"{what}: no connection to {base_url} ({reason}); is it up?"), again=True)


def _tls(error: BaseException | None) -> ssl.SSLError | None:
    """Why the handshake failed, if it did; httpx says ConnectError, and its causes know why."""
    while error is not None:
        if isinstance(error, ssl.SSLError) and not isinstance(error, ssl.SSLEOFError | ssl.SSLZeroReturnError):
            return error
        error = error.__cause__ or error.__context__
    return None


def _tls_mend(error: BaseException) -> str:
    failed = _tls(error)
    if getattr(failed, "verify_code", 0) in _UNKNOWN_AUTHORITY:
        return "if it is yours, name its authority's certificate with JAMF_CA_FILE or SSL_CERT_FILE"
    if failed is not None and failed.reason in _NO_TLS:
        return "the server doesn't speak TLS on that port; check the port"
    return "check its certificate"


def _reason(error: BaseException) -> str:
    return " ".join(str(error).split()) or type(error).__name__


def _retry_after(response: httpx.Response) -> float | None:
    """Seconds, from either form of RFC 9110, 10.2.3; None if absent or not understood."""
    text = response.headers.get("retry-after", "").strip()
    try:
        seconds = float(text)
    except ValueError:
        try:
            seconds = (parsedate_to_datetime(text) - utc_now()).total_seconds()
        except (TypeError, ValueError):
            return None
    return min(max(seconds, 0.0), _MOST_SECONDS)
