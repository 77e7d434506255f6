"""The middle and the ends of many sums of two, held at once or, of more than memory takes, found without."""

from __future__ import annotations

import struct

import numpy as np
import numpy.typing as npt

from workbench.statistics.estimate import Floats

__all__ = ["ALL_SUMS", "of_all", "of_selected"]

ALL_SUMS = 500_000
"""So many averages or differences are held at once (1,000 pairs); of more, single ones are found."""


def of_all(values: Floats, k: int) -> tuple[float, float, float]:
    """The median, the k-th smallest and the k-th largest, without sorting the many between them."""
    below, above, first, last = _places(values.size, k)
    placed = np.partition(values, sorted({below, above, first, last}))
    return float(placed[below] + placed[above]) / 2, float(placed[first]), float(placed[last])


def of_selected(
    rows: Floats, columns: Floats, start: npt.NDArray[np.int64], size: int, k: int
) -> tuple[float, float, float]:
    """As ``of_all`` of the sums of ascending ``rows[i]`` and ``columns[j]``, j ≥ ``start[i]``, none held."""
    below, above, first, last = _places(size, k)
    found = {place: _selected(rows, columns, start, place) for place in {below, above, first, last}}
    return (found[below] + found[above]) / 2, found[first], found[last]


def _places(size: int, k: int) -> tuple[int, int, int, int]:
    return (size - 1) // 2, size // 2, max(k - 1, 0), size - max(k, 1)


def _selected(rows: Floats, columns: Floats, start: npt.NDArray[np.int64], place: int) -> float:
    """The sum at ``place`` in ascending order, exactly, in memory of n: bisection over the floating-point numbers.

    The sums of a row ascend, as rounding keeps order, so that a bisection in every row counts those up to a bound
    (Johnson & Mizoguchi, *SIAM Journal on Computing* 7 (1978) 147–153, select in such matrices). The smallest
    number up to which there are enough is one of the sums: 64 halvings at most find it, ties or not.
    """
    low, high = _ordinal(float(rows[0] + columns[0])), _ordinal(float(rows[-1] + columns[-1]))
    while low < high:
        middle = (low + high) // 2
        if _number_up_to(_number_at(middle), rows, columns, start) > place:
            high = middle
        else:
            low = middle + 1
    return _number_at(low)


def _number_up_to(bound: float, rows: Floats, columns: Floats, start: npt.NDArray[np.int64]) -> int:
    low, high = start.copy(), np.full(rows.size, columns.size)
    while (open_ := low < high).any():
        middle = (low + high) // 2
        within = open_ & (rows + columns[np.minimum(middle, columns.size - 1)] <= bound)
        low = np.where(within, middle + 1, low)
        high = np.where(open_ & ~within, middle, high)
    return int((low - start).sum())


def _ordinal(value: float) -> int:
    """Floating-point numbers in their order as whole numbers without gaps."""
    bits: int = struct.unpack("<q", struct.pack("<d", value))[0]
    return bits if bits >= 0 else -(bits & 0x7FFFFFFFFFFFFFFF)


def _number_at(ordinal: int) -> float:
    value: float = struct.unpack("<d", struct.pack("<q", abs(ordinal)))[0]
    return value if ordinal >= 0 else -value
