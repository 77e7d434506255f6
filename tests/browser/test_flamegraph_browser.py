"""The flame graph in a real browser: every view, every way to change it, and names that mean harm."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from flame_pages import known_tree, write_page
from sample_runs import EVIL, evil_tree

from workbench.calltree import CallTree, CallTreeBuilder, Samples, tree_from_stacks
from workbench.model import Frame
from workbench.views.payload import FlameMeta, decode, encode

pytestmark = pytest.mark.browser

MS = 1_000_000
META = FlameMeta(name="known", sampler="pyinstrument 5.1.3", interval_ns=MS)

# Boxes by name: {name: [total in ms, …]} of the tree that a pane shows, not of what is drawn.
TOTALS = """((pane) => { const t = pane.tree, all = {};
  for (let n = 1; n < t.size; n++) (all[t.name(n)] ??= []).push(Math.round(t.value(t.total[n]) / 1e5) / 10);
  for (const each of Object.values(all)) each.sort((a, b) => b - a);
  return all; })"""


def wide_tree(nodes: int = 60_000) -> CallTree:
    """A tree with far more boxes than pixels."""
    chance = np.random.default_rng(1)
    parent = (np.arange(nodes) * chance.random(nodes) - 1).astype(np.int32)
    leaf = np.setdiff1d(np.arange(nodes, dtype=np.int32), parent)
    weight = (MS * (1 + chance.exponential(0.5, len(leaf)))).astype(np.int64)
    zeros = np.zeros(len(leaf), dtype=np.int32)
    frames = tuple(Frame(f"app/m{i % 60}.py", f"C{i % 97}.method_{i}") for i in range(3000))
    frame = (chance.zipf(1.3, nodes) % 3000).astype(np.int32)
    return CallTree(
        frames, parent, frame, ("MainThread",), samples=Samples(np.cumsum(weight), weight, leaf, zeros, zeros)
    )


def importing_tree() -> CallTree:
    """80 ms of imports, 20 ms of work."""
    start, script = Frame("<stdlib>/runpy.py", "run_path"), Frame("job.py", "<module>")
    find, library = Frame("<frozen importlib._bootstrap>", "_find_and_load"), Frame("<site>/lib/a.py", "<module>")
    main, parse, loads = (
        Frame("job.py", "main"),
        Frame("job.py", "main.<locals>.parse"),
        Frame("<stdlib>/j.py", "loads"),
    )
    stacks = [
        ((start, script, find, library), 40), ((start, script, find, library, find, loads), 40),
        ((start, script, main, parse, loads), 10), ((start, script, main, parse), 3),
        ((start, script, main, loads), 2), ((start, loads), 5),
    ]  # fmt: skip
    return tree_from_stacks([(stack, ms * MS) for stack, ms in stacks])


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("flame")
    one = tree_from_stacks([((Frame("a.py", "only"),), 10 * MS)])
    evil = FlameMeta(name=" ".join(EVIL), sampler=EVIL[0], link="javascript:window.__pwned=9//{file}")
    return {
        "known": write_page(folder / "known.html", (known_tree(), META, None)),
        "two": write_page(folder / "two.html", (known_tree(), META, None), (known_tree(), META, None)),
        "evil": write_page(folder / "evil.html", (evil_tree(), evil, None)),
        "imports": write_page(folder / "imports.html", (importing_tree(), META, None)),
        "wide": write_page(folder / "wide.html", (wide_tree(), META, None)),
        "one": write_page(
            folder / "one.html", (one, META, None), (CallTreeBuilder().build(), FlameMeta(name="none"), None)
        ),
    }


@pytest.fixture
def known(watch: Callable, pages: dict[str, str]):
    watched = watch(pages["known"], reduced_motion="reduce")
    watched.wait_for_graph()
    yield watched
    assert watched.problems == []


def totals(watched, pane: str = "g.main") -> dict[str, list[float]]:
    return watched.graph(f"{TOTALS}({pane})")


def select(watched, name: str) -> None:
    """Select a box with the keyboard's own function."""
    watched.graph(f"g.select(g.main, [...g.main.tree.frame.keys()].find(n => g.main.tree.name(n) === '{name}'))")


