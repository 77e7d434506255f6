"""Awaiting stands with the user's function that awaits: in tables, sentences and the call tree as text."""

from __future__ import annotations

from dataclasses import replace

from sample_runs import single_report

from workbench.analysis.awaiting import awaiting_of_functions
from workbench.calltree import CallTree, tree_from_stacks
from workbench.capture.frames import AWAIT, INSTRUMENTATION
from workbench.model import Frame
from workbench.notebook.functions import table
from workbench.reporting.markdown import report_markdown
from workbench.reporting.model import ReportData
from workbench.reporting.summary import summary
from workbench.views.calltree_text import call_tree_lines
from workbench.views.flamegraph import functions_table, top_functions

MS = 1_000_000
MAIN, FETCH = Frame("app.py", "main"), Frame("app.py", "fetch_item")
GET, READ = Frame("<site>/httpx/_client.py", "AsyncClient.get"), Frame("<stdlib>/asyncio/streams.py", "read")
TREE = tree_from_stacks(
    [
        ((MAIN, FETCH, GET, READ, AWAIT), 800 * MS),
        ((MAIN, FETCH), 100 * MS),
        ((MAIN, AWAIT), 50 * MS),
        ((MAIN, FETCH, GET, INSTRUMENTATION), 30 * MS),
        ((MAIN, FETCH, GET), 20 * MS),
    ]
)
LIBRARY = tree_from_stacks([((GET, READ, AWAIT), 8 * MS), ((GET,), 1 * MS), ((AWAIT,), 1 * MS)])


def by_function(tree: CallTree) -> dict[Frame, int]:
    return {frame: ns for frame, ns in zip(tree.frames, awaiting_of_functions(tree).tolist(), strict=True) if ns}


def test_the_nearest_own_function_awaits_whatever_library_it_awaits_in() -> None:
    assert by_function(TREE) == {FETCH: 800 * MS, MAIN: 50 * MS}
    run, step = Frame("<stdlib>/asyncio/runners.py", "run"), Frame("<stdlib>/asyncio/events.py", "Handle._run")
    connect = Frame("<stdlib>/asyncio/base_events.py", "BaseEventLoop.create_connection")
    tasks = tree_from_stacks(
        [((MAIN, run, step, GET, READ, AWAIT), 5), ((MAIN, run, step, FETCH, connect, AWAIT), 3)]
    )
    assert by_function(tasks) == {READ: 5, FETCH: 3}  # who called asyncio.run awaits nothing
    assert by_function(LIBRARY) == {READ: 8 * MS, AWAIT: 1 * MS}  # no own code; no function at all
    assert by_function(tree_from_stacks([])) == {}


def test_a_table_has_what_functions_awaited_and_neither_markers_nor_the_cost_of_recording() -> None:
    top = top_functions(TREE)
    assert [(t.frame, t.self_ns // MS, t.awaiting_ns // MS, t.total_ns // MS) for t in top] == [
        (FETCH, 100, 800, 950),
        (MAIN, 0, 50, 1000),
        (GET, 20, 0, 850),
    ]
    shown = functions_table(top, rounds=2)
    assert shown.columns == ("Function", "File", "Self", "Self %", "Awaiting", "Awaiting %", "Total", "Total %")
    assert shown.rows[0][2:6] == ("50.0 ms", "10.0 %", "400 ms", "80.0 %")
    assert top_functions(LIBRARY)[-1].frame == AWAIT
    assert "Awaiting" not in functions_table(top_functions(tree_from_stacks([((MAIN,), MS)]))).columns
    by_total = table(TREE, by="total", n=2)
    assert [t.frame for t in by_total.functions] == [MAIN, FETCH]
    assert by_total.table.caption.endswith("2 more left out")
    assert "Recording itself cost 3.00 % of the sampled time" in repr(by_total)


def report(tree: CallTree) -> ReportData:
    made = single_report()
    return replace(made, runs=(replace(made.runs[0], tree=tree, spans=()),))


def test_a_report_tells_who_awaited() -> None:
    assert (
        "Most self time, awaiting included: fetch_item 90.0 % (80.0 % awaiting), main 5.00 % (5.00 % awaiting), "
        "AsyncClient.get 2.00 %. By own code, each with the libraries it calls but without other own code: "
        "fetch_item 92.0 %, main 5.00 %."
    ) in summary(report(TREE))
    text = report_markdown(report(TREE))
    assert "| `fetch_item` | `app.py` | 10.0 % | 80.0 % |" in text
    assert "Recording itself cost 3.00 %" in text
    assert "[await]" not in text
    assert "[instrumentation]" not in text


def test_folded_and_summed_up_lines_of_the_tree_tell_what_they_hide_of_awaiting() -> None:
    light = Frame("app.py", "light")
    stacks = [((MAIN, FETCH, GET, READ, AWAIT), 990 * MS), ((MAIN, FETCH, light, AWAIT), 9 * MS), ((MAIN,), MS)]
    texts = [line.text for line in call_tree_lines(tree_from_stacks(stacks))]
    assert "… 2 frames hidden (await, standard library; awaiting 990 ms)" in texts
    assert "other (1 function; awaiting 9.00 ms)" in texts
