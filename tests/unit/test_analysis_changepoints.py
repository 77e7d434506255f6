"""E-divisive: where a series changed, and that it keeps quiet where it didn't."""

from __future__ import annotations

import numpy as np
import pytest

from workbench.analysis.changepoints import change_points, energy


def test_the_statistic_is_the_energy_statistic() -> None:
    x = np.random.default_rng(1).normal(size=12)
    distance = np.abs(x[:, None] - x[None, :])
    borders = np.arange(1, 12)

    def by_definition(k: int) -> float:
        left, right = x[:k], x[k:]
        between = np.abs(left[:, None] - right[None, :]).mean()

        def within(part: np.ndarray) -> float:
            pairs = len(part) * (len(part) - 1)
            return float(np.abs(part[:, None] - part[None, :]).sum() / pairs) if pairs else 0.0

        return float(k * (12 - k) / 12 * (2 * between - within(left) - within(right)))

    assert energy(distance, borders) == pytest.approx([by_definition(k) for k in range(1, 12)])


def test_it_finds_every_step_and_where_it_is() -> None:
    random = np.random.default_rng(2)
    series = np.concatenate([random.normal(level, 0.05, 20) for level in (0.0, 0.5, 0.1, 0.1)])
    found = change_points(series)
    assert [point.index for point in found] == [20, 40]
    assert all(point.p <= 0.01 for point in found)
    assert change_points(series) == found


def test_it_finds_a_change_of_spread() -> None:
    random = np.random.default_rng(3)
    series = np.concatenate([random.normal(0, 0.01, 60), random.normal(0, 0.5, 60)])
    (point,) = change_points(series)
    assert 55 <= point.index <= 65


def test_noise_alone_is_seldom_a_change_point() -> None:
    random = np.random.default_rng(4)
    alarms = sum(bool(change_points(random.lognormal(0, 0.3, 30), permutations=199)) for _ in range(100))
    assert alarms <= 5


def test_points_of_one_position_stay_together() -> None:
    random = np.random.default_rng(5)
    values = np.concatenate([random.normal(0, 0.02, 11), random.normal(1, 0.02, 10)])
    positions = np.repeat(np.arange(7), 3)  # the step is within the fourth commit
    found = change_points(values, positions)
    assert {point.index % 3 for point in found} == {0}
    assert {point.index for point in found} <= {9, 12}


@pytest.mark.parametrize("series", [[], [1.0], [1.0, 2.0], [3.0] * 50])
def test_too_little_and_too_constant_a_series_has_none(series: list[float]) -> None:
    assert change_points(series) == []


def test_three_runs_of_a_new_commit_are_enough_after_twenty() -> None:
    random = np.random.default_rng(6)
    series = np.concatenate([random.normal(0, 0.03, 20), random.normal(0.3, 0.03, 3)])
    assert [point.index for point in change_points(series)] == [20]


def test_what_is_no_series_is_refused() -> None:
    with pytest.raises(ValueError, match="finite"):
        change_points([1.0, float("nan")])
    with pytest.raises(ValueError, match="ascending"):
        change_points([1.0, 2.0], [1, 0])


def test_runs_of_one_commit_that_resemble_each_other_are_no_change_of_their_own() -> None:
    """Sessions differ on a shared machine: equal commits lie further apart than the runs of one."""
    random = np.random.default_rng(8)
    alarms = 0
    for _ in range(40):
        values = (random.normal(0, 0.03, 12)[:, None] + random.normal(0, 0.01, (12, 5))).ravel()
        alarms += bool(change_points(values, np.repeat(np.arange(12), 5), permutations=199))
    assert alarms <= 2


@pytest.mark.parametrize(("commits", "after"), [(5, 1), (4, 2), (3, 1)])
def test_a_few_commits_are_enough_for_what_is_far_beyond_their_differences(commits: int, after: int) -> None:
    random = np.random.default_rng(9)
    levels = np.repeat([0.0, 0.7], [commits - after, after]) + np.linspace(-0.001, 0.001, commits)
    values = (levels[:, None] + random.normal(0, 0.01, (commits, 5))).ravel()
    (point,) = change_points(values, np.repeat(np.arange(commits), 5))
    assert point.index == 5 * (commits - after)


def test_a_few_commits_are_not_enough_for_what_they_differ_by_anyway() -> None:
    random = np.random.default_rng(10)
    alarms = 0
    for _ in range(100):
        values = (random.normal(0, 0.03, 5)[:, None] + random.normal(0, 0.01, (5, 5))).ravel()
        alarms += bool(change_points(values, np.repeat(np.arange(5), 5), permutations=199))
    assert alarms <= 3
