"""Which functions changed: resampling over rounds, false discoveries, what moved and what grew, and the table."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from workbench.analysis.functions import function_changes, was_tested
from workbench.analysis.resampling import (
    FEWEST_ROUNDS,
    benjamini_hochberg,
    permutation_p_values,
    shift_interval,
    smallest_p,
    told_changes,
)
from workbench.analysis.summary import sentence
from workbench.analysis.weights import RoundWeights, function_of_node, together
from workbench.calltree import CallTree, CallTreeBuilder
from workbench.capture.frames import INSTRUMENTATION
from workbench.model import Frame, FunctionChange
from workbench.statistics import Estimate
from workbench.views.changes import changes_table

MS = 1_000_000
MAIN, OLD, NEW, LOAD, SAVE, WAIT = (
    Frame("app.py", name) for name in ("main", "old", "new", "load", "save", "wait")
)
AWAIT, SLEEP = Frame("<await>", "[await]"), Frame("<stdlib>/asyncio/tasks.py", "sleep")
SLOWER = Estimate(1.12, 1.09, 1.15, 41, True, label="95 %")
Stack = tuple[Frame, ...]


def tree(rng: np.random.Generator, means: dict[Stack, float], rounds: int = 10, noise: float = 0.08) -> CallTree:
    """Rounds of a stack's mean number of samples each, with a sampler's noise and a whole round's."""
    builder = CallTreeBuilder()
    builder.thread("MainThread")
    for number in range(rounds):
        factor = rng.lognormal(0, noise)
        for stack, mean in means.items():
            weight = int(rng.poisson(mean * factor)) * MS
            builder.sample(time_ns=0, weight_ns=weight, node=builder.node(stack), round=number)
    return builder.build()


def changed(base: CallTree, new: CallTree, rounds: int = 10) -> dict[str, FunctionChange]:
    numbers = dict.fromkeys(range(rounds), 1.0)
    found = function_changes(base, new, base_rounds=numbers, new_rounds=numbers)
    return {change.frame.function: change for change in found}


PLAIN = {(MAIN,): 30.0, (MAIN, LOAD): 100.0, (MAIN, SAVE): 40.0, (MAIN, OLD): 20.0}


def test_the_cost_of_recording_is_never_named_as_a_cause() -> None:
    rng = np.random.default_rng(22)
    cost = {(MAIN, INSTRUMENTATION): 5.0, (AWAIT,): 5.0}
    found = changed(
        tree(rng, {**PLAIN, **cost}), tree(rng, {**PLAIN, **dict.fromkeys(cost, 90.0), (MAIN, OLD): 40.0})
    )
    assert INSTRUMENTATION.function not in found
    assert AWAIT.function not in found
    assert next(iter(found)) == OLD.function
    assert "`old`" in sentence(SLOWER, 6.0, list(found.values()))


def test_the_function_that_grew_is_told_and_stands_first() -> None:
    rng = np.random.default_rng(21)
    found = changed(tree(rng, PLAIN), tree(rng, {**PLAIN, (MAIN, OLD): 40.0}))
    first = next(iter(found.values()))
    assert (first.frame, first.change) == (OLD, "grew")
    assert 0 < first.low < first.new_seconds - first.base_seconds < first.high
    assert first.low < 0.02 < first.high
    assert first.q <= 0.05
    assert [c.frame for c in found.values() if c.change] == [OLD]


def test_what_shrank_is_told_as_well() -> None:
    rng = np.random.default_rng(2)
    found = changed(tree(rng, PLAIN), tree(rng, {**PLAIN, (MAIN, LOAD): 50.0}))
    assert [(name, c.change) for name, c in found.items() if c.change] == [("load", "shrank")]


def test_noise_larger_than_the_cause_comes_after_it() -> None:
    """The large function's change by chance may be larger than the small one's by cause."""
    rng = np.random.default_rng(3)
    large = {(MAIN, LOAD): 2000.0, (MAIN, OLD): 20.0}
    base, new = tree(rng, large, noise=0.2), tree(rng, {**large, (MAIN, OLD): 60.0}, noise=0.2)
    found = list(changed(base, new).values())
    assert abs(found[1].new_seconds - found[1].base_seconds) > abs(found[0].new_seconds - found[0].base_seconds)
    assert [c.frame for c in found[:2]] == [OLD, LOAD]


