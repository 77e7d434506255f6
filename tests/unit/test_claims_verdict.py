"""The rules of a claim's verdict, on both sides of every boundary."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from workbench.experiment.claims.model import Better, Claim, ClaimVerdict, Implied, Metric
from workbench.experiment.claims.points import PointResult
from workbench.experiment.claims.readings import figure
from workbench.experiment.claims.verdict import evaluate, judge

CLAIM = Claim(
    id="X1.a",
    source="a document",
    statement="B is 5-10 times faster than A.",
    scenario="jamf",
    variants=("a", "b"),
    metric=Metric.SPEED_UP,
    at=("here",),
    low=5.0,
    high=10.0,
    unit="×",
)
VALUE = replace(CLAIM, variants=("a",), metric=Metric.VALUE)


def result(name: str = "here", **walls: list[float]) -> PointResult:
    rounds = {variant: [{"wall": wall, "calls": 4.0} for wall in values] for variant, values in walls.items()}
    return PointResult(name, rounds, {}, {}, "2026-01-01T00:00:00+00:00")


@pytest.mark.parametrize(
    ("low", "high", "better", "expected"),
    [
        (5.0, 10.0, Better.MORE, ClaimVerdict.REPRODUCED),
        (4.0, 5.0, Better.MORE, ClaimVerdict.REPRODUCED),  # touches the lower end
        (4.0, 4.999, Better.MORE, ClaimVerdict.NOT_REPRODUCED),
        (10.0, 12.0, Better.MORE, ClaimVerdict.REPRODUCED),  # touches the upper end
        (10.001, 12.0, Better.MORE, ClaimVerdict.EXCEEDED),
        (1.0, 100.0, Better.MORE, ClaimVerdict.REPRODUCED),
        (4.0, 4.999, Better.LESS, ClaimVerdict.EXCEEDED),
        (10.001, 12.0, Better.LESS, ClaimVerdict.NOT_REPRODUCED),
        (4.0, 4.999, Better.NEITHER, ClaimVerdict.NOT_REPRODUCED),
        (10.001, 12.0, Better.NEITHER, ClaimVerdict.NOT_REPRODUCED),
        (6.0, 7.0, Better.NEITHER, ClaimVerdict.REPRODUCED),
    ],
)
def test_an_interval_against_the_stated_range(
    low: float, high: float, better: Better, expected: ClaimVerdict
) -> None:
    assert judge(replace(CLAIM, better=better), low, high) is expected


@pytest.mark.parametrize(
    ("stated_high", "low", "expected"),
    [
        (0.0, 0.0, ClaimVerdict.REPRODUCED),
        (0.0, 1.0, ClaimVerdict.NOT_REPRODUCED),
        (300.0, 300.0, ClaimVerdict.REPRODUCED),
    ],
)
def test_a_range_open_below_has_only_its_upper_end(stated_high: float, low: float, expected: ClaimVerdict) -> None:
    claim = replace(CLAIM, low=None, high=stated_high, better=Better.LESS)
    assert judge(claim, low, low + 5) is expected
    assert judge(claim, -1e9, -1e8) is ClaimVerdict.REPRODUCED


def test_a_range_open_above_has_only_its_lower_end() -> None:
    claim = replace(CLAIM, low=5.0, high=None)
    assert judge(claim, 1e6, 1e7) is ClaimVerdict.REPRODUCED
    assert judge(claim, 1.0, 4.9) is ClaimVerdict.NOT_REPRODUCED


def test_nothing_measured_is_said_with_the_command_that_measures() -> None:
    found = evaluate(CLAIM, {"elsewhere": result(a=[8.0], b=[1.0])})
    assert found.verdict is ClaimVerdict.NOT_MEASURED
    assert CLAIM.command in found.because
    assert found.quoted is None


def test_what_cant_be_measured_here_says_why() -> None:
    found = evaluate(replace(CLAIM, at=(), note="not measured: it is the front end's"), {})
    assert (found.verdict, found.because) == (ClaimVerdict.NOT_MEASURED, "it is the front end's")


def test_one_condition_speaks_for_the_claim() -> None:
    found = evaluate(CLAIM, {"here": result(a=[8.0, 16.0], b=[1.0, 2.0])})
    assert found.verdict is ClaimVerdict.REPRODUCED
    assert found.quoted is not None
    assert found.quoted.value == pytest.approx(8.0)
    assert found.because == "range of 2 pairs"


def test_conditions_that_agree_give_their_verdict() -> None:
    claim = replace(CLAIM, at=("here", "there"), vary="the size")
    points = {"here": result(a=[8.0], b=[1.0]), "there": result(a=[6.0], b=[1.0])}
    assert evaluate(claim, points).words == "reproduced"


def test_conditions_that_disagree_make_it_depend_on_what_varies() -> None:
    claim = replace(CLAIM, at=("here", "there"), vary="the size")
    points = {"here": result(a=[8.0], b=[1.0]), "there": result(a=[4.0], b=[1.0])}
    found = evaluate(claim, points)
    assert found.words == "depends on the size"
    assert found.because == "here: reproduced; there: not reproduced"
    assert [reading.verdict for reading in found.readings] == [ClaimVerdict.REPRODUCED, ClaimVerdict.NOT_REPRODUCED]


def test_a_condition_that_is_only_shown_does_not_decide() -> None:
    claim = replace(CLAIM, also=("there",))
    points = {"here": result(a=[8.0], b=[1.0]), "there": result(a=[4.0], b=[1.0])}
    found = evaluate(claim, points)
    assert found.verdict is ClaimVerdict.REPRODUCED
    assert [(r.point, r.decides) for r in found.readings] == [("here", True), ("there", False)]
    assert evaluate(claim, {"there": points["there"]}).verdict is ClaimVerdict.NOT_MEASURED


def test_a_partly_measured_sweep_says_so() -> None:
    claim = replace(CLAIM, at=("here", "there", "nowhere"))
    assert "2 of 3 conditions not measured" in evaluate(claim, {"here": result(a=[8.0], b=[1.0])}).because


@pytest.mark.parametrize(("high", "expected"), [(3.0, ClaimVerdict.REPRODUCED), (2.9, ClaimVerdict.INCONSISTENT)])
def test_implied_figures_without_a_common_value_contradict_each_other(high: float, expected: ClaimVerdict) -> None:
    claim = replace(CLAIM, implied=(Implied("one", 2.0, high), Implied("other", 3.0, 6.0)))
    found = evaluate(claim, {"here": result(a=[8.0], b=[1.0])})
    assert found.verdict is expected
    assert [r.verdict for r in found.readings] == [None if expected is ClaimVerdict.INCONSISTENT else expected]
    assert ("contradicts itself" in found.because) is (expected is ClaimVerdict.INCONSISTENT)


def test_implied_figures_that_agree_are_the_range_where_none_is_stated() -> None:
    implied = (Implied("one", 2.0, 4.0), Implied("other", 3.0, 6.0))
    claim = replace(CLAIM, low=None, high=None, better=Better.NEITHER, implied=implied)
    assert evaluate(claim, {"here": result(a=[3.5], b=[1.0])}).verdict is ClaimVerdict.REPRODUCED
    assert evaluate(claim, {"here": result(a=[2.5], b=[1.0])}).verdict is ClaimVerdict.NOT_REPRODUCED
    assert evaluate(claim, {"here": result(a=[4.5], b=[1.0])}).verdict is ClaimVerdict.NOT_REPRODUCED


def test_ratios_read_as_speed_up_saving_and_change() -> None:
    rounds = result(a=[10.0] * 6, b=[2.0] * 6).rounds
    values = {
        metric: figure(replace(CLAIM, metric=metric), rounds) for metric in Metric if metric is not Metric.VALUE
    }
    assert {metric: found[0] for metric, found in values.items() if found} == {
        Metric.SPEED_UP: pytest.approx(5.0),
        Metric.SAVING: pytest.approx(80.0),
        Metric.CHANGE: pytest.approx(-80.0),
    }
    assert all(found and found[4] == "95 %" for found in values.values())


@pytest.mark.parametrize("metric", [Metric.SPEED_UP, Metric.SAVING, Metric.CHANGE])
def test_low_is_below_high_whatever_the_metric(metric: Metric) -> None:
    found = figure(replace(CLAIM, metric=metric), result(a=[10.0, 10.0], b=[2.0, 5.0]).rounds)
    assert found is not None
    value, low, high, pairs, label = found
    assert low < value < high
    assert (pairs, label) == (2, "range of 2 pairs")


def test_a_value_is_the_median_of_a_measure_by_another() -> None:
    claim = replace(VALUE, per="calls", factor=1000.0)
    assert figure(claim, result(a=[0.4, 0.2, 0.8]).rounds) == (
        pytest.approx(100.0),
        pytest.approx(50.0),
        pytest.approx(200.0),
        3,
        "range of 3 rounds",
    )


@pytest.mark.parametrize(
    "claim", [replace(VALUE, measure="unknown"), replace(VALUE, per="unknown"), replace(VALUE, variants=("c",))]
)
def test_what_the_rounds_cannot_tell_is_no_figure(claim: Claim) -> None:
    assert figure(claim, result(a=[1.0]).rounds) is None


def test_division_by_nothing_is_no_figure() -> None:
    point = PointResult("here", {"a": [{"wall": 1.0, "connects": 0.0}]}, {}, {}, "")
    assert figure(replace(VALUE, per="connects"), point.rounds) is None


def test_pairs_keep_their_places_when_a_round_lacks_the_measure() -> None:
    point = PointResult("here", {"a": [{}, {"wall": 6.0}], "b": [{"wall": 100.0}, {"wall": 1.0}]}, {}, {}, "")
    found = figure(CLAIM, point.rounds)
    assert found is not None
    assert found[0] == pytest.approx(6.0)
    assert found[3] == 1


def test_zero_is_a_value_but_no_ratio() -> None:
    assert figure(VALUE, result(a=[0.0]).rounds) == (0.0, 0.0, 0.0, 1, "range of 1 round")
    assert figure(CLAIM, result(a=[0.0], b=[1.0]).rounds) is None
    assert figure(VALUE, result(a=[math.nan]).rounds) is None
