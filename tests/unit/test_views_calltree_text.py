"""The call tree as text: what is shown, folded and summed up, and that no time is lost on the way."""

from sample_runs import evil_tree, jamf_tree

from workbench.calltree import CallTreeBuilder, tree_from_stacks
from workbench.model import Frame
from workbench.views.calltree_text import call_tree_lines, call_tree_text

MS = 1_000_000
MAIN, FETCH, TINY = Frame("app.py", "main"), Frame("app.py", "fetch"), Frame("app.py", "tiny")
SEND, POOL, READ = (
    Frame("<site>/httpx/_client.py", "Client.send"),
    Frame("<site>/httpcore/pool.py", "Pool.request"),
    Frame("<stdlib>/ssl.py", "SSLSocket.read"),
)
TREE = tree_from_stacks(
    [
        ((MAIN, FETCH, SEND, POOL, READ), 700 * MS),
        ((MAIN, FETCH), 100 * MS),
        ((MAIN,), 195 * MS),
        ((MAIN, TINY), 5 * MS),
    ]
)


def test_own_code_stands_open_and_what_a_library_calls_is_folded() -> None:
    assert call_tree_text(TREE).splitlines() == [
        "  total  total %    self  function",
        " 1.00 s    100 %  195 ms  main  app.py",
        " 800 ms   80.0 %  100 ms  ├─ fetch  app.py",
        " 700 ms   70.0 %     0 s  │  └─ Client.send  <site>/httpx/_client.py",
        " 700 ms   70.0 %          │     └─ … 2 frames hidden (standard library, httpcore)",
        "5.00 ms   0.50 %          └─ other (1 function)",
    ]
    highlighted = call_tree_text(TREE, highlight=lambda name: f"*{name}*", soft=lambda text: "")
    assert [word for word in highlighted.split() if word.startswith("*")] == ["*main*", "*fetch*"]


def test_everything_shows_all_frames() -> None:
    shown = [line.text for line in call_tree_lines(TREE, everything=True)]
    assert shown == ["main", "fetch", "Client.send", "Pool.request", "SSLSocket.read", "tiny"]


def test_a_tree_of_libraries_alone_is_not_folded() -> None:
    lines = call_tree_lines(tree_from_stacks([((SEND, POOL, READ), MS)]))
    assert [line.text for line in lines] == ["Client.send", "Pool.request", "SSLSocket.read"]
    assert call_tree_text(tree_from_stacks([])) == ""


def test_threads_stand_apart_by_name() -> None:
    builder = CallTreeBuilder()
    for thread, weight in (("MainThread", 100), ("crunch", 300), ("idle", 0)):
        node = builder.node((MAIN, FETCH) if thread == "crunch" else (MAIN,))
        if weight:
            builder.sample(time_ns=weight, weight_ns=weight * MS, node=node, thread=builder.thread(thread))
    assert call_tree_text(builder.build()).splitlines() == [
        " total  total %    self  function",
        "300 ms   75.0 %          thread crunch",
        "300 ms   75.0 %     0 s     main  app.py",
        "300 ms   75.0 %  300 ms     └─ fetch  app.py",
        "100 ms   25.0 %          thread MainThread",
        "100 ms   25.0 %  100 ms     main  app.py",
    ]


def test_no_time_is_lost_between_a_node_and_what_stands_below_it() -> None:
    """Self times, folded lines and "other" together are the whole."""
    lines = call_tree_lines(jamf_tree())
    ends = [line.total_ns if line.self_ns is None else line.self_ns for line in lines]
    assert sum(ends) == jamf_tree().samples.weight_ns.sum()
    assert len(lines) < len(call_tree_lines(jamf_tree(), everything=True)) / 10


def test_deep_recursion_and_malicious_names_are_only_text() -> None:
    deep = call_tree_lines(tree_from_stacks([((MAIN,) * 3000, MS)]))
    assert len(deep) == 3000
    assert "\u202e" not in call_tree_text(evil_tree())
    assert "\0" not in call_tree_text(evil_tree())