def test_equal_code_yields_few_false_discoveries() -> None:
    """At most 5 % of comparisons; 12 of 100 would come by chance once in 500 times at that rate."""
    rng = np.random.default_rng(4)
    many = {(MAIN, Frame("app.py", f"f{i}")): float(5 + 3 * i) for i in range(20)}
    alarms = sum(any(c.change for c in changed(tree(rng, many), tree(rng, many)).values()) for _ in range(100))
    assert alarms < 12


def test_a_function_under_another_caller_has_moved_and_not_grown() -> None:
    rng = np.random.default_rng(5)
    rest: dict[Stack, float] = {(MAIN,): 100.0, (MAIN, SAVE): 40.0}
    base = tree(rng, {**rest, (MAIN, OLD, LOAD): 80.0, (MAIN, SAVE, LOAD): 20.0})
    new = tree(rng, {**rest, (MAIN, NEW, LOAD): 80.0, (MAIN, SAVE, LOAD): 20.0})
    found = changed(base, new)
    assert [(name, c.change) for name, c in found.items() if c.change] == [("load", "moved")]
    callers = {c.caller: (c.base_seconds > 0, c.new_seconds > 0) for c in found["load"].callers}
    assert callers == {OLD: (True, False), NEW: (False, True)}
    (row,) = [row for row in changes_table(list(found.values())).rows if "load" in row]
    assert "moved from old to new" in row


def test_a_function_that_grew_under_a_new_caller_has_grown() -> None:
    rng = np.random.default_rng(6)
    base = tree(rng, {(MAIN, OLD, LOAD): 50.0, (MAIN, SAVE): 50.0})
    new = tree(rng, {(MAIN, NEW, LOAD): 150.0, (MAIN, SAVE): 50.0})
    assert changed(base, new)["load"].change == "grew"


def test_a_renamed_function_is_one_that_went_and_one_that_came() -> None:
    rng = np.random.default_rng(7)
    found = changed(tree(rng, PLAIN), tree(rng, {**PLAIN, (MAIN, OLD): 0.0, (MAIN, NEW): 20.0}))
    assert (found["old"].change, found["new"].change) == ("shrank", "grew")


def test_recursion_and_waiting_are_looked_through() -> None:
    """A deeper recursion is no other caller, and time awaited is its function's."""
    rng = np.random.default_rng(8)
    base = tree(rng, {(MAIN, WAIT, AWAIT): 90.0, (MAIN, LOAD, LOAD): 60.0})
    new = tree(rng, {(MAIN, WAIT): 90.0, (MAIN, LOAD, LOAD, LOAD): 60.0})
    found = changed(base, new)
    assert not any(c.change for c in found.values())
    assert found["wait"].base_seconds == pytest.approx(0.09, rel=0.2)
    assert "[await]" not in found


def test_what_a_library_awaits_is_the_time_of_the_users_function_that_awaits_it() -> None:
    """As in the tables of one run: "sleep" names what nobody changes."""
    rng = np.random.default_rng(23)
    before = {(MAIN, WAIT, SLEEP, AWAIT): 60.0, (MAIN, LOAD): 60.0}
    found = changed(tree(rng, before), tree(rng, {**before, (MAIN, WAIT, SLEEP, AWAIT): 90.0}))
    assert [name for name, each in found.items() if each.change] == ["wait"]
    assert "sleep" not in found
    assert "mostly `wait`" in sentence(SLOWER, 6.0, list(found.values()))


