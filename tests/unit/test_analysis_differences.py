"""Functions, counts, the ladder, joined trees: what changed between runs, and by how much."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, datetime

import numpy as np
import pytest

from workbench.analysis.counts import count_changes, risen, told, varying
from workbench.analysis.functions import function_changes, self_seconds, total_change
from workbench.analysis.join import joined
from workbench.analysis.ladder import ladder
from workbench.analysis.pairs import paired_seconds, seconds
from workbench.analysis.summary import sentence
from workbench.calltree import CallTree, tree_from_stacks
from workbench.errors import UsageError
from workbench.model import Frame, Round, RoundKind, Run, Status
from workbench.statistics import paired_ratio

NOW = datetime(2026, 1, 2, tzinfo=UTC)
MAIN, LOAD, SAVE, NEW = (Frame("app.py", name) for name in ("main", "load", "save", "new"))


def tree(*weights: tuple[tuple[Frame, ...], int]) -> CallTree:
    return tree_from_stacks(weights)


BASE = tree(((MAIN,), 1_000), ((MAIN, LOAD), 6_000), ((MAIN, SAVE), 2_000), ((MAIN, SAVE, LOAD), 1_000))


def run(name: str, rounds: Sequence[dict[str, float]], kind: RoundKind = RoundKind.TIMING, **more: Status) -> Run:
    status = more.get("status", Status.OK)
    made = tuple(Round(i, kind, i, NOW, measures, status) for i, measures in enumerate(rounds))
    return Run(name, "s", f"jamf:{name}", NOW, variant=name, rounds=made)


def walls(*values: float) -> list[dict[str, float]]:
    return [{"wall": value} for value in values]


def test_self_time_adds_up_over_call_paths() -> None:
    assert self_seconds(BASE) == pytest.approx({MAIN: 1e-6, LOAD: 7e-6, SAVE: 2e-6})
    assert self_seconds(BASE, executions=2)[LOAD] == pytest.approx(3.5e-6)


def test_waiting_is_charged_to_the_function_that_awaits() -> None:
    waited = tree(((MAIN, LOAD, Frame("<await>", "[await]")), 5_000), ((MAIN, LOAD), 1_000))
    assert self_seconds(waited) == pytest.approx({LOAD: 6e-6})


def test_a_tree_against_itself_is_exactly_zero() -> None:
    rng = np.random.default_rng(2)
    frames = [Frame("a.py", f"f{i}") for i in range(20)]
    stacks = [tuple(rng.choice(frames, 5)) for _ in range(300)]  # type: ignore[arg-type]
    weighted = [(stack, int(weight)) for stack, weight in zip(stacks, rng.integers(1, 10**7, 300), strict=True)]
    same, shuffled = tree_from_stacks(weighted), tree_from_stacks(weighted[::-1])
    for other in (same, shuffled):
        changes = function_changes(same, other, base_executions=3, new_executions=3)
        assert changes
        assert all(c.new_seconds == c.base_seconds and c.new_share == c.base_share for c in changes)


def test_greatest_change_comes_first_with_shares_and_seconds() -> None:
    new = tree(((MAIN,), 1_000), ((MAIN, LOAD), 1_000), ((MAIN, NEW), 3_000))
    changes = function_changes(BASE, new)
    assert [c.frame for c in changes] == [LOAD, NEW, SAVE, MAIN]
    removed = changes[2]
    assert (removed.new_seconds, removed.new_share) == (0.0, 0.0)
    assert removed.base_share == pytest.approx(0.2)
    assert changes[1].base_seconds == 0.0
    assert total_change(changes) == pytest.approx(-5e-6)
    assert sum(c.base_share for c in changes) == pytest.approx(1.0)


def test_seconds_are_per_execution() -> None:
    thrice = tree(*(3 * [((MAIN, LOAD), 500)]))
    once = tree(((MAIN, LOAD), 500))
    (change,) = function_changes(thrice, once, base_executions=3)
    assert change.base_seconds == change.new_seconds


def test_an_empty_tree_has_no_shares() -> None:
    (change,) = function_changes(tree(((LOAD,), 5)), tree())
    assert change.new_share == 0.0


def test_joined_trees_hold_both() -> None:
    other = tree(((MAIN, NEW), 5), ((MAIN, LOAD), 7))
    both, nodes = joined(BASE, other, round_offset=4)
    assert self_seconds(both)[LOAD] == pytest.approx(self_seconds(BASE)[LOAD] + 7e-9)
    assert self_seconds(both)[NEW] == pytest.approx(5e-9)
    assert [both.stack(node) for node in nodes] == [other.stack(i) for i in range(len(other))]
    assert both.samples.round.tolist() == [0, 0, 0, 0, 4, 4]
    assert both.threads == ("MainThread",)


def test_counts_are_compared_exactly_and_per_execution() -> None:
    base = run("a", [{"requests": 120.0, "connects": 120.0, "errors": 0.0, "bytes_sent": 7.0}] * 3)
    new = run("b", [{"requests": 240.0, "connects": 10.0, "errors": 0.0, "bytes_sent": 14.0, "loops": 2.0}] * 3)
    changes = {c.name: c for c in count_changes(base, new)}
    assert set(changes) == {"requests", "connects", "bytes_sent"}  # 0 in both says nothing
    assert not changes["requests"].changed
    assert (changes["connects"].base, changes["connects"].new) == (120.0, 5.0)
    assert changes["connects"].changed
    assert varying(list(changes.values())) == []


@pytest.mark.parametrize(
    ("base", "new", "rises"),
    [
        ([3.0] * 39 + [4], [4.0] * 40, True),
        ([3.0] * 40, [4.0] * 39 + [3], True),
        ([3.0] * 36 + [9] * 4, [4.0] * 38 + [3] * 2, True),
        ([3.0] * 34 + [4] * 6, [4.0] * 40, False),
        ([3.0, 4.0] * 20, [4.0, 3.0] * 20, False),
        ([3.0] * 8 + [4], [4.0] * 9, False),
        ([3.0] * 9 + [4], [4.0] * 10, True),
        ([3.0] * 2, [4.0, 5.0], True),
        ([3.0], [4.0], False),
        ([3.0, 4.0] * 2, [5.0, 6.0] * 2, False),
        ([3.0, 4.0, 3.0, 4.0, 3.0], [5.0, 6.0, 5.0, 6.0, 5.0], True),
    ],
)
def test_one_round_in_ten_may_be_an_exception(base: list[float], new: list[float], *, rises: bool) -> None:
    base_run, new_run = (run(name, [{"requests": n} for n in rounds]) for name, rounds in (("a", base), ("b", new)))
    (change,) = count_changes(base_run, new_run)
    assert bool(risen([change])) is rises


def test_a_varying_count_is_told() -> None:
    base = run("a", [{"requests": 5.0}, {"requests": 6.0}, {"requests": 5.0}])
    new = run("b", [{"requests": 5.0}] * 3)
    (change,) = count_changes(base, new)
    assert not change.changed
    assert varying([change]) == ["requests varies between rounds of base; the medians are compared"]


def test_other_spans_count_too_and_memory_does_not() -> None:
    base = run("a", [{"spans_sql": 21.0, "peak_rss": 5e7, "wall": 1.0}])
    new = run("b", [{"spans_sql": 1.0, "peak_rss": 6e7, "wall": 1.0}])
    assert [c.name for c in count_changes(base, new)] == ["spans_sql"]


def test_with_spans_measured_what_is_absent_was_counted_as_nothing() -> None:
    base = run("a", [{"wall": 1.0, "spans": 2.0, "requests": 2.0}] * 2)
    new = run("b", [{"wall": 1.0, "spans": 60.0, "requests": 2.0, "spans_queue": 50.0, "cache_misses": 8.0}] * 2)
    assert risen(count_changes(base, new)) == ["cache misses rose from 0 to 8", "spans queue rose from 0 to 50"]
    unmeasured = run("a", [{"wall": 1.0}] * 2)
    assert count_changes(unmeasured, new) == [], "without spans nobody counted"


def test_the_sum_of_all_spans_is_not_told_beside_what_it_sums() -> None:
    base = run("a", [{"wall": 1.0, "spans": 2.0, "statements": 2.0}] * 2)
    new = run("b", [{"wall": 1.0, "spans": 61.0, "statements": 61.0}] * 2)
    changes = count_changes(base, new)
    assert "statements 2 → 61" in sentence(paired_ratio([1.0], [1.0]), 1.0, (), changes)
    assert "spans" not in sentence(paired_ratio([1.0], [1.0]), 1.0, (), changes)
    assert told({"spans": (2, 3)}) == {"spans": (2, 3)}


def test_loops_divide_the_wall_time() -> None:
    assert seconds(run("a", [{"wall": 6.0, "loops": 3.0}])) == (RoundKind.TIMING, [2.0])


def test_a_block_has_its_sampled_round() -> None:
    assert seconds(run("a", walls(2.0), RoundKind.SAMPLED)) == (RoundKind.SAMPLED, [2.0])
    assert seconds(run("a", [])) == (RoundKind.TIMING, [])


def test_pairs_stay_together_when_a_round_failed() -> None:
    base, new = run("a", walls(1.0, 2.0, 3.0)), run("b", walls(10.0, 20.0, 30.0))
    failed = Round(1, RoundKind.TIMING, 1, NOW, {"wall": 20.0}, Status.FAILED)
    new = Run("b", "s", "b", NOW, rounds=(new.rounds[0], failed, new.rounds[2]))
    assert paired_seconds(base, new) == ([1.0, 3.0], [10.0, 30.0])


def test_warm_ups_are_never_counted() -> None:
    warm = Round(0, RoundKind.WARMUP, 0, NOW, {"wall": 99.0})
    base = run("a", walls(1.0, 2.0))
    new = Run("b", "s", "b", NOW, rounds=(warm, *run("b", walls(3.0, 4.0)).rounds))
    assert paired_seconds(base, new) == ([1.0, 2.0], [3.0, 4.0])


def test_ladder_stands_beside_its_baseline() -> None:
    naive = run("naive", [{"wall": w, "requests": 50.0} for w in (8.0, 10.0, 12.0)])
    best = run("best", [{"wall": w, "requests": 20.0} for w in (1.0, 1.0, 2.0)])
    rows = ladder([naive, best])
    assert [row.variant for row in rows] == ["naive", "best"]
    assert (rows[0].median, rows[0].low, rows[0].high, rows[0].rounds) == (10.0, 8.0, 12.0, 3)
    assert rows[0].is_baseline
    assert rows[0].ratio.ratio == 1.0
    assert rows[1].measures["requests"] == 20.0
    assert rows[1].speedup_range == pytest.approx((6.0, 10.0))
    assert 6.0 <= rows[1].speedup <= 10.0
    assert rows[1].ratio.label == "range of 3 pairs"


def test_ladder_names_its_baseline_or_what_it_has() -> None:
    runs = [run("naive", walls(2.0)), run("best", walls(1.0))]
    assert ladder(runs, "best")[0].ratio.ratio == 2.0
    assert ladder([]) == []
    with pytest.raises(UsageError, match="naive, best"):
        ladder(runs, "wurst")


def test_a_run_without_rounds_has_a_row_without_numbers() -> None:
    rows = ladder([run("naive", walls(2.0)), run("dead", [])])
    assert rows[1].rounds == 0
    assert math.isnan(rows[1].median)
    assert math.isnan(rows[1].ratio.ratio)
