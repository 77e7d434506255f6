"""The differential call tree: exact where nothing differs, by time per execution where something does."""

from __future__ import annotations

import random
from datetime import UTC, datetime

import numpy as np
import pytest

from workbench.analysis.join import joined
from workbench.analysis.treediff import Side, TreeDifference, sampled_side, tree_difference
from workbench.calltree import CallTree, CallTreeBuilder, tree_from_stacks
from workbench.model import Frame, Round, RoundKind, Run, Status

NOW = datetime(2026, 1, 2, tzinfo=UTC)
MS = 1_000_000
MAIN, LOAD, SAVE, CACHE = (Frame("app.py", name) for name in ("main", "load", "save", "cache"))


def run(*rounds: tuple[Status, float], kind: RoundKind = RoundKind.SAMPLED) -> Run:
    made = tuple(Round(i, kind, i, NOW, {"wall": 1.0, "loops": n}, s) for i, (s, n) in enumerate(rounds))
    return Run("r", "s", "n", NOW, rounds=made)


def random_tree(chance: random.Random, *, rounds: int = 1, names: int = 9) -> CallTree:
    """Any shape: recursion, several roots and threads, lone samples, ties."""
    frames = [Frame(f"m{i % 3}.py", f"f{i}", chance.choice((0, 0, 5))) for i in range(names)]
    builder = CallTreeBuilder()
    builder.thread("MainThread")
    for turn in range(chance.randrange(0, 120)):
        stack = [chance.choice(frames) for _ in range(chance.randrange(1, 9))]
        weight = chance.choice((1, 7, MS, chance.randrange(1, 10**9)))
        builder.sample(
            time_ns=turn + 1, weight_ns=weight, node=builder.node(stack), round=chance.randrange(rounds), line=turn
        )
    return builder.build()


@pytest.mark.parametrize("seed", range(60))
def test_a_tree_against_itself_differs_nowhere(seed: int) -> None:
    chance = random.Random(seed)
    rounds = chance.randrange(1, 4)
    tree = random_tree(chance, rounds=rounds)
    its_run = run(
        *((chance.choice((Status.OK, Status.FAILED)), float(chance.randrange(1, 5))) for _ in range(rounds))
    )
    side = sampled_side(its_run, tree)
    difference = tree_difference(side, side)
    assert np.array_equal(difference.base_ns, difference.new_ns)
    assert np.array_equal(difference.base_seconds(), difference.new_seconds())
    assert not difference.vanished().any() and not difference.appeared().any()
    for delta in difference.functions():
        assert (delta.change, delta.base_self, delta.base_total) == (0.0, delta.new_self, delta.new_total)


@pytest.mark.parametrize("seed", range(30))
def test_every_stack_of_either_side_keeps_its_time(seed: int) -> None:
    chance = random.Random(1000 + seed)
    base, new = random_tree(chance), random_tree(chance)
    difference = tree_difference(sampled_side(run(), base), sampled_side(run(), new))
    for tree, values in ((base, difference.base_ns), (new, difference.new_ns)):
        own = {tree.stack(n): w for n, w in enumerate(tree.self_ns().tolist()) if w}
        union = difference.tree
        assert {union.stack(n): w for n, w in enumerate(values.tolist()) if w} == own
    assert len({difference.tree.stack(n) for n in range(len(difference.tree))}) == len(difference.tree)


@pytest.mark.parametrize("seed", range(10))
def test_swapping_the_sides_turns_every_change_round(seed: int) -> None:
    chance = random.Random(2000 + seed)
    one, other = (sampled_side(run(), random_tree(chance)) for _ in range(2))
    there = {d.frame: d for d in tree_difference(one, other).functions()}
    back = {d.frame: d for d in tree_difference(other, one).functions()}
    assert there.keys() == back.keys()
    assert all(there[f].change == -back[f].change and there[f].base_total == back[f].new_total for f in there)


def sides(base: CallTree, new: CallTree, base_run: Run, new_run: Run) -> TreeDifference:
    return tree_difference(sampled_side(base_run, base), sampled_side(new_run, new))


def test_time_counts_per_execution_and_not_by_samples() -> None:
    once = tree_from_stacks([((MAIN, LOAD), 10 * MS)])
    thrice = tree_from_stacks([((MAIN, LOAD), 2 * MS)] * 15)  # three rounds, five samples each
    difference = sides(once, thrice, run((Status.OK, 1)), run(*[(Status.OK, 1)] * 3))
    assert (difference.functions()[0].base_self, difference.functions()[0].new_self) == (0.01, 0.01)
    looped = sides(once, thrice, run((Status.OK, 1)), run((Status.OK, 2), (Status.OK, 1)))  # inner loops
    assert looped.functions()[0].new_self == pytest.approx(0.01)


def test_what_vanished_and_what_is_new_are_told() -> None:
    base = tree_from_stacks([((MAIN, LOAD), 4 * MS), ((MAIN, LOAD, SAVE), MS)])
    new = tree_from_stacks([((MAIN, LOAD), 4 * MS), ((MAIN, CACHE), MS)])
    difference = sides(base, new, run(), run())
    tree = difference.tree
    names = [tree.stack(n)[-1].function for n in range(len(tree))]
    assert [n for n, gone in zip(names, difference.vanished(), strict=True) if gone] == ["save"]
    assert [n for n, fresh in zip(names, difference.appeared(), strict=True) if fresh] == ["cache"]


def test_rounds_that_failed_count_only_where_none_was_completed() -> None:
    builder = CallTreeBuilder()
    node = builder.node((MAIN,))
    for number in (0, 1):
        builder.sample(time_ns=MS, weight_ns=MS * (1 + number), node=node, round=number)
    tree = builder.build()
    half = sampled_side(run((Status.OK, 1), (Status.INTERRUPTED, 1)), tree)
    assert (half.self_ns.tolist(), half.executions) == ([MS], 1)
    none = sampled_side(run((Status.FAILED, 1), (Status.INTERRUPTED, 1)), tree)
    assert (none.self_ns.tolist(), none.executions) == ([3 * MS], 2)


def test_a_recursive_functions_total_counts_once() -> None:
    tree = tree_from_stacks([((MAIN, LOAD, LOAD, LOAD), 6 * MS), ((MAIN, LOAD), 2 * MS)])
    deltas = {d.frame: d for d in tree_difference(sampled_side(run(), tree), sampled_side(run(), tree)).functions()}
    assert deltas[LOAD].base_total == 0.008 == deltas[MAIN].base_total


def test_an_empty_side_is_a_side() -> None:
    empty, tree = CallTreeBuilder().build(), tree_from_stacks([((MAIN,), MS)])
    difference = tree_difference(sampled_side(run(), empty), sampled_side(run(), tree))
    assert difference.appeared().tolist() == [True]
    assert tree_difference(Side(empty, empty.self_ns()), Side(empty, empty.self_ns())).functions() == []


def test_joined_trees_keep_their_tasks() -> None:
    trees = []
    for names in (("a", ""), ("b", "a", "")):
        builder = CallTreeBuilder()
        for name in names:
            builder.sample(time_ns=1, weight_ns=1, node=builder.node((MAIN,)), task=builder.task(name))
        trees.append(builder.build())
    tree, _ = joined(*trees)
    assert [tree.tasks[task] if task >= 0 else "" for task in tree.samples.task.tolist()] == ["a", "", "b", "a", ""]
