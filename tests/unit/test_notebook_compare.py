"""``%%compare`` and ``wb.compare`` of functions: two pieces of code, a verdict, nothing left behind."""

from __future__ import annotations

from typing import Any

import pytest
from ipython_shell import hidden_names
from ipython_shell import shell as shell

import workbench as wb
from workbench.errors import UsageError
from workbench.experiment.explain import SAMPLED_ROUNDS
from workbench.notebook.cells import mark_halves
from workbench.store import Store


@pytest.fixture(autouse=True)
def few_sampled_rounds(monkeypatch: pytest.MonkeyPatch) -> None:
    """A picture of both sides is enough here; what ten rounds each tell is tested elsewhere."""
    monkeypatch.setattr("workbench.experiment.explain.MOST_SAMPLED_ROUNDS", SAMPLED_ROUNDS)


SLOW = "total = 0\nfor i in range(4000):\n    total += len(str(i))\ntotal"
FAST = "total = 0\nfor i in range(400):\n    total += len(str(i))\ntotal = 14890\ntotal"


def test_two_pieces_get_a_verdict_and_are_kept_under_their_names(shell: Any) -> None:
    result = shell.run_cell(f"%%compare loop short\n{SLOW}\n# ---\n{FAST}")
    assert result.success, result.error_in_exec
    assert result.result.verdict == "IMPROVEMENT"
    assert "faster" in result.result.headline()
    assert "faster" in result.result._repr_html_()  # a table, too, where the functions are told from noise
    assert {run.name for run in Store().runs()} == {"loop", "short"}
    (session,) = Store().sessions()
    assert [str(c.verdict) for c in Store().comparisons(session.session_id)] == ["IMPROVEMENT"]
    functions = {change.frame.function for change in result.result.comparison.functions}
    assert "loop → short" in functions
    assert not {name for name in functions if "workbench" in name}
    assert shell.user_ns["total"] == 14890, "names at the top level are the user's, as in any cell"
    assert hidden_names(shell) == []


def test_pieces_that_await_run_in_the_notebooks_own_loop(shell: Any) -> None:
    shell.run_cell("import asyncio\nloops = set()")
    piece = "loops.add(id(asyncio.get_running_loop()))\nawait asyncio.sleep({})"
    cell = f"{piece.format(0.03)}\n# --- quick\n{piece.format(0.002)}\nloops.add(id(asyncio.get_running_loop()))"
    result = shell.run_cell(f"%%compare --seconds 30\n{cell}\nawait asyncio.sleep(0)")
    assert result.success, result.error_in_exec
    assert result.result.verdict == "IMPROVEMENT"
    assert {run.name for run in Store().runs()} == {"base", "quick"}
    assert len(shell.user_ns["loops"]) == 1
    assert hidden_names(shell) == []


def test_different_results_are_not_compared(shell: Any) -> None:
    result = shell.run_cell("%%compare\n1 + 1\n# ---\n1 + 2")
    assert "return different results" in str(result.error_in_exec)


def test_different_results_are_compared_where_that_is_asked_for(shell: Any) -> None:
    cell = "%%compare --different-results --seconds 0.1 --sampler none\n1 + 1\n# ---\n1 + 2"
    assert shell.run_cell(cell).success


@pytest.mark.parametrize(
    ("cell", "says"),
    [
        ("%%compare\n1", "a line `# ---` between them"),
        ("%%compare", "a line `# ---` between them"),
        ("%%compare\n1\n# ---", "a line `# ---` between them"),
        ("%%compare\n1\n# ---\n2\n# ---\n3", "a line `# ---` between them"),
        ("%%compare one\n1\n# ---\n1", "two names (or none), not 1"),
        ("%%compare same same\n1\n# ---\n1", "both pieces are called 'same'"),
        ("%%compare --seconds -3\n1\n# ---\n1", "a number above 0"),
    ],
)
def test_what_cant_be_compared_is_refused_in_one_line(shell: Any, cell: str, says: str) -> None:
    error = shell.run_cell(cell).error_in_exec
    assert says in str(error)
    assert type(error).__module__ == "IPython.core.error"
    assert hidden_names(shell) == []


def test_an_error_of_a_piece_is_told_with_its_name(shell: Any) -> None:
    error = shell.run_cell("%%compare fine broken\n1\n# ---\n1 / 0").error_in_exec
    assert "broken failed at <cell>:4: ZeroDivisionError" in str(error)


def test_a_separator_in_a_string_or_indented_is_none() -> None:
    lines = [
        "'%%compare'\n",
        "text = '''\n",
        "# ---\n",
        "'''\n",
        "if text:\n",
        "    # ---\n",
        "    pass\n",
        "# --- b\n",
    ]
    assert mark_halves(lines) == [*lines[:7], "'# --- b'\n"]
    assert mark_halves(["'%%compare'\n", "x = (\n", "# ---\n"])[1] == "x = (\n"
    assert mark_halves(["# ---\n"]) == ["# ---\n"]


def test_functions_are_compared_as_they_are() -> None:
    def slow() -> int:
        return sum(len(str(i)) for i in range(3000)) * 0

    def fast() -> int:
        return 0

    shown = wb.compare(slow, fast)
    assert shown.verdict == "IMPROVEMENT"
    assert [run.name.rpartition(".")[2] for run in Store().runs()] == ["fast", "slow"]


def test_a_function_with_arguments_or_a_run_beside_a_function_is_refused() -> None:
    with pytest.raises(UsageError, match="needs arguments"):
        wb.compare(lambda x: x, lambda: 1)
    with pytest.raises(UsageError, match="compare two of a kind"):
        wb.compare(lambda: 1, "latest")
    with pytest.raises(UsageError, match="not a int"):
        wb.compare(3, 4)
