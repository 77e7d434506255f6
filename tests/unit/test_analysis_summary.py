"""The sentence, as people read it."""

from __future__ import annotations

import math

import pytest

from workbench.analysis.counts import CountChange
from workbench.analysis.points import points_of
from workbench.analysis.summary import change_text, duration_text, headline, sentence
from workbench.model import Comparison, Frame, FunctionChange, Verdict
from workbench.statistics import Estimate


def estimate(ratio: float, low: float, high: float, label: str = "95 %", pairs: int = 41) -> Estimate:
    return Estimate(ratio, low, high, pairs, True, label=label)


def function(name: str, base: float, new: float) -> FunctionChange:
    """One whose change is told from noise."""
    told = "grew" if new > base else "shrank"
    return FunctionChange(
        Frame("app.py", name), base, new, base, new, low=new - base, high=new - base, q=0.01, change=told
    )


def test_the_sentence_a_person_needs() -> None:
    functions = [function("render_policy", 0.30, 0.38), function("load", 0.70, 0.74)]
    text = sentence(estimate(1.12, 1.09, 1.15), 6.2, functions)
    assert text == "12 % slower (95 % 9 to 15 %), 41 pairs, 6.2 s; mostly `render_policy` (+8 points)"


@pytest.mark.parametrize(
    ("made", "text"),
    [
        (estimate(1.12, 1.09, 1.15), "12 % slower (95 % 9 to 15 %)"),
        (estimate(0.9, 0.85, 0.95), "10 % faster (95 % 5 to 15 %)"),
        (estimate(1 / 7.9, 1 / 8.8, 1 / 7.1), "7.9× faster (95 % 7.1 to 8.8×)"),
        (estimate(2.5, 1.3, 4.8), "2.5× slower (95 % 1.3 to 4.8×)"),
        (estimate(1.54, 1.02, 2.6), "between 2 % and 2.6× slower (95 %)"),
        (estimate(1 / 1.54, 1 / 2.6, 1 / 1.02), "between 2 % and 2.6× faster (95 %)"),
        (estimate(2.2, 1.1, 4.9, "95 %, unpaired"), "between 10 % and 4.9× slower (95 %, unpaired)"),
        (estimate(1.15, 1.00001, 1.3), "between 0 % and 30 % slower (95 %)"),
        (estimate(1.23, 1.025, 1.44), "between 2.5 % and 44 % slower (95 %)"),
        (estimate(12.4, 11.0, 13.0), "12× slower (95 % 11 to 13×)"),
        (estimate(1 / 7.9, 1 / 8.8, 1 / 7.1, "range of 3 pairs"), "7.9× faster (range 7.1 to 8.8×)"),
        (estimate(1.0, 1.0, 1.0), "no change (95 %)"),
        (estimate(1.12, 1.09, 1.15, "95 %, unpaired"), "12 % slower (95 % 9 to 15 %, unpaired)"),
        (estimate(math.nan, math.nan, math.nan, "no pairs"), "not timed"),
    ],
)
def test_change(made: Estimate, text: str) -> None:
    assert change_text(made) == text


def test_pairs_too_few_for_an_interval_state_no_difference() -> None:
    two = estimate(1.36, 1.28, 1.44, "range of 2 pairs", 2)
    assert change_text(two, Verdict.INCONCLUSIVE) == "2 pairs can't tell (range 28 % slower to 44 % slower)"
    many = estimate(9.9, 8, 12, "range of 3 pairs", 3)
    assert change_text(many, Verdict.INCONCLUSIVE) == "9.9× slower (range 8 to 12×)"
    assert change_text(two, Verdict.REGRESSION) == "36 % slower (range 28 to 44 %)"  # as a risen count decides
    one = estimate(1.41, 1.41, 1.41, "range of 1 pair", 1)
    assert change_text(one, Verdict.INCONCLUSIVE) == "1 pair can't tell (range 41 % slower)"


