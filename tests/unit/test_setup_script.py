"""``scripts/setup`` and ``install-chromium`` where something is missing: one line says what, and how to get it."""

from __future__ import annotations

import os
import re
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
    for script in ("setup", "install-chromium"):
        shutil.copy(SCRIPTS / script, tmp_path / "scripts")
    (tmp_path / "bin").mkdir()
    for tool in ("sh", "dirname", "rm", "mkdir", "cp", "touch", "id", "mktemp", "tail"):
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


def set_up(checkout: Path, script: str = "setup", **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": str(checkout / "bin"), "HOME": os.environ.get("HOME", "/"), **variables}
    return subprocess.run(
        ["sh", f"scripts/{script}"], cwd=checkout, env=environment, capture_output=True, text=True, timeout=60
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


@pytest.mark.parametrize(("ci", "code"), [("", 0), ("true", 1)], ids=["at home", "in CI"])
def test_without_a_browser_tests_are_skipped_at_home_and_fail_in_ci(checkout: Path, ci: str, code: int) -> None:
    without_places_outside_path(checkout)
    failing_apt(checkout)
    done = set_up(checkout, "install-chromium", CI=ci)
    assert done.returncode == code
    assert done.stderr.startswith("E: no network")
    assert "set WORKBENCH_CHROMIUM to its path; until then the browser tests are skipped" in done.stderr


def test_a_browser_that_is_there_is_enough(checkout: Path) -> None:
    browser = checkout / "my chromium"
    browser.write_text("#!/bin/sh\n")
    browser.chmod(0o755)
    done = set_up(checkout, "install-chromium", WORKBENCH_CHROMIUM=str(browser))
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_the_browser_tests_look_where_the_script_does() -> None:
    fixtures = (SCRIPTS.parent / "tests/browser/conftest.py").read_text()
    names = re.findall(r'"(.+)"', fixtures.partition("NAMES = (")[2].partition("\n)")[0])
    assert "chromium" in names
    script = (SCRIPTS / "install-chromium").read_text().replace('"', "")
    assert [name for name in names if f" {name} " not in script.replace(";", " ")] == []


def without_places_outside_path(checkout: Path) -> None:
    script = checkout / "scripts" / "install-chromium"
    text = script.read_text()
    script.write_text(text.replace("/usr/bin/chromium", "/nowhere").replace("/Applications/", "/nowhere/"))


def failing_apt(checkout: Path) -> None:
    for name, text in (("apt-get", "echo E: no network >&2; exit 100"), ("sudo", '[ "$1" = -n ] && shift; "$@"')):
        path = checkout / "bin" / name
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(0o755)
    (checkout / "bin" / "true").symlink_to(shutil.which("true") or "true")
