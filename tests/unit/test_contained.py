"""What measured code may not do to the process it runs in."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from multiprocessing import resource_tracker
from multiprocessing.resource_tracker import ResourceTracker
from typing import Any

import psutil
import pytest

from workbench.capture.outcome import LONGEST_MESSAGE, outcome_of
from workbench.experiment.contained import ProcessEnded, contained, ending_children, is_own_interrupt, silenced


def test_the_process_cant_be_ended_by_the_code_but_its_forks_can() -> None:
    leave = os._exit
    with pytest.raises(ProcessEnded, match=r"os\._exit\(0\)"), contained(60):
        pid = os.fork()
        if pid == 0:
            os._exit(7)
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 7
        os._exit(0)
    assert os._exit is leave


@pytest.mark.parametrize(
    ("file", "before", "leaves"),
    [
        (threading.__file__, True, True),  # as a kernel's that looks after its parent
        (threading.__file__, False, False),  # such as a Timer that the code has given os._exit
        (__file__, True, False),
    ],
)
def test_only_a_librarys_thread_that_ran_before_may_end_the_process(
    monkeypatch: pytest.MonkeyPatch, file: str, before: bool, leaves: bool
) -> None:
    left: list[int] = []
    refused: list[BaseException] = []
    go = threading.Event()
    call = compile(
        "go.wait()\ntry:\n    os._exit(7)\nexcept BaseException as e:\n    refused.append(e)", file, "exec"
    )
    thread = threading.Thread(target=exec, args=(call, {"os": os, "go": go, "refused": refused}))

    def leave(status: int) -> None:
        left.append(status)
        sys.exit()  # the thread

    monkeypatch.setattr(os, "_exit", leave)
    if before:
        thread.start()
    with contained(60):  # a round before
        if not before:
            thread.start()
    with contained(60):
        go.set()
        thread.join()
    assert left == ([7] if leaves else [])
    assert isinstance(refused[0], ProcessEnded) is not leaves


def test_a_fork_that_comes_back_from_the_code_ends_there() -> None:
    reader, writer = os.pipe()
    with contained(60):
        pid = os.fork()
    os.write(writer, b"x")  # by one process only
    os.waitpid(pid, 0)
    os.close(writer)
    assert os.read(reader, 10) == b"x"
    os.close(reader)


def raises() -> None:
    raise KeyboardInterrupt


def is_signalled() -> None:
    signal.raise_signal(signal.SIGINT)


@pytest.mark.parametrize(("body", "own"), [(raises, True), (is_signalled, False)])
def test_only_a_statement_of_the_codes_is_its_own_interrupt(body: Callable[[], None], own: bool) -> None:
    with pytest.raises(KeyboardInterrupt) as caught:
        body()
    assert is_own_interrupt(caught.value) is own


def test_children_that_are_left_running_are_ended_and_others_are_not() -> None:
    waits = [sys.executable, "-c", "import threading; threading.Event().wait()"]
    before = psutil.Popen(waits)
    try:
        with ending_children():
            started = psutil.Popen(waits)
        assert not started.is_running()
        started.poll()  # another has waited for it
        assert before.is_running()
    finally:
        before.kill()
        before.wait()


def test_daemons_are_ended_and_the_resource_tracker_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    """The shell ends at once, and what it has started is nobody's child."""
    tracker: Any = ResourceTracker()
    monkeypatch.setattr(resource_tracker, "_resource_tracker", tracker)
    waits = f"{sys.executable} -c 'import threading; threading.Event().wait()'"
    with ending_children():
        assert "WORKBENCH_STARTED_BY" in os.environ
        shell = ["sh", "-c", f"{waits} >/dev/null 2>&1 & echo $!"]
        daemon = psutil.Process(int(subprocess.run(shell, capture_output=True, check=True).stdout))
        tracker.ensure_running()
    assert "WORKBENCH_STARTED_BY" not in os.environ
    os.close(tracker._fd)
    assert os.waitpid(tracker._pid, 0)[1] == 0  # and not by a signal
    tracker._fd = tracker._pid = None
    assert not daemon.is_running() or daemon.status() == psutil.STATUS_ZOMBIE  # of a container without an init


def test_what_is_written_to_the_descriptor_is_thrown_away(capfd: pytest.CaptureFixture[str]) -> None:
    with silenced():
        os.write(1, b"lost")
    os.write(1, b"kept")
    assert capfd.readouterr().out == "kept"


@pytest.mark.parametrize("left", ["closed", "ours closed", "none"])
def test_the_descriptor_comes_back_whatever_became_of_the_stream(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, left: str
) -> None:
    stream = io.TextIOWrapper(io.BytesIO())
    monkeypatch.setattr(sys, "stdout", stream)
    with silenced():
        match left:
            case "closed":
                sys.stdout.close()
            case "ours closed":
                stream.close()
            case "none":
                sys.stdout = None
        os.write(1, b"lost")
    os.write(1, b"kept")
    assert sys.stdout is stream
    assert stream.closed == (left == "ours closed")
    assert capfd.readouterr().out == "kept"


class Silent(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no words")


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (ValueError("half \ud800, \x1bred\x07"), r"ValueError: half \ud800, \x1bred\x07"),
        (ValueError("naïve → 数"), "ValueError: naïve → 数"),
        (Silent(), "Silent: (its message can't be had: its __str__ raises)"),
        (ValueError("x" * 1_000_000), f"ValueError: {'x' * LONGEST_MESSAGE}"),
    ],
)
def test_a_message_is_one_line_that_every_terminal_and_file_takes(error: Exception, line: str) -> None:
    assert outcome_of(error)[1] == line
