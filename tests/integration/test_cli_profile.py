"""``workbench profile``: what it says of a run, and of what it can't run, before and after."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import duckdb
import pytest
from click.testing import CliRunner

from workbench.calltree import tree_from_stacks
from workbench.cli.main import cli
from workbench.errors import INTERRUPTED, OutputError, UsageError
from workbench.experiment.attach import Attached
from workbench.model import Frame, Recording, Run, Sampler, Session, Status, utc_now
from workbench.store import Store


@pytest.fixture
def script(tmp_path: Path) -> str:
    path = tmp_path / "job.py"
    path.write_text("sum(range(1000))\n")
    return str(path)


def invoke(*argv: str) -> Any:
    return CliRunner().invoke(cli, [*argv], catch_exceptions=False, standalone_mode=False)


def test_a_run_that_waits_in_the_spool_is_said_to_wait(
    script: str, own_store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WORKBENCH_STORE_TIMEOUT", "0.1")
    Store().migrate()
    with duckdb.connect(str(own_store)):
        told = invoke("profile", "--", script).stderr
    assert "waits in " + str(own_store) + ".spool/" in told
    assert "workbench show" not in told
    (run,) = Store().runs()  # the next command takes it in
    assert run.run_id in told
    assert "workbench show " in invoke("profile", "--", script).stderr


def test_a_disabled_workbench_says_that_it_recorded_nothing(
    script: str, own_store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WORKBENCH_DISABLE", "1")
    done = invoke("profile", "--", script)
    assert done.stderr == "workbench: nothing was recorded, because WORKBENCH_DISABLE is set\n"
    assert done.return_value == 0


@pytest.mark.parametrize(
    ("argv", "says"),
    [
        (("--", "{folder}"), "has no __main__.py"),
        (("--", "-c", "print(1)"), "-c isn't supported here: put the code in a file"),
        (("--idle", "--", "job.py"), "need --sampler py-spy"),
    ],
)
def test_what_can_not_be_run_is_told_in_a_line(tmp_path: Path, argv: tuple[str, ...], says: str) -> None:
    with pytest.raises(UsageError, match=says):
        invoke("profile", *(word.format(folder=tmp_path) for word in argv))


@pytest.mark.parametrize(("status", "code"), [(Status.OK, 0), (Status.INTERRUPTED, INTERRUPTED)])
def test_an_interrupted_attach_ends_with_130(
    own_store: Path, monkeypatch: pytest.MonkeyPatch, status: Status, code: int
) -> None:
    now = utc_now()
    attached = Attached(Session("s", "attach", now), Recording(Run("r", "s", "n", now, status=status)))
    monkeypatch.setattr("workbench.experiment.attach.attach", lambda *_, **__: attached)
    done = invoke("attach", "1")
    assert done.return_value == code
    assert "0 samples, 0 spans" in done.stderr


def test_what_a_reader_must_know_of_the_samples_is_said_at_once(
    own_store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tree = tree_from_stacks([((Frame("app.py", "main"), Frame("<built-in>", "lock.acquire")), 1000)])
    run = Run("r", "s", "n", utc_now(), sampler=Sampler("pyinstrument", "5.1", 1_000_000))
    attached = Attached(Session("s", "attach", utc_now()), Recording(run, tree))
    monkeypatch.setattr("workbench.experiment.attach.attach", lambda *_, **__: attached)
    assert "\nworkbench: For 100 % of the sampled time this thread waits for others" in invoke("attach", "1").stderr


def test_json_of_a_profile_is_a_file_as_standard_output_is_the_programs(
    script: str, own_store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "new" / "run.json"
    invoke("profile", "--name", "as admin password=hunter2", "--json", str(path), "--", script)
    assert "hunter2" not in path.read_text()
    document = json.loads(path.read_text())
    (listed,) = json.loads(invoke("runs", "--json").stdout)
    assert {key: document[key] for key in listed} == listed
    assert (document["status"], document["stored"]) == ("ok", True)
    assert set(document) - set(listed) == {"samples", "spans", "stored"}
    with pytest.raises(OutputError):
        invoke("profile", "--json", "/no-such-folder-of-mine/x.json", "--", script)
    assert len(Store().runs()) == 1, "told before the program runs"
    monkeypatch.setenv("WORKBENCH_DISABLE", "1")
    invoke("profile", "--json", str(path), "--", script)
    assert not path.exists(), "an earlier run's would be taken for this one's"


def test_json_of_an_attach_is_all_of_standard_output(own_store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = Run("r", "s", "api", utc_now(), sampler=Sampler("pyinstrument", "5.1", 1_000_000))
    tree = tree_from_stacks([((Frame("a.py", "f"),), 1000)])
    attached = Attached(Session("s", "attach", utc_now()), Recording(run, tree))
    monkeypatch.setattr("workbench.experiment.attach.attach", lambda *_, **__: attached)
    done = invoke("attach", "1", "--json")
    document = json.loads(done.stdout)
    assert (document["run_id"], document["samples"], document["spans"], document["stored"]) == ("r", 1, 0, True)
    assert done.stderr.startswith("workbench: run r ")
