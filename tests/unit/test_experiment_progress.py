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


def test_progress_that_is_switched_off_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    with progress_bar("demo", disable=True) as progress:
        progress("naive (timing)", 0, 25)
    assert capsys.readouterr().err == ""
