"""The replay of recorded streams judges as a live comparison does; other tools' rules are as their sources say."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from workbench.analysis.verdict import Rule, judge
from workbench.model import Verdict

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"


@pytest.fixture(scope="module")
def bench() -> ModuleType:
    sys.path.insert(0, str(BENCHMARKS))
    try:
        import verdict
    finally:
        sys.path.remove(str(BENCHMARKS))
    return verdict


def stream(bench: ModuleType, pairs: int = 3000, effect: float = 0.0, sd: float = 0.05, pair_s: float = 0.01):
    rng = np.random.default_rng(3)
    new = np.exp(np.log1p(effect) + sd * rng.standard_normal(pairs))
    ended = pair_s * np.arange(1, pairs + 1)
    return bench.Stream(bench.Kind("text", effect), np.ones(pairs), new, ended)


def test_comparisons_are_judged_as_live_ones_and_dont_overlap(bench: ModuleType) -> None:
    made = stream(bench)
    cases = list(bench.draw(made, Rule(), 10.0))
    assert len(cases) > 20
    end = 0
    for case in cases:
        assert case.start == end
        end = case.start + case.pairs
        taken = slice(case.start, end)
        assert judge(made.base[taken], made.new[taken], Rule(), replay=True)[0] is case.verdict
    assert len(made.base) - end < Rule().budget


def test_time_ends_a_comparison_as_it_ends_a_live_one(bench: ModuleType) -> None:
    case = bench.compare(stream(bench, sd=0.5, pair_s=0.1), 0, Rule(), 2.0)
    assert case.verdict is Verdict.INCONCLUSIVE
    assert (case.pairs, case.seconds) == (20, pytest.approx(2.0))


def test_bounds_are_the_textbooks(bench: ModuleType) -> None:
    # Clopper and Pearson's own example, 3 of 10: 0.0667 to 0.6525; and the rule of three.
    assert bench.clopper_pearson(3, 10) == pytest.approx((0.0667, 0.6525), abs=1e-4)
    assert bench.clopper_pearson(0, 1000) == pytest.approx((0.0, 0.00368), abs=1e-5)
    assert bench.clopper_pearson(10, 10)[1] == 1.0


def test_requirements_say_what_was_not_recorded(bench: ModuleType) -> None:
    made = stream(bench, effect=0.10)
    rows, _ = bench.rows_of(bench.groups([made]), Rule())
    bars = {bar["name"]: bar for bar in bench.requirements(rows)}
    assert bars["sd at most 8 %: +10 % found within 3 s"]["met"] is True
    assert bars["bursty neighbour: false alarms on equal code"]["met"] is None


def test_other_tools_rules(bench: ModuleType) -> None:
    rng = np.random.default_rng(1)
    base = rng.lognormal(0, 0.02, 20)
    called = {name: slower(base, 1.15 * base) for name, slower in bench.PEERS.items()}
    assert all(called.values())
    assert not any(slower(base, base) for slower in bench.PEERS.values())
    little = {name for name, slower in bench.PEERS.items() if slower(base, 1.04 * base)}
    assert little == {"Welch t, p < 0.05", "StackGate 0.1.1"}  # 4 % are below the others' limits
