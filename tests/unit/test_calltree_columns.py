"""The call tree: content addresses, totals, and the builder."""

from __future__ import annotations

import numpy as np

from workbench.calltree import ROOT_ID, CallTreeBuilder, frame_id, node_id, tree_from_stacks
from workbench.model import Frame

A, B, C = Frame("a.py", "a"), Frame("b.py", "b"), Frame("c.py", "c", 7)


def test_addresses_are_stable() -> None:
    """Stored ids must mean the same for ever: these are BLAKE2b's values, not ours to change."""
    assert frame_id(A) == 11405227930139585840
    assert node_id(ROOT_ID, frame_id(A)) == 16239359072536598455


def test_addresses_depend_on_every_field_and_on_the_callers() -> None:
    variants = {
        Frame("a.py", "a"),
        Frame("a.py", "b"),
        Frame("b.py", "a"),
        Frame("a.py", "a", 1),
        Frame("a.pya", ""),
    }
    assert len({frame_id(frame) for frame in variants}) == len(variants)
    one = tree_from_stacks([((A, B), 1), ((B,), 1)])
    ids = dict(zip([one.stack(n) for n in range(len(one))], one.node_ids().tolist(), strict=True))
    assert ids[(A, B)] != ids[(B,)]


def test_the_same_stack_has_the_same_id_in_every_tree() -> None:
    one = tree_from_stacks([((A, B), 1), ((A, C), 2)])
    two = tree_from_stacks([((C,), 5), ((A, C), 2), ((A, B), 1)])
    ids = [{t.stack(n): int(t.node_ids()[n]) for n in range(len(t))} for t in (one, two)]
    shared = ids[0].keys() & ids[1].keys()
    assert shared == {(A,), (A, B), (A, C)}
    assert all(ids[0][stack] == ids[1][stack] for stack in shared)


def test_self_and_total() -> None:
    tree = tree_from_stacks([((A, B), 10), ((A,), 5), ((A, B, B), 1), ((C,), 2)])
    totals = {tree.stack(n): (int(tree.self_ns()[n]), int(tree.total_ns()[n])) for n in range(len(tree))}
    assert totals == {(A,): (5, 16), (A, B): (10, 11), (A, B, B): (1, 1), (C,): (2, 2)}
    assert tree.depth().tolist() == [len(tree.stack(n)) - 1 for n in range(len(tree))]
    roots = tree.node_parent < 0
    assert tree.total_ns()[roots].sum() == tree.samples.weight_ns.sum()


def test_random_trees_keep_their_invariants() -> None:
    random = np.random.default_rng(3)
    frames = [Frame("f.py", f"f{n}") for n in range(6)]
    for _ in range(20):
        stacks = [
            (tuple(frames[i] for i in random.integers(0, 6, random.integers(1, 12))), int(random.integers(1, 100)))
            for _ in range(50)
        ]
        tree = tree_from_stacks(stacks)
        assert (tree.node_parent < np.arange(len(tree))).all()  # every parent before its children
        assert len(set(tree.node_ids().tolist())) == len(tree)
        assert tree.self_ns().sum() == sum(weight for _, weight in stacks)
        for node in range(len(tree)):
            prefix = tree.stack(node)
            below = sum(w for s, w in stacks if s[: len(prefix)] == prefix)
            assert tree.total_ns()[node] == below


def test_builder_numbers_and_lines() -> None:
    builder = CallTreeBuilder()
    assert builder.node(()) == -1
    node = builder.node((A, B))
    assert builder.node((A, B)) == node == 1
    assert (builder.thread("x"), builder.thread("y"), builder.thread("x")) == (0, 1, 0)
    builder.sample(time_ns=5, weight_ns=5, node=node, line=3)
    builder.sample(time_ns=9, weight_ns=4, node=node, line=3, round=2)
    builder.sample(time_ns=9, weight_ns=4, node=node)
    tree = builder.build()
    assert (tree.lines.node.tolist(), tree.lines.line.tolist(), tree.lines.weight_ns.tolist()) == ([1], [3], [9])
    assert tree.samples.round.tolist() == [0, 2, 0]
    assert len(CallTreeBuilder().build()) == 0
    assert CallTreeBuilder().build().total_ns().tolist() == []