@pytest.mark.parametrize(
    ("made", "passed", "said"),
    [
        ((1.003, 0.992, 1.014), "no more than 1.4 % slower (95 % −0.8 to +1.4 %)",
         "between 0.8 % faster and 1.4 % slower (95 %)"),
        ((0.89, 0.76, 1.01), "no more than 1 % slower (95 % −24 to +1 %)",
         "between 24 % faster and 1 % slower (95 %)"),
        ((0.9, 0.76, 1.0), "no slower (95 % −24 to 0 %)", "between 24 % faster and no change (95 %)"),
        ((1.1, 0.25, 4.0), "no more than 4× slower (95 % −75 to +300 %)", "between 4× faster and 4× slower (95 %)"),
    ],
)  # fmt: skip
def test_an_unsettled_figure_is_not_told_as_a_fact(
    made: tuple[float, float, float], passed: str, said: str
) -> None:
    assert change_text(estimate(*made), Verdict.PASS) == passed
    assert change_text(estimate(*made), Verdict.INCONCLUSIVE) == change_text(estimate(*made)) == said
    widened = estimate(*made, "95 %, unpaired")
    assert change_text(widened).endswith(" (95 %, unpaired)")
    few = estimate(*made, "range of 3 pairs", 3)  # a range bounds nothing
    assert change_text(few, Verdict.PASS) == said.replace("95 %)", "range)")
    assert change_text(few, Verdict.INCONCLUSIVE).startswith("3 pairs can't tell (range ")
    stored = Comparison("a", "b", Verdict.PASS, made[0], made[1:], 41, 6.0)
    assert headline(stored) == f"PASS: {passed}"
    assert sentence(estimate(*made), 6.0, verdict=Verdict.PASS).startswith(f"{passed}, 41 pairs")


def test_changed_counts_come_before_functions() -> None:
    counts = [
        CountChange("requests", 120, 48),
        CountChange("connects", 5, 5),
        CountChange("tls_handshakes", 120, 1),
    ]
    text = sentence(estimate(0.5, 0.4, 0.6), 90, [function("fetch", 1.0, 0.5)], counts)
    assert text.endswith("1 min 30 s; requests 120 → 48; tls handshakes 120 → 1; mostly `fetch` (−50 points)")


def test_no_function_is_blamed_for_no_difference() -> None:
    assert "mostly" not in sentence(estimate(1.0, 0.98, 1.02), 5, [function("fetch", 1.0, 1.4)])


def test_beyond_a_hundred_points_a_share_is_told() -> None:
    functions = [function("sleep", 0.1, 1.3), function("load", 0.9, 1.2)]
    assert sentence(estimate(14, 12, 16), 5, functions).endswith("mostly `sleep` (80 % of the difference)")
    assert sentence(estimate(14, 12, 16), 5, functions[:1]).endswith("mostly `sleep` (100 % of the difference)")


def test_points_are_scaled_to_the_clock_as_samplers_exaggerate() -> None:
    """Sampled +36 %, timed +12 %: no function explains more than the whole difference."""
    functions = [function("calls", 0.3, 0.62), function("load", 0.7, 0.74)]
    assert sentence(estimate(1.12, 1.09, 1.15), 5, functions).endswith("mostly `calls` (+11 points)")
    points = points_of(functions, 1.12, 1.09, 1.15)
    assert points.on_clock
    assert sum(points.of(f.new_seconds - f.base_seconds) for f in functions) == pytest.approx(12)


def test_large_changes_that_cancel_are_not_blown_up() -> None:
    functions = [function("up", 0.5, 0.6), function("down", 0.5, 0.41)]  # sampled +1 %, timed +12 %
    points = points_of(functions, 1.12, 1.09, 1.15)
    assert points.of(0.1) == pytest.approx(12)
    other_way = points_of(functions, 0.9, 0.85, 0.95)
    assert not other_way.on_clock
    assert other_way.of(-0.09) == pytest.approx(-9)


def test_a_function_that_moved_the_other_way_explains_nothing() -> None:
    assert "mostly" not in sentence(estimate(1.2, 1.1, 1.3), 5, [function("fetch", 1.4, 1.0)])


def test_one_pair_is_one_pair() -> None:
    assert "1 pair, " in sentence(estimate(2, 2, 2, "range of 1 pair", 1), 3)


@pytest.mark.parametrize(
    ("value", "text"), [(0.42, "0.4 s"), (6.0, "6 s"), (41.7, "42 s"), (125, "2 min 5 s"), (120, "2 min")]
)
def test_durations(value: float, text: str) -> None:
    assert duration_text(value) == text
