"""Columns of the payload: whatever form is chosen, the numbers come back."""

from __future__ import annotations

import numpy as np
import pytest

from workbench.views.columns import packed, unpacked, unzigzag, zigzag


@pytest.mark.parametrize("top", [1, 255, 256, 65_535, 65_536, 2**32 - 1, 2**32, 2**50])
@pytest.mark.parametrize("count", [0, 1, 3, 1000])
def test_numbers_come_back_from_the_smallest_form(top: int, count: int) -> None:
    values = np.random.default_rng(top % 97).integers(0, top + 1, count)
    values[-1:] = top
    code, content = packed(values)
    assert unpacked(b"before" + content, code, 6, count).tolist() == values.tolist()
    if count:
        assert int(code[1]) == next(w for w in (1, 2, 4, 8) if top < 256**w)


def test_planes_are_chosen_where_they_deflate_better() -> None:
    even = np.random.default_rng(1).integers(0, 300, 5000)  # high bytes that repeat themselves
    alternating = np.tile([0x0102, 0x0304], 2500)
    assert packed(even)[0] == "p2"
    assert packed(alternating)[0] == "u2"


def test_signed_numbers_come_back_and_small_ones_stay_small() -> None:
    values = np.array([0, -1, 1, -2, 2, -70_000, 70_000])
    assert zigzag(values)[:5].tolist() == [0, 1, 2, 3, 4]
    assert unzigzag(zigzag(values)).tolist() == values.tolist()
