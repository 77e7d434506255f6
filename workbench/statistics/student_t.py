"""Student's t distribution for whole degrees of freedom, exactly."""

from __future__ import annotations

import math
from functools import lru_cache

__all__ = ["student_quantile", "student_tail"]

_BISECTIONS = 200
_NORMAL_FROM = 10_000  # degrees of freedom; the difference is below the sixth digit from there on


def student_tail(t: float, freedom: int) -> float:
    """The probability above ``t`` with ``freedom`` degrees of freedom (at least 1).

    By the finite series of Abramowitz & Stegun, 26.7.3 (odd) and 26.7.4 (even); the normal's tail from 10,000 on.
    """
    if freedom < 1:
        raise ValueError(f"a t distribution has at least 1 degree of freedom, not {freedom}")
    if freedom >= _NORMAL_FROM:
        return math.erfc(t / math.sqrt(2)) / 2
    angle = math.atan(t / math.sqrt(freedom))
    sine, cosine = math.sin(angle), math.cos(angle)
    odd = freedom % 2
    term = total = cosine if odd else 1.0
    for k in range(2 + odd, freedom - 1, 2):
        term *= (k - 1) / k * cosine * cosine
        total += term
    if freedom == 1:
        total = 0.0
    inside = 2 / math.pi * (angle + sine * total) if odd else sine * total
    return (1 - inside) / 2


@lru_cache(maxsize=4096)
def student_quantile(probability: float, freedom: int) -> float:
    """The value below which Student's t with ``freedom`` degrees of freedom (at least 1) lies so often.

    ``probability`` lies between 0 and 1. Found by bisection of ``student_tail``.
    """
    if not 0 < probability < 1:
        raise ValueError(f"a probability of a quantile lies between 0 and 1, not {probability:g}")
    if probability < 0.5:
        return -student_quantile(1 - probability, freedom)
    low, high = 0.0, 1.0
    while student_tail(high, freedom) > 1 - probability:
        low, high = high, 2 * high
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2
        if middle in (low, high):
            break
        low, high = (middle, high) if student_tail(middle, freedom) > 1 - probability else (low, middle)
    return (low + high) / 2
