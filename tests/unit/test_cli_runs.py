"""``workbench tag`` and ``delete``: labels, and what is asked before something goes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from sample_runs import run, session

from workbench.cli.main import cli
from workbench.model import Recording
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
