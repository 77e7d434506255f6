"""Lists and uploads end to end: every variant against the local store, its results against the dataset."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import psutil
import pytest

from workbench.dataset.objects import build_listing
from workbench.errors import (
    ScenarioError,
    ServiceError,
    ServiceThrottled,
    ServiceTimeout,
    ServiceUnauthorized,
    ServiceUnreachable,
    UsageError,
)
from workbench.model import utc_now
from workbench.scenarios.base import Outcome, Settings
from workbench.scenarios.files.bucket import Bucket
from workbench.scenarios.files.listing import EXPIRES_S, VALID_S
from workbench.scenarios.files.scenario import FileListing
from workbench.scenarios.files.workload import ListingWorkload
from workbench.scenarios.uploads.scenario import FileUploads
from workbench.scenarios.uploads.workload import UploadWorkload

pytestmark = pytest.mark.service

FILES = 20
LISTING = build_listing(resources=FILES, seed=2)
LISTINGS = [variant.name for variant in FileListing.variants]
UPLOADS = [variant.name for variant in FileUploads.variants]


@contextmanager
def prepared(scenario: Any, link: str = "none", **options: str) -> Iterator[Any]:
    settings = Settings(resources=FILES, seed=2, link=link, options={"latency_scale": "0", **options})
    with closing(scenario().prepare(settings)) as services:
        yield services


@pytest.fixture(scope="module")
def lists() -> Iterator[Any]:
    with prepared(FileListing) as services:
        yield services


@pytest.fixture(scope="module")
def uploads() -> Iterator[Any]:
    with prepared(FileUploads) as services:
        yield services


def listed(workload: Any) -> tuple[Any, Outcome]:
    workload.setup()
    value = asyncio.run(workload.run())
    return value[0], workload.finish(value)


def uploaded(workload: Any) -> Outcome:
    workload.setup()
    return workload.finish(workload.run())


def test_every_variant_lists_the_files_of_the_dataset_with_urls_that_are_right() -> None:
    with prepared(FileListing) as services:  # its own, since the pool of processes ends with it
        check_every_variant(services)


def check_every_variant(services: Any) -> None:
    digests = set()
    for variant in LISTINGS:
        entries, outcome = listed(services.workload(variant))
        assert {(e.entry.key, e.entry.size_bytes, e.entry.content_type) for e in entries} == {
            (f.key, f.size_bytes, f.content_type) for f in LISTING.files
        }
        measures = outcome.measures
        assert measures["files"] == measures["urls_signed"] + measures["urls_reused"] == FILES
        assert measures["urls_reused"] == (FILES if variant == "cached-urls" else 0)
        assert services.stats()["operations"] == {"GET bucket": 1}, "signing makes no request"
        digests.add(outcome.digest)
    assert len(digests) == 1


def test_a_repetition_signs_anew_once_the_cached_urls_are_too_old(lists: Any) -> None:
    offset = timedelta()

    def now() -> datetime:
        return utc_now() + offset

    workload = ListingWorkload("cached-urls", lists.store, now)
    assert listed(workload)[1].measures["urls_reused"] == FILES
    offset = timedelta(seconds=VALID_S - 60)
    workload.setup()
    assert listed(workload)[1].measures["urls_reused"] == FILES
    offset = timedelta(seconds=EXPIRES_S - VALID_S + 1)
    workload.setup()
    value = asyncio.run(workload.run())
    assert workload._desk is not None and workload._desk.signed.urls == FILES
    assert workload._desk.reused == 0
    # boto3 signs by the real clock, for the workload half an hour ago: a second short of what it promises.
    with pytest.raises(ScenarioError, match="not valid for the next 1800 s"):
        workload.finish(value)


def test_threads_compute_no_more_at_once_than_one_does(lists: Any) -> None:
    """The reason why threads don't help: the process gets one processor's time, however many threads sign."""
    for variant in ("naive", "pool-20", "default-executor"):
        _, outcome = listed(lists.workload(variant))
        assert 0 < outcome.measures["cpu_share"] < 1.5
        assert outcome.measures["url_cpu_ms"] > 0


def test_a_bucket_without_files_is_an_empty_list() -> None:
    with prepared(FileUploads) as services:
        entries, outcome = listed(ListingWorkload("naive", services.store))
    assert entries == []
    assert outcome.measures["files"] == 0


def test_every_upload_variant_leaves_the_same_files(uploads: Any) -> None:
    outcomes, stats = {}, {}
    for variant in UPLOADS:
        workload = uploads.workload(variant)
        workload.setup()
        value = workload.run()
        stats[variant] = uploads.stats()
        outcomes[variant] = workload.finish(value)
    assert len({outcome.digest for outcome in outcomes.values()}) == 1
    for outcome in outcomes.values():
        assert outcome.failures == ()
        assert outcome.measures == {"files": FILES, "failed": 0, "bytes_uploaded": LISTING.size_bytes}
    assert {s["operations"]["PUT object"] for s in stats.values()} == {FILES}
    assert (stats["sequential"]["connections"], stats["sequential"]["max_in_flight"]) == (1, 1)
    assert 1 < stats["parallel-upload"]["connections"] <= 20


def test_the_link_adds_what_the_bounds_count() -> None:
    for scenario, variant in ((FileListing, "cached-urls"), (FileUploads, "parallel-upload")):
        with prepared(scenario, "rtt=10ms", latency_scale="0.2") as services:
            workload = services.workload(variant)
            workload.setup()
            began = utc_now()
            value = workload.run()
            value = asyncio.run(value) if asyncio.iscoroutine(value) else value
            seconds = (utc_now() - began).total_seconds()
            workload.finish(value)
            terms = services.bound()
        assert seconds >= max(term.seconds for term in terms) > 0, "nothing beats its bound"


@pytest.mark.parametrize("variant", UPLOADS)
def test_a_file_that_fails_for_good_is_reported_and_the_rest_is_there(
    variant: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("botocore.retries.standard.ExponentialBackoff.delay_amount", lambda *_: 0.0)
    with prepared(FileUploads, bad_keys="/000003/") as services:
        outcome = uploaded(services.workload(variant))
    assert [failure.resource for failure in outcome.failures] == [LISTING.files[2].key]
    error = outcome.failures[0].error
    assert "answered 503 SlowDown, 4 times; lower the concurrency" in error and "\n" not in error
    assert outcome.measures["files"] == FILES - 1


def test_passing_faults_change_nothing(uploads: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("botocore.retries.standard.ExponentialBackoff.delay_amount", lambda *_: 0.0)
    reference = uploaded(uploads.workload("sequential")).digest
    with prepared(FileUploads, slow_down_rate="0.15", reset_rate="0.1") as services:
        workload = services.workload("parallel-upload")
        workload.setup()
        value = workload.run()
        stats = services.stats()
        outcome = workload.finish(value)
    assert outcome.digest == reference
    assert stats["fault_slow_down"] > 0 and stats["fault_reset"] > 0


def closed_port(bucket: Bucket) -> Bucket:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{sock.getsockname()[1]}"
    return replace(bucket, endpoint=replace(bucket.endpoint, url=url))


def wrong_key(bucket: Bucket) -> Bucket:
    return replace(bucket, endpoint=replace(bucket.endpoint, access_key="AKIAWRONG"))


def wrong_bucket(bucket: Bucket) -> Bucket:
    return replace(bucket, endpoint=replace(bucket.endpoint, bucket="no-such-bucket"))


@pytest.mark.parametrize("scenario", [FileListing, FileUploads])
@pytest.mark.parametrize(
    ("change", "error", "text"),
    [
        (closed_port, ServiceUnreachable, "no connection to http://127.0.0.1:.*is the store up"),
        (wrong_key, ServiceUnauthorized, "answered 403 InvalidAccessKeyId; check the access key"),
        (wrong_bucket, ServiceError, "NoSuchBucket: there is no bucket 'no-such-bucket'"),
    ],
)
def test_a_store_that_cant_be_used_is_one_clear_line(
    scenario: Any,
    change: Any,
    error: type[ServiceError],
    text: str,
    lists: Any,
    uploads: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("botocore.retries.standard.ExponentialBackoff.delay_amount", lambda *_: 0.0)
    store = (lists if scenario is FileListing else uploads).store
    monkeypatch.setattr(store, "bucket", change(store.bucket))
    names = ["naive", "pool-20"] if scenario is FileListing else ["sequential", "parallel-upload"]
    for name in names:
        workload: Any = ListingWorkload(name, store) if scenario is FileListing else UploadWorkload(name, store, "")
        workload.setup()
        with pytest.raises(error, match=text) as caught:
            value = workload.run()
            asyncio.run(value)
        assert "\n" not in str(caught.value)
        assert store.bucket.endpoint.secret_key not in str(caught.value)


def test_a_store_that_always_throttles_or_never_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("botocore.retries.standard.ExponentialBackoff.delay_amount", lambda *_: 0.0)
    with (
        prepared(FileListing, slow_down_rate="1") as services,
        pytest.raises(ServiceThrottled, match="503 SlowDown"),
    ):
        listed(services.workload("naive"))
    slow = {"latency_scale": "20", "timeout_s": "0.1"}
    with prepared(FileListing, **slow) as services, pytest.raises(ServiceTimeout, match=r"no answer .* in 0\.1 s"):
        listed(services.workload("naive"))


def test_an_upload_that_arrived_changed_is_told(uploads: Any) -> None:
    workload = uploads.workload("sequential")
    workload.setup()
    errors = workload.run()
    client = uploads.store.bucket.client()
    client.put_object(Bucket=uploads.store.bucket.name, Key=LISTING.files[0].key, Body=b"other")
    client.close()
    with pytest.raises(ScenarioError, match="did not arrive as it was sent"):
        workload.finish(errors)


def test_a_store_named_by_the_environment_is_used_and_left_as_it_was(
    lists: Any, uploads: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for local, scenario in ((lists, FileListing), (uploads, FileUploads)):
        local.store.reset()
        endpoint = local.store.bucket.endpoint
        for name, value in {
            "WORKBENCH_S3_URL": endpoint.url,
            "WORKBENCH_S3_BUCKET": endpoint.bucket,
            "AWS_ACCESS_KEY_ID": endpoint.access_key,
            "AWS_SECRET_ACCESS_KEY": endpoint.secret_key,
            "AWS_REGION": endpoint.region,
        }.items():
            monkeypatch.setenv(name, value)
        with closing(scenario().prepare(Settings(resources=3))) as external:
            assert (external.parameters["dataset_digest"], external.bound()) == ("external", ())
            if scenario is FileListing:
                assert listed(external.workload("naive"))[1].measures["files"] == FILES
            else:
                assert uploaded(external.workload("parallel-upload")).measures["files"] == 3
                assert local.stats()["operations"]["DELETE object"] == 3


def test_an_unknown_option_is_named_before_anything_starts() -> None:
    with pytest.raises(UsageError, match="scenario uploads has no option 'colour'"):
        FileUploads().prepare(Settings(options={"colour": "red"}))


def test_the_processes_end_with_a_parent_that_was_killed() -> None:
    script = """
        import os
        from workbench.scenarios.files import processes
        from workbench.scenarios.files.bucket import Bucket
        from workbench.scenarios.files.listing import Desk
        from workbench.services.s3 import S3Endpoint
        if __name__ == "__main__":
            bucket = Bucket(S3Endpoint("http://127.0.0.1:9", "b", access_key="a", secret_key="s"))
            pool = processes.prepare(Desk(bucket, None))
            print(*pool._processes, flush=True)
            os.kill(os.getpid(), 9)
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(script)], stdout=subprocess.PIPE, timeout=60)
    pids = [int(pid) for pid in done.stdout.split()]
    assert len(pids) == os.cpu_count()
    _, alive = psutil.wait_procs([psutil.Process(pid) for pid in pids if psutil.pid_exists(pid)], timeout=60)
    assert not alive
