"""The payload carries the tree whole: what goes in comes out, and nothing more goes in than is seen."""

import json
import random
import struct
import zlib
from collections import Counter, defaultdict

import numpy as np
import pytest
from sample_runs import EVIL, evil_tree, jamf_tree

from workbench.calltree import CallTree, CallTreeBuilder, Samples, tree_from_stacks
from workbench.model import Frame
from workbench.views.layout import function_totals, lay_out
from workbench.views.payload import Decoded, FlameMeta, as_base64, decode, encode

MS = 1_000_000


def stacks(tree: CallTree) -> dict[tuple[Frame, ...], int]:
    """Self time of every stack with weight."""
    return {tree.stack(n): w for n, w in enumerate(tree.self_ns().tolist()) if w}


def decoded_stacks(decoded: Decoded) -> dict[tuple[Frame, ...], int]:
    paths: list[tuple[Frame, ...]] = []
    for frame, parent in zip(decoded.frame.tolist(), decoded.parent.tolist(), strict=True):
        paths.append((*(paths[parent] if parent >= 0 else ()), decoded.frames[frame]))
    return {p: w for p, w in zip(paths, decoded.self_ns.tolist(), strict=True) if w}


def random_tree(seed: int) -> CallTree:
    chance = random.Random(seed)
    frames = [Frame(f"app/m{i % 5}.py", f"f{i}", chance.choice([0, 0, 7])) for i in range(12)]
    weighted = [
        ([chance.choice(frames) for _ in range(chance.randint(1, 12))], chance.randint(1, 10**6))
        for _ in range(200)
    ]
    return tree_from_stacks(weighted)


@pytest.mark.parametrize("seed", range(5))
def test_every_stack_and_weight_survives_the_round_trip(seed: int) -> None:
    tree = random_tree(seed)
    assert decoded_stacks(decode(encode(tree))) == stacks(tree)


def test_text_and_bytes_hold_the_same() -> None:
    payload = encode(jamf_tree())
    assert decoded_stacks(decode(as_base64(payload))) == decoded_stacks(decode(payload))


def test_weights_of_long_profiles_and_their_sum_are_exact_to_a_microsecond() -> None:
    tree = jamf_tree(samples=2000)
    decoded = decode(encode(tree))
    assert int(tree.self_ns().sum()) > 10**9
    assert abs(int(decoded.self_ns.sum()) - int(tree.self_ns().sum())) <= 500
    true, kept = stacks(tree), decoded_stacks(decoded)
    assert kept.keys() == true.keys()
    assert all(abs(kept[s] - true[s]) <= 1000 for s in true)


@pytest.mark.parametrize("interval_ns", [MS, 0])
def test_samples_and_lines_of_every_node_survive(interval_ns: int) -> None:
    chance, builder = random.Random(5), CallTreeBuilder()
    samples: Counter[int] = Counter()
    lines: dict[int, Counter[int]] = defaultdict(Counter)
    for now in range(3000):
        node = builder.node([Frame("a.py", f"f{chance.randrange(4)}") for _ in range(chance.randint(1, 4))])
        line, weight = chance.choice((0, 3, 4, 70_000)), interval_ns or chance.randint(1, 9 * MS)
        builder.sample(time_ns=now, weight_ns=weight, node=node, line=line)
        samples[node] += 1
        lines[node][line] += weight if line else 0
    tree = builder.build()
    decoded, row = decode(encode(tree)), lay_out(tree).node.tolist()
    assert decoded.samples.tolist() == [samples[node] for node in row]
    for node, line in zip(row, decoded.line.tolist(), strict=True):
        assert lines[node][line] == max(lines[node].values(), default=0)


def test_many_samples_keep_their_weights_to_a_hundredth() -> None:
    weights = np.random.default_rng(2).integers(1_100_000, 1_300_000, 100_000)
    node = np.arange(len(weights), dtype=np.int32) % 500
    zeros = np.zeros(len(weights), dtype=np.int32)
    tree = CallTree(
        tuple(Frame("a.py", f"f{i}") for i in range(500)),
        np.full(500, -1, np.int32), np.arange(500, dtype=np.int32),
        samples=Samples(np.cumsum(weights), weights, node, zeros, zeros),
    )  # fmt: skip
    decoded = decode(encode(tree))
    assert decoded.header["unit_ns"] == 10_000, "the largest power of ten up to a hundredth of a sample"
    assert abs(int(decoded.self_ns.sum()) - int(weights.sum())) <= 5000
    assert decoded.samples.tolist() == [200] * 500


def test_a_constant_sampling_interval_is_stored_as_the_unit() -> None:
    tree = tree_from_stacks([([Frame("a.py", "f")], 10 * MS), ([Frame("a.py", "g")], 30 * MS)])
    assert decode(encode(tree)).header["unit_ns"] == 10 * MS


