"""The order of measuring: mirrored, random, the same for the same seed."""

from __future__ import annotations

from collections import Counter
from itertools import islice

import pytest

from workbench.experiment.interleave import interleaved, sweeps


@pytest.mark.parametrize("variants", ["AB", "ABC", "ABCDEF"])
def test_each_sweep_is_followed_by_its_mirror(variants: str) -> None:
    order = list(islice(sweeps(variants, seed=7), 20))
    for there, back in zip(order[::2], order[1::2], strict=True):
        assert sorted(there) == sorted(variants)
        assert back == there[::-1]


def test_mean_position_in_a_sweep_and_its_mirror_is_the_same_for_all() -> None:
    there, back = islice(sweeps("ABCD", seed=3), 2)
    order = there + back
    assert {sum(i for i, v in enumerate(order) if v == variant) for variant in "ABCD"} == {7}


def test_every_round_of_every_variant_is_there() -> None:
    assert Counter(interleaved("ABC", 5)) == {"A": 5, "B": 5, "C": 5}
    assert list(interleaved("ABC", 0)) == []


def test_the_seed_decides_the_order() -> None:
    assert list(interleaved("ABCDE", 9, seed=4)) == list(interleaved("ABCDE", 9, seed=4))
    assert list(interleaved("ABCDE", 9, seed=4)) != list(interleaved("ABCDE", 9, seed=5))


def test_neither_side_always_goes_first() -> None:
    firsts = Counter(sweep[0] for sweep in islice(sweeps("AB", seed=1), 200))
    assert firsts["A"] == firsts["B"] == 100
    starts = Counter(sweep[0] for sweep in islice(sweeps("AB", seed=1), 0, 200, 2))
    assert min(starts.values()) > 25
