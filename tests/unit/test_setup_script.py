"""``scripts/setup`` on machines that lack something: one line says what, and how to get it."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).parents[2] / "scripts"

# An interpreter as far as the script looks at it: its age, `-m venv` and `-m pip`.
PYTHON = """#!/bin/sh
case "$*" in
    -c*) {fits} ;;
    --version) echo Python 3.x ;;
    "-m venv"*) {venv} && mkdir -p "$3/bin" && cp "$0" "$3/bin/python" ;;
    "-m pip"*) echo pip "$@" >> calls && {pip} ;;
esac
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    (tmp_path / "scripts").mkdir()
    shutil.copy(SCRIPTS / "setup", tmp_path / "scripts")
    (tmp_path / "bin").mkdir()
    for tool in ("sh", "dirname", "rm", "mkdir", "cp", "touch"):
        found = shutil.which(tool)
        assert found is not None
        (tmp_path / "bin" / tool).symlink_to(found)
    return tmp_path


def add_python(
    checkout: Path, name: str = "python3", *, fits: str = "true", venv: str = "true", pip: str = "true"
) -> None:
    path = checkout / "bin" / name
    path.write_text(PYTHON.format(fits=fits, venv=venv, pip=pip))
    path.chmod(0o755)


def set_up(checkout: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": str(checkout / "bin"), "HOME": os.environ.get("HOME", "/"), **variables}
    return subprocess.run(
        ["sh", "scripts/setup"], cwd=checkout, env=environment, capture_output=True, text=True, timeout=60
    )


def stamped(checkout: Path) -> bool:
    return (checkout / ".venv" / ".setup-done").exists()


def test_it_makes_an_environment_and_installs_every_extra(checkout: Path) -> None:
    add_python(checkout)
    done = set_up(checkout)
    assert (done.returncode, done.stderr) == (0, "")
    assert (checkout / "calls").read_text().splitlines()[-1].endswith("-e .[notebook,services,dev]")
    assert stamped(checkout)


def test_an_environment_of_an_older_python_is_made_anew(checkout: Path) -> None:
    add_python(checkout)
    old = checkout / ".venv" / "bin" / "python"
    old.parent.mkdir(parents=True)
    old.write_text(PYTHON.format(fits="false", venv="true", pip="true"))
    old.chmod(0o755)
    assert set_up(checkout).returncode == 0
    assert old.read_text() == (checkout / "bin" / "python3").read_text()


@pytest.mark.parametrize(
    ("python", "variables", "said"),
    [
        ({"fits": "false"}, {}, "needs Python 3.11 or newer on PATH (Python 3.x); install it, or name one"),
        (None, {}, "needs Python 3.11 or newer on PATH (there is no python3)"),
        (
            {},
            {"PYTHON": "/nowhere/python"},
            "PYTHON=/nowhere/python is no Python 3.11 or newer (it can not be run)",
        ),
        ({"venv": "false"}, {}, "apt install python3-venv"),
        ({"pip": "false"}, {}, "PIP_INDEX_URL"),
    ],
    ids=["old", "none", "named wrongly", "without venv", "without network"],
)
def test_what_is_missing_is_said_in_one_line(
    checkout: Path, python: dict[str, str] | None, variables: dict[str, str], said: str
) -> None:
    if python is not None:
        add_python(checkout, **python)
    done = set_up(checkout, **variables)
    assert done.returncode == 1
    assert done.stderr.startswith("setup: ")
    assert said in done.stderr
    assert done.stderr.count("\n") == 1
    assert not stamped(checkout)
