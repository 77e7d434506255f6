"""Presigned URLs against the specification: AWS's own example, boto3, our presigner and our verifier."""

from __future__ import annotations

import hashlib
import hmac
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, quote, urlsplit

import pytest

from workbench.dataset.objects import build_listing
from workbench.errors import ScenarioError, UsageError
from workbench.scenarios.files import cached_urls
from workbench.scenarios.files.bucket import Bucket
from workbench.scenarios.files.listing import EXPIRES_S, VALID_S, Desk, Entry, Listed, parameters, presign
from workbench.scenarios.files.options import read_options
from workbench.scenarios.files.sigv4 import Presigner
from workbench.scenarios.files.verify import BadUrl, read_url, signature_of
from workbench.scenarios.files.workload import digest_of
from workbench.services.s3 import S3Endpoint

NOW = datetime(2026, 11, 23, 4, 5, 6, tzinfo=UTC)
ENDPOINT = S3Endpoint("http://127.0.0.1:9999", "bucket", "us-east-1", "AKIACANARY", "secret/canary+")
ENTRIES = [Entry(file.key, file.size_bytes, file.content_type) for file in build_listing(resources=120).files]

# "Authenticating Requests: Using Query Parameters", Amazon S3 API Reference: the documentation's published example.
EXAMPLE_SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
EXAMPLE = (
    "https://examplebucket.s3.amazonaws.com/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256"
    "&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request"
    "&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host"
    "&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404"
)


@pytest.fixture
def frozen(monkeypatch: pytest.MonkeyPatch) -> datetime:
    """boto3 signs as if it were ``NOW``."""
    monkeypatch.setattr("botocore.auth.get_current_datetime", lambda *_, **__: NOW.replace(tzinfo=None))
    return NOW


def own(entry: Entry, endpoint: S3Endpoint = ENDPOINT, at: datetime = NOW, *, keep_key: bool = True) -> str:
    fields = parameters(endpoint.bucket, entry)
    return Presigner(endpoint, keep_key=keep_key).url(
        entry.key,
        fields["ResponseContentType"],
        fields["ResponseContentDisposition"],
        at=at,
        expires_s=EXPIRES_S,
    )


def by_hand(url: str, secret: str) -> str:
    """The signature a third time, straight from the specification's steps, for this test alone."""
    parts = urlsplit(url)
    query = {name: value for name, value in parse_qsl(parts.query) if name != "X-Amz-Signature"}
    credential = query["X-Amz-Credential"].split("/", 1)[1]
    lines = "&".join(
        f"{quote(k, safe='')}={quote(query[k], safe='')}" for k in sorted(query, key=lambda k: quote(k))
    )
    canonical = f"GET\n{parts.path}\n{lines}\nhost:{parts.netloc}\n\nhost\nUNSIGNED-PAYLOAD"
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    text = f"AWS4-HMAC-SHA256\n{query['X-Amz-Date']}\n{credential}\n{digest}"
    key = f"AWS4{secret}".encode()
    for part in [*credential.split("/"), text]:
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return key.hex()


def test_the_verifier_agrees_with_the_published_example() -> None:
    signed = read_url(EXAMPLE, EXAMPLE_SECRET)
    assert signed.path == "/test.txt"
    assert signed.signed_at == datetime(2013, 5, 24, tzinfo=UTC)
    assert signed.expires_at - signed.signed_at == timedelta(days=1)
    assert by_hand(EXAMPLE, EXAMPLE_SECRET) == EXAMPLE[-64:]


@pytest.mark.parametrize("token", ["", "to/ken+=="])
@pytest.mark.parametrize("url", ["http://127.0.0.1:9999", "https://x.r2.cloudflarestorage.com", "http://x:80"])
def test_our_urls_are_boto3s_byte_for_byte(frozen: datetime, url: str, token: str) -> None:
    endpoint = S3Endpoint(url, "bucket", "auto", "AKIACANARY", "secret/canary+", token)
    desk = Desk(Bucket(endpoint), Bucket(endpoint).client())
    for entry in ENTRIES:
        boto = presign(desk, entry).url
        assert own(entry, endpoint) == boto == own(entry, endpoint, keep_key=False)
    assert desk.signed.urls == len(ENTRIES)


