"""``workbench report``: what it writes where."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sample_pages import markdown_cell, stored, write_notebook
from sample_runs import session_report, single_report

from workbench.cli.report import report_command
from workbench.errors import RunNotFound, UsageError

SESSION, BASE, NEW = "261123-040000-ab12", *(session_report().runs[i].run.run_id for i in (0, 4))


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory):
    """The command on one store, which it only reads."""
    store = stored(tmp_path_factory.mktemp("reported"), session_report(), single_report())

    def call(*arguments: str) -> Result:
        return CliRunner().invoke(report_command, ["--store", str(store.path), *arguments])

    return call


def test_the_files_name_chooses_the_format(report, tmp_path: Path) -> None:
    for name, start in (("a.html", "<!doctype html>"), ("a.md", "### Export"), ("a", "<!doctype html>")):
        result = report(SESSION, "-o", str(tmp_path / name))
        assert result.exit_code == 0, result.output
        assert name in result.output
        assert (tmp_path / name).read_text(encoding="utf-8").startswith(start)


def test_a_name_of_another_form_is_refused_unless_the_form_is_said(report, tmp_path: Path) -> None:
    pdf = tmp_path / "a.pdf"
    assert "end it in .html or .md" in str(report(SESSION, "-o", str(pdf)).exception)
    assert not pdf.exists()
    assert report(SESSION, "-o", str(pdf), "--format", "html").exit_code == 0


def test_folders_are_made_but_not_right_below_the_root(report, tmp_path: Path) -> None:
    result = report(SESSION, "-o", "/no-such-folder-here/a/b.html")
    assert "there is no folder /no-such-folder-here/a; create it first" in str(result.exception)
    assert not Path("/no-such-folder-here").exists()
    assert report(SESSION, "-o", str(tmp_path / "new" / "a.html")).exit_code == 0


def test_a_pipe_is_written_into_and_a_link_followed(report, tmp_path: Path) -> None:
    """Root's ``-o /dev/stdout`` would replace the device by a file."""
    fifo, link, real = tmp_path / "pipe", tmp_path / "link.md", tmp_path / "real.md"
    os.mkfifo(fifo)
    reader = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
    assert report(SESSION, "--format", "md", "-o", str(fifo)).exit_code == 0
    assert os.read(reader, 10) == b"### Export"
    os.close(reader)
    assert fifo.is_fifo()
    link.symlink_to(real)
    real.write_text("old")
    assert report(SESSION, "-o", str(link)).exit_code == 0
    assert link.is_symlink()
    assert real.read_text().startswith("### Export")


def test_without_a_file_it_goes_to_standard_output(report) -> None:
    assert report(SESSION, "--format", "md").output.startswith("### Export of a Jamf Pro")
    assert report(SESSION).output.startswith("<!doctype html>")


def test_two_runs_are_compared_base_first(report) -> None:
    text = report(BASE, NEW, "--format", "md").output
    assert text.startswith("### naive → optimized")
    assert "`naive` → `optimized`" in text


def test_confidential_reaches_every_form(report, tmp_path: Path) -> None:
    assert "Confidential copy" in report(SESSION, "--format", "md", "--confidential").output
    assert "Confidential copy" in report(SESSION, "--confidential").output
    notebook = write_notebook(tmp_path / "n.ipynb", [markdown_cell("# N")])
    assert "Confidential copy" in report(str(notebook), "--confidential").output


def test_a_notebook_stands_alone_and_is_html(report, tmp_path: Path) -> None:
    notebook = str(write_notebook(tmp_path / "n.ipynb", [markdown_cell("# N")]))
    assert "<h1>N</h1>" in report(notebook).output
    for arguments in ((notebook, SESSION), (notebook, "--format", "md")):
        assert isinstance(report(*arguments).exception, UsageError)


def test_an_unknown_run_writes_nothing(report, tmp_path: Path) -> None:
    result = report("nonsense", "-o", str(tmp_path / "x.html"))
    assert isinstance(result.exception, RunNotFound)
    assert not (tmp_path / "x.html").exists()
