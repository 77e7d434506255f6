"""What can go wrong with a request to the store: botocore's exceptions as the errors a user reads."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from workbench.errors import (
    ServiceBadResponse,
    ServiceError,
    ServiceThrottled,
    ServiceTimeout,
    ServiceTLS,
    ServiceUnauthorized,
    ServiceUnreachable,
)
from workbench.redaction import redact
from workbench.scenarios.files.bucket import ATTEMPTS, Bucket

__all__ = ["as_service_error", "s3_errors"]

_REFUSED = {
    "AccessDenied",
    "ExpiredToken",
    "InvalidAccessKeyId",
    "InvalidToken",
    "RequestTimeTooSkewed",
    "SignatureDoesNotMatch",
}
_THROTTLED = {"RequestLimitExceeded", "ServiceUnavailable", "SlowDown", "Throttling", "TooManyRequests"}


@contextmanager
def s3_errors(bucket: Bucket, what: str) -> Iterator[None]:
    """Raise what botocore raises inside as a ServiceError; ``what`` says what was asked for."""
    from botocore import exceptions as boto

    try:
        yield
    except (boto.BotoCoreError, boto.ClientError) as error:
        raise as_service_error(error, bucket, what) from error


def as_service_error(error: Exception, bucket: Bucket, what: str) -> ServiceError:
    """The error that an exception of botocore means, in one line without secrets."""
    from botocore import exceptions as boto

    url = bucket.endpoint.url
    if isinstance(error, boto.ClientError):
        return _answered(error.response, bucket, what)
    if isinstance(error, boto.SSLError):
        return ServiceTLS(f"{what}: the TLS handshake with {url} failed; check its certificate")
    if isinstance(error, boto.ReadTimeoutError | boto.ConnectTimeoutError):
        return ServiceTimeout(f"{what}: no answer from {url} in {bucket.timeout_s:g} s, tried {ATTEMPTS} times")
    if isinstance(error, boto.ConnectionError | boto.HTTPClientError):
        return ServiceUnreachable(
            f"{what}: no connection to {url}, or it was reset, {ATTEMPTS} times; is the store up?"
        )
    if isinstance(error, boto.ParamValidationError):
        return ServiceError(f"{what}: botocore refuses the request: {_line(error)}")
    return ServiceBadResponse(f"{what}: {type(error).__name__}: {_line(error)}; is {url} an S3 store?")


def _answered(answer: dict[str, Any], bucket: Bucket, what: str) -> ServiceError:
    code = str(answer.get("Error", {}).get("Code", ""))
    status = int(answer.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    said = f"{what}: the store answered {status} {code}".rstrip()
    if code in _REFUSED or status in (401, 403):
        return ServiceUnauthorized(f"{said}; check the access key, its secret and its rights on {bucket.name!r}")
    if code in _THROTTLED or status in (429, 503):
        return ServiceThrottled(f"{said}, {ATTEMPTS} times; lower the concurrency or try later")
    if code == "NoSuchBucket":
        return ServiceError(f"{said}: there is no bucket {bucket.name!r} at {bucket.endpoint.url}")
    return ServiceError(said)


def _line(error: Exception) -> str:
    return redact(" ".join(str(error).split()))
