"""Whether a presigned URL is right, computed from the URL and the secret: moto doesn't look.

Written from the specification ("Authenticating Requests: Using Query Parameters", Amazon S3 API Reference) and
shared with no signer, so that an error of ours can't vouch for itself.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, quote, unquote, urlsplit

__all__ = ["BadUrl", "SignedUrl", "read_url", "signature_of"]

_SAFE = "-._~"
_SIGNATURE = "X-Amz-Signature"


class BadUrl(ValueError):
    """What is wrong with a URL, without its secrets."""


@dataclass(frozen=True, slots=True)
class SignedUrl:
    """What a URL grants. ``path`` is decoded; ``fields`` are the parameters that don't belong to the signature."""

    host: str
    path: str
    fields: Mapping[str, str]
    signed_at: datetime
    expires_at: datetime


def signature_of(url: str, secret: str) -> str:
    """The signature (64 hexadecimal digits) that a GET of this URL must carry."""
    parts = urlsplit(url)
    query = parse_qsl(parts.query, keep_blank_values=True)
    values = dict(query)
    day, region, service, ending = values["X-Amz-Credential"].split("/")[1:]
    canonical_query = "&".join(
        f"{name}={value}"
        for name, value in sorted(
            (quote(name, safe=_SAFE), quote(value, safe=_SAFE)) for name, value in query if name != _SIGNATURE
        )
    )
    request = "\n".join(
        ["GET", parts.path, canonical_query, f"host:{parts.netloc}", "", "host", "UNSIGNED-PAYLOAD"]
    )
    to_sign = "\n".join(
        [
            values["X-Amz-Algorithm"],
            values["X-Amz-Date"],
            f"{day}/{region}/{service}/{ending}",
            hashlib.sha256(request.encode()).hexdigest(),
        ]
    )
    key = ("AWS4" + secret).encode()
    for step in (day, region, service, ending, to_sign):
        key = hmac.new(key, step.encode(), hashlib.sha256).digest()
    return key.hex()


def read_url(url: str, secret: str) -> SignedUrl:
    """What the URL grants. Raises BadUrl if it isn't a presigned one or its signature is wrong."""
    parts = urlsplit(url)
    values = dict(parse_qsl(parts.query, keep_blank_values=True))
    try:
        signed_at = datetime.strptime(values["X-Amz-Date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        lifetime = timedelta(seconds=int(values["X-Amz-Expires"]))
        expected = signature_of(url, secret)
        given = values[_SIGNATURE]
        day = values["X-Amz-Credential"].split("/")[1]
    except (KeyError, ValueError, IndexError) as error:
        raise BadUrl(f"it is not presigned ({type(error).__name__})") from error
    if not hmac.compare_digest(expected, given):
        raise BadUrl("its signature is wrong")
    if day != values["X-Amz-Date"][:8]:
        raise BadUrl("it was signed on another day than its credential's")
    fields = {name: value for name, value in values.items() if not name.startswith("X-Amz-")}
    return SignedUrl(parts.netloc, unquote(parts.path), fields, signed_at, signed_at + lifetime)
