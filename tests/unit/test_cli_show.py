"""``workbench show``: what it prints of a run with stacks and spans."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner
from sample_runs import jamf_tree, run, session, spans_of

from workbench.cli.main import cli
from workbench.errors import UsageError
from workbench.model import Recording, Sampler
from workbench.store import Store


def show(*argv: str) -> str:
    return CliRunner().invoke(cli, ["show", *argv], catch_exceptions=False, standalone_mode=False).output


def save(**more: object) -> str:
    made = run("naive", [9.8], **more)
    failed = [replace(span, status="error") for span in spans_of(made.rounds)[:3]]
    spans = (*failed, *spans_of(made.rounds)[3:])
    Store().save(session(), [Recording(made, jamf_tree(), spans)])
    return made.run_id


def test_a_run_is_shown_with_its_failed_operations_and_the_way_to_its_tree(own_store: Path) -> None:
    run_id = save()
    lines = show("latest").splitlines()
    assert next(line for line in lines if "I/O" in line).split()[-3:] == ["count", "errors", "total"]
    row = next(line for line in lines if "policies" in line).split()
    assert row[row.index("48") + 1] == "3"
    assert lines[-1] == f"the call tree: workbench show {run_id} --tree"
    assert "py-spy" not in "".join(lines)


def test_the_tree_is_printed_without_colour_into_a_pipe(own_store: Path) -> None:
    save()
    text = show("latest", "--tree")
    assert "3\u202f000 samples in 1 sampled round" in text
    assert "└─ export  workbench/scenarios/jamf/naive.py" in text
    assert "frames hidden (" in text
    assert "\x1b" not in text
    assert "hidden" not in show("latest", "--tree", "--all")
    with pytest.raises(UsageError):
        show("latest", "--all")


@pytest.mark.parametrize(("mode", "said"), [("native", True), ("native,idle", False)])
def test_py_spy_without_idle_says_that_waiting_is_left_out(own_store: Path, mode: str, said: bool) -> None:
    save(sampler=Sampler("py-spy", "0.4", 10_000_000, "wall", mode))
    line = "py-spy samples running threads only: 3.44 s sampled of 9.80 s wall (--idle for waiting ones)"
    assert (line in show("latest")) is said
    assert (line in show("latest", "--tree")) is said