def test_what_is_awaited_moves_with_the_function_that_awaits_it() -> None:
    rng = np.random.default_rng(24)
    base = tree(rng, {(MAIN, OLD, WAIT, SLEEP, AWAIT): 60.0, (MAIN, LOAD): 60.0})
    new = tree(rng, {(MAIN, NEW, WAIT, SLEEP, AWAIT): 60.0, (MAIN, LOAD): 60.0})
    found = changed(base, new)
    assert found["wait"].change == "moved"
    assert {each.caller for each in found["wait"].callers} == {OLD, NEW}


def test_too_few_rounds_are_not_tested() -> None:
    rng = np.random.default_rng(9)
    few = FEWEST_ROUNDS - 1
    base, new = tree(rng, PLAIN, few), tree(rng, {**PLAIN, (MAIN, OLD): 90.0}, few)
    found = list(changed(base, new, few).values())
    assert not was_tested(found)
    assert found[0].frame == OLD
    assert math.isnan(found[0].low)
    assert found[0].change == ""
    assert "too few" in changes_table(found).caption


def test_only_completed_rounds_count() -> None:
    rng = np.random.default_rng(10)
    base = tree(rng, PLAIN, 12)
    found = function_changes(base, base, base_rounds={0: 1.0, 1: 2.0}, new_rounds={0: 1.0, 1: 2.0})
    ours = RoundWeights.of_functions(base, {0: 1.0, 1: 2.0})
    load = ours.seconds[:, list(ours.keys).index(LOAD)]
    (change,) = [c for c in found if c.frame == LOAD]
    assert change.base_seconds == pytest.approx((load[0] + 2 * load[1]) / 3)  # per execution of the body
    assert change.base_seconds == change.new_seconds


def test_a_tree_against_itself_tells_nothing() -> None:
    base = tree(np.random.default_rng(11), PLAIN)
    assert all(c.change == "" and c.base_seconds == c.new_seconds for c in changed(base, base).values())


@pytest.mark.parametrize("rounds", [0, 10])
def test_empty_trees_and_trees_of_one_frame_are_compared(rounds: int) -> None:
    empty = CallTreeBuilder().build()
    one = tree(np.random.default_rng(12), {(MAIN,): 5.0})
    assert changed(empty, empty, rounds) == {}
    assert changed(empty, one, rounds)["main"].base_seconds == 0.0
    assert changed(one, empty, rounds)["main"].new_seconds == 0.0


def test_two_frames_made_one_by_redaction_are_summed() -> None:
    twice = RoundWeights([LOAD, LOAD], np.array([[1.0, 2.0]]))
    names, base, new = together(twice, RoundWeights([SAVE], np.array([[4.0]])))
    assert (names, base.tolist(), new.tolist()) == ([LOAD, SAVE], [[3.0, 0.0]], [[0.0, 4.0]])


def test_a_wait_without_a_caller_keeps_its_own_name() -> None:
    builder = CallTreeBuilder()
    builder.sample(time_ns=0, weight_ns=5, node=builder.node((AWAIT,)))
    assert function_of_node(builder.build()).tolist() == [0]


def test_noise_is_never_named_where_it_was_tested() -> None:
    tested = FunctionChange(LOAD, 1.0, 1.3, 0.5, 0.6, -0.1, 0.6, 0.4)
    told = FunctionChange(SAVE, 1.0, 1.1, 0.5, 0.5, 0.05, 0.15, 0.01, "grew")
    assert "in part `save` (+" in sentence(SLOWER, 6.0, [tested, told])
    assert "`" not in sentence(SLOWER, 6.0, [tested])
    assert "`" not in sentence(SLOWER, 6.0, [FunctionChange(LOAD, 1.0, 1.3, 0.5, 0.6)])


def test_permutations_are_exact_for_few_rounds() -> None:
    base, new = np.arange(4.0).reshape(-1, 1), np.arange(10.0, 14.0).reshape(-1, 1)
    assert permutation_p_values(base, new)[0] == pytest.approx(2 / 70) == smallest_p(4, 4)
    assert permutation_p_values(base, base)[0] == 1.0
    assert smallest_p(12, 12) == 1e-4


