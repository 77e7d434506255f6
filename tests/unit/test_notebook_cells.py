"""What a notebook's user sees: %%profile, the widget's bundle, tables and links."""

from __future__ import annotations

import base64
import linecache
import re
import traceback
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from ipython_shell import hidden_names
from ipython_shell import shell as shell
from sample_runs import EVIL, STARTED, evil_tree, jamf_tree, run, session, session_report

import workbench as wb
from workbench.capture.frames import AWAIT
from workbench.errors import RunNotFound, UsageError
from workbench.model import Comparison, Frame, FunctionChange, Recording, RoundKind, Status, Verdict
from workbench.notebook.cells import mark_cell
from workbench.notebook.fallback import still_html
from workbench.notebook.shown import ComparisonView, ReportFile, RunList
from workbench.store import Store
from workbench.views.payload import FlameMeta, decode

pytestmark = pytest.mark.usefixtures("settled_heap")

BUSY = "import time\nend = time.perf_counter() + 0.03\nwhile time.perf_counter() < end: pass\n"


def test_a_cell_is_profiled_and_keeps_its_value(shell: Any) -> None:
    result = shell.run_cell(f"%%profile first steps\n{BUSY}answer = 41\nanswer + 1")
    assert result.success
    assert result.result == 42
    assert shell.user_ns["answer"] == 41
    stored = Store().runs()
    assert [(r.name, str(r.status)) for r in stored] == [("first steps", "ok")]
    assert decode(shell.shown[0].payload).meta.name == "first steps"


def test_an_async_cell_may_await(shell: Any) -> None:
    work = "import asyncio\nasync def work():\n    await asyncio.sleep(0.02)\n    return 7\n"
    result = shell.run_cell(f"%%profile waiting\n{work}{BUSY}await work()\n{BUSY}await work()")
    assert result.success, result.error_in_exec
    assert result.result == 7
    (stored,) = Store().runs()
    assert stored.name == "waiting"
    tree = Store().tree(stored.run_id)
    stacks = {tree.stack(node) for node in range(len(tree))}
    assert {stack[0] for stack in stacks if Frame("<cell>", "work") in stack or AWAIT in stack} == {
        Frame("<cell>", "<module>")
    }, "before and after an await, and while waiting"
    assert any(stack[-1] == AWAIT for stack in stacks)
    assert {f.line for f in tree.frames if f.function == "work"} == {0}


def test_strings_over_several_lines_stay_as_written(shell: Any) -> None:
    result = shell.run_cell('%%profile\ntext = """one\n  %%profile two\n    three"""\ntext')
    assert result.result == "one\n  %%profile two\n    three"
    assert [r.name for r in Store().runs()] == ["cell"]


def test_a_cell_whose_last_statement_is_no_expression_has_no_value(shell: Any) -> None:
    result = shell.run_cell("%%profile\nx = 1")
    assert result.success
    assert result.result is None


def test_an_exception_is_raised_as_usual_with_no_frame_of_ours(shell: Any) -> None:
    result = shell.run_cell(f"%%profile broken\n{BUSY}1 / 0")
    error = result.error_in_exec
    assert isinstance(error, ZeroDivisionError)
    assert error.__context__ is None
    names = [frame.f_code.co_filename for frame, _ in traceback.walk_tb(error.__traceback__)]
    assert not [name for name in names if "workbench/notebook" in name]
    assert traceback.extract_tb(error.__traceback__)[-1].lineno == 5, "line numbers are the cell's own"
    assert linecache.getline(names[-1], 5) == "1 / 0\n", "the traceback shows the user's line"
    assert [(r.name, str(r.status)) for r in Store().runs()] == [("broken", "failed")]
    assert hidden_names(shell) == []


def test_rounds_of_one_run_are_repeated_and_the_last_ones_value_is_the_cells(shell: Any) -> None:
    shell.user_ns["calls"] = []
    result = shell.run_cell(f"%%profile again --repeat 3\n{BUSY}calls.append(len(calls))\nlen(calls)")
    assert result.result == 3
    (run,) = Store().runs()
    assert [(r.kind, r.status) for r in run.rounds] == [(RoundKind.SAMPLED, Status.OK)] * 3
    assert decode(shell.shown[-1].payload).meta.rounds == 3
    assert hidden_names(shell) == []


def test_an_interrupt_keeps_the_rounds_so_far_and_goes_on_its_way(shell: Any) -> None:
    cell = f"{BUSY}n = globals().get('n', 0) + 1\nif n == 2: raise KeyboardInterrupt\nn"
    result = shell.run_cell(f"%%profile stopped --repeat 5\n{cell}")
    assert isinstance(result.error_in_exec, KeyboardInterrupt)
    (run,) = Store().runs()
    assert [str(r.status) for r in run.rounds] == ["ok", "interrupted"]
    assert str(run.status) == "interrupted"
    assert len(shell.shown) == 1
    assert hidden_names(shell) == []


