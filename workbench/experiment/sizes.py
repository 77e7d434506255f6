"""Sizes at which a target is measured: those asked for, or as large as it takes for the clock to tell."""

from __future__ import annotations

from collections.abc import Sequence
from time import monotonic, perf_counter
from typing import Any

from workbench.analysis.pairs import LOOPS
from workbench.analysis.scaling import FEWEST_SIZES
from workbench.errors import UsageError
from workbench.experiment.contained import contained, is_ctrl_c
from workbench.experiment.sized import SizedTarget

__all__ = ["DEFAULT_SIZES", "check_sizes", "measurable_sizes"]

DEFAULT_SIZES = (8, 16, 32, 64)

_MEASURABLE_S, _LONG_S = 1e-3, 20e-3
_LARGEST = 1 << 17  # of the smallest size: the largest is eight times that
_PROBING = 0.1  # of the time budget


def check_sizes(sizes: Sequence[int]) -> tuple[int, ...]:
    """The sizes, ascending. Raises ``UsageError`` for fewer than three different ones, or one below 1."""
    chosen = tuple(sorted(set(sizes)))
    if len(chosen) < FEWEST_SIZES:
        raise UsageError(f"an exponent needs at least {FEWEST_SIZES} different sizes, such as 8,16,32,64")
    if chosen[0] < 1:
        raise UsageError(f"a size is at least 1, not {chosen[0]}")
    return chosen


def measurable_sizes(
    targets: Sequence[SizedTarget], max_seconds: float, timeout_s: float = 600.0
) -> tuple[tuple[int, ...], str]:
    """Sizes from 8 on, doubled until a call of the smallest takes a millisecond; and a line that says so.

    They grow no further where a call takes long, where eight times the size would take most of ``max_seconds``,
    or where the target fails, ends the process or takes longer than ``timeout_s``: then the sizes end where it
    didn't. A case study's sizes are the usual ones.
    """
    if any(target.scenario for target in targets):
        return DEFAULT_SIZES, ""
    began, size, last, known = monotonic(), DEFAULT_SIZES[0], 0.0, 0
    while True:
        seconds = _probe(targets, size, timeout_s)
        if not seconds:
            return (
                _ending_at(known, "it fails at larger ones") if known > DEFAULT_SIZES[-1] else (DEFAULT_SIZES, "")
            )
        longest, growth = max(seconds), max(seconds) / last if last else 1.0
        if longest * max(growth, 1.0) ** 3 > max_seconds / 8 and known:
            return _ending_at(size, "larger ones would take too long")
        enough = min(seconds) >= _MEASURABLE_S or longest >= _LONG_S
        late = monotonic() - began > _PROBING * max_seconds or longest * growth > _PROBING * max_seconds
        if enough or late or size >= _LARGEST:
            return _from(size, longest, enough=enough)
        size, last, known = 2 * size, longest, size


def _from(size: int, seconds: float, *, enough: bool) -> tuple[tuple[int, ...], str]:
    sizes = tuple(size * factor // DEFAULT_SIZES[0] for factor in DEFAULT_SIZES)
    if sizes == DEFAULT_SIZES:
        return sizes, ""
    took = f"a call takes {seconds * 1e3:.2g} ms at {size}{'' if enough else ', which is little'}"
    return sizes, f"sizes were chosen for the clock: {took} (--sizes names others)"


def _ending_at(size: int, why: str) -> tuple[tuple[int, ...], str]:
    """The usual number of sizes, the largest ``size``; ``size`` is a power of two, 16 or more."""
    sizes = tuple(size // factor for factor in (8, 4, 2, 1))
    return sizes, f"sizes were chosen for the clock: {why} (--sizes names others)"


def _probe(targets: Sequence[SizedTarget], size: int, timeout_s: float) -> list[float]:
    """Seconds of one call of each; empty where one fails, which is for the measuring to tell."""
    try:
        return [_seconds(target, size, timeout_s) for target in targets]
    except BaseException as error:  # whatever the user's code raises
        if is_ctrl_c(error):
            raise
        return []


def _seconds(target: SizedTarget, size: int, timeout_s: float) -> float:
    with target.open(size) as workload, contained(timeout_s):
        workload.setup()
        started = perf_counter()
        value: Any = workload.run()
        elapsed = perf_counter() - started
        return elapsed / workload.finish(value).measures.get(LOOPS, 1.0)
