"""What a notebook's user sees: %%profile, the widget's bundle, tables and links."""

from __future__ import annotations

import base64
import importlib
import json
import re
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sample_runs import EVIL, STARTED, evil_tree, jamf_tree, run, session, session_report

import workbench as wb
from workbench.errors import MissingExtra, RunNotFound, UsageError
from workbench.model import Comparison, Frame, FunctionChange, Recording, Verdict
from workbench.notebook.fallback import still_html
from workbench.notebook.magic import mark_cell
from workbench.notebook.shown import ComparisonView, ReportFile, RunList
from workbench.store import Store
from workbench.views.payload import FlameMeta, decode

BUSY = "import time\nend = time.perf_counter() + 0.03\nwhile time.perf_counter() < end: pass\n"


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """An IPython of its own with the extension on and an empty store; what it displays is in ``shell.shown``."""
    interactive = pytest.importorskip("IPython.core.interactiveshell")
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    config = importlib.import_module("traitlets.config").Config()
    config.HistoryManager.enabled = False
    made = interactive.InteractiveShell(config=config)
    wb.load_ipython_extension(made)
    wb.load_ipython_extension(made)  # twice is once
    made.shown = []
    display = importlib.import_module("IPython.display")
    monkeypatch.setattr(display, "display", lambda *objects, **_: made.shown.extend(objects))
    yield made
    interactive.InteractiveShell.clear_instance()


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
    roots = {tree.frames[f] for f, p in zip(tree.node_frame, tree.node_parent, strict=True) if p < 0}
    assert roots == {Frame("<cell>", "<module>")}, "before and after an await, and while waiting"
    assert {f.line for f in tree.frames if f.function == "work"} == {0}


def test_strings_over_several_lines_stay_as_written(shell: Any) -> None:
    result = shell.run_cell('%%profile\ntext = """one\n  %%profile two\n    three"""\ntext')
    assert result.result == "one\n  %%profile two\n    three"
    assert [r.name for r in Store().runs()] == ["cell"]


def test_an_exception_is_raised_as_usual_and_the_run_kept_as_failed(shell: Any) -> None:
    result = shell.run_cell(f"%%profile broken\n{BUSY}1 / 0")
    assert isinstance(result.error_in_exec, ZeroDivisionError)
    assert [(r.name, str(r.status)) for r in Store().runs()] == [("broken", "failed")]
    lines = result.error_in_exec.__traceback__
    while lines is not None and lines.tb_next is not None:
        lines = lines.tb_next
    assert lines is not None
    assert lines.tb_lineno == 5, "line numbers are the cell's own"


def test_a_cell_whose_last_statement_is_no_expression_has_no_value(shell: Any) -> None:
    result = shell.run_cell("%%profile\nx = 1")
    assert result.success
    assert result.result is None


def test_an_option_is_refused_in_one_line(shell: Any) -> None:
    result = shell.run_cell("%%profile --fast\n1")
    assert "takes a name only" in str(result.error_in_exec)


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


def test_a_widget_carries_the_payload_and_saves_a_small_still_picture(tmp_path: Path) -> None:
    tree = jamf_tree(samples=8000)
    widget = wb.flamegraph(tree)
    bundle, _ = widget._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in bundle
    assert len(bundle["text/html"]) < 80_000
    assert "<script" not in bundle["text/html"]
    assert "helper_" in bundle["text/plain"]
    assert len(decode(widget.payload).frame) == int((tree.total_ns() > 0).sum())
    assert len(json.dumps(bundle)) < 100_000


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


def test_a_missing_anywidget_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "workbench.notebook.widget", raising=False)
    monkeypatch.setitem(sys.modules, "anywidget", None)
    with pytest.raises(MissingExtra, match=r"pip install 'workbench\[notebook\]'"):
        wb.flamegraph(jamf_tree())


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
    assert shown.headline() == "IMPROVEMENT: 2.00× faster (ratio 0.500×, [0.400, 0.600], 20 pairs)"
    assert "118" in shown._repr_html_()
    assert "Half the time." in shown._repr_html_()
    assert "<img" not in shown._repr_html_()
    assert "requests" in repr(shown)
    assert STARTED
