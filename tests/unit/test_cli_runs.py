"""``workbench tag``, ``untag`` and ``delete``: labels, and what is asked before something goes."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner
from sample_runs import run, session

from workbench.cli.main import cli
from workbench.errors import UsageError
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


def test_tags_are_taken_off_again_or_none_is(saved: str) -> None:
    invoke("tag", "latest", "before", "slow", "two words")
    with pytest.raises(UsageError, match="no tag 'fast'; its tags: before slow two words"):
        invoke("untag", "latest", "slow", "fast")
    assert Store().run(saved).tags == ("before", "slow", "two words")
    assert invoke("untag", "latest", "slow", "two words") == f"{saved}: before\n"
    assert invoke("untag", "latest", "before") == f"{saved}: no tags\n"
    assert Store().run(saved).tags == ()


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
