"""The environment of a run: read from the system, never failing."""

from __future__ import annotations

import os
import platform
import subprocess
from pathlib import Path
from types import SimpleNamespace

import pytest

from workbench.capture import environment as module
from workbench.capture.environment import environment
from workbench.experiment.gate.repository import Repository


def git(folder: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false"]
    command = ["git", "-C", str(folder), *identity, *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def test_a_checkout_states_commit_branch_and_changes(tmp_path: Path) -> None:
    clean, changed = tmp_path / "clean", tmp_path / "changed"
    for folder in (clean, changed):
        folder.mkdir()
        git(folder, "init", "-q", "-b", "trunk")
        (folder / "a.py").write_text("1\n")
        git(folder, "add", "a.py")
        git(folder, "commit", "-q", "-m", "first")
        (folder / "untracked.txt").write_text("not a change\n")
    (changed / "a.py").write_text("2\n")
    at = environment(clean)
    assert (at.commit, at.branch, at.dirty) == (git(clean, "rev-parse", "HEAD"), "trunk", False)
    assert environment(changed).dirty


def test_a_process_that_lives_on_sees_edits_and_commits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A kernel measures, its user edits, measures, commits and measures: three states."""
    monkeypatch.setattr(module, "_ASKED_AGAIN_AFTER", 0)
    git(tmp_path, "init", "-q")
    states = []
    for text in ("1\n", "2\n"):
        (tmp_path / "a.py").write_text(text)
        git(tmp_path, "add", "a.py")
        states.append(environment(tmp_path).dirty)
        git(tmp_path, "commit", "-q", "-m", text)
        at = environment(tmp_path)
        assert (at.commit, at.dirty) == (git(tmp_path, "rev-parse", "HEAD"), False)
    assert states == [False, True]  # without a commit there is nothing to differ from


def test_blocks_in_quick_succession_ask_git_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    clock = [100.0]

    def state(root: str) -> tuple[str, str, bool]:
        asked.append(root)
        clock[0] += 0.1
        return f"commit {len(asked)}", "main", False

    monkeypatch.setattr(module, "_git_state", state)
    monkeypatch.setattr(module, "power_mode", lambda: "")
    monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=lambda: clock[0]))
    assert [environment(tmp_path).commit for _ in range(3)] == ["commit 1"] * 3
    clock[0] += module._ASKED_AGAIN_AFTER * 0.1 + 0.001
    assert environment(tmp_path).commit == "commit 2"


@pytest.mark.parametrize(
    ("file", "changed"),
    [
        ("new.py", True),
        ("deep/inside/_fast.abi3.so", True),
        ("notes.txt", False),
        ("data/workbench.duckdb", False),
        ("ignored.py", False),
        (".venv/lib/python3.13/site-packages/x.py", False),
    ],
)
def test_new_files_are_changes_where_they_are_code(tmp_path: Path, file: str, *, changed: bool) -> None:
    git(tmp_path, "init", "-q")
    (tmp_path / ".gitignore").write_text("ignored.py\n")
    (tmp_path / "below").mkdir()
    (tmp_path / "below/a.py").write_text("1\n")
    git(tmp_path, "add", ".gitignore", "below")
    git(tmp_path, "commit", "-q", "-m", "first")
    (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / file).write_text("new\n")
    assert Repository(tmp_path / "below").work_tree().dirty is changed
    assert environment(tmp_path / "below").dirty is changed


def test_a_tracked_store_is_no_change(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    (tmp_path / "own.duckdb").write_text("1\n")
    git(tmp_path, "add", "own.duckdb")
    git(tmp_path, "commit", "-q", "-m", "first")
    (tmp_path / "own.duckdb").write_text("2\n")
    assert not environment(tmp_path).dirty


def test_outside_a_checkout_there_is_no_commit(tmp_path: Path) -> None:
    at = environment(tmp_path)
    assert (at.commit, at.branch, at.dirty) == ("", "", False)


def test_no_git_and_a_hanging_git_cost_nothing_but_the_commit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert module._git_state(str(tmp_path)) == ("", "", False)
    fake = tmp_path / "git"
    fake.write_text("#!/bin/sh\nexec /bin/sleep 60\n")
    fake.chmod(0o755)
    monkeypatch.setattr(module, "GIT_TIMEOUT_S", 0.05)
    assert module._git_state(str(tmp_path)) == ("", "", False)


def test_what_makes_runs_comparable_is_there(tmp_path: Path) -> None:
    at = environment(tmp_path)
    assert at.python == platform.python_version()
    assert at.implementation == platform.python_implementation()
    assert at.packages["pyinstrument"]
    assert at.packages["duckdb"]
    assert at.workbench == at.packages["workbench"]
    assert at.cores == os.cpu_count()
    assert at.memory_bytes > 1 << 20
    assert at.cpu
    assert at.os


def test_the_machine_is_a_digest_that_tells_nothing(tmp_path: Path) -> None:
    at = environment(tmp_path)
    assert len(at.machine) == 16
    assert int(at.machine, 16) >= 0
    assert platform.node() not in repr(at) or not platform.node()


def test_what_lasts_is_read_once(tmp_path: Path) -> None:
    assert environment(tmp_path).packages is environment(tmp_path / "elsewhere").packages
