"""Exponents of costs over sizes, exactly on counts, with an interval on the clock; and when one grew."""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from workbench.analysis.scaling import LIMITS, MEMORY, SIZE, TIME, Exponent, exponents, fit_exponent, grown, overall
from workbench.errors import UsageError
from workbench.experiment.limits import declared_limits, parse_limits
from workbench.experiment.scaling import ScalingSettings
from workbench.experiment.sized import SizedTarget
from workbench.experiment.sizes import DEFAULT_SIZES, check_sizes, measurable_sizes
from workbench.model import Round, RoundKind, Run, Session, Status, Verdict
from workbench.reporting import report_markdown
from workbench.reporting.confidential import confidential
from workbench.reporting.growth import clock_of, growth_of, growth_section, growths_of
from workbench.reporting.model import ReportData, RunReport
from workbench.views.scaling import exponents_table, scaling_chart
from workbench.views.scaling_svg import scaling_svg

NOW = datetime(2026, 1, 2, tzinfo=UTC)
SIZES = (8, 16, 32, 64)


def counted(cost: Callable[[int], float], name: str = "requests") -> Exponent:
    fit = fit_exponent(name, {size: [cost(size)] * 3 for size in SIZES})
    assert fit is not None
    return fit


def timed(rng: np.random.Generator, power: float, rounds: int = 5, noise: float = 0.1) -> Exponent:
    fit = fit_exponent(TIME, {n: (1e-3 * n**power * rng.lognormal(0, noise, rounds)).tolist() for n in SIZES})
    assert fit is not None
    return fit


@pytest.mark.parametrize(("power", "cost"), [(0, 7), (1, 3), (2, 0.5), (1.5, 1)])
def test_a_power_has_its_exponent_exactly(power: float, cost: float) -> None:
    fit = counted(lambda n: cost * n**power)
    assert fit.value == pytest.approx(power)
    assert fit.is_exact
    assert fit.end == pytest.approx(power)


def test_a_single_round_is_enough_for_a_count_and_not_for_a_time() -> None:
    assert fit_exponent("requests", {n: [2.0 * n] for n in SIZES}).is_exact  # type: ignore[union-attr]
    fit = fit_exponent(TIME, {n: [2.0 * n] for n in SIZES})
    assert fit is not None
    assert math.isnan(fit.low)
    assert [g.verdict for g in grown({TIME: fit}, {TIME: fit})] == [Verdict.INCONCLUSIVE]


def test_the_interval_covers_the_true_exponent() -> None:
    rng = np.random.default_rng(1)
    covered = sum(fit.low <= 1.0 <= fit.high for fit in (timed(rng, 1.0) for _ in range(400)))
    assert covered / 400 > 0.90


def test_the_interval_of_a_cost_that_bends_reaches_to_what_it_bends_towards() -> None:
    rng = np.random.default_rng(7)
    covered = 0
    for _ in range(200):  # a constant part and a square: 1.5 in the middle, 2 at the end
        costs = {n: ((300 + n * n) * rng.lognormal(0, 0.01, 25)).tolist() for n in SIZES}
        fit = fit_exponent(TIME, costs)
        assert fit is not None
        covered += fit.low <= fit.end <= fit.high
    assert covered / 200 > 0.95


@pytest.mark.parametrize("sizes", [SIZES[:3], SIZES[:4]])
def test_the_interval_covers_with_few_sizes_that_lie_off_the_line(sizes: tuple[int, ...]) -> None:
    """One or two degrees of freedom tell how far sizes lie off the line, and the interval heeds that."""
    rng = np.random.default_rng(11)
    covered = alarms = 0
    for _ in range(400):
        costs = {n: (n * rng.lognormal(0, 0.08) * rng.lognormal(0, 0.01, 9)).tolist() for n in sizes}
        fit = fit_exponent(TIME, costs)
        assert fit is not None
        covered += fit.low <= 1.0 <= fit.high
        alarms += grown({TIME: fit}, limits={TIME: 1.0})[0].verdict is Verdict.REGRESSION
    assert covered / 400 > 0.93
    assert alarms / 400 < 0.045


def test_disturbed_rounds_don_t_move_the_exponent() -> None:
    rng = np.random.default_rng(2)
    costs = {n: (n * rng.lognormal(0, 0.02, 9)).tolist() for n in SIZES}
    costs[64][:3] = [900.0, 700.0, 800.0]
    fit = fit_exponent(TIME, costs)
    assert fit is not None
    assert fit.value == pytest.approx(1.0, abs=0.05)


