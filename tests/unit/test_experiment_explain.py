"""How many sampled rounds a comparison takes."""

from __future__ import annotations

import pytest

from workbench.analysis.resampling import FEWEST_ROUNDS
from workbench.experiment import explain
from workbench.experiment.explain import MOST_SAMPLED_ROUNDS, SAMPLED_ROUNDS, planned_rounds, sampling_sweeps
from workbench.model import Verdict


def rounds(
    verdict: Verdict | None, *, asked: int | None = None, timing_s: float = 1.0, round_s: float = 0.0
) -> int:
    """How many sweeps there are where each takes ``round_s`` of a clock of our own."""
    now = [0.0]

    def advance(order: tuple[str, ...]) -> int:
        now[0] += round_s
        return len(order) // 2

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(explain, "time", type("Clock", (), {"monotonic": lambda: now[0]}))
        sweeps = sampling_sweeps(("a", "b"), asked=asked, verdict=verdict, timing_s=timing_s, seed=1)
        return sum(map(advance, sweeps))


@pytest.mark.parametrize(
    ("verdict", "expected"),
    [
        (Verdict.PASS, SAMPLED_ROUNDS),
        (Verdict.INCONCLUSIVE, SAMPLED_ROUNDS),
        (None, SAMPLED_ROUNDS),
        (Verdict.REGRESSION, MOST_SAMPLED_ROUNDS),
        (Verdict.IMPROVEMENT, MOST_SAMPLED_ROUNDS),
    ],
)
def test_a_difference_is_worth_more_rounds(verdict: Verdict | None, expected: int) -> None:
    assert rounds(verdict) == expected
    assert planned_rounds(None, verdict) == expected


@pytest.mark.parametrize("asked", [0, 1, 30])
def test_what_was_asked_is_done_whatever_it_takes(asked: int) -> None:
    assert rounds(Verdict.PASS, asked=asked, round_s=100.0) == asked


@pytest.mark.parametrize(
    ("round_s", "timing_s", "expected"),
    [
        (0.1, 0.1, MOST_SAMPLED_ROUNDS),
        (2.0, 1.0, FEWEST_ROUNDS),  # more than some seconds, but enough to test the functions
        (60.0, 200.0, 4),  # as long as the timing took
        (60.0, 1.0, SAMPLED_ROUNDS),
    ],
)
def test_sampling_takes_no_longer_than_it_is_worth(round_s: float, timing_s: float, expected: int) -> None:
    assert rounds(Verdict.REGRESSION, round_s=round_s, timing_s=timing_s) == expected


def test_the_sides_take_turns() -> None:
    orders = list(sampling_sweeps("ab", asked=4, verdict=None, timing_s=0.0, seed=3))
    assert [set(order) for order in orders] == [{"a", "b"}] * 4
    assert orders[0] == orders[1][::-1]
