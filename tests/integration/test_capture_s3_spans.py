"""botocore's requests as spans: each attempt, with its connect and its bytes, and nothing outside a recording."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import botocore.awsrequest
import botocore.httpsession
import pytest
from botocore.exceptions import ClientError

from workbench.capture.rounds import RunRecorder
from workbench.capture.samplers import SamplerSpec
from workbench.model import Recording, RoundKind
from workbench.scenarios.files.bucket import ATTEMPTS, Bucket
from workbench.services.link import parse_link, start_link
from workbench.services.s3 import RunningS3, S3Faults, S3Options, start_s3

pytestmark = pytest.mark.service


@pytest.fixture(scope="module")
def store() -> Iterator[RunningS3]:
    faults = S3Faults(bad_keys=("bad-canary",))
    with start_s3(options=S3Options(latency_scale=0, faults=faults)) as running:
        yield running


def recorded(work: Any) -> Recording:
    recorder = RunRecorder(SamplerSpec(name="none"))
    with recorder.round(RoundKind.TIMING):
        work()
    return recorder.finish(run_id="r", session_id="s", name="n")


def test_requests_connects_and_bytes_are_counted_as_the_link_does(store: RunningS3) -> None:
    with start_link(parse_link("rtt=1ms"), store.host, store.port) as link:
        bucket = Bucket(store.endpoint(link))
        client = bucket.client()

        def work() -> None:
            client.put_object(Bucket=bucket.name, Key="key-canary/ü.txt", Body=b"x" * 3000)
            client.get_object(Bucket=bucket.name, Key="key-canary/ü.txt")["Body"].read()
            client.list_objects_v2(Bucket=bucket.name)
            client.generate_presigned_url("get_object", Params={"Bucket": bucket.name, "Key": "k"})

        recording = recorded(work)
        seen = link.stats()
        client.close()
    names = [span.name for span in recording.spans if span.kind == "http"]
    assert names == ["PUT /{bucket}/{key}", "GET /{bucket}/{key}", "GET /{bucket}"]
    measures = recording.run.rounds[0].measures
    assert (measures["requests"], measures["connects"], measures["errors"]) == (3, 1, 0)
    assert measures["bytes_sent"] == pytest.approx(seen["bytes_up"], rel=0.01)
    assert measures["bytes_received"] == pytest.approx(seen["bytes_down"], rel=0.02)
    connect = next(span for span in recording.spans if span.kind == "connect")
    assert connect.parent == next(span.number for span in recording.spans if span.kind == "http")
    assert "canary" not in repr(recording.spans)


def test_each_attempt_is_a_span_and_the_later_ones_are_retries(
    store: RunningS3, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("botocore.retries.standard.ExponentialBackoff.delay_amount", lambda *_: 0.0)
    bucket = Bucket(store.endpoint())
    client = bucket.client()

    def work() -> None:
        with pytest.raises(ClientError, match="SlowDown"):
            client.put_object(Bucket=bucket.name, Key="bad-canary", Body=b"x")

    recording = recorded(work)
    client.close()
    measures = recording.run.rounds[0].measures
    assert (measures["requests"], measures["errors"], measures["retries"]) == (ATTEMPTS, ATTEMPTS, ATTEMPTS - 1)
    assert {span.attributes["status"] for span in recording.spans if span.kind == "http"} == {503}


def test_a_refused_connection_is_an_error_with_its_type_alone() -> None:
    from workbench.services.s3 import S3Endpoint

    bucket = Bucket(S3Endpoint("http://127.0.0.1:9", "b", access_key="a", secret_key="secret-canary"))
    client = bucket.client()
    client.meta.events.unregister("needs-retry.s3", unique_id="retry-config-s3")

    def work() -> None:
        with pytest.raises(botocore.exceptions.EndpointConnectionError):
            client.list_buckets()

    recording = recorded(work)
    client.close()
    assert {(span.kind, span.status) for span in recording.spans} == {("http", "error"), ("connect", "error")}
    assert "canary" not in repr(recording.spans)


def test_botocore_is_as_it_was_afterwards() -> None:
    session, connection = botocore.httpsession.URLLib3Session, botocore.awsrequest.AWSHTTPSConnection
    before = session.send, dict(connection.__dict__)
    during = []
    recorded(lambda: during.append(session.send))
    assert during[0] is not before[0]
    assert (session.send, dict(connection.__dict__)) == before
