"""The payload's optional sections: lines, threads, tasks, time order, spans, differences, source."""

from __future__ import annotations

import numpy as np
import pytest
from flame_pages import DECODE, FIB, HANDLER, MAIN, PARSE, STEPS, known_tree
from sample_runs import jamf_tree

from workbench.calltree import CallTree, CallTreeBuilder, Samples, tree_from_stacks
from workbench.model import Frame, Span
from workbench.views.extras import Difference, Extras, Grouping, SourceText
from workbench.views.payload import Decoded, decode, encode

MS = 1_000_000


def node_of(decoded: Decoded, *stack: Frame) -> int:
    """The payload's number of a node."""
    above, found = -1, -1
    for frame in stack:
        names = zip(decoded.frame.tolist(), decoded.parent.tolist(), strict=True)
        found = next(i for i, (f, p) in enumerate(names) if p == above and decoded.frames[f] == frame)
        above = found
    return found + 1


def rows(decoded: Decoded, section: str) -> dict[tuple[int, int], int]:
    """{(node, line or group): weight in ms} of a section."""
    columns = decoded.columns
    second = "line_line" if section == "line" else f"{section}_group"
    nodes = np.cumsum(columns[f"{section}_step"].astype(np.int64)).tolist()
    weights = (columns[f"{section}_self"].astype(np.int64) * decoded.header["unit_ns"] // MS).tolist()
    return dict(zip(zip(nodes, columns[second].tolist(), strict=True), weights, strict=True))


def time_entries(decoded: Decoded) -> list[list[tuple[int, int, int]]]:
    """(start, length, node) of every lane, in axis units."""
    time, columns = decoded.header["time"], decoded.columns
    entries = iter(zip(columns["time_node"].tolist(), columns["time_length"].tolist(), strict=True))
    lanes = []
    for lane in columns["time_count"].reshape(-1, time["buckets"]).tolist():
        found = []
        for bucket, count in enumerate(lane):
            at = bucket * time["bucket"]
            for _ in range(count):
                node, length = next(entries)
                found.append((at, length, node))
                at += length
        lanes.append(found)
    return lanes


def test_lines_are_told_where_a_node_has_several() -> None:
    decoded = decode(encode(known_tree()))
    loop = Frame("<stdlib>/asyncio/base_events.py", "BaseEventLoop.run_forever")
    decoding = node_of(decoded, MAIN, loop, HANDLER, PARSE, DECODE)
    assert rows(decoded, "line") == {(decoding, 5): 10, (decoding, 7): 10}
    assert decoded.line[node_of(decoded, MAIN, loop, HANDLER, PARSE) - 1] == 12


def test_a_line_that_is_known_of_a_part_only_is_told_with_its_weight() -> None:
    builder = CallTreeBuilder()
    node = builder.node([Frame("a.py", "f")])
    builder.sample(time_ns=10 * MS, weight_ns=10 * MS, node=node, line=3)
    builder.sample(time_ns=40 * MS, weight_ns=30 * MS, node=node)
    assert rows(decode(encode(builder.build())), "line") == {(1, 3): 10}


def test_threads_and_tasks_share_out_each_nodes_time() -> None:
    decoded = decode(encode(known_tree()))
    assert decoded.header["threads"] == ["MainThread", "Worker-1"]
    by_thread = [0, 0]
    for (_, group), ms in rows(decoded, "thread").items():
        by_thread[group] += ms
    assert by_thread == [100, 50]
    assert decoded.header["tasks"] == ["load", "save"]
    assert sum(rows(decoded, "task").values()) == 60


def test_one_thread_needs_no_section_of_threads() -> None:
    decoded = decode(encode(jamf_tree()))
    assert "thread_step" not in decoded.columns
    assert "task_step" not in decoded.columns


def test_tasks_can_be_given_beside_the_tree() -> None:
    tree = tree_from_stacks([((Frame("a.py", "f"),), 10 * MS), ((Frame("a.py", "g"),), 30 * MS)])
    tasks = Grouping(("t0", "t1"), np.array([0, 1, 1], np.int32), np.array([1, 0, 1], np.int32),
                     np.array([10 * MS, 20 * MS, 10 * MS], np.int64))  # fmt: skip
    assert rows(decode(encode(tree, extras=Extras(tasks=tasks))), "task") == {(1, 0): 20, (1, 1): 10, (2, 1): 10}


def test_time_order_is_the_samples_in_their_order() -> None:
    decoded = decode(encode(known_tree()))
    assert decoded.header["time"]["lanes"] == ["MainThread", "Worker-1"]
    unit = decoded.header["time"]["unit_ns"]
    for number, lane in enumerate(time_entries(decoded)):
        joined: list[list[int]] = []
        for start, length, node in lane:
            if joined and joined[-1][2] == node and start - joined[-1][1] < decoded.header["time"]["bucket"]:
                joined[-1][1] = start + length
            else:
                joined.append([start, start + length, node])
        true = [(stack, ms) for thread, stack, ms, *_ in STEPS if thread == number]
        merged = [true[0]] if true else []
        for stack, ms in true[1:]:
            merged = (
                [*merged[:-1], (stack, merged[-1][1] + ms)] if stack == merged[-1][0] else [*merged, (stack, ms)]
            )
        assert [node for *_, node in joined] == [node_of(decoded, *stack) for stack, _ in merged]
        lengths = [(end - start) * unit / MS for start, end, _ in joined]
        assert lengths == pytest.approx([ms for _, ms in merged], abs=0.1)


def test_time_order_tells_the_task_of_each_entry_where_there_are_any() -> None:
    decoded = decode(encode(known_tree()))
    names = ["", *decoded.header["tasks"]]
    ns = dict.fromkeys(names, 0)
    pairs = zip(decoded.columns["time_task"].tolist(), decoded.columns["time_length"].tolist(), strict=True)
    for task, length in pairs:
        ns[names[task]] += length * decoded.header["time"]["unit_ns"]
    assert ns == pytest.approx({"": 90 * MS, "load": 50 * MS, "save": 10 * MS}, rel=1e-3)
    assert "time_task" not in decode(encode(jamf_tree())).columns


def test_time_order_keeps_a_task_of_what_a_crowded_moment_leaves_out() -> None:
    tree, count = jamf_tree(), 300_000
    turn, zeros = np.arange(count), np.zeros(count, np.int32)
    samples = Samples(
        (turn + 1) * 1000, np.full(count, 1000), (turn % len(tree)).astype(np.int32), zeros, zeros,
        task=(turn // 100_000).astype(np.int32) - 1,
    )  # fmt: skip
    many = CallTree(
        tree.frames, tree.node_parent, tree.node_frame, ("MainThread",), samples=samples, tasks=("a", "b")
    )
    decoded = decode(encode(many))
    assert len(decoded.columns["time_task"]) <= 1 << 16
    lengths = np.bincount(decoded.columns["time_task"].astype(np.int64), weights=decoded.columns["time_length"])
    assert lengths * decoded.header["time"]["unit_ns"] == pytest.approx([100 * MS] * 3, rel=1e-2)


def test_time_order_stays_small_and_whole_whatever_the_number_of_samples() -> None:
    chance = np.random.default_rng(2)
    tree, count = jamf_tree(), 200_000
    weight = chance.integers(MS // 2, MS, count)
    zeros = np.zeros(count, np.int32)
    node = chance.integers(0, len(tree), count).astype(np.int32)
    many = CallTree(
        tree.frames, tree.node_parent, tree.node_frame, ("MainThread",),
        samples=Samples(np.cumsum(weight), weight.astype(np.int64), node, zeros, zeros),
    )  # fmt: skip
    payload = encode(many)
    decoded = decode(payload)
    assert decoded.header["time"]["buckets"] <= 4096
    assert len(decoded.columns["time_node"]) <= 1 << 16
    (lane,) = time_entries(decoded)
    unit = decoded.header["time"]["unit_ns"]
    assert sum(length for _, length, _ in lane) * unit == pytest.approx(int(weight.sum()), rel=1e-6)
    assert len(payload) < 400_000


def test_crowded_slices_keep_the_heaviest_and_charge_the_rest_to_what_they_share() -> None:
    builder = CallTreeBuilder()
    top = Frame("a.py", "top")
    frames = [Frame("a.py", f"f{i}") for i in range(50)]
    now = 0
    for _ in range(40_000):
        for frame in frames[:20]:
            now += 1000
            builder.sample(time_ns=now, weight_ns=1000, node=builder.node([top, frame]))
    decoded = decode(encode(builder.build()))
    (lane,) = time_entries(decoded)
    shared = node_of(decoded, top)
    assert shared in {node for *_, node in lane}
    assert sum(length for _, length, _ in lane) * decoded.header["time"]["unit_ns"] == now


def test_rounds_are_laid_end_to_end() -> None:
    builder = CallTreeBuilder()
    for number in (1, 4):
        builder.sample(time_ns=200 * MS, weight_ns=50 * MS, node=builder.node([FIB]), round=number)
    decoded = decode(encode(builder.build()))
    assert decoded.header["time"]["rounds"] == [[1, 0, 200_000], [4, 200_000, 200_000]]
    (lane,) = time_entries(decoded)
    assert lane[0][0] == pytest.approx(150_000, abs=200)


def span(number: int, start: int, duration: int, **more: object) -> Span:
    values = {"parent": -1, "round": 0, "kind": "http", "name": "GET /x", "start_ns": start * MS,
              "duration_ns": duration * MS, **more}  # fmt: skip
    return Span(number=number, **values)  # type: ignore[arg-type]


def test_spans_stand_on_the_same_axis() -> None:
    tree = known_tree()
    spans = [
        span(7, 50, 10, parent=3, node=4, thread=1, site="app/work.py:3", status="error"),
        span(3, 20, 60),
        span(9, 0, 5, round=8),
    ]
    decoded = decode(encode(tree, extras=Extras(spans=spans)))
    columns, unit = decoded.columns, decoded.header["time"]["unit_ns"]
    assert (columns["span_start"].astype(np.int64) * unit // MS).tolist() == [20, 50]
    assert (columns["span_duration"].astype(np.int64) * unit // MS).tolist() == [60, 10]
    assert columns["span_parent"].tolist() == [0, 1]
    assert columns["span_failed"].tolist() == [0, 1]
    assert columns["span_lane"].tolist() == [1, 2]
    assert columns["span_node"].tolist() == [0, node_of(decoded, *tree.stack(4))]
    assert decoded.header["span_sites"][columns["span_site"][1]] == "app/work.py:3"
    assert decoded.header["spans_left_out"] == 0


def test_spans_without_samples_have_an_axis_of_their_own() -> None:
    empty = CallTreeBuilder().build()
    decoded = decode(encode(empty, extras=Extras(spans=[span(0, 10, 30), span(1, 5, 5, round=1)])))
    assert decoded.header["time"]["lanes"] == []
    assert decoded.header["time"]["length"] * decoded.header["time"]["unit_ns"] == 50 * MS


def test_a_difference_from_itself_is_nothing_everywhere() -> None:
    tree = jamf_tree()
    own = tree.self_ns()
    difference = Difference(own, own.copy(), base_rounds=3, new_rounds=3, warnings=("other machine",))
    decoded = decode(encode(tree, extras=Extras(difference=difference)))
    assert (decoded.columns["diff_base"] == decoded.columns["diff_new"]).all()
    assert decoded.header["diff"]["warnings"] == ["other machine"]


def test_a_difference_is_per_round_and_keeps_what_vanished() -> None:
    gone, stays, new = Frame("a.py", "gone"), Frame("a.py", "stays"), Frame("a.py", "new")
    tree = tree_from_stacks([((gone,), 1), ((stays,), 1), ((new,), 1)])
    base = np.array([20 * MS, 20 * MS, 0], np.int64)
    after = np.array([0, 30 * MS, 9 * MS], np.int64)
    difference = Difference(base, after, base_rounds=2, new_rounds=3)
    decoded = decode(encode(tree, extras=Extras(difference=difference)))
    names = [decoded.frames[f].function for f in decoded.frame.tolist()]
    unit = decoded.header["unit_ns"]
    sides = {
        name: (int(b) * unit // MS, int(n) * unit // MS)
        for name, b, n in zip(names, decoded.columns["diff_base"][1:], decoded.columns["diff_new"][1:], strict=True)
    }
    assert sides == {"gone": (10, 0), "stays": (10, 10), "new": (0, 3)}
    assert decoded.self_ns.sum() == 23 * MS
    assert "time" not in decoded.header


def test_source_goes_by_the_payloads_frames() -> None:
    tree = known_tree()
    number = {frame: i for i, frame in enumerate(tree.frames)}
    source = {
        number[PARSE]: SourceText(10, ("def parse():", "    <script>")),
        number[FIB]: SourceText(reason="changed"),
    }
    decoded = decode(encode(tree, extras=Extras(source=source)))
    told = {decoded.frames[frame]: rest for frame, *rest in decoded.header["source"]}
    assert told == {PARSE: [10, ["def parse():", "    <script>"], ""], FIB: [1, [], "changed"]}


def test_frames_that_wait_and_the_loops_own_are_flagged() -> None:
    decoded = decode(encode(known_tree()))
    flags = dict(zip((f.function for f in decoded.frames), decoded.columns["frame_flags"].tolist(), strict=True))
    assert (flags["[await]"], flags["BaseEventLoop.run_forever"], flags["time.sleep"]) == (1, 2, 4)
    assert flags["main"] == flags["fib"] == 0


def test_calls_are_told_where_a_profiler_counts_them() -> None:
    tree = known_tree()
    assert "frame_calls" not in decode(encode(tree)).columns
    decoded = decode(encode(tree, extras=Extras(calls={tree.frames.index(PARSE): 70_000})))
    calls = dict(zip(decoded.frames, decoded.columns["frame_calls"].tolist(), strict=True))
    assert (calls[PARSE], calls[FIB]) == (70_000, 0)
