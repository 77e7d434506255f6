"""The ladder in the shell: what an interrupted session says of variants it never measured."""

from dataclasses import replace

import pytest
from sample_runs import run, session

from workbench.cli.ladder import print_session
from workbench.experiment.session import MeasuredSession
from workbench.model import Recording, Status
from workbench.scenarios import registry


def test_an_unmeasured_baseline_is_marked_and_no_1(capsys: pytest.CaptureFixture[str]) -> None:
    naive, optimized = run("naive", [9.8]), run("optimized", [1.1, 1.2])
    begun = replace(naive, rounds=(replace(naive.rounds[0], status=Status.INTERRUPTED),))
    recordings = (Recording(begun), Recording(optimized))
    print_session(registry.get("jamf"), MeasuredSession(session(), recordings, None, {}, interrupted=True))
    rows = {line.split()[0]: line.split() for line in capsys.readouterr().out.splitlines() if line.strip()}
    assert rows["naive"] == ["naive", "not", "measured"]
    assert rows["optimized"][1:3] == ["1.15", "s"]
    assert "–" in rows["optimized"]
