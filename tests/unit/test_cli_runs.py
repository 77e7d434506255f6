"""Commands on what is stored: labels, what is asked before something goes, and what is said where nothing is."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from sample_runs import run, session

from workbench.cli.compare import _print as print_comparison
from workbench.cli.main import cli
from workbench.cli.output import store_option, store_words
from workbench.errors import RunNotFound, UsageError
from workbench.experiment.compare import CompareResult
from workbench.model import Comparison, Recording, Verdict
from workbench.statistics import Estimate
from workbench.store import Store


def invoke(*argv: str, typed: str = "") -> str:
    return CliRunner().invoke(cli, [*argv], input=typed, catch_exceptions=False, standalone_mode=False).output


@pytest.fixture
def saved(own_store: Path) -> str:
    made = run("naive", [9.8])
    Store().save(session(), [Recording(made)])
    return made.run_id


def test_tags_follow_the_run(saved: str) -> None:
    assert invoke("tag", "latest", "before", "slow") == f"{saved}: before slow\n"
    assert Store().run(saved).tags == ("before", "slow")


def test_tags_are_taken_off_again_or_none_is(saved: str) -> None:
    invoke("tag", "latest", "before", "slow", "two words")
    with pytest.raises(UsageError, match="no tag 'fast'; its tags: before slow two words"):
        invoke("untag", "latest", "slow", "fast")
    assert Store().run(saved).tags == ("before", "slow", "two words")
    assert invoke("untag", "latest", "slow", "two words") == f"{saved}: before\n"
    assert invoke("untag", "latest", "before") == f"{saved}: no tags\n"
    assert Store().run(saved).tags == ()


def test_a_run_of_changed_code_is_marked(own_store: Path) -> None:
    sides = [
        run(side, [9.8], parameters={"commit": commit * 40, "dirty": side == "new"})
        for side, commit in (("base", "a"), ("new", "b"))
    ]
    Store().save(session(), [Recording(side) for side in sides])
    listed = invoke("runs")
    assert "b" * 10 + " (dirty)" in listed and listed.count("(dirty)") == 1
    assert [each["dirty"] for each in json.loads(invoke("runs", "--json"))].count(True) == 1
    assert "(dirty: measured with uncommitted changes)" in invoke("show", sides[1].run_id)
    assert "dirty" not in invoke("show", sides[0].run_id).splitlines()[2]


@pytest.mark.parametrize(
    ("terminal", "argv", "typed", "left"),
    [
        (True, (), "n\n", 1),
        (True, (), "y\n", 0),
        (True, ("--yes",), "", 0),
        (False, (), "", 0),
    ],
    ids=["no", "yes", "--yes", "script"],
)
def test_deleting_asks_on_a_terminal_only(
    saved: str, monkeypatch: pytest.MonkeyPatch, terminal: bool, argv: tuple[str, ...], typed: str, left: int
) -> None:
    monkeypatch.setattr("workbench.cli.runs._on_terminal", lambda: terminal)
    told = invoke("delete", saved, *argv, typed=typed)
    assert ("delete " + saved + "?" in told) is (terminal and not argv)
    assert len(Store().runs()) == left


@pytest.mark.parametrize(
    "argv", [("show", "latest"), ("report", "latest"), ("tag", "latest", "x"), ("compare", "a", "b")]
)
def test_an_empty_store_is_told_with_what_to_do(own_store: Path, argv: tuple[str, ...]) -> None:
    with pytest.raises(RunNotFound, match="holds no runs yet; record one with `workbench profile") as told:
        invoke(*argv)
    assert str(own_store) in str(told.value)
    assert not own_store.exists()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("latst", "did you mean 'latest'? `workbench runs` lists them"),
        ("latest~3", "holds 1 run: `workbench runs` lists them"),
        ("the niave one", "did you mean {run} ('the naive one')?"),
        ("the naive one", "did you mean {run} ('the naive one')?"),
        ("x{run}", "did you mean '{run}'?"),
        ("zzz", "wb.duckdb: `workbench runs` lists them"),
    ],
)
def test_a_mistyped_run_is_told_what_may_be_meant(tmp_path: Path, saved: str, text: str, says: str) -> None:
    store = Store(tmp_path / "wb.duckdb")
    store.save(session(), [Recording(run("naive", [9.8]))])
    store.rename(saved, "the naive one")
    with pytest.raises(RunNotFound) as told:
        store.resolve(text.format(run=saved))
    assert says.format(run=saved) in str(told.value)


@pytest.mark.parametrize(("argv", "meant"), [(("shwo",), "show"), (("store", "inof"), "info")])
def test_a_mistyped_command_is_told_what_may_be_meant(argv: tuple[str, ...], meant: str) -> None:
    with pytest.raises(click.UsageError, match=f"no such command '{argv[-1]}'; did you mean '{meant}'"):
        invoke(*argv)


def test_sql_prints_six_digits_and_all_of_them_where_a_program_reads(own_store: Path) -> None:
    query = "SELECT 'a' AS name, 0.1::DOUBLE + 0.2 AS third UNION ALL SELECT 'b', 12::DOUBLE ORDER BY 1"
    assert [line.split() for line in invoke("sql", query).splitlines() if line.strip()][2:] == [
        ["a", "0.3"],
        ["b", "12"],
    ]
    assert invoke("sql", "--csv", query) == "name,third\na,0.30000000000000004\nb,12.0\n"
    assert json.loads(invoke("sql", "--json", query))[0] == {"name": "a", "third": 0.30000000000000004}


def test_runs_are_found_by_name_tag_and_scenario(saved: str) -> None:
    other = run("optimized", [9.8])
    Store().save(session(), [Recording(other)])
    Store().rename(other.run_id, "Listing, before the index")
    Store().tag(saved, "slow")
    assert [each["run_id"] for each in json.loads(invoke("runs", "--json", "--name", "listing"))] == [other.run_id]
    assert [each["run_id"] for each in json.loads(invoke("runs", "--json", "--tag", "slow"))] == [saved]
    assert json.loads(invoke("runs", "--json", "--tag", "slow", "--name", "listing")) == []
    assert invoke("runs", "--scenario", "nosuch") == "none of 2 runs has scenario 'nosuch'; scenarios: jamf\n"
    assert invoke("runs", "--tag", "sl", "--name", "x") == "none of 2 runs has name 'x' and tag 'sl'; tags: slow\n"


def test_a_suggested_command_names_the_store_that_was_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    @click.command()
    @store_option
    def hint(store_path: Path | None) -> None:
        click.echo(f"workbench runs{store_words()}")

    named = str(tmp_path / "my store.duckdb")
    assert CliRunner().invoke(hint, ["--store", named]).output == f"workbench runs --store '{named}'\n"
    monkeypatch.setenv("WORKBENCH_STORE", named)
    assert CliRunner().invoke(hint, []).output == "workbench runs\n"


@pytest.mark.parametrize(
    "argv", [("compare", "a.py:f", "b.py:f", "--scale", "large"), ("scaling", "a.py:f", "--link", "wan")]
)
def test_an_option_of_scenarios_is_refused_for_a_function(argv: tuple[str, ...]) -> None:
    with pytest.raises(UsageError, match=f"{argv[-2]} is of scenarios: a.py:f"):
        invoke(*argv)


def test_an_interrupted_comparison_is_not_told_to_allow_more_time(capsys: pytest.CaptureFixture[str]) -> None:
    estimate = Estimate(1.0, 0.9, 1.1, 3, exact=True)
    comparison = Comparison("a", "b", Verdict.INCONCLUSIVE, 1.0, (0.9, 1.1), 3, 1.0)
    result = CompareResult(comparison, session(), (), estimate, interrupted=True)
    print_comparison(comparison, result)
    assert "--max-seconds" not in capsys.readouterr().out
    print_comparison(comparison, replace(result, interrupted=False))
    assert "--max-seconds" in capsys.readouterr().out
