"""What "no change point" is worth: the smallest step that the test of change points finds four of five times."""

from __future__ import annotations

import math

import numpy as np
import pytest

from workbench.analysis.changepoints import change_points
from workbench.analysis.detectable import smallest_step

LEAST, MOST = math.log1p(0.03), math.log1p(9)


def found_share(values: np.ndarray, positions: np.ndarray, step: float, draws: int = 20) -> float:
    """By the test itself, on orders of other random numbers."""
    random = np.random.default_rng(99)
    places = np.unique(positions)
    after = step * (positions >= len(places) // 2)
    found = 0
    for _ in range(draws):
        order = np.concatenate([np.flatnonzero(positions == place) for place in random.permutation(places)])
        found += bool(change_points(values[order] + after, positions))
    return found / draws


@pytest.mark.parametrize(("commits", "runs"), [(6, 3), (10, 2), (14, 1), (70, 1)])
def test_the_step_is_found_and_half_of_it_is_not(commits: int, runs: int) -> None:
    positions = np.repeat(np.arange(commits), runs)
    values = np.random.default_rng(commits).normal(0, 0.03 * math.sqrt(commits / 10), positions.size)
    step = smallest_step(list(values), list(positions), least=LEAST, most=MOST)
    assert step is not None
    assert found_share(values, positions, step) >= 0.7
    assert found_share(values, positions, step / 2) <= 0.45
    assert smallest_step(list(values), list(positions), least=LEAST, most=MOST) == step


@pytest.mark.parametrize(("commits", "runs"), [(1, 5), (2, 1), (6, 1), (9, 1)])
def test_too_few_commits_show_nothing(commits: int, runs: int) -> None:
    positions = np.repeat(np.arange(commits), runs)
    values = np.random.default_rng(1).normal(0, 0.01, positions.size)
    assert smallest_step(list(values), list(positions), least=LEAST, most=MOST) is None


def test_it_grows_with_the_noise_and_is_never_less_than_what_is_named() -> None:
    noise = np.random.default_rng(2).normal(0, 1, 20)
    steps = [
        smallest_step(list(scale * noise), range(20), least=LEAST, most=MOST) for scale in (0.0, 0.001, 0.05, 0.2)
    ]
    assert steps[0] == LEAST <= (steps[1] or 0) < 1.1 * LEAST
    assert 1.1 * LEAST < (steps[2] or 0) < (steps[3] or 0)


def test_what_no_permutation_can_reach_is_not_told() -> None:
    values = np.random.default_rng(3).normal(0, 0.01, 20)
    assert smallest_step(list(values), range(20), least=LEAST, most=MOST, significance=0.0005) is None
