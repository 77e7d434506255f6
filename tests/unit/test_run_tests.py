"""The command that `make test` runs: a stall of the machine isn't a failure, a bug is."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).parents[2] / "scripts" / "run-tests"
STALLED_ONCE = """
from pathlib import Path
def test_stalled():
    attempts = Path(__file__).with_suffix(".attempts")
    attempts.write_text((attempts.read_text() if attempts.exists() else "") + ".")
    assert attempts.read_text() not in {bad}
def test_good(): pass
"""


def outcome(folder: Path, text: str) -> tuple[int, str]:
    (folder / "test_it.py").write_text(text, encoding="utf-8")
    command = [sys.executable, str(SCRIPT), "-q", "-o", "addopts=", "."]
    bare = os.environ | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    ended = subprocess.run(command, cwd=folder, env=bare, capture_output=True, text=True, check=False)
    return ended.returncode, ended.stdout


def test_a_test_that_failed_once_and_then_passed_three_times_alone_is_named_and_passes(tmp_path: Path) -> None:
    code, text = outcome(tmp_path, STALLED_ONCE.format(bad=["."]))
    assert code == 0
    assert "run-tests: UNSTABLE test_it.py::test_stalled: failed beside others, passed 3 of 3 alone" in text
    assert (tmp_path / "test_it.attempts").read_text() == "...."


def test_one_that_fails_again_fails_the_run(tmp_path: Path) -> None:
    code, text = outcome(tmp_path, STALLED_ONCE.format(bad=[".", "..."]))
    assert code == 1
    assert "run-tests: test_it.py::test_stalled failed again" in text


def test_more_than_three_failures_are_no_chance(tmp_path: Path) -> None:
    code, text = outcome(tmp_path, "\n".join(f"def test_{name}(): assert False" for name in "abcd"))
    assert code == 1
    assert "must now pass" not in text


def test_what_could_not_be_run_keeps_pytests_exit_code(tmp_path: Path) -> None:
    assert outcome(tmp_path, "import nothing_of_this_name")[0] == 2
