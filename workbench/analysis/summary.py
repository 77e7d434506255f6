"""The sentence a person needs of a comparison."""

from __future__ import annotations

import math
from collections.abc import Sequence

from workbench.analysis.counts import CountChange, told
from workbench.analysis.functions import total_change, was_tested
from workbench.analysis.points import points_of
from workbench.model import Comparison, Frame, FunctionChange, Verdict
from workbench.statistics import Estimate

__all__ = [
    "change_text",
    "count_text",
    "duration_text",
    "function_text",
    "headline",
    "opposed",
    "sentence",
    "verdict_text",
]

_FACTOR_FROM = 1.5  # from here on "2.1× slower" reads better than "110 % slower"
_COUNTS_NAMED = 3
_POINTS_FROM = 1.0
_OPPOSED_FROM = 0.01  # of base's sampled time: less is no direction
_NO_CHANGE = "no change"
_POINTS_TO = 100.0  # beyond, a share of the difference says more than "+849 points"


def sentence(
    estimate: Estimate,
    seconds: float,
    functions: Sequence[FunctionChange] = (),
    counts: Sequence[CountChange] = (),
    *,
    verdict: Verdict | None = None,
    counts_first: bool = False,
) -> str:
    """``12 % slower (95 % 9 to 15 %), 41 pairs, 6 s; requests 120 → 48; mostly `render_policy` (+8 points)``.

    ``verdict`` is the clock's; ``seconds``: how long the comparison took. Points are percents of base's time, and
    those of all functions add up to the change on the clock (``analysis.points``); where they would be more than
    100, the function's share of the difference is told. ``counts_first``: changed counts decided, not the clock.
    """
    pairs = f"{estimate.pairs} pair{'' if estimate.pairs == 1 else 's'}"
    head = [change_text(estimate, verdict), pairs, *([duration_text(seconds)] if seconds > 0 else [])]
    pairs_of = told({c.name: (c.base, c.new) for c in counts})
    changed = [count_text(name, *pair) for name, pair in pairs_of.items() if pair[0] != pair[1]]
    timed, counted = [", ".join(head)], changed[:_COUNTS_NAMED]
    return "; ".join([*(counted + timed if counts_first else timed + counted), *_mostly(estimate, functions)])


def headline(comparison: Comparison) -> str:
    """``REGRESSION: 12 % slower (95 % 9 to 15 %), 41 pairs``: one wording and one rounding wherever it is shown."""
    c = comparison
    said = c.sentence or change_text(Estimate(c.ratio, *c.ci, c.pairs, exact=False, label="95 %"), c.verdict)
    return f"{verdict_text(c)}: {said}"


def verdict_text(comparison: Comparison) -> str:
    """The verdict, and whether it is advisory only; NOT COMPARED where it would mean nothing."""
    if not comparison.comparable and math.isnan(comparison.ratio):
        return "NOT COMPARED"
    return f"{comparison.verdict}{' (advisory)' if comparison.advisory else ''}"


def count_text(name: str, base: float, new: float) -> str:
    """``statements 2 → 61``."""
    return f"{name.replace('_', ' ')} {base:g} → {new:g}"


def change_text(estimate: Estimate, verdict: Verdict | None = None) -> str:
    """``12 % slower (95 % 9 to 15 %)``, ``7.9× faster (95 % 7.1 to 8.8×)``, ``not timed`` without a pair.

    Where the interval holds no change, no figure is told as a fact: ``no more than 1.4 % slower (95 % −0.8 to
    +1.4 %)`` of a PASS, else ``between 24 % faster and 30 % slower (95 %)``.
    """
    if math.isnan(estimate.ratio):
        return "not timed"
    ratio, low, high = estimate.ratio, estimate.low, estimate.high
    label, _, remark = estimate.label.partition(", ")
    remark = f", {remark}" if remark else ""
    label = label if estimate.is_interval else "range"
    if low <= 1 <= high:
        return _unsettled(low, high, label, remark, passed=verdict is Verdict.PASS and estimate.is_interval)
    if max(ratio, 1 / ratio) >= _FACTOR_FROM:
        return f"{_factor_text(ratio, low, high, label)}{remark})"
    ends = sorted((abs(_percent(low)), abs(_percent(high))))
    interval = f"{_plain(ends[0])} to {_plain(ends[1])} %"
    return f"{_end(ratio)} ({label} {interval}{remark})"