def test_costs_without_a_logarithm() -> None:
    never = fit_exponent("retries", {size: [0.0, 0.0] for size in SIZES})
    assert never is not None and (never.value, never.is_exact) == (0.0, True)
    rare = fit_exponent(MEMORY, {4: [0.0], 8: [1.0], 16: [2.0], 32: [4.0]})
    assert rare is not None
    assert rare.sizes == (8, 16, 32)
    assert fit_exponent(MEMORY, {4: [0.0], 8: [0.0], 16: [2.0], 32: [4.0]}) is None
    assert fit_exponent("retries", {}) is None


@pytest.mark.parametrize("costs", [(0, 1, 2, 4), (0, 0, 2, 4), (0, 0, 0, 5), (0, 3, 3, 3)])
def test_a_count_that_begins_at_larger_sizes_grows(costs: tuple[float, ...]) -> None:
    fit = fit_exponent("statements", {size: [float(cost)] * 3 for size, cost in zip(SIZES, costs, strict=True)})
    assert fit is not None
    assert (fit.sizes, fit.costs) == (SIZES, costs)
    begins = next(size for size, cost in zip(SIZES, costs, strict=True) if cost)
    assert fit.begins_at == begins
    assert not fit.is_exact
    for baseline in ({}, {"statements": counted(lambda n: 0, "statements")}):
        (growth,) = grown({"statements": fit}, baseline)
        assert growth.verdict is Verdict.REGRESSION
    assert growth.text.endswith(f" (at least; none below {begins})")
    assert f"at least; none below {begins}" in exponents_table({"statements": fit}).to_text()
    assert scaling_svg({"statements": fit}).count("<circle") == sum(cost > 0 for cost in costs)
    assert next(iter(scaling_chart({"statements": fit}).data[0].y)) is None


def begins(*at_the_end: float, name: str = "requests") -> Exponent:
    fit = fit_exponent(name, {8: [0.0] * 5, 16: [0.0] * 5, 32: [0.0] * 5, 64: at_the_end})
    assert fit is not None
    assert fit.begins_at == 64
    return fit


def test_at_least_is_no_pass_and_no_improvement() -> None:
    late, linear = begins(*[1000.0] * 5), counted(lambda n: n)
    assert late.value < 0.5
    for judged in (
        grown({"requests": late}, {"requests": linear}),
        grown({"requests": late}, limits={"requests": 1.0}),
        grown({"requests": counted(lambda n: 5)}, {"requests": late}),
    ):
        assert [growth.verdict for growth in judged] == [Verdict.INCONCLUSIVE]
    assert grown({"requests": late}, limits={"requests": 0.1})[0].verdict is Verdict.REGRESSION


def test_what_costs_no_more_at_any_size_passes_and_an_unknown_growth_isn_t_exceeded() -> None:
    late = begins(*[1000.0] * 5)
    assert grown({"requests": late}, {"requests": late})[0].verdict is Verdict.PASS
    less = begins(*[900.0] * 5)
    assert grown({"requests": less}, {"requests": late})[0].verdict is Verdict.PASS
    earlier = counted(lambda n: 1000 * n / 64)
    assert grown({"requests": earlier}, {"requests": late})[0].verdict is Verdict.INCONCLUSIVE


def test_a_retry_now_and_then_at_the_largest_size_is_no_growth() -> None:
    retries = begins(1.0, 1.0, 0.0, 1.0, 0.0, name="retries")
    for judged in (grown({"retries": retries}, {}), grown({"retries": retries}, limits={"retries": 0.0})):
        assert [growth.verdict for growth in judged] == [Verdict.INCONCLUSIVE]
    linear = counted(lambda n: n, "retries")
    assert grown({"retries": linear}, {"retries": retries})[0].verdict is Verdict.INCONCLUSIVE
    assert grown({"retries": begins(*[1.0] * 5, name="retries")}, {})[0].verdict is Verdict.REGRESSION


def test_a_count_that_did_not_occur_at_small_sizes_was_0_there() -> None:
    def of(size: int) -> Run:
        measures = {"wall": 1.0, "spans": 1.0, **({"statements": float(size)} if size > 16 else {})}
        return run(size, (RoundKind.TIMING, measures, Status.OK))

    assert exponents([of(size) for size in SIZES])["statements"].costs == (0.0, 0.0, 32.0, 64.0)


def test_time_is_that_of_the_clock_asked_for() -> None:
    runs = [run(n, (RoundKind.TIMING, {"wall": 1.0 * n * n, "cpu": 1.0 * n}, Status.OK)) for n in SIZES]
    assert exponents(runs)[TIME].value == pytest.approx(2.0)
    assert exponents(runs, "cpu")[TIME].value == pytest.approx(1.0)