def test_nodes_without_weight_are_left_out() -> None:
    builder = CallTreeBuilder()
    builder.sample(time_ns=5, weight_ns=5, node=builder.node([Frame("a.py", "f")]))
    builder.node([Frame("a.py", "f"), Frame("b.py", "only a span was here")])
    decoded = decode(encode(builder.build()))
    assert len(decoded.frame) == 1
    assert "only a span was here" not in decoded.header["functions"]


def test_a_tree_without_samples_is_an_empty_payload() -> None:
    empty = CallTree((), np.empty(0, np.int32), np.empty(0, np.int32), samples=Samples())
    decoded = decode(encode(empty, FlameMeta(name="nothing")))
    assert len(decoded.frame) == 0
    assert decoded.meta.name == "nothing"


def test_names_of_any_kind_survive() -> None:
    functions = {f.function for f in decode(encode(evil_tree())).frames}
    assert set(EVIL) <= functions


def test_the_heaviest_executing_line_of_a_node_is_kept() -> None:
    builder = CallTreeBuilder()
    node = builder.node([Frame("a.py", "f")])
    for line, weight in ((10, 5), (20, 9), (10, 3), (30, 1)):
        builder.sample(time_ns=0, weight_ns=weight, node=node, line=line)
    decoded = decode(encode(builder.build()))
    assert decoded.line.tolist() == [20]
    assert decoded.samples.tolist() == [4]


def test_children_follow_their_parents_and_siblings_stand_heaviest_first() -> None:
    layout = lay_out(random_tree(3))
    assert (layout.parent < np.arange(len(layout))).all()
    same_parent = layout.parent[1:] == layout.parent[:-1]
    one_level = np.diff(np.searchsorted(layout.levels, np.arange(len(layout)), side="right")) == 0
    siblings = same_parent & one_level
    assert (layout.total_ns[1:][siblings] <= layout.total_ns[:-1][siblings]).all()


def test_boxes_fill_their_parents_from_the_left_without_overlap() -> None:
    layout = lay_out(random_tree(4))
    inside = layout.parent >= 0
    above = layout.parent[inside]
    assert (layout.x_ns[inside] >= layout.x_ns[above]).all()
    right = layout.x_ns + layout.total_ns
    assert (right[inside] <= right[above]).all()
    for first, end in zip(layout.levels[:-1], layout.levels[1:], strict=True):
        assert (layout.x_ns[first + 1 : end] >= right[first : end - 1]).all()


def test_recursion_counts_once_in_a_functions_total() -> None:
    f, g = Frame("a.py", "f"), Frame("a.py", "g")
    tree = tree_from_stacks([((f, f, g, f), 10), ((f, g), 5), ((g,), 2), ((g, f), 1)])
    totals = function_totals(tree, lay_out(tree))
    by_frame = dict(
        zip(tree.frames, zip(totals.self_ns.tolist(), totals.total_ns.tolist(), strict=True), strict=True)
    )
    assert by_frame == {f: (11, 16), g: (7, 18)}


@pytest.mark.parametrize("seed", range(3))
def test_function_totals_agree_with_counting_stack_by_stack(seed: int) -> None:
    tree = random_tree(seed)
    totals = function_totals(tree, lay_out(tree))
    for number, frame in enumerate(tree.frames):
        assert totals.total_ns[number] == sum(w for stack, w in stacks(tree).items() if frame in stack)


def test_three_hundred_thousand_nodes_take_about_a_megabyte() -> None:
    count = 300_000
    chance = np.random.default_rng(1)
    parent = np.arange(count, dtype=np.int32) - chance.integers(1, 30, count).astype(np.int32)
    parent[parent < -1] = -1
    leaf = np.setdiff1d(np.arange(count, dtype=np.int32), parent)
    weight = (MS * (1 + chance.exponential(0.05, len(leaf)))).astype(np.int64)
    zeros = np.zeros(len(leaf), dtype=np.int32)
    tree = CallTree(
        tuple(Frame(f"app/m{i % 60}.py", f"C{i % 97}.method_{i}") for i in range(4000)),
        parent,
        (chance.zipf(1.3, count) % 4000).astype(np.int32),
        samples=Samples(np.cumsum(weight), weight, leaf, zeros, zeros),
    )
    assert len(encode(tree)) < 1_300_000


def test_what_is_no_payload_is_refused() -> None:
    with pytest.raises(ValueError, match="not a flame graph payload"):
        decode(zlib.compress(b"JUNK" + struct.pack("<I", 2) + b"{}"))


def test_the_header_is_plain_ascii_json() -> None:
    raw = zlib.decompress(encode(evil_tree()))
    (length,) = struct.unpack_from("<I", raw, 4)
    assert json.loads(raw[8 : 8 + length].decode("ascii"))["functions"]