def click(watched, name: str, **more: object) -> None:
    box = watched.graph(f"g.layout().find(b => b.name === '{name}')")
    watched.page.locator(".wb-fg-canvas:visible").last.click(
        position={"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2}, **more
    )
    watched.wait_until_still()


def view(watched, name: str) -> None:
    watched.page.get_by_role("group", name="View").get_by_role("button", name=name).click()
    watched.wait_until_still()


def option(watched, name: str) -> None:
    watched.page.get_by_role("button", name="Options").click()
    watched.page.get_by_role("radio", name=name, exact=True).check()
    watched.page.keyboard.press("Escape")
    watched.wait_until_still()


def lines_of(one, other) -> int:
    """How many lines the two share, seen at one moment."""
    seen = "(one, other) => new Set([one, other].map((each) => each.getBoundingClientRect().y)).size"
    return one.evaluate(seen, other.element_handle())


# ---- views


def test_the_page_reads_what_was_written(watch, tmp_path: Path) -> None:
    chance = np.random.default_rng(3)
    builder = CallTreeBuilder()
    for now, (depth, line) in enumerate(chance.integers(1, 7, (4000, 2)).tolist()):
        stack = [Frame("a.py", f"f{number}") for number in chance.integers(0, 300, depth).tolist()]
        builder.sample(time_ns=now, weight_ns=int(chance.integers(1, 9 * MS)), node=builder.node(stack), line=line)
    for line in (5, 70_000, 5):  # one function on several lines
        builder.sample(time_ns=0, weight_ns=line, node=builder.node([Frame("b.py", "main")]), line=line)
    tree = builder.build()
    decoded = decode(encode(tree, META))
    assert {form for _, form, _, _ in decoded.header["columns"]} >= {"u1", "p2"}
    watched = watch(write_page(tmp_path / "page.html", (tree, META, None)))
    watched.wait_for_graph()
    read = watched.graph(
        "({samples: [...g.profile.ownSamples], lines: [...g.profile.lines], self: [...g.profile.self]})"
    )
    assert read["samples"][1:] == decoded.samples.tolist()
    assert read["lines"][1:] == decoded.line.tolist()
    assert read["self"][1:] == (decoded.self_ns // decoded.header["unit_ns"]).tolist()


def test_the_flame_graph_merges_stacks_heaviest_first(known) -> None:
    shown = totals(known)
    assert shown["main"] == [100.0]
    assert shown["fib"] == [20.0, 15.0, 15.0, 10.0]
    assert shown["decode"] == [40.0, 20.0]
    first = known.graph("g.layout().filter(b => b.depth === 1).map(b => b.name)")
    assert first == ["main", "worker"]


@pytest.mark.parametrize("shown", ["flame", "time"])
def test_the_card_tells_times_and_shares(known, shown: str) -> None:
    known.graph(f"g.set({{ view: '{shown}' }})")
    known.wait_until_still()
    box = known.graph("g.layout().find(b => b.name === 'saver')")
    known.page.locator(".wb-fg-canvas:visible").hover(position={"x": box["x"] + 4, "y": box["y"] + 4})
    rows = known.page.locator(".wb-fg-card tr").all_inner_texts()
    share = {"flame": "6.67 %", "time": "10.0 %"}[shown]
    assert [row.split("\t") for row in rows[1:]] == [["Self", "0 s", "0 %"], ["Total", "10.0 ms", share]]
    known.graph("g.select(g.main, g.main.tree.find([1]))")
    known.graph("g.announce(g.main, [...g.main.tree.frame.keys()].find(n => g.main.tree.name(n) === 'saver'))")
    assert known.page.locator("[aria-live=polite]").inner_text() == f"saver, total 10.0 ms, {share}"


def test_the_root_can_stand_at_the_bottom(known) -> None:
    option(known, "at the bottom")
    boxes = known.graph("g.layout()")
    ys = [next(b["y"] for b in boxes if b["depth"] == depth) for depth in range(5)]
    assert ys == sorted(ys, reverse=True)
    assert ys[0] + 19 == pytest.approx(known.graph("g.state().height"), abs=1)
    wrong = "g.layout().filter(b => b.width > 2 && g.hitTest(b.x + b.width / 2, b.y + 9) !== b.node).length"
    assert known.graph(wrong) == 0
    known.page.locator(".wb-fg-canvas:visible").focus()
    known.page.keyboard.press("ArrowUp")
    assert known.graph("g.main.tree.depth[g.state().selected]") == 1


def test_time_order_keeps_the_order_and_joins_what_goes_on(known) -> None:
    view(known, "Time order")
    boxes = known.graph("g.layout().filter(b => b.depth === 3 || b.depth === 2)")
    assert [b["name"] for b in boxes if b["depth"] == 3] == ["handler", "saver", "handler", "fib", "time.sleep"]
    assert totals(known)["BaseEventLoop.run_forever"] == [60.0]
    assert totals(known)["parse"] == [20.0, 10.0]
    select(known, "saver")
    known.graph("g.zoomTo(g.state().selected)")
    known.wait_until_still()
    left, right = known.graph("g.state().view")
    assert [round(left / 1e3), round(right / 1e3)] == [40, 50]  # of milliseconds


def test_time_order_shows_one_thread_at_a_time(known) -> None:
    view(known, "Time order")
    known.page.get_by_role("combobox", name="Thread").select_option(label="Worker-1")
    assert totals(known) == {"worker": [50.0], "decode": [40.0], "fib": [10.0]}
    assert known.graph("g.main.tree.value(g.main.tree.total[0])") == pytest.approx(100 * MS, rel=1e-3)


def test_time_order_follows_one_task(known) -> None:
    task = known.page.get_by_role("combobox", name="Task")
    assert task.is_hidden()
    view(known, "Time order")
    assert task.locator("option").all_inner_texts() == ["all", "load (33.3 %)", "save (6.67 %)"]
    whole = totals(known)
    task.select_option(label="save (6.67 %)")
    known.wait_until_still()
    assert totals(known)["saver"] == [10.0]
    assert "handler" not in totals(known)
    task.select_option(label="load (33.3 %)")
    known.wait_until_still()
    assert totals(known)["handler"] == whole["handler"], "with a gap where the other task ran"
    assert totals(known)["BaseEventLoop.run_forever"] == [40.0, 10.0]
    assert known.graph("g.main.tree.value(g.main.tree.total[0])") == pytest.approx(100 * MS, rel=1e-3)
    assert "0.task=" in known.page.url
    task.select_option(label="all")
    known.wait_until_still()
    assert totals(known) == whole


def test_tasks_are_offered_of_the_thread_that_is_shown(watch, tmp_path: Path) -> None:
    builder = CallTreeBuilder()
    for thread, tasks in (("MainThread", ("load", "save")), ("Loop-2", ("poll", "push", "save"))):
        number = builder.thread(thread)
        for at, task in enumerate(tasks):
            node = builder.node([Frame("a.py", f"{task}_{number}")])
            time_ns = (at + 1) * 10 * MS
            builder.sample(time_ns=time_ns, weight_ns=10 * MS, node=node, thread=number, task=builder.task(task))
    page = write_page(tmp_path / "threads.html", (builder.build(), META, None))
    watched = watch(page, reduced_motion="reduce")
    watched.wait_for_graph()
    view(watched, "Time order")
    thread, task = (watched.page.get_by_role("combobox", name=name) for name in ("Thread", "Task"))

    def offered() -> list[str]:
        return [text.partition(" ")[0] for text in task.locator("option").all_inner_texts()]

    assert offered() == ["all", "save", "load"]
    task.select_option("1")  # load
    thread.select_option(label="Loop-2")
    watched.wait_until_still()
    assert (offered(), task.input_value()) == (["all", "save", "poll", "push"], "")
    assert set(totals(watched)) == {"poll_1", "push_1", "save_1"}
    task.select_option("2")  # save, which both have
    thread.select_option(label="MainThread")
    watched.wait_until_still()
    assert (task.input_value(), set(totals(watched))) == ("2", {"save_0"})
    watched.page.goto(f"{page}#0.view=time&0.lane=1&0.task=1")
    watched.page.reload()
    watched.wait_for_graph()
    assert task.input_value() == ""
    assert set(totals(watched)) == {"poll_1", "push_1", "save_1"}
    assert watched.problems == []


def test_one_task_needs_no_choice_and_the_last_buttons_stay_together(watch, tmp_path: Path) -> None:
    builder = CallTreeBuilder()
    node = builder.node([Frame("a.py", "f")])
    builder.sample(time_ns=MS, weight_ns=MS, node=node, task=builder.task("Task-1"))
    watched = watch(write_page(tmp_path / "one.html", (builder.build(), META, None)), reduced_motion="reduce")
    watched.wait_for_graph()
    watched.graph("g.set({ view: 'time' })")
    assert watched.page.get_by_role("combobox", name="Task").is_hidden()
    export, keys = (watched.page.get_by_role("button", name=name) for name in ("Export", "Keys"))
    for width in range(300, 900, 24):
        watched.page.set_viewport_size({"width": width, "height": 700})
        assert lines_of(export, keys) == 1, f"{width} pixels leave ? alone in a line"


def test_bottom_up_begins_with_self_time_and_adds_its_callers(known) -> None:
    view(known, "Bottom-up")
    first = known.graph("g.layout().filter(b => b.depth === 1).map(b => b.name)")
    assert first[0] == "decode"
    assert totals(known)["decode"][0] == 60.0
    below = "g.main.tree.path(n).length === 2 && g.main.tree.name(g.main.tree.parent[n]) === 'decode'"
    found = known.graph(
        f"[...g.main.tree.frame.keys()].filter(n => {below})"
        ".map(n => [g.main.tree.name(n), Math.round(g.main.tree.value(g.main.tree.total[n]) / 1e6)])"
    )
    assert found == [["worker", 40], ["parse", 20]]


def test_the_sandwich_is_of_what_was_searched_and_not_of_what_it_was_of_before(known) -> None:
    click(known, "fib", button="right")
    known.page.get_by_role("menuitem", name="Callers and callees").click()
    search = known.page.locator(".wb-fg-search")
    for zoomed in (False, True):
        known.page.get_by_role("button", name="Flame graph", exact=True).click()
        search.fill("decode")
        if zoomed:
            search.press("Enter")
        known.page.get_by_role("button", name="Sandwich", exact=True).click()
        known.wait_until_still()
        assert known.graph("g.profile.functionName(Number(g.now.frame))") == "decode"


def test_the_sandwich_has_callers_above_and_callees_below(known) -> None:
    click(known, "fib", button="right")
    known.page.get_by_role("menuitem", name="Callers and callees").click()
    known.wait_until_still()
    assert known.graph("g.state().shown") == "sandwich"
    assert known.graph("g.main.tree.value(g.main.tree.whole)") == pytest.approx(30 * MS)  # recursion counts once
    assert totals(known)["fib"] == [15.0, 15.0]
    assert totals(known, "g.stage.upper") == {"main": [20.0], "worker": [10.0]}
    rows = known.graph("g.layout(true).map(b => [b.name, b.y])")
    assert {name for name, _ in rows} == {"main", "worker"}
    known.page.get_by_role("button", name="parse", exact=True).click()
    known.wait_until_still()
    assert totals(known) == {"decode": [20.0]}
    assert totals(known, "g.stage.upper")["handler"] == [30.0]


def test_the_table_of_functions_sorts_and_drives_the_graph(known) -> None:
    view(known, "Functions")
    rows = known.page.locator(".wb-fg-table tbody tr")
    first = rows.first.locator("th, td").all_inner_texts()
    assert first == ["decode", "<stdlib>/json/decoder.py", "60.0 ms", "40.0 %", "60.0 ms", "40.0 %"]
    known.page.get_by_role("button", name="Total", exact=True).click()
    assert rows.first.locator("th").inner_text() == "main"
    assert known.page.locator("th[aria-sort=descending]").inner_text().startswith("Total")
    known.page.get_by_role("button", name="Function", exact=True).click()
    names = rows.locator("th").all_inner_texts()
    assert names == sorted(names)
    fib = rows.filter(has=known.page.get_by_role("button", name="fib", exact=True))
    assert fib.locator("td").all_inner_texts()[1:] == ["30.0 ms", "20.0 %", "30.0 ms", "20.0 %"]
    fib.get_by_role("button").click()
    assert known.graph("g.state().matchedShare") == pytest.approx(0.2)
    view(known, "Flame graph")
    assert known.graph("g.main.marks.nodes.reduce((a, b) => a + b, 0)") == 4
    view(known, "Functions")
    known.page.locator(".wb-fg-search").fill("work.py")
    assert sorted(rows.locator("th").all_inner_texts()) == ["fib", "parse", "render"]


# ---- what changes the tree


def test_recursion_collapses(known) -> None:
    option(known, "collapsed")
    assert totals(known)["fib"] == [20.0, 10.0]
    assert totals(known)["main"] == [100.0]


def test_hidden_functions_leave_their_time_to_their_callers(known) -> None:
    select(known, "parse")
    known.page.locator(".wb-fg-canvas:visible").focus()
    known.page.keyboard.press("h")
    known.wait_until_still()
    assert "parse" not in totals(known)
    assert totals(known)["handler"] == [50.0]
    assert known.graph("g.profile.whole === g.main.tree.whole")
    click(known, "fib", button="right")
    known.page.get_by_role("menuitem", name="Hide own code").click()
    known.wait_until_still()
    assert set(totals(known)) == {"BaseEventLoop.run_forever", "decode", "[await]", "Client.send", "time.sleep"}
    assert known.graph("g.main.tree.whole") == known.graph("g.profile.whole")
    known.page.get_by_role("button", name="Show own code again").click()
    known.page.get_by_role("button", name="Show parse again").click()
    known.wait_until_still()
    assert totals(known)["parse"] == [30.0]
    assert known.page.locator(".wb-fg-hidden:visible").count() == 0


def test_the_event_loops_frames_fold(known) -> None:
    option(known, "folded")
    assert "BaseEventLoop.run_forever" not in totals(known)
    assert (
        known.graph("g.main.tree.depth[[...g.main.tree.frame.keys()].find(n => g.main.tree.name(n) === 'saver')]")
        == 2
    )


def test_waiting_can_be_left_out(known) -> None:
    known.page.get_by_role("button", name="Options").click()
    assert known.page.get_by_role("group", name="Waiting (26.7 %)").is_visible()
    known.page.keyboard.press("Escape")
    option(known, "left out")
    shown = totals(known)
    assert (shown["main"], shown["handler"], shown["worker"]) == ([60.0], [30.0], [50.0])
    assert not {"[await]", "time.sleep", "Client.send"} & set(shown)
    assert known.graph("g.main.tree.value(g.main.tree.whole)") == 110 * MS
    option(known, "thread")
    assert totals(known)["MainThread"] == [60.0]
    option(known, "nothing")
    view(known, "Time order")
    shown = totals(known)
    assert shown["handler"] == [20.0, 10.0], "waiting is a gap"
    known.page.locator(".wb-fg-canvas:visible").focus()
    known.page.keyboard.press("w")
    known.wait_until_still()
    assert totals(known)["[await]"] == [20.0]


@pytest.mark.parametrize(
    ("mode", "told", "striped"),
    [("", "running threads only", False), ("native,idle", "waiting threads, too", True)],
)
def test_py_spys_leaves_wait_only_where_it_saw_waiting(
    watch, tmp_path: Path, mode: str, told: str, striped: bool
) -> None:
    tree = tree_from_stacks(
        [((Frame("a.py", "f"), Frame("<stdlib>/selectors.py", "EpollSelector.select")), 9 * MS)]
    )
    meta = FlameMeta(name="spied", sampler="py-spy 0.4.1", interval_ns=10 * MS, mode=mode)
    watched = watch(write_page(tmp_path / "spied.html", (tree, meta, None)))
    watched.wait_for_graph()
    assert told in watched.page.locator(".wb-fg-title").inner_text()
    assert watched.graph("g.main.palette.isWaiting(2)") is striped
    watched.page.get_by_role("button", name="Options").click()
    assert (watched.page.get_by_text("Waiting (100 %)").count() == 1) is striped


def test_imports_fold_to_a_box_each(watch, pages) -> None:
    watched = watch(pages["imports"], reduced_motion="reduce")
    watched.wait_for_graph()
    whole = watched.graph("g.main.tree.whole")
    watched.page.get_by_role("button", name="Options").click()
    assert watched.page.get_by_role("group", name="Imports (80.0 %)").is_visible()
    watched.page.keyboard.press("Escape")
    watched.page.locator(".wb-fg-canvas").focus()
    watched.page.keyboard.press("f")
    watched.wait_until_still()
    assert totals(watched) == {
        "run_path": [100.0], "<module>": [95.0], "imports": [80.0], "main": [15.0], "main.<locals>.parse": [13.0],
        "loads": [10.0, 5.0, 2.0],
    }  # fmt: skip
    assert watched.graph("g.main.tree.whole") == whole
    option(watched, "line")
    assert totals(watched)["imports"] == [80.0]
    view(watched, "Bottom-up")
    assert totals(watched)["imports"] == [80.0]
    view(watched, "Time order")
    assert "imports" in totals(watched)
    view(watched, "Functions")
    assert "loads" in watched.page.locator(".wb-fg-table tbody").inner_text()
    assert watched.problems == []
    assert "imports=fold" in watched.page.url


def test_stacks_merge_by_line(known) -> None:
    option(known, "line")
    shown = totals(known)
    assert shown["decode:5"] == [40.0, 10.0]
    assert shown["decode:7"] == [10.0]
    view(known, "Functions")
    names = known.page.locator(".wb-fg-table tbody th").all_inner_texts()
    assert names[0] == "decode:5"


@pytest.mark.parametrize(
    ("group", "tops"),
    [
        ("thread", {"MainThread": 100.0, "Worker-1": 50.0}),
        ("task", {"no task": 90.0, "load": 50.0, "save": 10.0}),
    ],
)
def test_stacks_group_by_thread_and_task(known, group: str, tops: dict[str, float]) -> None:
    option(known, group)
    first = known.graph(
        "g.layout().filter(b => b.depth === 1)"
        ".map(b => [b.name, Math.round(g.main.tree.value(g.main.tree.total[b.node]) / 1e6)])"
    )
    assert dict(first) == tops


def test_siblings_by_name(known) -> None:
    option(known, "by name")
    names = known.graph("g.layout().filter(b => b.depth === 2).map(b => b.name)")
    assert names == ["BaseEventLoop.run_forever", "Client.send", "fib", "decode", "fib"]


def test_a_zoomed_box_stays_zoomed_in_another_shape(known) -> None:
    click(known, "handler")
    option(known, "by name")
    assert known.graph("g.state().focusName") == "handler"
    option(known, "folded")
    assert known.graph("g.state().focusName") == "handler"


# ---- moving


def test_search_counts_recursion_once_and_goes_through_the_matches(known) -> None:
    search = known.page.locator(".wb-fg-search")
    search.fill("/^fib$/")
    assert known.graph("g.state().matchedShare") == pytest.approx(0.2)
    assert known.page.locator(".wb-fg-found").inner_text() == "20.0 % in 1 function"
    widths = []
    for _ in range(2):
        search.press("Enter")
        known.wait_until_still()
        left, right = known.graph("g.state().view")
        widths.append(known.graph(f"Math.round(g.main.tree.value({right - left}) / 1e6)"))
    assert widths == [20, 15]
    search.press("Shift+Enter")
    known.wait_until_still()
    assert known.graph("g.state().focusName") == "fib"
    search.fill("/(/")
    assert known.page.locator(".wb-fg-found").inner_text() == "not a regular expression"


def test_the_keyboard_is_enough(known) -> None:
    page = known.page
    page.locator(".wb-fg-canvas:visible").focus()
    for key in ("ArrowDown", "ArrowDown", "ArrowDown", "Enter"):
        page.keyboard.press(key)
    known.wait_until_still()
    assert known.graph("g.state().focusName") == "handler"
    page.keyboard.press("Escape")
    known.wait_until_still()
    assert known.graph("g.state().focusName") == "BaseEventLoop.run_forever"
    page.keyboard.press("Backspace")
    known.wait_until_still()
    assert known.graph("g.state().focusName") == "handler"
    page.keyboard.press("0")
    known.wait_until_still()
    page.keyboard.press("+")
    page.keyboard.press("d")
    left, right = known.graph("g.state().view")
    whole = known.graph("g.main.tree.whole")
    assert (left / whole, right / whole) == (pytest.approx(0.375), pytest.approx(0.875))
    for key, shown in (("2", "time"), ("3", "callers"), ("4", "sandwich"), ("1", "flame")):
        page.keyboard.press(key)
        known.wait_until_still()
        assert known.graph("g.state().shown") == shown
        page.locator(".wb-fg-canvas:visible").last.focus()
    page.keyboard.press("r")
    page.keyboard.press("i")
    settings = known.graph("g.state().settings")
    assert (settings["recursion"], settings["root"]) == ("collapse", "bottom")
    page.keyboard.press("?")
    assert page.get_by_role("dialog", name="Keys").is_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("m")
    assert page.get_by_role("menuitem", name="Zoom in").evaluate("e => e === document.activeElement")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    known.wait_until_still()
    assert known.graph("g.state().shown") == "sandwich"


def test_copy_takes_the_name_and_the_place(watch, pages) -> None:
    watched = watch(pages["known"], reduced_motion="reduce", permissions=["clipboard-read", "clipboard-write"])
    watched.wait_for_graph()
    select(watched, "render")
    watched.page.locator(".wb-fg-canvas:visible").focus()
    for key, text in (("c", "render"), ("l", "app/work.py:31")):
        watched.page.keyboard.press(key)
        watched.page.wait_for_function("(t) => navigator.clipboard.readText().then(read => read === t)", arg=text)
    assert watched.problems == []


def test_what_is_built_in_has_no_line_but_its_callers(watch, tmp_path: Path) -> None:
    builder = CallTreeBuilder()
    node = builder.node([Frame("a.py", "f"), Frame("<built-in>", "time.sleep")])
    builder.sample(time_ns=MS, weight_ns=MS, node=node, line=7)
    watched = watch(
        write_page(tmp_path / "one.html", (builder.build(), META, None)),
        reduced_motion="reduce",
        permissions=["clipboard-read", "clipboard-write"],
    )
    watched.wait_for_graph()
    select(watched, "time.sleep")
    watched.page.locator(".wb-fg-canvas:visible").focus()
    watched.page.keyboard.press("l")
    watched.page.wait_for_function("navigator.clipboard.readText().then(read => read === '<built-in>')")
    assert watched.problems == []


# ---- colours


def test_colours_by_module_or_by_self_share_in_both_themes(watch, pages) -> None:
    for scheme in ("light", "dark"):
        watched = watch(pages["known"], reduced_motion="reduce", color_scheme=scheme)
        watched.wait_for_graph()
        assert watched.graph("g.state().dark") is (scheme == "dark")
        node = "[...g.main.tree.frame.keys()].find(n => g.main.tree.name(n) === 'decode')"
        before = watched.graph(f"g.main.palette.fill({node}, false, false)")
        watched.page.get_by_role("combobox", name="Colour").select_option(label="Self share")
        after = watched.graph(f"g.main.palette.fill({node}, false, false)")
        assert before != after
        assert watched.page.locator(".wb-fg-legend").inner_text().startswith("no self time")
        contrast = watched.graph(CONTRAST)
        assert contrast >= 4.5, f"{scheme}: a label's contrast is {contrast:.1f}"
        watched.page.get_by_role("combobox", name="Colour").select_option(label="Module")
        assert watched.graph(CONTRAST) >= 4.5
        assert watched.problems == []


CONTRAST = """(() => { const p = g.main.palette;
  const light = (hex) => { const [r, g, b] = [1, 3, 5].map(i => parseInt(hex.slice(i, i + 2), 16) / 255)
    .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
  return Math.min(...p.fills.map((fill, i) => { const [a, b] = [light(fill), light(p.inks[i])];
    return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05); })); })()"""


def test_what_waits_is_striped(known) -> None:
    waiting = known.graph(
        "[...new Set([...g.main.tree.frame.keys()].filter(n => g.main.palette.isWaiting(n))"
        ".map(n => g.main.tree.name(n)))]"
    )
    assert sorted(waiting) == ["[await]", "time.sleep"]


def test_it_follows_jupyterlabs_theme_over_the_systems(known) -> None:
    assert known.graph("g.state().dark") is False
    known.page.evaluate("document.body.dataset.jpThemeLight = 'false'")
    known.page.wait_for_function("() => document.querySelector('[data-wb-flamegraph]').__flamegraph.state().dark")


# ---- addresses


def test_the_address_holds_the_state_and_back_and_forward_work(known) -> None:
    page = known.page
    click(known, "handler")
    view(known, "Bottom-up")
    known.graph("g.search('json')")
    assert "0.view=callers" in page.url
    assert "0.query=json" in page.url
    page.reload()
    known.wait_for_graph()
    assert known.graph("g.state().shown") == "callers"
    assert known.graph("g.state().query") == "json"
    page.evaluate("history.back()")
    page.wait_for_function(
        "() => document.querySelector('[data-wb-flamegraph]').__flamegraph.state().shown === 'flame'"
    )
    assert known.graph("g.state().focusName") == "handler"
    page.evaluate("history.forward()")
    page.wait_for_function(
        "() => document.querySelector('[data-wb-flamegraph]').__flamegraph.state().shown === 'callers'"
    )


def test_a_free_view_is_in_the_address_once_it_rests(known) -> None:
    known.graph("g.freely(g.main, () => g.main.scaleAround(0.5, 0.5))")
    known.page.wait_for_function("() => location.hash.includes('0.range=0.25-0.75')")
    known.page.reload()
    known.wait_for_graph()
    known.wait_until_still()
    left, right = known.graph("g.state().view")
    assert (right - left) / known.graph("g.main.tree.whole") == pytest.approx(0.5)


def test_two_graphs_share_one_address(watch, pages) -> None:
    watched = watch(pages["two"], reduced_motion="reduce")
    watched.page.wait_for_function(
        "() => [...document.querySelectorAll('*')].filter(e => e.__flamegraph).length === 2"
    )
    watched.graph("g.set({ view: 'time' })", 0)
    watched.graph("g.set({ view: 'callers' })", 1)
    assert "0.view=time" in watched.page.url
    assert "1.view=callers" in watched.page.url
    watched.page.evaluate("history.back()")
    watched.page.wait_for_function("() => !location.hash.includes('1.view')")
    assert watched.graph("g.state().shown", 0) == "time"
    assert watched.graph("g.state().shown", 1) == "flame"


@pytest.mark.parametrize(
    "hash",
    [
        "0.view=nonsense&0.focus=9.9.9&0.colour=x",
        "0.view=sandwich&0.frame=99999",
        "0.view=time&0.focus=b999999&0.lane=77&0.task=99",
        "0.hidden=f999.p999.m999.%3Cscript%3E&0.range=5-1&0.mark=p999",
        "0.group=nobody&0.view=callers&0.focus=1.2.3.4",
        "%E0%A4%A",
    ],
)
def test_an_address_that_makes_no_sense_does_no_harm(watch, pages, hash: str) -> None:
    watched = watch(f"{pages['known']}#{hash}", reduced_motion="reduce")
    watched.wait_for_graph()
    watched.graph("g.set({ view: 'flame' })")
    watched.graph("g.reset()")
    watched.wait_until_still()
    assert watched.problems == []


# ---- pictures


def test_svg_and_png_show_what_is_shown(known, tmp_path: Path) -> None:
    click(known, "main")
    for name in ("SVG", "PNG"):
        known.page.get_by_role("button", name="Export").click()
        with known.page.expect_download() as download:
            known.page.get_by_role("button", name=f"{name} picture").click()
        download.value.save_as(tmp_path / name)
        assert download.value.suggested_filename == f"known.{name.lower()}"
        assert known.page.get_by_role("button", name=f"{name} picture").is_hidden(), "the menu closes by itself"
    tree = ElementTree.parse(tmp_path / "SVG")
    texts = [e.text for e in tree.iter("{http://www.w3.org/2000/svg}text")]
    assert "handler" in texts
    titles = [e.text for e in tree.iter("{http://www.w3.org/2000/svg}title")]
    assert "handler (app/tasks.py) 50.0 ms" in titles
    assert (tmp_path / "PNG").read_bytes().startswith(b"\x89PNG")


# ---- hostile, tiny and large


def test_names_full_of_malice_execute_nothing_anywhere(watch, pages, tmp_path: Path) -> None:
    watched = watch(pages["evil"], reduced_motion="reduce")
    watched.wait_for_graph()
    page = watched.page
    for name in ("Time order", "Bottom-up", "Sandwich", "Functions", "Flame graph"):
        view(watched, name)
    for frame in range(1, 6):
        watched.graph(f"g.openSandwich({frame})")
        watched.wait_until_still()
    watched.graph("g.set({ view: 'flame', hidden: 'f2.f3.m4.p0' })")
    watched.graph("g.set({ hidden: '', group: 'thread', merge: 'line' })")
    watched.wait_until_still()
    watched.graph("g.select(g.main, 3)")
    page.locator(".wb-fg-canvas:visible").focus()
    page.keyboard.press("m")
    assert page.get_by_role("menuitem", name="Open in editor").count() == 0
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Export").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="SVG picture").click()
    download.value.save_as(tmp_path / "evil.svg")
    tags = {e.tag.rpartition("}")[2] for e in ElementTree.parse(tmp_path / "evil.svg").iter()}
    assert tags <= {"svg", "style", "defs", "pattern", "path", "rect", "text", "tspan", "title", "g"}
    assert page.evaluate("window.__pwned") is None
    assert page.locator("img, iframe, svg").count() == 0
    assert watched.problems == []


def test_one_function_and_none(watch, pages) -> None:
    watched = watch(pages["one"], reduced_motion="reduce")
    watched.page.wait_for_function(
        "() => [...document.querySelectorAll('*')].filter(e => e.__flamegraph).length === 2"
    )
    for number in (0, 1):
        for name in ("time", "callers", "sandwich", "functions", "flame"):
            watched.graph(f"g.set({{ view: '{name}' }})", number)
        watched.graph("g.search('only')", number)
        watched.graph("g.reset()", number)
    assert watched.graph("g.state().matchedShare", 0) == 1
    assert watched.page.get_by_text("No samples in this run.").is_visible()
    assert watched.problems == []


def test_only_boxes_that_can_be_seen_are_drawn(watch, pages) -> None:
    watched = watch(pages["wide"], reduced_motion="reduce")
    watched.wait_for_graph()
    rows = watched.graph("Math.ceil(g.state().height / 19)")
    assert 100 < watched.graph("g.main.painter.drawn") <= rows * (watched.graph("g.state().width") + 1)
    assert min(box["width"] for box in watched.graph("g.layout()")) >= 0.99
    watched.graph("g.search('/method_\\\\d*7$/')")
    marked = watched.graph("g.main.marks.nodes.reduce((a, b) => a + b, 0)")
    assert marked > 100
    for name in ("Bottom-up", "Time order", "Sandwich"):
        view(watched, name)
        assert watched.graph("g.main.tree.size") > 10
    assert watched.problems == []


def test_callers_too_light_to_see_are_summed_up_until_one_looks_closer(watch, pages) -> None:
    watched = watch(pages["wide"], reduced_motion="reduce")
    watched.wait_for_graph()
    view(watched, "Bottom-up")
    assert watched.graph("g.main.tree.summed")
    whole = watched.graph("g.profile.whole")
    assert watched.graph("g.main.tree.whole") == pytest.approx(whole)
    node = watched.graph("g.layout().filter(b => b.depth === 2)[0].node")
    before = watched.graph(f"[g.main.tree.total[{node}], g.main.tree.height({node}), g.main.tree.path({node})]")
    watched.graph(f"g.zoomTo({node})")
    watched.wait_until_still()
    after = watched.graph(
        "[g.main.tree.total[g.main.focus], g.main.tree.height(g.main.focus), g.main.tree.path(g.main.focus)]"
    )
    assert after[0] == pytest.approx(before[0])
    assert after[2] == before[2]
    assert after[1] >= before[1]