def test_n_plus_one_is_found_on_counts_alone() -> None:
    once, each = counted(lambda n: 1, "statements"), counted(lambda n: 1 + n, "statements")
    (growth,) = grown({"statements": each}, {"statements": once})
    assert growth.verdict is Verdict.REGRESSION
    assert growth.text == "statements: n^0.00 → n^0.95 (exact)"
    (back,) = grown({"statements": once}, {"statements": each})
    assert back.verdict is Verdict.IMPROVEMENT


def test_a_measure_that_is_new_had_no_growth_before() -> None:
    assert grown({"requests": counted(lambda n: 2 * n)}, {})[0].verdict is Verdict.REGRESSION
    assert grown({"requests": counted(lambda n: 2)}, {})[0].verdict is Verdict.PASS


def test_the_clock_s_exponent_needs_its_whole_interval() -> None:
    rng = np.random.default_rng(3)
    linear, square = timed(rng, 1.0, 9, 0.05), timed(rng, 2.0, 9, 0.05)
    assert grown({TIME: square}, {TIME: linear})[0].verdict is Verdict.REGRESSION
    assert grown({TIME: linear}, {TIME: square})[0].verdict is Verdict.IMPROVEMENT
    assert grown({TIME: linear}, {TIME: timed(rng, 1.0, 9, 0.05)})[0].verdict is Verdict.PASS
    loud = timed(rng, 1.1, 3, 0.8)
    (open_,) = grown({TIME: loud}, {TIME: linear})
    assert open_.verdict is Verdict.INCONCLUSIVE
    assert loud.high - loud.low > 1
    assert open_.text.endswith(
        f" → between n^{loud.low:.2f} and n^{loud.high:.2f} (95 %; more sizes or rounds would tell)"
    )


def test_the_sum_of_all_spans_is_no_second_finding() -> None:
    up, flat = (replace(counted(f), name="spans") for f in (lambda n: float(n), lambda n: 1.0))
    new, base = {"statements": replace(up, name="statements"), "spans": up}, {"spans": flat}
    assert [growth.name for growth in grown(new, base)] == ["statements"]
    assert [growth.name for growth in grown(new, base, {"spans": 1.0})] == ["statements", "spans"]
    assert [growth.name for growth in grown({"spans": up}, base)] == ["spans"]


def test_equal_growth_rarely_alarms() -> None:
    rng = np.random.default_rng(4)
    alarms = sum(
        grown({TIME: timed(rng, 1.0)}, {TIME: timed(rng, 1.0)})[0].verdict is Verdict.REGRESSION for _ in range(300)
    )
    assert alarms <= 6


def test_declared_limits_come_first_and_are_exact_on_counts() -> None:
    fits = {"requests": counted(lambda n: 2 * n), TIME: timed(np.random.default_rng(5), 1.0, 9, 0.02)}
    judged = {g.name: g.verdict for g in grown(fits, None, {"requests": 1.0, TIME: 1.5})}
    assert judged == {"requests": Verdict.PASS, TIME: Verdict.PASS}
    assert grown(fits, None, {"requests": 0.9})[0].verdict is Verdict.REGRESSION
    assert grown(fits, {TIME: fits[TIME]}, {TIME: 0.5})[0].verdict is Verdict.REGRESSION


def test_the_worst_measure_decides() -> None:
    up, flat = counted(lambda n: n * n), counted(lambda n: 5, "connects")
    growths = grown({"requests": up, "connects": flat}, {"requests": counted(lambda n: n), "connects": flat})
    assert overall(growths) is Verdict.REGRESSION
    assert overall(growths[1:]) is Verdict.PASS


def run(size: int, *rounds: tuple[RoundKind, dict[str, float], Status]) -> Run:
    made = tuple(Round(i, kind, i, NOW, measures, status) for i, (kind, measures, status) in enumerate(rounds))
    return Run(f"r{size}", "s", "r", NOW, parameters={SIZE: size}, rounds=made)


def test_exponents_come_from_completed_timing_rounds_per_execution() -> None:
    runs = [
        run(
            n,
            (RoundKind.WARMUP, {"wall": 99.0, MEMORY: 100.0 * n}, Status.OK),
            (RoundKind.TIMING, {"wall": 4.0 * n, "loops": 4.0, "requests": 8.0}, Status.OK),
            (RoundKind.TIMING, {"wall": 900.0, "loops": 1.0, "requests": 900.0}, Status.FAILED),
        )
        for n in SIZES
    ]
    fits = exponents([*runs, Run("other", "s", "r", NOW)])
    assert {name: round(fit.value, 6) for name, fit in fits.items()} == {TIME: 1.0, "requests": 0.0, MEMORY: 1.0}
    assert fits[TIME].costs == pytest.approx(SIZES)
    assert fits["requests"].costs[0] == pytest.approx(2.0)


