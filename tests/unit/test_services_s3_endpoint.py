"""Which store is used, what faults mean, and how latencies are drawn: no server needed."""

from __future__ import annotations

from statistics import median

import pytest

from workbench.errors import UsageError
from workbench.services.s3 import S3Endpoint, S3Faults, S3Options, endpoint_from_environment
from workbench.services.s3.latency import MEDIAN_S, fault, latency_s

KEYS = {"AWS_ACCESS_KEY_ID": "id-canary", "AWS_SECRET_ACCESS_KEY": "secret-canary"}
URL = {"WORKBENCH_S3_URL": "https://x.r2.cloudflarestorage.com/", "WORKBENCH_S3_BUCKET": "b"}


def test_without_a_url_the_local_store_is_used() -> None:
    assert endpoint_from_environment(KEYS) is None


def test_a_url_names_the_real_store_and_its_credentials_dont_show() -> None:
    endpoint = endpoint_from_environment({**URL, **KEYS, "AWS_SESSION_TOKEN": "token-canary", "AWS_REGION": "auto"})
    assert endpoint == S3Endpoint(
        "https://x.r2.cloudflarestorage.com", "b", "auto", "id-canary", "secret-canary", "token-canary"
    )
    assert "canary" not in repr(endpoint)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"WORKBENCH_S3_URL": "ftp://x"}, "must be like https://"),
        ({"WORKBENCH_S3_URL": "https://user:pw@x"}, "without credentials or bucket"),
        ({"WORKBENCH_S3_URL": "https://x/bucket"}, "without credentials or bucket"),
        ({"WORKBENCH_S3_BUCKET": ""}, "needs WORKBENCH_S3_BUCKET"),
        ({"AWS_SECRET_ACCESS_KEY": ""}, "needs AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"),
    ],
)
def test_what_is_missing_or_wrong_is_named(change: dict[str, str], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        endpoint_from_environment({**URL, **KEYS, **change})


def test_latencies_depend_on_the_request_alone() -> None:
    drawn = [latency_s(1, "PUT object", f"k{n}", 1) for n in range(400)]
    assert drawn[7] == latency_s(1, "PUT object", "k7", 1)
    assert len(set(drawn)) > 390
    assert median(drawn) == pytest.approx(MEDIAN_S, rel=0.1)
    assert latency_s(1, "PUT object", "k7", 1, 0.5) == pytest.approx(drawn[7] / 2)
    assert latency_s(1, "PUT object", "k7", 1, 0) == 0.0


def test_faults_come_at_their_rates() -> None:
    faults = S3Faults(slow_down_rate=0.2, reset_rate=0.1, bad_keys=("/bad/",))
    drawn = [fault(faults, 1, "PUT object", f"k{n}", 1) for n in range(2000)]
    assert drawn.count("slow_down") / 2000 == pytest.approx(0.2, abs=0.03)
    assert drawn.count("reset") / 2000 == pytest.approx(0.1, abs=0.03)
    assert fault(faults, 1, "GET object", "x/bad/y", 9) == "slow_down"
    assert fault(S3Faults(), 1, "GET object", "x", 1) == ""


@pytest.mark.parametrize("faults", [{"reset_rate": -0.1}, {"slow_down_rate": 0.6, "reset_rate": 0.6}])
def test_rates_are_shares(faults: dict[str, float]) -> None:
    with pytest.raises(UsageError, match="shares between 0 and 1"):
        S3Faults(**faults)


def test_options_travel_as_json() -> None:
    options = S3Options(latency_scale=0.5, seed=3, faults=S3Faults(reset_rate=0.1, bad_keys=("a", "b")))
    assert S3Options.from_json(options.to_json()) == options
    with pytest.raises(UsageError, match="latency_scale is a factor"):
        S3Options(latency_scale=-1)
