from __future__ import annotations

import math
import statistics
import subprocess
import sys

import pytest

from workbench.errors import UsageError
from workbench.services.jamf.latency import MEDIANS_S, latency_s, mean_latency_s
from workbench.services.jamf.options import Faults, JamfOptions
from workbench.services.simulator.draws import SIGMA, fault

ENDPOINT = "policies/item"


def draws(seed: int = 1, count: int = 4000) -> list[float]:
    return [latency_s(seed, ENDPOINT, f"policies/{number}", 1) for number in range(count)]


def test_draws_are_log_normal_about_the_median() -> None:
    logs = [math.log(value / MEDIANS_S[ENDPOINT]) for value in draws()]
    assert statistics.fmean(logs) == pytest.approx(0, abs=4 * SIGMA / math.sqrt(len(logs)))
    assert statistics.stdev(logs) == pytest.approx(SIGMA, rel=0.05)
    assert statistics.fmean(draws()) == pytest.approx(mean_latency_s(ENDPOINT), rel=0.03)


def test_a_draw_depends_on_seed_endpoint_resource_and_turn() -> None:
    first = latency_s(1, ENDPOINT, "policies/1", 1)
    assert first == latency_s(1, ENDPOINT, "policies/1", 1)
    others = {
        latency_s(2, ENDPOINT, "policies/1", 1),
        latency_s(1, "scripts/item", "policies/1", 1),
        latency_s(1, ENDPOINT, "policies/2", 1),
        latency_s(1, ENDPOINT, "policies/1", 2),
    }
    assert len(others | {first}) == 5


def test_draws_are_the_same_in_another_process_whatever_its_hash_seed() -> None:
    code = (
        "from workbench.services.jamf.latency import latency_s; print(latency_s(1, 'scripts/item', 'scripts/7', 3))"
    )
    said = subprocess.run(
        [sys.executable, "-c", code], env={"PYTHONHASHSEED": "77"}, capture_output=True, text=True, check=True
    ).stdout
    assert float(said) == latency_s(1, "scripts/item", "scripts/7", 3)


def test_the_scale_multiplies_and_zero_is_none() -> None:
    assert latency_s(1, ENDPOINT, "policies/1", 1, 0.5) == pytest.approx(
        latency_s(1, ENDPOINT, "policies/1", 1) / 2
    )
    assert latency_s(1, ENDPOINT, "policies/1", 1, 0) == 0


def test_faults_come_in_their_shares_and_are_repeatable() -> None:
    faults = Faults(error_rate=0.1, reset_rate=0.2, html_rate=0.3)
    met = [fault(faults, 1, ENDPOINT, f"policies/{number}", 1) for number in range(4000)]
    assert met == [fault(faults, 1, ENDPOINT, f"policies/{number}", 1) for number in range(4000)]
    for name, share in (("error", 0.1), ("reset", 0.2), ("html", 0.3), ("slow_body", 0), ("", 0.4)):
        assert met.count(name) / len(met) == pytest.approx(share, abs=0.03)
    assert fault(Faults(), 1, ENDPOINT, "policies/1", 1) == ""
    assert fault(Faults(truncate_rate=1), 1, ENDPOINT, "policies/1", 1) == "truncate"


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: Faults(error_rate=-0.1),
        lambda: Faults(error_rate=0.6, html_rate=0.6),
        lambda: Faults(slow_body_s=-1),
        lambda: Faults(slow_body_s=math.nan),
        lambda: JamfOptions(latency_scale=-1),
        lambda: JamfOptions(latency_scale=math.inf),
        lambda: JamfOptions(concurrency_limit=0),
        lambda: JamfOptions(token_lifetime_s=0),
        lambda: JamfOptions(retry_after_s=-1),
    ],
)
def test_impossible_options_are_usage_errors(wrong: object) -> None:
    assert callable(wrong)
    with pytest.raises(UsageError):
        wrong()


def test_options_travel_as_json() -> None:
    options = JamfOptions(seed=3, concurrency_limit=None, faults=Faults(bad_resources=("policies/3",)))
    assert JamfOptions.from_json(options.to_json()) == options