@pytest.mark.parametrize("sizes", [[], [4], [4, 4, 8], [0, 1, 2], [-1, 2, 4, 8]])
def test_sizes_that_tell_no_exponent_are_refused(sizes: list[int]) -> None:
    with pytest.raises(UsageError, match="size"):
        check_sizes(sizes)


@pytest.mark.parametrize("limits", [{"wurst": 1.0}, {TIME: -1.0}, {TIME: math.nan}])
def test_limits_that_mean_nothing_are_refused(limits: dict[str, float]) -> None:
    with pytest.raises(UsageError):
        ScalingSettings(limits=limits)


def test_limits_are_declared_in_the_project(tmp_path: Path) -> None:
    file = tmp_path / "pyproject.toml"
    assert declared_limits("a.py:f", tmp_path) == {}
    file.write_text('[tool.workbench.scaling."a.py:f"]\nmax_exponent = {time = 1.2, requests = 1}\n')
    inner = tmp_path / "inner"
    inner.mkdir()
    assert declared_limits("a.py:f", inner) == {TIME: 1.2, "requests": 1.0}
    assert declared_limits("b.py:f", inner) == {}
    file.write_text('[tool.workbench.scaling."a.py:f"]\nmax-exponent = 1.1\n')
    assert declared_limits("a.py:f", tmp_path) == {TIME: 1.1}
    for bad in (
        '[tool.workbench.scaling."a.py:f"]\nmax_exponent = "high"\n',
        "[tool.workbench]\nscaling = 3\n",
        "[tool.workbench.scaling]\nmax_exponent = 3\n",
        '[tool.workbench.scaling."a.py:f"]\nmax-exponents = 3\n',
        "[",
    ):
        file.write_text(bad)
        with pytest.raises(UsageError, match=r"pyproject\.toml"):
            declared_limits("a.py:f", tmp_path)


def test_limits_on_the_command_line() -> None:
    assert parse_limits("1.2") == {TIME: 1.2}
    assert parse_limits("time=1.2, requests=1") == {TIME: 1.2, "requests": 1.0}
    assert parse_limits("") == {}
    with pytest.raises(UsageError, match="no limit"):
        parse_limits("time=fast")


def test_table_and_chart_show_every_measure() -> None:
    fits = {"requests": counted(lambda n: n), TIME: timed(np.random.default_rng(6), 2.0, noise=0.0)}
    table = exponents_table(fits, grown(fits, fits))
    assert [row[0] for row in table.rows] == ["requests", "time"]
    assert table.rows[0][1:3] == ("1.00", "exact")
    assert table.rows[0][-1] == "PASS"
    assert len(exponents_table(fits).columns) == 6
    figure = scaling_chart(fits, {"requests": fits["requests"]})
    assert [trace.name for trace in figure.data] == [
        "requests: n^1.00 (exact)",
        "baseline: n^1.00",
        "time: n^2.00 (exact)",
    ]
    assert "requests: n^1.00 (exact), PASS" in scaling_svg(fits, grown(fits, fits))
    assert figure.data[0].y == pytest.approx((1.0, 2.0, 4.0, 8.0))


def test_the_chart_draws_what_is_allowed() -> None:
    fits = {"requests": counted(lambda n: 3.0 * n)}
    drawn = scaling_svg(fits, grown(fits, None, {"requests": 0.5}))
    assert "allowed: n^0.50" in drawn
    assert drawn.count("<polyline") == 2
    assert "allowed" not in scaling_svg(fits, grown(fits, fits))


def test_a_report_on_sizes_tells_exponents_and_intervals() -> None:
    runs = [run(n, *[(RoundKind.TIMING, {"requests": float(n), "wall": n * 1e-3}, Status.OK)] * 3) for n in SIZES]
    session = Session("s", "scaling", NOW)
    report = ReportData("growth", tuple(RunReport(each, session) for each in runs))
    assert list(growth_of(report)) == ["time", "requests"]
    text = report_markdown(report)
    assert "Measured at the sizes 8, 16, 32, 64; costs grow with the size n: time: n^1.00" in text.replace("\\", "")
    assert "| requests | 1.00 | exact | 1.00 | " in text
    page = growth_section(report)
    assert "<svg" in page
    assert "95 % interval" in page
    other = replace(report, runs=tuple(replace(each, session=Session("s", "script", NOW)) for each in report.runs))
    assert growth_section(other) == ""