def _unsettled(low: float, high: float, label: str, remark: str, *, passed: bool) -> str:
    if _end(low) == _end(high) == _NO_CHANGE:
        return f"{_NO_CHANGE} ({label}{remark})"
    if not passed:
        return f"between {_end(low)} and {_end(high)} ({label}{remark})"
    most = "no slower" if _end(high) == _NO_CHANGE else f"no more than {_end(high)}"
    return f"{most} ({label} {_signed(_percent(low))} to {_signed(_percent(high))} %{remark})"


def _end(ratio: float) -> str:
    """``24 % faster``, ``3.1× slower``, ``no change``."""
    word = "slower" if ratio > 1 else "faster"
    if max(ratio, 1 / ratio) >= _FACTOR_FROM:
        return f"{_plain(max(ratio, 1 / ratio))}× {word}"
    size = _plain(abs(_percent(ratio)))
    return _NO_CHANGE if size == "0" else f"{size} % {word}"


def opposed(estimate: Estimate, functions: Sequence[FunctionChange]) -> list[str]:
    """A line where the sampled rounds went the other way than the timed ones; else none.

    Sampling slows some code more than other, and a machine may change in between: the functions' table tells of the
    sampled rounds then, and nothing of the verdict.
    """
    whole = sum(change.base_seconds for change in functions)
    direction = _direction(estimate)
    sampled = total_change(list(functions)) / whole if whole > 0 else 0.0
    if sampled * direction > -_OPPOSED_FROM:
        return []
    return [f"the sampled rounds were {_end(1 + sampled)}: the functions explain those, not the verdict"]


def _factor_text(ratio: float, low: float, high: float, label: str) -> str:
    if ratio >= 1:
        return f"{_plain(ratio)}× slower ({label} {_times(low)} to {_times(high)}×"
    return f"{_plain(1 / ratio)}× faster ({label} {_times(1 / high)} to {_times(1 / low)}×"


def _times(ratio: float) -> str:
    """An end of an interval that holds no change doesn't read as one: 1.02, not 1."""
    return f"{ratio:.3g}" if _plain(ratio) == "1" else _plain(ratio)


def duration_text(seconds: float) -> str:
    """Two digits at least: ``0.4 s``, ``6 s``, ``2 min 5 s``."""
    if seconds < 60:
        return f"{seconds:.1f} s" if seconds < 10 and round(seconds, 1) % 1 else f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if rest else f"{minutes} min"


def function_text(frame: Frame) -> str:
    """The function's name as people call it: without ``<locals>`` and without its file."""
    return frame.function.replace(".<locals>", "")


def _mostly(estimate: Estimate, functions: Sequence[FunctionChange]) -> list[str]:
    """The function that explains most of the change, if one explains a point of it in its direction.

    Without a difference on the clock there is nothing to explain, and what changed the other way explains none.
    Where there were rounds enough to tell changes from noise, noise is not named.
    """
    direction = _direction(estimate)
    if opposed(estimate, functions):
        return []
    if was_tested(list(functions)):
        candidates = [change for change in functions if change.change in ("grew", "shrank")]
    else:
        candidates = list(functions) if total_change(list(functions)) * direction > 0 else []
    deltas = [((change.new_seconds - change.base_seconds) * direction, change) for change in candidates]
    same_way = [(delta, change) for delta, change in deltas if delta > 0]
    if not same_way:
        return []
    delta, change = max(same_way, key=lambda pair: pair[0])
    name, sign = function_text(change.frame), "+" if direction > 0 else "−"
    points = abs(points_of(functions, estimate.ratio, estimate.low, estimate.high).of(delta * direction))
    if points > _POINTS_TO or not any(each.base_seconds for each in functions):
        grown = sum(max((each.new_seconds - each.base_seconds) * direction, 0.0) for each in functions)
        return [f"mostly `{name}` ({100 * delta / grown:.0f} % of the difference)"]
    return [f"mostly `{name}` ({sign}{_plain(points)} points)"] if points >= _POINTS_FROM else []


def _direction(estimate: Estimate) -> int:
    """1 where the clock says slower, -1 for faster, 0 where its interval holds no change."""
    return 1 if estimate.low > 1 else -1 if estimate.high < 1 else 0


def _percent(ratio: float) -> float:
    return 100 * (ratio - 1)


def _signed(value: float) -> str:
    text = _plain(abs(value))
    return text if text == "0" else f"{'+' if value > 0 else '−'}{text}"


def _plain(value: float) -> str:
    """Two significant digits, more only where they stand before the point: 0.34, 1.2, 12, 110."""
    if value < 0.005:
        return "0"
    if value >= 10:
        return f"{value:.0f}"
    return f"{value:.2g}"
