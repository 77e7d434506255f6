"""The local object store as a process: its bucket, its credentials and faults, and that nothing is left."""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from botocore.exceptions import ClientError

from workbench.dataset.objects import build_listing, contents, write_listing
from workbench.errors import ServiceStartFailed
from workbench.scenarios.files.bucket import ATTEMPTS, Bucket
from workbench.services.link import parse_link, start_link
from workbench.services.s3 import RunningS3, S3Endpoint, S3Faults, S3Options, start_s3

pytestmark = pytest.mark.service

LISTING = build_listing(resources=100, seed=3)
FAST = S3Options(latency_scale=0)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("objects") / "objects"
    write_listing(LISTING, target)
    return target


@pytest.fixture(scope="module")
def store(folder: Path) -> Iterator[RunningS3]:
    with start_s3(folder, options=FAST) as running:
        yield running


@pytest.fixture
def client(store: RunningS3) -> Iterator[Any]:
    store.reset()
    client = Bucket(store.endpoint()).client()
    yield client
    client.close()


def test_the_bucket_holds_the_files_of_the_dataset(store: RunningS3, client: Any) -> None:
    found = client.list_objects_v2(Bucket=store.endpoint().bucket)["Contents"]
    assert {item["Key"]: item["Size"] for item in found} == {f.key: f.size_bytes for f in LISTING.files}


def test_a_presigned_url_gets_each_file_whatever_its_name(store: RunningS3, client: Any) -> None:
    for file in LISTING.files:
        url = client.generate_presigned_url(
            "get_object", Params={"Bucket": store.endpoint().bucket, "Key": file.key}
        )
        with urllib.request.urlopen(url) as answer:
            assert answer.read() == contents(LISTING.seed, file)


def test_connections_stay_open_over_requests_of_all_kinds(store: RunningS3, client: Any) -> None:
    bucket = store.endpoint().bucket
    for number in range(3):
        client.put_object(Bucket=bucket, Key=f"new/{number}", Body=b"x" * 1000 * number)
    client.head_object(Bucket=bucket, Key="new/1")
    with pytest.raises(ClientError, match="NoSuchKey"):
        client.get_object(Bucket=bucket, Key="missing")
    client.delete_object(Bucket=bucket, Key="new/0")
    stats = store.stats()
    assert (stats["connections"], stats["requests"]) == (1, 6)
    assert stats["operations"]["PUT object"] == 3
    assert stats["max_in_flight"] == 1


def test_reset_removes_what_was_uploaded(store: RunningS3, client: Any) -> None:
    bucket = store.endpoint().bucket
    client.put_object(Bucket=bucket, Key="new/0", Body=b"x")
    store.reset()
    assert client.list_objects_v2(Bucket=bucket)["KeyCount"] == len(LISTING.files)
    assert store.stats()["requests"] == 1


def test_a_foreign_key_and_an_unsigned_request_are_refused(store: RunningS3) -> None:
    mine = store.endpoint()
    other = Bucket(S3Endpoint(mine.url, mine.bucket, access_key="AKIAOTHER", secret_key="x")).client()
    with pytest.raises(ClientError, match="InvalidAccessKeyId"):
        other.list_objects_v2(Bucket=mine.bucket)
    other.close()
    with pytest.raises(urllib.error.HTTPError, match="403"):
        urllib.request.urlopen(f"{mine.url}/{mine.bucket}")
    assert store.stats()["unauthorized"] >= 2


def test_credentials_are_random_and_dont_show() -> None:
    with start_s3(options=FAST) as one, start_s3(options=FAST) as two:
        mine = one.endpoint()
        assert mine.secret_key != two.endpoint().secret_key
        assert mine.secret_key not in repr(mine)
        argv = " ".join(psutil.Process(one.process.pid).cmdline())
        assert mine.secret_key not in argv and mine.access_key not in argv


def test_it_listens_on_loopback_only_and_ends_with_its_owner() -> None:
    with start_s3(options=FAST) as store:
        process = psutil.Process(store.process.pid)
        listening = [each for each in process.net_connections("inet") if each.status == psutil.CONN_LISTEN]
        assert {each.laddr.ip for each in listening} == {"127.0.0.1"}
    assert not psutil.pid_exists(process.pid)


def test_slow_down_and_resets_are_what_botocore_retries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("botocore.retries.standard.ExponentialBackoff.delay_amount", lambda *_: 0.0)
    faults = S3Faults(slow_down_rate=0.1, reset_rate=0.1)
    with start_s3(options=S3Options(latency_scale=0, faults=faults)) as store:
        client = Bucket(store.endpoint()).client()
        for number in range(12):
            client.put_object(Bucket=store.endpoint().bucket, Key=f"k/{number}", Body=b"x")
        stats = store.stats()
        client.close()
    assert stats["fault_slow_down"] + stats["fault_reset"] == stats["requests"] - 12 > 0
    assert stats["requests"] <= 12 * ATTEMPTS


def test_it_is_reached_through_a_link(store: RunningS3) -> None:
    store.reset()
    with start_link(parse_link("rtt=1ms"), store.host, store.port) as link:
        client = Bucket(store.endpoint(link)).client()
        client.put_object(Bucket=store.endpoint().bucket, Key="through", Body=b"x" * 5000)
        assert link.stats()["connections"] == 1
        client.close()


def test_a_missing_dataset_is_told_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(
        ServiceStartFailed, match=r"the local S3 \(moto\) did not start: .*manifest.json is missing"
    ):
        start_s3(tmp_path / "nothing", options=FAST)
