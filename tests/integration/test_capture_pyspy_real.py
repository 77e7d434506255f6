"""py-spy on real processes: this one, a child, and what can't be sampled."""

from __future__ import annotations

import os
import platform
import signal
import subprocess
import sys
import threading
import time
import venv
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from spies import until_looked_at

from workbench.calltree import CallTree
from workbench.capture.other_process import environment_of, run_delays
from workbench.capture.rounds import RunRecorder
from workbench.capture.samplers import SamplerSpec
from workbench.errors import ProcessNotFound, UsageError
from workbench.experiment import attach as attaching
from workbench.experiment.attach import attach
from workbench.model import Frame, Recording, RoundKind, Status

HERE = "tests/integration/test_capture_pyspy_real.py"

CHILD = """
import sys, threading
def outer():
    class Inner:
        def spin(self):
            while True:
                pass
    threading.Thread(target=Inner().spin, name="helper", daemon=True).start()
    print("ready", flush=True)
    Inner().spin()
outer()
"""


class Shelf:
    def __init__(self) -> None:
        self.saved: list[Recording] = []

    def save(self, session: Any, recordings: Any) -> None:
        self.saved += recordings


@pytest.fixture
def child() -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen([sys.executable, "-c", CHILD], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        yield process
        process.kill()


def burn(seconds: float) -> None:
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        pass


def names(tree: CallTree | None) -> set[str]:
    assert tree is not None
    return {frame.function for frame in tree.frames}


def test_all_threads_of_this_process_with_our_own_frames_left_out() -> None:
    go, over = threading.Event(), threading.Event()

    def help_out() -> None:
        go.wait()
        while not over.is_set():
            burn(0.01)

    def work() -> None:
        go.set()
        until_looked_at(lambda: burn(0.1))

    helper = threading.Thread(target=help_out, name="helper")
    helper.start()  # before the first look, which may come before a new thread has its name
    recorder = RunRecorder(SamplerSpec("py-spy", 0.01))
    try:
        recorder.call(RoundKind.SAMPLED, work)
    finally:
        go.set()
        over.set()
        helper.join()
    recording = recorder.finish(run_id="r", session_id="s", name="n")
    tree = recording.tree
    assert tree is not None
    assert {"MainThread", "helper"} <= set(tree.threads)
    stacks = {tree.stack(n) for n in range(len(tree))}
    assert any(stack[0] == Frame(HERE, work.__qualname__) and stack[-1] == Frame(HERE, "burn") for stack in stacks)
    assert not [frame for frame in tree.frames if frame.file.startswith("workbench/")]
    assert recording.run.sampler.name == "py-spy"


def test_attached_for_a_while_to_another_process(
    child: subprocess.Popen[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    watch = attaching._watch

    def watch_once_sampled(*arguments: Any) -> None:
        until_looked_at(lambda: time.sleep(0.02))
        watch(*arguments)

    monkeypatch.setattr(attaching, "_watch", watch_once_sampled)
    shelf = Shelf()
    attached = attach(child.pid, duration=0.5, rate=100, name="server", store=shelf)  # type: ignore[arg-type]
    run = attached.recording.run
    assert (run.name, run.status, attached.session.kind) == ("server", Status.OK, "attach")
    assert run.sampler.interval_ns == 10_000_000
    assert run.rounds[0].measures["wall"] > 0.4
    assert run.rounds[0].measures["cpu"] > 0
    assert "outer.<locals>.Inner.spin" in names(attached.recording.tree)
    assert run.rounds[0].measures.get("run_delay", 0) >= 0
    assert shelf.saved == [attached.recording]
    assert child.poll() is None


def test_the_environment_is_the_processs_own(tmp_path: Path) -> None:
    repository, environment = tmp_path / "backend", tmp_path / "venv"
    repository.mkdir()
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@b", "-C", str(repository)]
    subprocess.run([*git, "init", "-q", "-b", "trunk"], check=True)
    subprocess.run([*git, "commit", "-q", "--allow-empty", "-m", "first"], check=True)
    commit = subprocess.run([*git, "rev-parse", "HEAD"], check=True, capture_output=True, text=True).stdout.strip()
    venv.create(environment, symlinks=True, with_pip=False)
    site = next((environment / "lib").glob("python*")) / "site-packages"
    (site / "only_there-1.2.dist-info").mkdir()
    command = [environment / "bin" / "python", "-c", "print(1, flush=True); input()"]
    with subprocess.Popen(command, cwd=repository, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        found = environment_of(process.pid)
        process.kill()
    assert (found.python, found.implementation) == (platform.python_version(), "CPython")
    assert (found.commit, found.branch, found.packages) == (commit, "trunk", {"only-there": "1.2"})


def test_of_a_process_that_has_ended_nothing_is_made_up() -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    found = environment_of(process.pid)
    assert (found.python, found.implementation, found.commit, found.packages) == ("", "", "", {})
    assert run_delays(process.pid) == {}


def once_sampled(monkeypatch: pytest.MonkeyPatch, action: Callable[[], object]) -> None:
    """Let ``attach`` meet the action once it has samples, however long py-spy took to get to them."""
    watch = attaching._watch

    def met(*arguments: Any) -> None:
        def wait_and_act() -> None:
            until_looked_at(lambda: time.sleep(0.02))
            action()

        waiting = threading.Thread(target=wait_and_act)
        waiting.start()
        try:
            watch(*arguments)
        finally:
            waiting.join()

    monkeypatch.setattr(attaching, "_watch", met)


def test_attached_until_the_process_ends(child: subprocess.Popen[str], monkeypatch: pytest.MonkeyPatch) -> None:
    once_sampled(monkeypatch, child.kill)
    attached = attach(child.pid, store=Shelf())  # type: ignore[arg-type]
    assert attached.recording.run.status is Status.OK
    assert attached.recording.run.rounds[0].measures["cpu"] > 0
    assert "outer.<locals>.Inner.spin" in names(attached.recording.tree)


@pytest.mark.parametrize(("duration", "status"), [(None, Status.OK), (60.0, Status.INTERRUPTED)])
def test_ctrl_c_keeps_what_was_recorded(
    child: subprocess.Popen[str], duration: float | None, status: Status, monkeypatch: pytest.MonkeyPatch
) -> None:
    once_sampled(monkeypatch, lambda: os.kill(os.getpid(), signal.SIGINT))
    attached = attach(child.pid, duration=duration, store=Shelf())  # type: ignore[arg-type]
    assert attached.recording.run.status is status
    assert "outer.<locals>.Inner.spin" in names(attached.recording.tree)


def test_what_cannot_be_sampled_is_told_in_one_line() -> None:
    with pytest.raises(ProcessNotFound, match="no process 99999999"):
        attach(99999999, duration=1)
    with subprocess.Popen(["sleep", "60"]) as sleeper:
        with pytest.raises(ProcessNotFound, match="not a Python process"):
            attach(sleeper.pid, duration=1)
        sleeper.kill()
    for bad in ({"rate": 0}, {"rate": 5000}, {"duration": 0.0}, {"duration": -1.0}):
        with pytest.raises(UsageError):
            attach(os.getpid(), **bad)  # type: ignore[arg-type]
