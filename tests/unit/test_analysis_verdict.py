"""The decision order, the looks and their error over simulated streams."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from workbench.analysis.counts import CountChange
from workbench.analysis.verdict import Rule, Sequential, judge, parse_percent
from workbench.errors import UsageError
from workbench.model import Verdict
from workbench.statistics import LOOKS, Estimate


def estimate(low: float, high: float, label: str = "95 %") -> Estimate:
    return Estimate((low * high) ** 0.5, low, high, 20, True, label=label)


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [
        (1.011, 1.5, Verdict.REGRESSION),
        (1.011, 1.02, Verdict.REGRESSION),  # before PASS: 1.02 alone would pass
        (1.01, 1.5, None),  # the bound itself is no regression
        (0.8, 0.989, Verdict.IMPROVEMENT),
        (0.8, 0.99, Verdict.PASS),
        (0.8, 1.029, Verdict.PASS),
        (0.8, 1.03, None),
        (1.005, 1.029, Verdict.PASS),
    ],
)
def test_order_and_bounds_of_the_decision(low: float, high: float, verdict: Verdict | None) -> None:
    assert Rule().decide(estimate(low, high)) is verdict


def test_a_range_of_few_pairs_decides_nothing() -> None:
    assert Rule().decide(estimate(1.5, 1.6, "range of 4 pairs")) is None


def test_max_regression_moves_both_bounds() -> None:
    rule = Rule.of(0.15)
    assert rule.decide(estimate(1.04, 1.14)) is Verdict.PASS
    assert rule.decide(estimate(1.051, 1.14)) is Verdict.REGRESSION
    assert Rule.of(0.03) == Rule()


def count(base: float, new: float, name: str = "requests", **more: bool | int) -> CountChange:
    return CountChange(name, base, new, **more)


@pytest.mark.parametrize("verdict", [Verdict.PASS, Verdict.INCONCLUSIVE, Verdict.REGRESSION])
def test_a_count_that_rose_is_a_regression_by_itself(verdict: Verdict) -> None:
    assert Rule().with_counts(verdict, estimate(0.98, 1.02), [count(3, 4)]) is Verdict.REGRESSION


def test_a_clock_that_is_faster_throughout_outweighs_a_count() -> None:
    rule, rose = Rule(), [count(3, 4)]
    assert rule.with_counts(Verdict.IMPROVEMENT, estimate(0.5, 0.6), rose) is Verdict.IMPROVEMENT
    ranged = estimate(0.1, 0.2, "range of 3 pairs")
    assert rule.with_counts(Verdict.INCONCLUSIVE, ranged, rose) is Verdict.INCONCLUSIVE
    assert rule.risen(rose) == ["requests rose from 3 to 4"]


@pytest.mark.parametrize(
    "unchanged",
    [
        count(4, 3),
        count(3, 4, base_constant=False),
        count(3, 4, new_constant=False),
        count(3, 4, rounds=1),
        count(3, 4, "connects"),  # ignored below
        count(3, 4, "spans"),  # what it sums is there
        count(3, 4, "cache_hits"),
        count(1000, 1020, "bytes_received"),
    ],
)
def test_what_fell_varies_may_rise_or_is_within_the_margin_decides_nothing(unchanged: CountChange) -> None:
    rule = Rule(ignored_counts=frozenset({"connects"}))
    assert rule.with_counts(Verdict.PASS, estimate(0.98, 1.02), [unchanged]) is Verdict.PASS


def test_more_bytes_than_the_margin_allows_are_a_regression() -> None:
    change = count(1000, 1031, "bytes_received")
    assert Rule().with_counts(Verdict.PASS, estimate(0.98, 1.02), [change]) is Verdict.REGRESSION


@pytest.mark.parametrize(
    "wrong", [{"max_regression": 0.0}, {"alpha": 1.0}, {"regression": 0.2}, {"looks": (20, 15)}, {"looks": ()}]
)
def test_impossible_rules_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(UsageError):
        Rule(**wrong)  # type: ignore[arg-type]


def test_only_scheduled_numbers_of_pairs_are_looked_at() -> None:
    sequential = Sequential()
    base, new = np.ones(480), np.full(480, 1.5)
    looked = [n for n in range(1, 481) if sequential.look(base[:n], new[:n]) is not None]
    assert looked == list(LOOKS)


def test_three_times_slower_or_faster_stops_at_five_pairs() -> None:
    base = [1.0] * 5
    assert Sequential().look(base, [3.1, 3.5, 4.0, 3.2, 9.0]) is Verdict.REGRESSION
    assert Sequential().look(base, [0.3, 0.2, 0.1, 0.33, 0.3]) is Verdict.IMPROVEMENT
    assert Sequential().look(base, [2.9, 3.5, 4.0, 3.2, 9.0]) is None
    assert Sequential().look(base[:4], [9.0] * 4) is None


def test_budget_ends_inconclusive() -> None:
    noise = np.random.default_rng(1).lognormal(0, 0.7, 480)
    sequential = Sequential()
    assert sequential.look(np.ones(480), noise) is Verdict.INCONCLUSIVE
    assert sequential.estimate.pairs == 480


def test_time_running_out_between_looks_uses_what_alpha_is_left() -> None:
    sequential = Sequential()
    assert sequential.final(np.ones(9), np.full(9, 1.5)) is Verdict.REGRESSION
    assert sequential.estimate.label == "99 %"
    assert Sequential().final(np.ones(7), np.full(7, 1.5)) is Verdict.INCONCLUSIVE
    assert Sequential().final([], []) is Verdict.INCONCLUSIVE


def test_limited_rule_spends_all_alpha_by_its_budget() -> None:
    rule = Rule().limited(35)
    assert rule.looks == (15, 20, 30, 35)
    assert Rule().limited(10).looks == (10,)
    assert Rule().limited(1000) == Rule()


def test_replaying_stored_pairs_repeats_the_live_verdict() -> None:
    rng = np.random.default_rng(5)
    for _ in range(50):
        base, new = rng.lognormal(0, 0.05, 480), rng.lognormal(0.02, 0.05, 480)
        live = Sequential()
        verdicts = (live.look(base[:n], new[:n]) for n in range(1, 481))
        verdict = next(v for v in verdicts if v is not None)
        stopped = live.estimate.pairs
        assert judge(base[:stopped], new[:stopped], replay=True) == (verdict, live.estimate)


def test_fixed_number_of_pairs_gets_one_look_with_the_whole_alpha() -> None:
    verdict, found = judge(np.ones(200), np.full(200, 0.5), replay=False)
    assert verdict is Verdict.IMPROVEMENT
    assert found.pairs == 200


def stream(rng: np.random.Generator, sd: float, rho: float, effect: float) -> tuple[np.ndarray, np.ndarray]:
    """Pairs whose log ratios are a first-order autoregressive series around log(1 + effect)."""
    noise = rng.standard_normal(480)
    for i in range(1, 480):
        noise[i] = rho * noise[i - 1] + (1 - rho**2) ** 0.5 * noise[i]
    return np.ones(480), np.exp(np.log1p(effect) + sd * noise)


def verdicts(sd: float, rho: float, effect: float, trials: int = 200) -> Counter[Verdict]:
    rng = np.random.default_rng(17)
    return Counter(judge(*stream(rng, sd, rho, effect), replay=True)[0] for _ in range(trials))


@pytest.mark.parametrize(("sd", "rho"), [(0.05, 0.0), (0.2, 0.0), (0.2, 0.17)])
def test_equal_code_is_hardly_ever_called_slower(sd: float, rho: float) -> None:
    found = verdicts(sd, rho, 0.0)
    assert found[Verdict.REGRESSION] / 200 <= 0.005


@pytest.mark.parametrize("sd", [0.05, 0.2])
def test_five_percent_slower_hardly_ever_passes(sd: float) -> None:
    found = verdicts(sd, 0.0, 0.05)
    assert (found[Verdict.PASS] + found[Verdict.IMPROVEMENT]) / 200 <= 0.005


def test_processes_that_differ_by_themselves_are_hardly_ever_called_slower() -> None:
    rng = np.random.default_rng(23)
    processes = np.repeat(np.arange(96), 5)
    found: Counter[Verdict | None] = Counter()
    for _ in range(100):
        new = np.exp(0.03 * rng.standard_normal(96)[processes] + 0.01 * rng.standard_normal(480))
        sequential = Sequential()
        for look in sequential.rule.looks:
            verdict = sequential.look(np.ones(look), new[:look], processes[:look].tolist())
            if verdict is not None:
                break
        found[verdict] += 1
    assert found[Verdict.REGRESSION] <= 1


def test_quiet_streams_are_decided() -> None:
    assert verdicts(0.03, 0.0, 0.0)[Verdict.PASS] == 200
    assert verdicts(0.03, 0.0, 0.05)[Verdict.REGRESSION] == 200
    faster = verdicts(0.03, 0.0, -0.05)  # once below +3 % it passes, without waiting to be called better
    assert faster[Verdict.IMPROVEMENT] + faster[Verdict.PASS] == 200
    assert faster[Verdict.IMPROVEMENT] > 100


def test_five_percent_in_loud_noise_is_inconclusive_rather_than_guessed() -> None:
    found = verdicts(0.5, 0.0, 0.05)
    assert found[Verdict.INCONCLUSIVE] / 200 > 0.5


@pytest.mark.parametrize(("text", "value"), [("5%", 0.05), (" 5 % ", 0.05), ("0.05", 0.05), ("12.5%", 0.125)])
def test_percentages(text: str, value: float) -> None:
    assert parse_percent(text) == pytest.approx(value)


@pytest.mark.parametrize("text", ["", "five", "0%", "-3%", "nan", "5%%", "10", "1"])
def test_bad_percentages_are_usage_errors(text: str) -> None:
    with pytest.raises(UsageError):
        parse_percent(text)


def test_one_round_that_differs_does_not_hide_a_count_that_rose() -> None:
    def rose(base: list[float], new: list[float]) -> bool:
        same = len(set(base)) == 1, len(set(new)) == 1
        change = CountChange("requests", base[0], new[-1], *same, min(len(base), len(new)), max(base), min(new))
        return bool(Rule().risen([change]))

    assert rose([3, 3, 3], [301, 300, 300])
    assert rose([3, 4, 3, 4, 3], [6, 5, 6, 5, 6])
    assert not rose([3, 3, 300], [300, 300, 301]), "base had as many once"
    assert not rose([3, 4], [6, 5]), "one in six would be so by chance"
    assert not rose([3], [300])
