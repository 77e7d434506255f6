"""Estimates and intervals against published and independently computed values, and their coverage."""

from __future__ import annotations

import math
import tracemalloc
from statistics import NormalDist

import numpy as np
import pytest

from workbench.statistics import (
    LOOKS,
    VERDICT_ALPHA,
    autocorrelation_factor,
    cluster_factor,
    final_alpha,
    hodges_lehmann,
    lag1_autocorrelation,
    look_alphas,
    median,
    order,
    paired_ratio,
    quantile,
    rank_sum_critical,
    rank_sum_distribution,
    signed_rank_critical,
    signed_rank_distribution,
    signed_rank_interval,
    unpaired_ratio,
    walsh_averages,
    widened,
)
from workbench.statistics.student_t import student_quantile

# Hamilton depression scale, Hollander & Wolfe, Nonparametric Statistical Methods, table 3.1; in R's help page
# of wilcox.test too. The book: estimate of the decrease 0.46, 96.1 % interval (0.010, 0.786).
BEFORE = [1.83, 0.50, 1.62, 2.48, 1.68, 1.88, 1.55, 3.06, 1.30]
AFTER = [0.878, 0.647, 0.598, 2.05, 1.06, 1.29, 1.06, 3.14, 1.29]
DECREASE = np.array(BEFORE) - np.array(AFTER)


def test_textbook_estimate_and_interval() -> None:
    assert hodges_lehmann(DECREASE) == pytest.approx(0.46)
    assert signed_rank_interval(DECREASE) == pytest.approx((0.010, 0.786))


def test_textbook_p_value() -> None:
    # Signed-rank statistic of the 2 negative differences is 5; two-sided exact p 0.0390625 (scipy 1.17, R).
    assert 2 * signed_rank_distribution(9)[5] == 0.0390625


@pytest.mark.parametrize(
    ("n", "critical"),
    # Largest T significant at two-sided 0.05, the table in every textbook (Wilcoxon 1945; Siegel, table H).
    [
        (6, 0),
        (7, 2),
        (8, 3),
        (9, 5),
        (10, 8),
        (11, 10),
        (12, 13),
        (15, 25),
        (20, 52),
        (25, 89),
        (30, 137),
        (50, 434),
    ],
)
def test_critical_values_are_those_of_the_tables(n: int, critical: int) -> None:
    assert signed_rank_critical(n, 0.05) - 1 == critical


def test_five_pairs_are_too_few_for_95_percent() -> None:
    assert signed_rank_critical(5, 0.05) == 0
    assert signed_rank_interval([1.0, 2.0, 3.0, 4.0, 5.0]) is None


def test_distributions_agree_with_another_implementation() -> None:
    # scipy 1.17: _wilcoxon.WilcoxonDistribution(n).cdf, _mannwhitneyu._MWU(m, n).cdf
    assert signed_rank_distribution(20)[52] == pytest.approx(0.02422046661376953, rel=1e-12)
    assert signed_rank_distribution(120)[2800] == pytest.approx(0.014736276614890053, rel=1e-10)
    assert rank_sum_distribution(8, 10)[17] == pytest.approx(0.021710315827962887, rel=1e-12)
    assert rank_sum_distribution(30, 25)[260] == pytest.approx(0.026215270107681113, rel=1e-10)


def test_distributions_are_symmetric_and_complete() -> None:
    for cumulative in (signed_rank_distribution(13), rank_sum_distribution(7, 9)):
        assert cumulative[-1] == pytest.approx(1.0)
        mass = np.diff(cumulative, prepend=0.0)
        assert mass == pytest.approx(mass[::-1])


def test_the_normal_approximation_continues_the_exact_values() -> None:
    exact = signed_rank_critical(400, 0.05)
    assert exact < signed_rank_critical(401, 0.05) < exact * 1.01
    exact = rank_sum_critical(60, 60, 0.05)
    assert exact < rank_sum_critical(61, 61, 0.05) < exact * 1.05


def test_walsh_averages_of_three_values() -> None:
    assert walsh_averages([4.0, 1.0, 2.0]).tolist() == [1.0, 1.5, 2.0, 2.5, 3.0, 4.0]


def test_median_and_quantile() -> None:
    assert median([3.0, 1.0, 2.0]) == 2.0
    assert quantile([1.0, 2.0, 3.0, 4.0], 0.25) == 1.75
    assert math.isnan(median([]))


def test_ratio_of_a_series_with_itself_is_exactly_one() -> None:
    times = [0.1, 0.2, 0.15, 0.11, 0.18, 0.21, 0.13]
    estimate = paired_ratio(times, times)
    assert (estimate.ratio, estimate.low, estimate.high) == (1.0, 1.0, 1.0)
    assert estimate.exact


def test_constant_factor_is_found_exactly_whatever_the_unit() -> None:
    base = np.array([1.0, 2.0, 4.0, 8.0, 1.5, 3.0])
    for unit in (1.0, 1e-6):
        estimate = paired_ratio(base * unit, base * unit * 2)
        assert (estimate.ratio, estimate.low, estimate.high) == pytest.approx((2.0, 2.0, 2.0))


