"""A presigner for GET of one bucket that does only what such a URL needs, byte for byte as boto3 writes it.

Signature Version 4 in the query ("Authenticating Requests: Using Query Parameters", Amazon S3 API Reference). The
signing key depends on the day, the region and the service alone, so it can be kept for a day. boto3 also resolves
the endpoint, validates and serialises the parameters and runs its event handlers, anew for each URL.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from datetime import datetime
from urllib.parse import quote, urlsplit

from workbench.services.s3 import S3Endpoint

__all__ = ["Presigner", "derive_key"]

_ALGORITHM = "AWS4-HMAC-SHA256"
_UNRESERVED = "-._~"  # besides letters and digits (RFC 3986, 2.3)

Key = Callable[[str, str, str], bytes]


def derive_key(secret: str, day: str, region: str) -> bytes:
    """The signing key of a day (``20261123``) and region for S3: four chained HMACs."""
    key = f"AWS4{secret}".encode()
    for part in (day, region, "s3", "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    return key


class Presigner:
    """Signs for one bucket by path-style URLs. With ``keep_key`` the signing key is derived once a day."""

    def __init__(self, endpoint: S3Endpoint, *, keep_key: bool) -> None:
        parts = urlsplit(endpoint.url)
        self._endpoint = endpoint
        self._host = _host(parts.scheme, parts.netloc)
        self._keep_key = keep_key
        self._kept: tuple[str, bytes] = ("", b"")
        self.derived = 0

    def url(self, key: str, content_type: str, disposition: str, *, at: datetime, expires_s: int) -> str:
        """The URL that lets its holder get the object ``key`` for ``expires_s`` seconds from ``at`` (UTC)."""
        endpoint, moment = self._endpoint, at.strftime("%Y%m%dT%H%M%SZ")
        scope = f"{moment[:8]}/{endpoint.region}/s3/aws4_request"
        path = f"/{endpoint.bucket}/{quote(key, safe='/' + _UNRESERVED)}"
        fields = [
            ("response-content-type", content_type),
            ("response-content-disposition", disposition),
            ("X-Amz-Algorithm", _ALGORITHM),
            ("X-Amz-Credential", f"{endpoint.access_key}/{scope}"),
            ("X-Amz-Date", moment),
            ("X-Amz-Expires", str(expires_s)),
            ("X-Amz-SignedHeaders", "host"),
        ]
        if endpoint.session_token:
            fields.append(("X-Amz-Security-Token", endpoint.session_token))
        pairs = [f"{name}={quote(value, safe=_UNRESERVED)}" for name, value in fields]
        canonical = f"GET\n{path}\n{'&'.join(sorted(pairs))}\nhost:{self._host}\n\nhost\nUNSIGNED-PAYLOAD"
        digest = hashlib.sha256(canonical.encode()).hexdigest()
        text = f"{_ALGORITHM}\n{moment}\n{scope}\n{digest}"
        signature = hmac.digest(self._key(moment[:8]), text.encode(), "sha256").hex()
        return f"{endpoint.url}{path}?{'&'.join(pairs)}&X-Amz-Signature={signature}"

    def _key(self, day: str) -> bytes:
        kept_day, key = self._kept
        if kept_day != day or not self._keep_key:
            self.derived += 1
            key = derive_key(self._endpoint.secret_key, day, self._endpoint.region)
            self._kept = (day, key)
        return key


def _host(scheme: str, netloc: str) -> str:
    """The Host header: a scheme's own port isn't in it."""
    default = {"http": ":80", "https": ":443"}[scheme]
    return netloc.removesuffix(default)