def test_a_semicolon_hides_the_value_and_the_last_value_is_underscore(
    shell: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    shell.run_cell("%%profile\n'seen'", store_history=True)
    shell.run_cell("%%profile\n'unseen';", store_history=True)
    assert "'seen'" in capsys.readouterr().out
    assert shell.run_cell("_", store_history=True).result == "seen"
    assert "unseen" not in capsys.readouterr().out


@pytest.mark.parametrize("cell", ["break", "return 1", "x = (", "def f(:", "yield 1"])
def test_what_is_no_cell_is_refused_as_without_the_magic(shell: Any, cell: str) -> None:
    under, plain = shell.run_cell(f"%%profile --repeat 2\n{cell}"), shell.run_cell(f"\n{cell}")
    error, usual = (r.error_before_exec or r.error_in_exec for r in (under, plain))
    assert type(error) is type(usual)
    assert error.msg == usual.msg
    assert Store().runs() == []


def test_future_imports_stay_first(shell: Any) -> None:
    result = shell.run_cell("%%profile\nfrom __future__ import annotations\ndef f(x: Unknown): return x\nf(3)")
    assert result.result == 3


def test_a_magic_inside_the_cell_still_works(shell: Any) -> None:
    assert shell.run_cell("%%profile\nvalue = %sx echo hello\nlist(value)").result == ["hello"]


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("--fast", "no option --fast"),
        ("--repeat", "--repeat needs a value"),
        ("--repeat 0", "from 1 to 10,000, not '0'"),
        ("--interval=never", "a number above 0"),
        ("--sampler perf", "no sampler 'perf'"),
        ("'open", "no closing quotation"),
    ],
)
def test_a_wrong_option_is_refused_in_one_line_before_anything_runs(shell: Any, line: str, says: str) -> None:
    result = shell.run_cell(f"%%profile {line}\nran = True")
    assert says in str(result.error_in_exec)
    assert type(result.error_in_exec).__module__ == "IPython.core.error"
    assert "ran" not in shell.user_ns


def test_nothing_is_recorded_where_recording_is_switched_off(shell: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORKBENCH_DISABLE", "1")
    assert shell.run_cell("%%profile --repeat 5\nn = globals().get('n', 0) + 1\nn").result == 1
    assert (Store().runs(), shell.shown) == ([], [])


def test_tools_that_call_magics_by_name_are_served(shell: Any) -> None:
    shell.run_cell_magic("profile", "named", f"{BUSY}y = 5")
    assert shell.user_ns["y"] == 5
    assert [r.name for r in Store().runs()] == ["named"]
    assert "--repeat" in shell.find_magic("profile", "cell").__doc__


def test_other_cells_are_left_alone(shell: Any) -> None:
    assert shell.run_cell("1 + 1").result == 2
    assert Store().runs() == []
    assert mark_cell(["%%profiler x\n", "1"]) == ["%%profiler x\n", "1"]
    assert mark_cell([]) == []


def test_it_can_be_switched_off_again(shell: Any) -> None:
    from workbench.notebook import unload_ipython_extension

    unload_ipython_extension(shell)
    assert mark_cell not in shell.input_transformers_cleanup
    assert shell.ast_transformers == []
    assert shell.find_magic("profile", "cell") is None


def test_the_still_picture_is_inert_whatever_the_names() -> None:
    html = still_html(evil_tree(), FlameMeta(name=EVIL[0]))
    assert set(re.findall(r"<(\w+)", html)) <= {
        "p", "strong", "img", "table", "caption", "thead", "tbody", "tr", "th", "td", "small",
    }  # fmt: skip
    picture = re.search(r'src="data:image/svg\+xml;base64,([^"]+)"', html)
    assert picture is not None
    assert b"<script" not in base64.b64decode(picture[1])


def test_a_flame_graph_is_drawn_of_whatever_holds_or_names_a_run(tmp_path: Path) -> None:
    store = Store(tmp_path / "store.duckdb")
    recording = Recording(replace(run("naive", [1.0]), name="mine"), jamf_tree())
    store.save(session(), [recording])
    for what in (recording, recording.run, recording.run.run_id, "latest"):
        assert decode(wb.flamegraph(what, store=store).payload).meta.name == "mine"
    with pytest.raises(RunNotFound):
        wb.flamegraph("nonsense", store=store)
    with pytest.raises(UsageError, match="not of int"):
        wb.flamegraph(7, store=store)  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="has no stacks"):
        wb.flamegraph(Recording(recording.run))


def test_runs_sql_and_report_show_themselves(tmp_path: Path) -> None:
    store = Store(tmp_path / "store.duckdb")
    assert "No runs" in RunList()._repr_html_()
    store.save(session(), [Recording(r.run, r.tree, r.spans) for r in session_report().runs])
    listed = wb.runs(store=store)
    assert len(listed) == 5
    assert "jamf:optimized" in listed._repr_html_()
    assert "jamf:optimized" in repr(listed)
    assert wb.sql("SELECT count(*) FROM runs", store=store).rows == ((5,),)
    written = wb.report(listed[0], tmp_path / "r.html", store=store)
    assert written.path.stat().st_size > 30_000
    assert "r.html" in written._repr_html_()


def test_a_reports_link_is_escaped() -> None:
    html = ReportFile(Path('a"<b>.html'))._repr_html_()
    assert "<b>" not in html
    assert "%22%3Cb%3E" in html


def test_a_comparison_shows_verdict_counts_and_functions() -> None:
    change = FunctionChange(Frame("a.py", EVIL[1]), 1.0, 0.5, 0.5, 0.3)
    comparison = Comparison("a", "b", Verdict.IMPROVEMENT, 0.5, (0.4, 0.6), 20, 12.0, functions=(change,),
                            counts={"requests": (118.0, 71.0)}, sentence="Half the time.")  # fmt: skip
    shown = ComparisonView(comparison)
    assert shown.verdict == "IMPROVEMENT"
    assert shown.headline() == "IMPROVEMENT: Half the time."
    assert "118" in shown._repr_html_()
    assert "Half the time." in shown._repr_html_()
    assert "<img" not in shown._repr_html_()
    assert "requests" in repr(shown)
    assert STARTED