def test_swapping_the_sides_inverts_the_estimate() -> None:
    rng = np.random.default_rng(3)
    base, new = rng.lognormal(0, 0.2, 17), rng.lognormal(0.1, 0.2, 17)
    there, back = paired_ratio(base, new), paired_ratio(new, base)
    assert (1 / back.ratio, 1 / back.high, 1 / back.low) == pytest.approx((there.ratio, there.low, there.high))


def test_more_confidence_never_narrows() -> None:
    rng = np.random.default_rng(4)
    base, new = rng.lognormal(0, 0.2, 30), rng.lognormal(0, 0.2, 30)
    estimates = [paired_ratio(base, new, confidence) for confidence in (0.5, 0.8, 0.9, 0.95, 0.99, 0.999)]
    lows, highs = [e.low for e in estimates], [e.high for e in estimates]
    assert lows == sorted(lows, reverse=True)
    assert highs == sorted(highs)


def test_few_pairs_give_their_range_and_say_so() -> None:
    estimate = paired_ratio([1.0, 1.0, 1.0], [2.0, 3.0, 4.0])
    assert (estimate.low, estimate.high) == pytest.approx((2.0, 4.0))
    assert not estimate.exact
    assert not estimate.is_interval
    assert estimate.label == "range of 3 pairs"
    assert paired_ratio([1.0], [2.0]).label == "range of 1 pair"


def test_no_pairs_give_nan() -> None:
    for estimate in (paired_ratio([], []), unpaired_ratio([1.0], [])):
        assert math.isnan(estimate.ratio)
        assert math.isnan(estimate.low)
        assert estimate.pairs == 0
        assert not estimate.is_interval


@pytest.mark.parametrize("bad", [0.0, -1.0, math.nan, math.inf])
def test_impossible_times_are_refused(bad: float) -> None:
    with pytest.raises(ValueError, match="positive and finite"):
        paired_ratio([1.0, bad], [1.0, 1.0])


def test_zero_differences_are_kept() -> None:
    # Dropping the zeros would leave 2 pairs and no interval at all.
    estimate = paired_ratio([1.0] * 8, [1.0] * 6 + [1.1, 1.2])
    assert estimate.exact
    assert estimate.low == 1.0
    assert estimate.high == pytest.approx(1.2**0.5)  # 4th largest Walsh average: (log 1.2 + 0) / 2


@pytest.mark.parametrize("pairs", [6, 15, 40])
def test_coverage_is_at_least_nominal(pairs: int) -> None:
    """2,000 samples of symmetric heavy-tailed noise: misses stay within 4 standard errors of 5 %."""
    rng = np.random.default_rng(pairs)
    misses = 0
    for _ in range(2000):
        noise = rng.standard_t(3, pairs) * 0.1
        interval = signed_rank_interval(noise)
        assert interval is not None
        misses += not interval[0] <= 0 <= interval[1]
    assert misses / 2000 <= 0.05 + 4 * math.sqrt(0.05 * 0.95 / 2000)


def test_unpaired_estimate_agrees_with_hand_computation() -> None:
    # All 4 ratios: 2, 4, 1, 2; their logs' median is log 2. 2 against 2 rounds are too few for an interval.
    estimate = unpaired_ratio([1.0, 2.0], [2.0, 4.0])
    assert estimate.ratio == pytest.approx(2.0)
    assert (estimate.low, estimate.high) == pytest.approx((1.0, 4.0))
    assert estimate.label == "range of 2 against 2 rounds"


def test_unpaired_interval_covers() -> None:
    rng = np.random.default_rng(11)
    misses = 0
    for _ in range(500):
        estimate = unpaired_ratio(rng.lognormal(0, 0.2, 9), rng.lognormal(0.3, 0.2, 12))
        assert estimate.is_interval
        misses += not estimate.low <= math.exp(0.3) <= estimate.high
    assert misses / 500 <= 0.05 + 4 * math.sqrt(0.05 * 0.95 / 500)


def test_looks_spend_alpha_by_the_root_of_their_pairs_and_no_more() -> None:
    alphas = look_alphas()
    assert tuple(alphas) == LOOKS
    assert sum(alphas.values()) == pytest.approx(VERDICT_ALPHA)
    assert alphas[15] == pytest.approx(VERDICT_ALPHA * math.sqrt(15 / 480))
    assert sum(a for look, a in alphas.items() if look <= 120) == pytest.approx(VERDICT_ALPHA / 2)


def test_the_last_look_has_what_is_left() -> None:
    assert final_alpha(9) == VERDICT_ALPHA
    assert final_alpha(480) == pytest.approx(look_alphas()[480])
    spent = look_alphas()
    assert final_alpha(35) == pytest.approx(VERDICT_ALPHA - spent[15] - spent[20] - spent[30])
    assert final_alpha(500) == 0.0


