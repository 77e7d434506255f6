"""Student's t against its printed tables and the normal distribution."""

from __future__ import annotations

from statistics import NormalDist

import pytest

from workbench.statistics.student_t import student_quantile, student_tail


@pytest.mark.parametrize(
    ("freedom", "two_sided_95", "two_sided_99"),
    [(1, 12.706, 63.657), (2, 4.303, 9.925), (3, 3.182, 5.841), (9, 2.262, 3.250), (30, 2.042, 2.750)],
)
def test_the_tables(freedom: int, two_sided_95: float, two_sided_99: float) -> None:
    """NIST/SEMATECH e-Handbook of Statistical Methods, 1.3.6.7.2."""
    assert round(student_quantile(0.975, freedom), 3) == two_sided_95
    assert round(student_quantile(0.995, freedom), 3) == two_sided_99
    assert student_quantile(0.025, freedom) == -student_quantile(0.975, freedom)


def test_many_degrees_of_freedom_are_the_normal_s() -> None:
    for freedom in (9_999, 10_000, 10**9):
        assert student_quantile(0.975, freedom) == pytest.approx(NormalDist().inv_cdf(0.975), rel=2e-4)


@pytest.mark.parametrize("freedom", [1, 2, 7, 40, 20_000])
def test_a_quantile_undoes_its_probability(freedom: int) -> None:
    for probability in (0.5, 0.9, 0.999, 0.99999):
        assert student_tail(student_quantile(probability, freedom), freedom) == pytest.approx(1 - probability)


def test_what_has_no_quantile_is_refused() -> None:
    with pytest.raises(ValueError, match="degree of freedom"):
        student_quantile(0.9, 0)
    with pytest.raises(ValueError, match="between 0 and 1"):
        student_quantile(1.0, 3)