def test_three_computations_of_a_signature_agree(frozen: datetime) -> None:
    desk = Desk(Bucket(ENDPOINT), Bucket(ENDPOINT).client())
    for entry in ENTRIES:
        url = presign(desk, entry).url
        given = url[-64:]
        assert given == by_hand(url, ENDPOINT.secret_key) == signature_of(url, ENDPOINT.secret_key)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda url: url.replace("/bucket/", "/bucket2/"), "signature is wrong"),
        (lambda url: url.replace("X-Amz-Expires=3600", "X-Amz-Expires=7200"), "signature is wrong"),
        (lambda url: url.replace("attachment", "inline"), "signature is wrong"),
        (lambda url: url[:-1] + ("0" if url[-1] != "0" else "1"), "signature is wrong"),
        (lambda url: url.partition("?")[0], "not presigned"),
    ],
)
def test_a_url_that_was_tampered_with_is_refused(change: object, message: str) -> None:
    url = own(ENTRIES[0])
    read_url(url, ENDPOINT.secret_key)
    with pytest.raises(BadUrl, match=message):
        read_url(change(url), ENDPOINT.secret_key)  # type: ignore[operator]


def test_another_secret_gives_another_signature() -> None:
    with pytest.raises(BadUrl, match="signature is wrong"):
        read_url(own(ENTRIES[0]), "other")


def test_the_key_is_derived_once_a_day_and_anew_on_the_next() -> None:
    kept, fresh = Presigner(ENDPOINT, keep_key=True), Presigner(ENDPOINT, keep_key=False)
    for day in (0, 0, 0, 1, 1):
        at = NOW + timedelta(days=day)
        urls = {p.url("k", "text/plain", "inline", at=at, expires_s=60) for p in (kept, fresh)}
        assert len(urls) == 1
        read_url(urls.pop(), ENDPOINT.secret_key)
    assert (kept.derived, fresh.derived) == (2, 5)


def test_a_digest_tells_wrong_urls_and_doesnt_mind_when_they_were_signed() -> None:
    now = [Listed(entry, own(entry)) for entry in ENTRIES]
    earlier = [Listed(entry, own(entry, at=NOW - timedelta(seconds=VALID_S))) for entry in ENTRIES]
    assert digest_of(now, ENDPOINT.secret_key, NOW) == digest_of(earlier[::-1], ENDPOINT.secret_key, NOW)
    assert digest_of(now[1:], ENDPOINT.secret_key, NOW) != digest_of(now, ENDPOINT.secret_key, NOW)


@pytest.mark.parametrize(
    ("listed", "message"),
    [
        (
            Listed(ENTRIES[0], own(ENTRIES[0], at=NOW - timedelta(seconds=VALID_S + 1))),
            "not valid for the next 1800 s",
        ),
        (Listed(ENTRIES[0], own(ENTRIES[0], at=NOW + timedelta(minutes=5))), "not valid for the next 1800 s"),
        (Listed(ENTRIES[0], own(ENTRIES[1])), "another file's"),
        (Listed(ENTRIES[0], "http://127.0.0.1:9999/bucket/x"), "no good: it is not presigned"),
    ],
)
def test_a_bad_url_fails_the_round(listed: Listed, message: str) -> None:
    with pytest.raises(ScenarioError, match=message) as caught:
        digest_of([listed], ENDPOINT.secret_key, NOW)
    assert "Signature" not in str(caught.value)


def test_a_cached_url_is_given_out_only_while_enough_validity_is_left() -> None:
    cache = cached_urls.UrlCache(most=2)
    entry = ENTRIES[0]
    cache.put(entry, NOW, "u")
    assert cache.get(entry, NOW + timedelta(seconds=EXPIRES_S - VALID_S)) == "u"
    assert cache.get(entry, NOW + timedelta(seconds=EXPIRES_S - VALID_S + 1)) is None
    assert cache.get(Entry(entry.key, entry.size_bytes + 1, entry.content_type), NOW) is None, "it was replaced"


def test_the_url_cache_forgets_the_oldest() -> None:
    cache = cached_urls.UrlCache(most=2)
    for entry in ENTRIES[:3]:
        cache.put(entry, NOW, entry.key)
    assert len(cache) == 2
    assert [cache.get(entry, NOW) for entry in ENTRIES[:3]] == [None, ENTRIES[1].key, ENTRIES[2].key]


def test_options_are_read_or_named() -> None:
    options, timeout_s = read_options("files", {"latency_scale": "0", "bad_keys": "a+b", "timeout_s": "2"}, 5)
    assert (options.latency_scale, options.seed, options.faults.bad_keys, timeout_s) == (0.0, 5, ("a", "b"), 2.0)
    with pytest.raises(UsageError, match="has no option 'latency'; did you mean 'latency_scale'"):
        read_options("files", {"latency": "1"}, 1)
    with pytest.raises(UsageError, match="can't read option timeout_s='0'"):
        read_options("uploads", {"timeout_s": "0"}, 1)