def test_clusters_widen_as_far_as_they_agree() -> None:
    clusters = np.repeat(np.arange(8), 5)
    rng = np.random.default_rng(11)
    alike = rng.standard_normal(8)[clusters] + 1e-6 * rng.standard_normal(40)
    few = student_quantile(0.975, 7) / NormalDist().inv_cdf(0.975)
    assert cluster_factor(alike, clusters, 0.05) == pytest.approx(few * math.sqrt(5), rel=1e-3)
    assert cluster_factor(alike, clusters, 0.002) > cluster_factor(alike, clusters, 0.05)
    assert cluster_factor(alike, clusters, 0.0) == pytest.approx(math.sqrt(5), rel=1e-3)
    independent = [cluster_factor(rng.standard_normal(40), clusters) for _ in range(200)]
    assert sum(factor == 1.0 for factor in independent) > 150


def test_few_processes_that_differ_seldom_decide_wrongly() -> None:
    """Five processes a side, as at a gate's first look, 4 % apart where their own pairs scatter by 1 %."""
    clusters = np.repeat(np.arange(5), 3)
    rng = np.random.default_rng(12)
    wrong = 0
    for _ in range(1000):
        d = rng.normal(0, 0.04, 5)[clusters] + rng.normal(0, 0.01, 15)
        estimate = widened(paired_ratio(np.ones(15), np.exp(d), 0.998), cluster_factor(d, clusters, 0.002))
        wrong += estimate.low > 1.01
    assert wrong <= 5, "taken for fifteen independent pairs, some twenty would be"


def test_clusters_too_few_or_too_small_tell_nothing() -> None:
    assert cluster_factor([1.0, 2.0, 3.0], [0, 0, 0]) == 1.0
    assert cluster_factor([1.0, 2.0, 3.0], [0, 1, 2]) == 1.0
    assert cluster_factor([0.0] * 6, [0, 0, 0, 1, 1, 1]) == 1.0


def test_one_outlier_doesnt_hide_that_clusters_agree() -> None:
    clusters = np.repeat(np.arange(6), 10)
    differences = np.linspace(-0.03, 0.03, 6)[clusters] + 0.001 * np.tile(np.arange(10) - 4.5, 6)
    differences[7] = 5.0
    assert cluster_factor(differences, clusters) > 2


def test_autocorrelation_of_known_series() -> None:
    assert lag1_autocorrelation([1.0, -1.0] * 50) == pytest.approx(-0.99)
    assert lag1_autocorrelation([2.0, 2.0, 2.0]) == 0.0
    assert lag1_autocorrelation([1.0]) == 0.0
    assert lag1_autocorrelation([1.0] * 50 + [-1.0] * 50) > 0.9


def test_autocorrelation_widens_and_never_narrows() -> None:
    assert autocorrelation_factor(-0.9, 30) == 1.0
    assert autocorrelation_factor(0.02, 30) == 1.0
    factors = [autocorrelation_factor(rho, 30) for rho in (0.2, 0.4, 0.6, 0.8, 1.0)]
    assert factors == sorted(factors)
    assert factors[0] > 1.0
    assert factors[-1] == pytest.approx(math.sqrt(19))  # the cap at 0.9


def test_widened_interval_keeps_the_estimate_and_says_why() -> None:
    drift = np.exp(np.concatenate([np.full(10, 0.1), np.full(10, -0.1)]))
    plain = paired_ratio(np.ones(20), drift)
    wide = widened(plain)
    assert wide.ratio == plain.ratio
    assert wide.low < plain.low < plain.high < wide.high
    assert "autocorrelation" in wide.label
    few = paired_ratio([1.0, 1.0], [2.0, 3.0])
    assert widened(few) == few


@pytest.mark.parametrize("kind", ["plain", "tied", "zero", "wide"])
def test_selected_averages_are_those_of_all_sorted(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond 1,000 pairs none but the wanted averages are held; they are the very same numbers, ties or not."""
    drawn = np.random.default_rng(5).normal(size=121)
    d = {"plain": drawn, "tied": np.round(drawn, 1), "zero": np.zeros(121), "wide": np.sinh(9 * drawn)}[kind]
    base, new = np.exp(drawn[:60]), np.exp(np.round(drawn[60:], 1))
    whole = hodges_lehmann(d), signed_rank_interval(d), unpaired_ratio(base, new)
    averages = walsh_averages(d)
    monkeypatch.setattr(order, "ALL_SUMS", 10)
    assert (hodges_lehmann(d), signed_rank_interval(d), unpaired_ratio(base, new)) == whole
    k = signed_rank_critical(121, 0.05)
    assert whole[:2] == (averages[121 * 122 // 4], (averages[k - 1], averages[-k]))


def test_many_pairs_take_memory_of_their_number_and_not_of_its_square() -> None:
    d = np.random.default_rng(6).normal(size=20_000)
    tracemalloc.start()
    try:
        interval = signed_rank_interval(d)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert interval is not None
    assert interval[0] < hodges_lehmann(d) < interval[1]
    assert peak < 20_000 * 8 * 50, "all averages would be 1.6 GB"
