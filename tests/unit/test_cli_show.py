"""``workbench show``: what it prints of a run with stacks and spans."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner
from sample_runs import jamf_tree, run, session, spans_of

from workbench.calltree import tree_from_stacks
from workbench.capture.frames import AWAIT, INSTRUMENTATION
from workbench.cli.main import cli
from workbench.errors import UsageError
from workbench.model import Comparison, Frame, FunctionChange, Recording, Sampler, Status, Verdict
from workbench.store import Store

MS = 1_000_000


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
    heading = next(line for line in lines if "Operation" in line).split()
    assert heading[3:] == ["at", "Count", "Total", "In", "flight", "p50", "p95", "Errors", "Received"]
    row = next(line for line in lines if "policies" in line).split()
    assert row[row.index("24") :][-3:] == ["3", "100.8", "kB"] or row[-3] == "3"
    assert any(line.startswith("The totals add up to ") for line in lines)  # as the report says it
    assert lines[-1] == f"the call tree: workbench show {run_id} --tree"
    assert "py-spy" not in "".join(lines)


def test_rounds_are_summed_up_by_kind_and_listed_on_request(own_store: Path) -> None:
    made = run("naive", [3.0, 1.0, 2.0])
    rounds = [replace(r, measures={**r.measures, "loops": 4.0}) for r in made.rounds]
    rounds[1] = replace(rounds[1], status=Status.FAILED)
    Store().save(session(), [Recording(replace(made, rounds=tuple(rounds)), jamf_tree(), ())])
    text = show("latest")
    (timing,) = [line.split() for line in text.splitlines() if line.split()[:1] == ["timing"]]
    assert timing[:10] == ["timing", "3", "1", "failed", "4", "625", "ms", "2.50", "s", "2.00–3.00"]
    assert len([line for line in show("latest", "--rounds").splitlines() if "timing" in line]) == 3
    assert len(json.loads(show("latest", "--json"))["rounds"]) == 4


def test_functions_are_shown_with_what_they_awaited(own_store: Path) -> None:
    fetch, read = Frame("app.py", "fetch_item"), Frame("<stdlib>/asyncio/streams.py", "read")
    tree = tree_from_stacks([((fetch, read, AWAIT), 300 * MS), ((fetch,), 60 * MS), ((INSTRUMENTATION,), 40 * MS)])
    Store().save(session(), [Recording(run("naive", [9.8]), tree, ())])
    text = show("latest")
    assert "[await]" not in text
    assert "[instrumentation]" not in text
    assert "Recording itself cost 10.0 % of the sampled time" in text
    (row,) = [line.split() for line in text.splitlines() if "fetch_item" in line]
    assert row[:8] == ["60.0", "ms", "15.0", "%", "300", "ms", "75.0", "%"]
    document = json.loads(show("latest", "--json"))
    assert [(f["function"], f["self_seconds"], f["awaiting_seconds"]) for f in document["functions"]] == [
        ("fetch_item", 0.06, 0.3)
    ]
    assert document["recording_seconds"] == 0.04
    assert document["notes"] == [line for line in text.splitlines() if line.startswith("Recording")]


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


def test_what_a_run_was_compared_with_is_shown_with_its_functions(own_store: Path) -> None:
    run_id = save()
    change = FunctionChange(Frame("app.py", "render"), 1.0, 1.2, 0.5, 0.55, 0.1, 0.3, 0.001, "grew")
    found = Comparison(
        "other", run_id, Verdict.REGRESSION, 1.1, (1.05, 1.15), 20, 3.0, functions=(change,), sentence="10 % slower"
    )
    Store().save_comparison(session().session_id, found)
    text = show("latest")
    assert "against other: REGRESSION: 10 % slower" in text
    (row,) = [line for line in text.splitlines() if "grew" in line and "render" in line]
    assert "+5.0 to +15.0" in row
    (document,) = json.loads(show("latest", "--json"))["comparisons"]
    assert (document["functions"][0]["change"], document["functions"][0]["ci"]) == ("grew", [0.1, 0.3])


@pytest.mark.parametrize(("mode", "said"), [("native", True), ("native,idle", False)])
def test_py_spy_without_idle_says_that_waiting_is_left_out(own_store: Path, mode: str, said: bool) -> None:
    save(sampler=Sampler("py-spy", "0.4", 10_000_000, "wall", mode))
    line = "py-spy samples running threads only: 3.44 s sampled of 9.80 s wall (--idle for waiting ones)"
    assert (line in show("latest")) is said
    assert (line in show("latest", "--tree")) is said