def test_a_report_on_sizes_judges_by_the_limits_and_the_baseline_of_its_session() -> None:
    runs = [run(n, *[(RoundKind.TIMING, {"requests": float(n)}, Status.OK)] * 3) for n in SIZES]
    session = Session("s", "scaling", NOW, parameters={"clock": "cpu", LIMITS: "requests=0.5"})
    report = ReportData("growth", tuple(RunReport(each, session) for each in runs))
    for shown in (report, confidential(report)):
        text, page = report_markdown(shown).replace("\\", ""), growth_section(shown)
        assert "REGRESSION: requests: at most n^0.50 → n^1.00 (exact)." in text
        assert "| requests | 1.00 | exact | 1.00 |" in text
        assert text.count("| 0.50 | REGRESSION |") == 1
        assert "<strong>REGRESSION: requests" in page
        assert "allowed: n^0.50" in page
    assert clock_of(confidential(report).runs[0].session) == "cpu"
    of_baseline = tuple(replace(each, session=Session("s", "scaling", NOW)) for each in report.runs)
    judged = replace(report, runs=of_baseline, growth_base={"requests": counted(lambda n: 4.0 * n)})
    assert [growth.verdict for growth in growths_of(judged)] == [Verdict.PASS]
    assert "baseline: n^1.00" in growth_section(judged)
    cut = replace(report.runs[-1], run=replace(runs[-1], status=Status.INTERRUPTED))
    assert growths_of(replace(report, runs=(*report.runs[:-1], cut))) == []


def test_a_report_on_sizes_goes_by_the_clock_of_its_session() -> None:
    runs = [run(n, (RoundKind.TIMING, {"wall": 1.0 * n * n, "cpu": 1.0 * n}, Status.OK)) for n in SIZES]
    for parameters, power in (({"clock": "cpu"}, 1.0), ({"clock": "wall"}, 2.0), ({}, 2.0)):
        session = Session("s", "scaling", NOW, parameters=parameters)
        report = ReportData("growth", tuple(RunReport(each, session) for each in runs))
        assert growth_of(report)[TIME].value == pytest.approx(power)


def sizes_for(
    monkeypatch: pytest.MonkeyPatch, *costs: Callable[[int], float], scenario: str = ""
) -> tuple[tuple[int, ...], str]:
    """The sizes chosen for targets whose calls take so many seconds."""
    targets = [
        SizedTarget(str(number), lambda size: nullcontext(), scenario=scenario) for number in range(len(costs))
    ]
    monkeypatch.setattr("workbench.experiment.sizes._seconds", lambda t, size, _: costs[int(t.name)](size))
    return measurable_sizes(targets, 120.0)


def test_sizes_grow_until_the_clock_can_tell(monkeypatch: pytest.MonkeyPatch) -> None:
    linear, said = sizes_for(monkeypatch, lambda n: 1e-7 * n)
    assert linear == (16384, 32768, 65536, 131072)
    assert "takes 1.6 ms at 16384" in said
    assert sizes_for(monkeypatch, lambda n: 1e-7 * n * n)[0] == (128, 256, 512, 1024)
    assert sizes_for(monkeypatch, lambda n: 0.05)[0] == DEFAULT_SIZES
    constant, said = sizes_for(monkeypatch, lambda n: 1e-7)
    assert constant[0] == 131072
    assert "which is little" in said
    assert (
        sizes_for(monkeypatch, lambda n: 1e-7 * n, lambda n: 1e-6 * n * n)[0][0] == 256
    )  # the slow one takes 66 ms
    assert sizes_for(monkeypatch, lambda n: 0.0, scenario="jamf") == (DEFAULT_SIZES, "")


def test_sizes_end_where_a_target_takes_too_long_or_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    exponential, said = sizes_for(monkeypatch, lambda n: 1e-9 * 1.6**n)
    assert exponential[-1] <= 32  # at 64 a call would take hours
    assert "too long" in said

    def short(n: int) -> float:
        if n > 300:
            raise IndexError(n)
        return 1e-7 * n

    assert sizes_for(monkeypatch, short)[0] == (32, 64, 128, 256)

    def fails(n: int) -> float:
        raise TypeError(n)

    assert sizes_for(monkeypatch, fails) == (DEFAULT_SIZES, "")
