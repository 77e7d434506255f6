"""Margins and alpha of a project's ``pyproject.toml``, for everything and for one target."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from workbench.analysis.verdict import Rule
from workbench.errors import UsageError
from workbench.experiment.margins import margin_for

TABLES = """
[tool.workbench.compare]
max-regression = "6%"
alpha = 0.02
max-seconds = 30

[tool.workbench.compare.targets.jamf]
max-regression = "15%"
ignore-counts = ["connects"]

[tool.workbench.compare.targets."jamf:optimized"]
alpha = 0.01

[tool.workbench.compare.targets."perf/pages.py"]
max-regression = 0.2
regression = "15%"

[tool.workbench.compare.targets."perf/pages.py:first"]
max-pairs = 50
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "pyproject.toml").write_text(TABLES)
    (tmp_path / "deep" / "er").mkdir(parents=True)
    return tmp_path


def test_without_a_table_the_usual_margins_hold(tmp_path: Path) -> None:
    assert margin_for("jamf:naive", start=tmp_path).rule == Rule()
    assert margin_for("jamf:naive", start=tmp_path).max_seconds is None


def test_the_general_table_holds_for_all_and_is_found_from_below(project: Path) -> None:
    margin = margin_for("azure:naive", start=project / "deep" / "er")
    assert (margin.rule.max_regression, margin.rule.regression) == (0.06, 0.02)
    assert (margin.rule.alpha, margin.max_seconds) == (0.02, 30)


def test_a_scenarios_table_adds_to_it_and_a_variants_to_that(project: Path) -> None:
    naive, optimized = (margin_for(f"jamf:{name}", start=project).rule for name in ("naive", "optimized"))
    assert (naive.max_regression, naive.alpha, naive.ignored_counts) == (0.15, 0.02, {"connects"})
    assert (optimized.max_regression, optimized.alpha) == (0.15, 0.01)


@pytest.mark.parametrize("name", ["perf/pages.py:first", "{}/perf/pages.py:first"])
def test_files_are_named_from_the_projects_folder(project: Path, name: str) -> None:
    rule = margin_for(name.format(project), start=project).rule
    if name.startswith("{"):  # the path as from elsewhere
        assert (rule.max_regression, rule.regression, rule.budget) == (0.2, 0.15, 50)
    else:
        assert rule.max_regression == 0.2


def rules_of(project: Path, more: str, file: str, tests: Sequence[str]) -> list[Rule]:
    """The rules that hold for these tests of the file, where the project's tables are followed by ``more``."""
    with (project / "pyproject.toml").open("a") as tables:
        tables.write(more)
    return [margin_for(f"{project}/{file}::{test}", start=project).rule for test in tests]


def test_tests_have_tables_by_file_name_and_parameters(project: Path) -> None:
    more = """
[tool.workbench.compare.targets."tests/test_pages.py"]
ignore-counts = ["connects"]
[tool.workbench.compare.targets."tests/test_pages.py::test_first"]
max-regression = "8%"
[tool.workbench.compare.targets."tests/test_pages.py::test_first[large]"]
max-regression = "9%"
"""
    names = ("test_other", "test_first", "test_first[small]", "test_first[large]")
    rules = rules_of(project, more, "tests/test_pages.py", names)
    assert [rule.max_regression for rule in rules] == [0.06, 0.08, 0.08, 0.09]
    assert {rule.ignored_counts for rule in rules} == {frozenset({"connects"})}


def test_tests_in_classes_have_tables_by_file_class_and_name(project: Path) -> None:
    more = """
[tool.workbench.compare.targets."tests/t.py"]
ignore-counts = ["connects"]
max-regression = "7%"
[tool.workbench.compare.targets."tests/t.py::TestX"]
max-regression = "8%"
alpha = 0.03
[tool.workbench.compare.targets."tests/t.py::TestX::TestY"]
max-regression = "9%"
[tool.workbench.compare.targets."tests/t.py::TestX::test_b"]
max-regression = "10%"
[tool.workbench.compare.targets."tests/t.py::TestX::test_b[a::b]"]
max-regression = "11%"
"""
    names = (
        "TestZ::test_a",
        "TestX::test_a",
        "TestX::test_a[1]",
        "TestX::TestY::test_a",
        "TestX::test_b",
        "TestX::test_b[a::b]",
    )
    rules = rules_of(project, more, "tests/t.py", names)
    assert [rule.max_regression for rule in rules] == [0.07, 0.08, 0.08, 0.09, 0.1, 0.11]
    assert [rule.alpha for rule in rules] == [0.02, *[0.03] * 5]
    assert {rule.ignored_counts for rule in rules} == {frozenset({"connects"})}


def test_a_margin_of_the_command_line_leaves_the_rest_to_the_project(project: Path) -> None:
    rule = margin_for("jamf:naive", max_regression=0.05, start=project).rule
    assert (rule.max_regression, rule.alpha, rule.ignored_counts) == (0.05, 0.02, {"connects"})


def test_what_is_asked_for_wins(project: Path) -> None:
    rule = margin_for(f"{project}/perf/pages.py", max_regression="9%", alpha=0.1, start=project).rule
    assert (rule.max_regression, rule.alpha) == (0.09, 0.1)
    assert rule.regression == pytest.approx(0.03)
    with pytest.raises(UsageError, match=r"^alpha must lie between 0 and 1, not 2$"):
        margin_for("x.py", alpha=2, start=project)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[tool.workbench.compare]\nmax_regression = '5%'", "has no 'max_regression'; it knows: max-regression"),
        ("[tool.workbench.compare]\nalpha = 5", "alpha: 5 must be a number between 0 and 1"),
        ("[tool.workbench.compare]\nmax-regression = 'much'", "max-regression: 'much' is no percentage"),
        ("[tool.workbench.compare]\nmax-seconds = 0", "must be a number above 0"),
        ("[tool.workbench.compare]\nmax-pairs = 0.5", "must be a whole number above 0"),
        ("[tool.workbench.compare]\nregression = '50%'", "what passes is no regression"),
        ("[tool.workbench.compare]\nignore-counts = 'all'", "must be a list of texts"),
        ("[tool.workbench.compare]\ntargets = 3", "must hold a table for each target"),
        ("[tool.workbench]\ncompare = 3", "is no table"),
        ("tool = 3", "[tool] in"),
        ("[tool]\nworkbench = 3", "[tool.workbench] in"),
        ("[tool.workbench.compar]\nalpha = 0.1", "has no 'compar'; did you mean 'compare'?"),
        ("[tool.workbench.compare]\nignore-counts = ['conects']", "no count 'conects'; did you mean 'connects'?"),
        ("[tool.workbench.compare\n", "can't be read"),
    ],
)
def test_a_bad_table_is_one_clear_line(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "pyproject.toml").write_text(text)
    with pytest.raises(UsageError) as caught:
        margin_for("jamf:naive", start=tmp_path)
    assert said in str(caught.value)
    assert "pyproject.toml" in str(caught.value)
    assert "\n" not in str(caught.value).strip()
