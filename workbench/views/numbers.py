"""Numbers as people read them: one way for reports, notebooks and the shell (static/format.js does the same)."""

from __future__ import annotations

import math
from collections.abc import Sequence

__all__ = [
    "format_bytes",
    "format_count",
    "format_interval",
    "format_measure",
    "format_number_of",
    "format_range",
    "format_ratio",
    "format_seconds",
    "format_share",
    "format_tick",
    "format_times",
]

_ABSENT = "–"
_BYTE_STEPS = ((1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB"))
_SECOND_STEPS = ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs"))


def _three(value: float) -> str:
    """Three significant digits without an exponent: 0.0123, 1.23, 12.3, 123."""
    if value == 0 or not math.isfinite(value):
        return "0" if value == 0 else _ABSENT
    digits = max(0, 2 - math.floor(math.log10(abs(value))))
    return f"{value:.{min(digits, 6)}f}"


def format_seconds(seconds: float | None) -> str:
    """A duration: "2 min 5 s", "1.23 s", "45.6 ms", "789 µs", "12 ns", "0.45 ns"."""
    if seconds is None or not math.isfinite(seconds):
        return _ABSENT
    size = abs(seconds)
    if size >= 60:
        whole = round(size)
        return f"{'-' if seconds < 0 else ''}{whole // 60} min {whole % 60} s"
    for step, unit in _SECOND_STEPS:
        if size >= step:
            return f"{_three(seconds / step)} {unit}"
    return f"{seconds * 1e9:{'.2g' if size < 9.95e-9 else '.0f'}} ns" if size else "0 s"


def format_tick(seconds: float) -> str:
    """A round number of seconds on an axis, without padding: "0 s", "500 µs", "1.5 ms", "20 s"."""
    for step, unit in _SECOND_STEPS:
        if seconds >= step * (1 - 1e-9):
            return f"{seconds / step:g} {unit}"
    return f"{seconds * 1e9:g} ns" if seconds else "0 s"


def format_bytes(count: float | None) -> str:
    """A size with binary prefixes: "1.23 MiB", "456 B"."""
    if count is None or not math.isfinite(count):
        return _ABSENT
    for step, unit in _BYTE_STEPS:
        if abs(count) >= step:
            return f"{_three(count / step)} {unit}"
    return f"{count:.0f} B"


def format_count(count: float | None) -> str:
    """A count with thin spaces between thousands; a mean of counts keeps one decimal."""
    if count is None or not math.isfinite(count):
        return _ABSENT
    text = f"{count:,.0f}" if float(count).is_integer() else f"{count:,.1f}"
    return text.replace(",", "\u202f")


def format_number_of(count: int, noun: str) -> str:
    """A count with its noun: "1 sample", "2 samples", "0 samples"."""
    return f"{format_count(count)} {noun}{'' if count == 1 else 's'}"


def format_ratio(ratio: float | None) -> str:
    """A ratio new / base: "0.105×"."""
    return _ABSENT if ratio is None or not math.isfinite(ratio) else f"{_three(ratio)}×"


def format_times(ratio: float | None) -> str:
    """The same ratio as people say it: "9.5× faster", "1.3× slower", "the same" within a thousandth."""
    if ratio is None or not math.isfinite(ratio) or ratio <= 0:
        return _ABSENT
    if abs(math.log(ratio)) < 1e-3:
        return "the same"
    return f"{_three(1 / ratio)}× faster" if ratio < 1 else f"{_three(ratio)}× slower"


def format_interval(low: float, high: float) -> str:
    """An interval of ratios: "[0.098, 0.113]"."""
    if not (math.isfinite(low) and math.isfinite(high)):
        return _ABSENT
    return f"[{_three(low)}, {_three(high)}]"


def format_range(seconds: Sequence[float]) -> str:
    """Least to greatest of durations: "1.20–1.31 s", "980 ms – 1.10 s"; "–" of none."""
    if not seconds:
        return _ABSENT
    low, high = format_seconds(min(seconds)), format_seconds(max(seconds))
    number, _, unit = low.partition(" ")
    one_unit = high.partition(" ")[2] == unit and unit in {"s", "ms", "µs", "ns"}
    return f"{number}–{high}" if one_unit else f"{low} – {high}"


def format_share(part: float, whole: float) -> str:
    """A share of a whole: "12.3 %", "<0.01 %"."""
    if not whole > 0:
        return _ABSENT
    if part == 0:
        return "0 %"
    percent = 100 * part / whole
    if 0 < percent < 0.01:
        return "<0.01 %"
    if percent >= 99.995:
        return "100 %"
    return f"{percent:.2f} %" if percent < 10 else f"{percent:.1f} %"


def format_measure(value: float | None, unit: str) -> str:
    """A measure in its unit: s, bytes, count, or any other written behind the number."""
    known = {"s": format_seconds, "bytes": format_bytes, "count": format_count}
    if value is None or not math.isfinite(value):
        return _ABSENT
    if unit in known:
        return known[unit](value)
    return f"{_three(value)} {unit}".strip()
