"""Progress where nobody watches a terminal."""

import sys
import time

import pytest

from workbench.experiment.progress import progress_bar


def test_a_log_gets_a_line_at_most_every_ten_seconds(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(sys.modules, "ipykernel", raising=False)  # another test's notebook
    clock = iter([100.0, 105.0, 109.9, 110.0, 111.0, 130.0])
    monkeypatch.setattr(time, "monotonic", lambda: next(clock))
    with progress_bar("demo") as progress:
        for step in range(6):
            progress("naive (timing)", step, 25)
    told = capsys.readouterr()
    assert told.err.splitlines() == [f"demo: naive (timing), {n} of 25" for n in (1, 4, 6)]
    assert told.out == ""


def test_a_log_ends_with_the_last_step(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "ipykernel", raising=False)
    monkeypatch.setattr(time, "monotonic", lambda: 100.0)
    with progress_bar("compare") as progress:
        for number, doing in enumerate(("calibrating", "warm-up 1", "pair 1")):
            progress(doing, number, 3)
    assert capsys.readouterr().err == "compare: calibrating, 1 of 3\ncompare: pair 1, 3 of 3\n"


def test_progress_that_is_switched_off_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    with progress_bar("demo", disable=True) as progress:
        progress("naive (timing)", 0, 25)
    assert capsys.readouterr().err == ""
