"""The sentence a person needs of a comparison."""

from __future__ import annotations

import math
from collections.abc import Sequence

from workbench.analysis.causes import Cause
from workbench.analysis.counts import CountChange, told
from workbench.analysis.explanation import direction, explained_by, is_large
from workbench.analysis.points import points_of
from workbench.model import Comparison, Frame, FunctionChange, Verdict
from workbench.statistics import Estimate

__all__ = [
    "change_text",
    "count_text",
    "duration_text",
    "function_text",
    "headline",
    "sentence",
    "verdict_text",
]

_FACTOR_FROM = 1.5  # from here on "2.1× slower" reads better than "110 % slower"
_SETTLED = 0.75  # half an interval of more than this part of the change settles no figure
_COUNTS_NAMED = 3
_POINTS_FROM = 1.0
_NO_CHANGE = "no change"
_POINTS_TO = 100.0  # beyond, a share of the difference says more than "+849 points"


def sentence(
    estimate: Estimate,
    seconds: float,
    functions: Sequence[FunctionChange] = (),
    counts: Sequence[CountChange] = (),
    *,
    own: Cause | None = None,
    verdict: Verdict | None = None,
    counts_first: bool = False,
) -> str:
    """``12 % slower (99 % 9 to 15 %), 41 pairs, 6 s; requests 120 → 48; mostly `render_policy` (+8 points)``.

    ``verdict`` is the clock's; ``seconds``: how long the comparison took. Points are percents of base's time, and
    those of all functions add up to the change on the clock (``analysis.points``); where they would be more than
    100, the function's share of the difference is told. ``own`` is the user's own function that changed most with
    what it calls. ``counts_first``: changed counts decided, not the clock.
    """
    pairs = f"{estimate.pairs} pair{'' if estimate.pairs == 1 else 's'}"
    head = [change_text(estimate, verdict), pairs, *([duration_text(seconds)] if seconds > 0 else [])]
    pairs_of = told({c.name: (c.base, c.new) for c in counts})
    changed = [count_text(name, *pair) for name, pair in pairs_of.items() if pair[0] != pair[1]]
    timed, counted = [", ".join(head)], changed[:_COUNTS_NAMED]
    explained = _explained(estimate, functions, own, verdict)
    return "; ".join([*(counted + timed if counts_first else timed + counted), *explained])


def headline(comparison: Comparison) -> str:
    """``REGRESSION: 12 % slower (99 % 9 to 15 %), 41 pairs``: one wording and one rounding wherever it is shown."""
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
    """``12 % slower (99 % 9 to 15 %)``, ``7.9× faster (99 % 7.1 to 8.8×)``, ``not timed`` without a pair.

    Where the interval holds no change, no figure is told as a fact: ``no more than 1.4 % slower (99 % −0.8 to
    +1.4 %)`` of a PASS, else ``between 24 % faster and 30 % slower (99 %)``. Nor where it says which is slower, but
    little of by how much: ``between 2.5 % and 44 % slower (99 %)``. Too few pairs for an interval say nothing of a
    difference less than threefold: ``2 pairs can't tell (range 28 % slower to 44 % slower)``.
    """
    if math.isnan(estimate.ratio):
        return "not timed"
    ratio, low, high = estimate.ratio, estimate.low, estimate.high
    label, _, remark = estimate.label.partition(", ")
    remark = f", {remark}" if remark else ""
    label = label if estimate.is_interval else "range"
    few_pairs = not estimate.is_interval and verdict is Verdict.INCONCLUSIVE
    if few_pairs and low > 0 and not is_large(low, high):
        few = f"{estimate.pairs} pair{'' if estimate.pairs == 1 else 's'} can't tell"
        seen = _end(low) if low == high else f"{_end(low)} to {_end(high)}"
        return f"{few} ({label} {seen}{remark})"
    if low <= 1 <= high:
        return _unsettled(low, high, label, remark, passed=verdict is Verdict.PASS and estimate.is_interval)
    if low > 0 and high < math.inf and math.log(high / low) > 2 * _SETTLED * abs(math.log(ratio)):
        near, far = sorted((low, high), key=lambda end: abs(math.log(end)))
        least = "0 %" if _end(near) == _NO_CHANGE else _end(near).rpartition(" ")[0]
        return f"between {least} and {_end(far)} ({label}{remark})"
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


def _explained(
    estimate: Estimate, functions: Sequence[FunctionChange], own: Cause | None, verdict: Verdict | None
) -> list[str]:
    """What the difference is: one function, the user's own with what it calls, or spread; nothing of a PASS."""
    towards = 0 if verdict is Verdict.PASS else direction(estimate.low, estimate.high)
    found = explained_by(functions, towards, own, large=is_large(estimate.low, estimate.high))
    if found is None:
        return []
    points = abs(points_of(functions, estimate.ratio, estimate.low, estimate.high).of(found.seconds * towards))
    if points > _POINTS_TO or not any(each.base_seconds for each in functions):
        part = f"({100 * found.share:.0f} % of the difference)"
    elif points >= _POINTS_FROM:
        part = f"({'+' if towards > 0 else '−'}{_plain(points)} points)"
    else:
        return []
    if found.own is not None:
        frame = found.own.frame
        return [f"mostly `{function_text(frame)}` ({frame.file}) with the libraries and built-ins it calls {part}"]
    assert found.function is not None
    name = function_text(found.function.frame)
    if not found.many:
        return [f"mostly `{name}` {part}"]
    many = f"spread over {found.many} functions, the first" if found.many > 1 else "in part"
    return [f"{many} `{name}` {part}"]


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
