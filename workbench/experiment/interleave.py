"""The order in which variants are measured: random, and mirrored, so that drift falls on all alike.

A machine warms up, throttles or gets busy over minutes. Within a sweep and its mirror (A B C | C B A) every variant
has the same mean position, so that a linear drift cancels; the random permutations keep periodic disturbances from
always meeting the same variant.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from random import Random
from typing import TypeVar

__all__ = ["interleaved", "sweeps"]

T = TypeVar("T")


def sweeps(variants: Sequence[T], *, seed: int = 1) -> Iterator[tuple[T, ...]]:
    """Endless sweeps over all variants: a random permutation, its mirror, the next permutation, its mirror…"""
    random = Random(seed)
    while True:
        order = list(variants)
        random.shuffle(order)
        yield tuple(order)
        yield tuple(reversed(order))


def interleaved(variants: Sequence[T], rounds: int, *, seed: int = 1) -> Iterator[T]:
    """``rounds`` sweeps, one variant after another; the same seed gives the same order on every machine."""
    for sweep in islice(sweeps(variants, seed=seed), rounds):
        yield from sweep
