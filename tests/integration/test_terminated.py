"""Measuring that is ended from outside leaves no process and no folder behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from workbench.experiment.terminable import terminable

BODY = "import pathlib, time\n\ndef body():\n    pathlib.Path('started').touch()\n    time.sleep(600)\n"


@pytest.mark.parametrize(
    ("arguments", "number"),
    [
        (("compare", "job.py", "job.py"), signal.SIGTERM),
        (("compare", "work.py:body", "work.py:body", "--isolate"), signal.SIGHUP),
        (("scaling", "work.py:sized", "--sizes", "100,200,400"), signal.SIGTERM),
    ],
    ids=["script", "isolated", "scaling"],
)
def test_a_signal_ends_what_is_measured(tmp_path: Path, arguments: tuple[str, ...], number: signal.Signals) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    (tmp_path / "work.py").write_text(f"{BODY}\ndef sized(n):\n    body()\n")
    (tmp_path / "job.py").write_text(f"{BODY}\nbody()\n")
    command = subprocess.Popen(
        [sys.executable, "-m", "workbench", *arguments],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "TMPDIR": str(scratch)},
        preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_DFL),  # else as under nohup
    )
    try:
        deadline = time.monotonic() + 60
        while not (tmp_path / "started").exists() and command.poll() is None and time.monotonic() < deadline:
            time.sleep(0.02)
        children = psutil.Process(command.pid).children(recursive=True)
        command.send_signal(number)
        _, err = command.communicate(timeout=60)
    finally:
        command.kill()

    assert command.returncode == 130, err
    assert "Traceback" not in err
    _, alive = psutil.wait_procs(children, timeout=60)
    assert alive == []
    assert list(scratch.iterdir()) == []


def test_what_is_ignored_or_handled_by_another_stays_so_and_the_second_signal_waits() -> None:
    seen = []
    before = {n: signal.getsignal(n) for n in (signal.SIGTERM, signal.SIGHUP)}
    try:
        signal.signal(signal.SIGTERM, lambda *_: seen.append(1))
        signal.signal(signal.SIGHUP, signal.SIG_DFL)
        with pytest.raises(KeyboardInterrupt), terminable():
            os.kill(os.getpid(), signal.SIGTERM)
            assert seen == [1]
            try:
                os.kill(os.getpid(), signal.SIGHUP)
            finally:
                os.kill(os.getpid(), signal.SIGHUP)  # while all is cleared away
                seen.append(2)
        assert seen == [1, 2]
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_DFL
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        with terminable():
            os.kill(os.getpid(), signal.SIGHUP)
    finally:
        for n, handler in before.items():
            signal.signal(n, handler)
