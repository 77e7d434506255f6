"""Draws repeat, keep to their ranges and have the shape that they promise."""

from __future__ import annotations

from collections import Counter
from statistics import median

from workbench.dataset.draw import Stream

EXPECTED = [34, 67, 92, 89, 95, 98, 74, 1]


def test_the_values_are_those_of_every_platform() -> None:
    stream = Stream(1, "example")
    assert [stream.number(1, 100) for _ in range(8)] == EXPECTED


def test_streams_of_different_names_differ() -> None:
    assert Stream(1, "a").hexadecimal(16) != Stream(1, "b").hexadecimal(16)
    assert Stream(1, "a").hexadecimal(16) == Stream(1, "a").hexadecimal(16)


def test_numbers_cover_both_ends() -> None:
    stream = Stream("ends")
    assert {stream.number(3, 6) for _ in range(400)} == {3, 4, 5, 6}


def test_weights_are_followed() -> None:
    stream = Stream("weights")
    drawn = Counter(stream.weighted({"a": 80, "b": 20, "never": 0}) for _ in range(5_000))
    assert drawn["never"] == 0
    assert 0.77 < drawn["a"] / 5_000 < 0.83


def test_skew_is_zipf() -> None:
    stream = Stream("zipf")
    drawn = Counter(stream.skewed(range(1, 101)) for _ in range(20_000))
    assert 1.8 < drawn[1] / drawn[2] < 2.2
    assert 3.5 < drawn[1] / drawn[4] < 4.5


def test_several_are_different_and_at_most_so_many() -> None:
    stream = Stream("several")
    for count in range(6):
        chosen = stream.several("abc", count)
        assert len(set(chosen)) == len(chosen) <= min(count, 3)


def test_shuffling_keeps_every_item() -> None:
    shuffled = Stream("shuffle").shuffled(range(50))
    assert sorted(shuffled) == list(range(50)) != shuffled


def test_log_normal_has_its_median_and_bounds() -> None:
    stream = Stream("sizes")
    sizes = [stream.log_normal(5_000, 0.9, 1_000, 40_000) for _ in range(5_000)]
    assert 4_700 < median(sizes) < 5_300
    assert min(sizes) == 1_000
    assert max(sizes) == 40_000