def test_p_values_of_equal_rounds_are_uniform_or_above() -> None:
    rng = np.random.default_rng(13)
    for rounds in (7, 10):  # all permutations, and drawn ones
        p = permutation_p_values(rng.normal(size=(rounds, 2000)), rng.normal(size=(rounds, 2000)))
        for level in (0.01, 0.05, 0.2):
            assert (p <= level).mean() < level + 3 * math.sqrt(level * (1 - level) / 2000)


def test_intervals_cover_what_they_promise_even_with_few_rounds() -> None:
    rng = np.random.default_rng(14)
    base, new = rng.lognormal(0, 0.3, (6, 1000)), rng.lognormal(0, 0.3, (6, 1000)) + 0.5
    low, high = shift_interval(base, new, 0.95)
    assert 0.945 < ((low <= 0.5) & (high >= 0.5)).mean() < 0.98  # 95.9 % is the next level that 6 and 6 can have
    low, high = shift_interval(base[:2], new[:2], 0.95)  # too few for any: their range
    spread = new[:2, None] - base[None, :2]
    assert (low == spread.min(axis=(0, 1))).all()
    assert (high == spread.max(axis=(0, 1))).all()


def test_an_interval_excludes_no_change_where_a_change_is_told_and_only_there() -> None:
    """Counts that tie, changes of all sizes, whole rounds disturbed: the two never disagree."""
    rng = np.random.default_rng(16)
    seen = {True: 0, False: 0}
    for rounds in (6, 8, 10, 14):
        mean = rng.choice([0.3, 1, 3, 30, 200], size=200)
        factor = np.where(rng.random(200) < 0.3, rng.choice([0.0, 0.5, 1.3, 2.0], size=200), 1.0)
        base, new = rng.poisson(mean, (rounds, 200)) * 1.0, rng.poisson(mean * factor, (rounds, 200)) * 1.0
        new[0] *= 6  # one disturbed round moves every mean, and no rank by much
        change = new.mean(axis=0) - base.mean(axis=0)
        told = told_changes(base, new, change, -base.mean(axis=0))
        assert (told.low <= change).all()
        assert (told.high >= change).all()
        assert (told.low >= -base.mean(axis=0)).all()
        for column, direction in enumerate(told.direction.tolist()):
            low, high = told.low[column], told.high[column]
            assert direction == (1 if low > 0 else -1 if high < 0 else 0)
            assert (told.q[column] <= 0.05) == bool(direction)
            assert direction * change[column] >= 0
            seen[bool(direction)] += 1
    assert seen[True] > 80
    assert seen[False] > 300


def test_a_mean_against_its_ranks_tells_nothing() -> None:
    """Nine rounds of ten got faster, one was disturbed so much that the mean grew: neither "grew" nor "shrank"."""
    rng = np.random.default_rng(17)
    base, new = tree(rng, PLAIN), tree(rng, {**PLAIN, (MAIN, LOAD): 60.0})
    assert changed(base, new)["load"].change == "shrank"
    weight = new.samples.weight_ns.copy()
    last = int(
        np.flatnonzero((new.samples.round == 9) & (new.node_frame[new.samples.node] == new.frames.index(LOAD)))[0]
    )
    weight[last] += 900 * MS
    found = changed(base, replace(new, samples=replace(new.samples, weight_ns=weight)))["load"]
    assert found.new_seconds > found.base_seconds
    assert found.change == ""
    assert found.low < 0 < found.high


def test_what_vanished_loses_no_more_than_it_had() -> None:
    rng = np.random.default_rng(15)
    found = changed(tree(rng, PLAIN), tree(rng, {**PLAIN, (MAIN, OLD): 0.0}))["old"]
    assert found.change == "shrank"
    assert -found.base_seconds <= found.low <= found.high < 0


def test_textbook_values() -> None:
    """Benjamini and Hochberg's own example (section 3.2): four of fifteen at 5 %."""
    p = [0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262, 0.5719, 0.6528]
    q = benjamini_hochberg(np.array([*p, 0.7590, 1.0]))
    assert (q <= 0.05).sum() == 4
    assert benjamini_hochberg(np.array([])).size == 0
