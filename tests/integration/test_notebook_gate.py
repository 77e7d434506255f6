"""``wb.assert_no_regression``: an error for what is slower, and the same words for everything else."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from full_store import FullStore
from git_projects import GitProject
from nbformat.v4 import new_code_cell, new_notebook, new_output

import workbench as wb
from workbench.errors import StoreError, UsageError
from workbench.store import Store

WORK = """
def once():
    return sum(i * i for i in range(3000))

def many():
    for _ in range(9):
        value = once()
    return value
"""


@pytest.mark.soak
def test_what_is_faster_passes_and_shows_no_figures(work: Path, store: Store) -> None:
    passed = wb.assert_no_regression(f"{work}:many", f"{work}:once", store=store)
    assert passed.verdict == "IMPROVEMENT"
    assert "faster" in passed.sentence
    data, metadata = passed._repr_mimebundle_()
    assert data == {"text/plain": "no regression found"}
    assert metadata["workbench"]["verdict"] == "IMPROVEMENT"


def test_what_is_slower_fails_in_one_line_that_says_how_to_look(work: Path, store: Store) -> None:
    with pytest.raises(AssertionError, match=r"^REGRESSION: .*× slower .*; workbench report|stored as") as caught:
        wb.assert_no_regression(f"{work}:once", f"{work}:many", store=store)
    assert "\n" not in str(caught.value)
    assert all(run.run_id in str(caught.value) for run in store.runs())


def test_noise_is_nobodys_fault_unless_asked_for(work: Path, store: Store, tmp_path: Path) -> None:
    targets = (f"{work}:once", f"{work}:once")
    assert wb.assert_no_regression(*targets, max_seconds=0.05, store=store).verdict == "INCONCLUSIVE"
    with pytest.raises(AssertionError, match=r"^INCONCLUSIVE: "):
        wb.assert_no_regression(*targets, max_seconds=0.05, inconclusive="fail", store=store)
    with pytest.raises(StoreError, match=r"^INCONCLUSIVE, but its runs were not stored: the disk is full$"):
        wb.assert_no_regression(*targets, max_seconds=0.05, store=FullStore(tmp_path / "full.duckdb"))
    with pytest.raises(UsageError, match="'pass' or 'fail', not 'maybe'"):
        wb.assert_no_regression(*targets, inconclusive="maybe", store=store)


def test_a_notebook_with_a_gate_is_stable_under_nbval(work: Path, tmp_path: Path) -> None:
    opened = f"store=wb.Store('{tmp_path}/s.duckdb')"
    shown = new_output("execute_result", {"text/plain": "no regression found"}, execution_count=1)
    calls = (("many", "once", ""), ("once", "once", ", max_seconds=0.05"))
    notebook = new_notebook(
        cells=[
            new_code_cell(
                f"import workbench as wb\nwb.assert_no_regression('{work}:{base}', '{work}:{new}', {opened}{more})",
                outputs=[shown],
                execution_count=1,
            )
            for base, new, more in calls
        ]
    )
    path = tmp_path / "gate.ipynb"
    nbformat.write(notebook, path)
    command = [
        sys.executable,
        "-m",
        "pytest",
        "--nbval",
        "-q",
        "-p",
        "no:cacheprovider",
        "-p",
        "no:xdist",
        str(path),
    ]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, timeout=150, check=False)
    assert done.returncode == 0, done.stdout
    assert "2 passed" in done.stdout


def test_a_revision_can_be_the_baseline(tmp_path: Path, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    project = GitProject(tmp_path / "repository")
    project.commit("Work", {"work.py": WORK})
    monkeypatch.chdir(project.root)
    held = wb.assert_no_regression("work.py:once", baseline="HEAD", max_seconds=0.05, store=store)
    assert repr(held) == "no regression found"
    project.write({"work.py": WORK.replace("range(3000)", "range(3001)")})
    with pytest.raises(AssertionError, match=r"^FAILED: .* different results.*: .* \(against HEAD"):
        wb.assert_no_regression("work.py:once", baseline="HEAD", max_seconds=0.05, store=store)
    with pytest.raises(UsageError, match="name one target"):
        wb.assert_no_regression("work.py:once", "work.py:many", baseline="HEAD", store=store)
