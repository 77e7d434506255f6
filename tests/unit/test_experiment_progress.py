"""Progress where nobody watches a terminal."""

import io
import re
import sys
import threading
import time

import pytest

from workbench.experiment.progress import progress_bar, progress_if_long


def test_a_log_gets_a_line_soon_and_then_at_most_every_ten_seconds(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(sys.modules, "ipykernel", raising=False)  # another test's notebook
    clock = iter([100.0, 105.0, 109.9, 110.0, 111.0, 130.0])
    monkeypatch.setattr(time, "monotonic", lambda: next(clock))
    with progress_bar("demo") as progress:
        for step in range(6):
            progress("naive (timing)", step, 25)
    told = capsys.readouterr()
    assert told.err.splitlines() == [f"demo: naive (timing), {n} of 25" for n in (1, 2, 6)]
    assert told.out == ""


class Terminal(io.StringIO):
    """A terminal that says when something was written on it."""

    def __init__(self) -> None:
        super().__init__()
        self.written = threading.Event()

    def isatty(self) -> bool:
        return True

    def write(self, text: str) -> int:
        length = super().write(text)
        if "reading" in self.getvalue():
            self.written.set()
        return length


def test_work_that_lasts_shows_its_present_step(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    with progress_if_long("report", after_s=0.0) as progress:
        progress("reading naive", 0, 4)
        assert terminal.written.wait(30), "one long step shows as well"
        progress("drawing naive", 2, 4)
    assert "report: drawing naive" in terminal.getvalue()
    assert "4/4" in terminal.getvalue()


def test_work_that_is_over_before_shows_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    threads = threading.active_count()
    with pytest.raises(KeyboardInterrupt), progress_if_long("report", after_s=3600) as progress:
        progress("reading naive", 0, 4)
        raise KeyboardInterrupt
    assert terminal.getvalue() == ""
    assert threading.active_count() <= threads + 1


def test_a_log_gets_no_lines_of_a_report(capsys: pytest.CaptureFixture[str]) -> None:
    with progress_if_long("report", after_s=0.0) as progress:
        progress("reading naive", 0, 4)
    assert capsys.readouterr().err == ""


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


def test_work_that_fails_does_not_look_as_if_it_went_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """A saved notebook keeps the last line."""
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    with pytest.raises(KeyboardInterrupt), progress_bar("compare") as progress:
        progress("pair 12", 12, 480)
        raise KeyboardInterrupt
    assert re.split(r"[\r\n]", terminal.getvalue().rstrip())[-1].rstrip() == "compare: stopped at 12 of 480"
    again = Terminal()
    monkeypatch.setattr(sys, "stderr", again)
    with pytest.raises(ValueError, match="no such run"), progress_if_long("report", after_s=0.0) as progress:
        progress("reading naive", 1, 4)
        assert again.written.wait(30)
        raise ValueError("no such run")
    assert re.split(r"[\r\n]", again.getvalue().rstrip())[-1].rstrip() == "report: stopped at 1 of 4"
