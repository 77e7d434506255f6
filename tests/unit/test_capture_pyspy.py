"""py-spy's messages explained, and the permission it is given."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from workbench.capture import pyspy
from workbench.capture.pyspy import PySpy, allow_tracer, executable, explain
from workbench.capture.samplers import SamplerSpec
from workbench.errors import CaptureError, ProcessNotFound, SamplerPermission, SamplerUnavailable

DENIED = "Permission Denied: Try running again with elevated permissions by going 'sudo env \"PATH=$PATH\" !!'"


@pytest.mark.parametrize(
    ("message", "kind", "says"),
    [
        (DENIED, SamplerPermission, "no permission to look into process 7"),
        ("Error: Operation not permitted (os error 1)", SamplerPermission, "process 7"),
        ("This program requires root on OSX.", SamplerPermission, "process 7"),
        ("Error: Failed to get process executable name. Check that", ProcessNotFound, "no process 7"),
        ("Error: No such process (os error 3)", ProcessNotFound, "no process 7"),
        ("Error: Failed to find python version from target process", ProcessNotFound, "not a Python process"),
        ("Error: something new\n\nStack backtrace:\n 0: x", CaptureError, "Error: something new"),
        ("", CaptureError, "ended without a message"),
    ],
)
def test_a_failure_is_one_line_that_says_what_to_do(message: str, kind: type[CaptureError], says: str) -> None:
    error = explain(message, 7)
    assert type(error) is kind
    assert says in str(error)
    assert "\n" not in str(error)


@pytest.mark.parametrize(
    ("scope", "mend"), [("1\n", "ptrace_scope=0"), ("0\n", "SYS_PTRACE"), (None, "SYS_PTRACE")]
)
def test_the_mend_fits_the_system(
    scope: str | None, mend: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    setting = tmp_path / "ptrace_scope"
    if scope is not None:
        setting.write_text(scope)
    monkeypatch.setattr(pyspy, "PTRACE_SCOPE", setting)
    monkeypatch.setattr(sys, "platform", "linux")
    assert mend in str(explain(DENIED, 7))
    monkeypatch.setattr(sys, "platform", "darwin")
    assert "sudo" in str(explain(DENIED, 7))


@pytest.mark.parametrize(("scope", "calls"), [("1", [4711, 0]), ("0", []), ("2", [])])
def test_the_tracer_is_allowed_where_only_parents_would_be(
    scope: str, calls: list[int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    setting = tmp_path / "ptrace_scope"
    setting.write_text(scope)
    made: list[int] = []

    class Library:
        def __init__(self, *_: Any, **__: Any) -> None:
            pass

        def prctl(self, option: int, pid: Any, *_: int) -> int:
            assert option == 0x59616D61
            made.append(pid.value)
            return 0

    monkeypatch.setattr(pyspy, "PTRACE_SCOPE", setting)
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(pyspy.ctypes, "CDLL", Library)
    allow_tracer(4711)
    allow_tracer(0)
    assert made == calls


def test_without_py_spy_the_way_to_get_it_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    with pytest.raises(SamplerUnavailable, match="pip install py-spy"):
        executable()
    with pytest.raises(SamplerUnavailable):
        PySpy(1, SamplerSpec("py-spy")).start()


def fake_py_spy(folder: Path, script: str) -> None:
    path = folder / "py-spy"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def test_a_py_spy_that_never_starts_is_given_up_and_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_py_spy(tmp_path, "exec sleep 60")
    monkeypatch.setattr(pyspy, "executable", lambda: str(tmp_path / "py-spy"))
    monkeypatch.setattr(pyspy, "START_TIMEOUT_S", 0.05)
    with pytest.raises(CaptureError, match="did not start"):
        PySpy(1, SamplerSpec("py-spy")).start()


def test_a_py_spy_that_records_nothing_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_py_spy(tmp_path, "echo 'py-spy> Sampling process 100 times'; echo 'Error: No stack counts found' >&2")
    monkeypatch.setattr(pyspy, "executable", lambda: str(tmp_path / "py-spy"))
    spy = PySpy(1, SamplerSpec("py-spy")).start()
    spy.wait(None)
    spy.stop()
    with pytest.raises(CaptureError, match="No stack counts found"):
        list(spy.samples())


def test_options_follow_the_spec() -> None:
    options = pyspy._options(SamplerSpec("py-spy", 0.005, native=True, gil=True, subprocesses=True))
    assert options[options.index("--rate") + 1] == "200"
    assert {"--native", "--gil", "--subprocesses"} <= set(options)
    assert "--idle" not in options
    help_text = subprocess.run(
        [executable(), "record", "--help"], capture_output=True, text=True, check=True
    ).stdout
    assert all(option in help_text for option in options if option.startswith("--"))
