"""``wb.report``: whatever the shell's ``workbench report`` takes, it takes, too."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sample_pages import markdown_cell, stored, write_notebook
from sample_runs import session_report, single_report

import workbench as wb
from workbench.errors import UsageError
from workbench.model import Comparison, Verdict
from workbench.notebook.shown import ComparisonView


def test_a_report_takes_what_the_command_takes(tmp_path: Path) -> None:
    sessions = session_report()
    store = stored(tmp_path, sessions, single_report())
    session_id, runs = sessions.runs[0].session.session_id, [each.run for each in sessions.runs]
    pair = Comparison(runs[0].run_id, runs[4].run_id, Verdict.IMPROVEMENT, 0.1, (0.1, 0.2), 15, 1.0)
    notebook = write_notebook(tmp_path / "n.ipynb", [markdown_cell("# Notes")])

    def written(what: Any, name: str = "new/r.html", **options: Any) -> str:
        return wb.report(what, tmp_path / name, store=store, **options).path.read_text(encoding="utf-8")

    assert "<h2>Ladder</h2>" in written(session_id)
    assert "<h2>Ladder</h2>" in written(sessions.runs[0].session)
    assert "<h2>Comparison</h2>" in written([runs[0], runs[4]])
    for what in (pair, ComparisonView(pair)):
        assert written(what, "pair.md").startswith("### naive → optimized")
    assert written(runs[0], "r.txt", format="md").startswith("### jamf:naive")
    assert "Confidential copy" in written(runs[0], confidential=True)
    assert "Confidential copy" in written(runs[0], "r.md", confidential=True)
    assert "data-wb-chart" in written(session_id, plotly=True)
    for path in (notebook, str(notebook)):
        assert "<h1>Notes</h1>" in written(path)
        assert "Confidential copy" in written(path, confidential=True)


@pytest.mark.parametrize(
    ("what", "options", "told"),
    [(3, {}, "not of int"), ("latest", {"format": "pdf"}, "not as 'pdf'"), ([], {}, "nothing to report on")],
)
def test_a_report_of_nothing_that_can_be_reported_is_refused(
    tmp_path: Path, what: Any, options: dict[str, Any], told: str
) -> None:
    store = stored(tmp_path, single_report())
    with pytest.raises(UsageError, match=told):
        wb.report(what, tmp_path / "r.html", store=store, **options)
    assert not (tmp_path / "r.html").exists()
