"""File names that are the same on every machine."""

from __future__ import annotations

import json
from pathlib import Path

import httpx
import pytest

from workbench import cli
from workbench.paths import is_user_code, normalise, shorten_text


def test_installed_code_loses_its_prefix() -> None:
    assert normalise(httpx.__file__) == "<site>/httpx/__init__.py"
    assert normalise(json.__file__) == "<stdlib>/json/__init__.py"
    assert normalise("/opt/x/lib/python3.12/site-packages/a/b.py") == "<site>/a/b.py"
    assert normalise("/usr/lib/python3/dist-packages/yaml/__init__.py") == "<site>/yaml/__init__.py"


def test_the_workbench_is_itself_wherever_it_is_installed() -> None:
    assert normalise(cli.__file__) == "workbench/cli/__init__.py"


@pytest.mark.parametrize(
    "cell", ["<ipython-input-3-0ab1>", "/tmp/ipykernel_123/987654.py", "/var/folders/x/T/ipykernel_9/1.py"]
)
def test_notebook_cells_are_one_file(cell: str) -> None:
    assert normalise(cell) == "<cell>"


@pytest.mark.parametrize("name", ["<frozen importlib._bootstrap>", "<string>", "<built-in>", "<stdin>"])
def test_names_without_a_file_stay(name: str) -> None:
    assert normalise(name) == name
    assert normalise("") == "<unknown>"


@pytest.mark.parametrize("marker", [".git", "pyproject.toml"])
def test_a_file_is_named_from_its_own_project(tmp_path: Path, marker: str) -> None:
    for checkout in ("one", "two"):
        package = tmp_path / checkout / "src" / "shop"
        package.mkdir(parents=True)
        (tmp_path / checkout / marker).touch()
        assert normalise(str(package / "cart.py")) == "src/shop/cart.py"


def test_outside_a_project_the_working_folder_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert normalise(str(tmp_path / "jobs" / "outside_a_project.py")) == "jobs/outside_a_project.py"
    assert normalise("relative_outside_a_project.py") == "relative_outside_a_project.py"


def test_the_home_folder_is_not_spelt_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path / "home" / "ada"
    home.mkdir(parents=True)
    (home / ".git").touch()  # dot-files under version control make nobody's project
    monkeypatch.setenv("HOME", str(home))
    assert normalise(str(home / "notes" / "script_in_a_home.py")) == "~/notes/script_in_a_home.py"
    assert shorten_text(f"no such file: {home}/x") == "no such file: ~/x"
    assert shorten_text(f"{home}, {home}: '{home}'.") == "~, ~: '~'."
    for other in (f"{home}.old/x", f"{home}n/x", f"{home}-2", f"/mnt{home}/x"):
        assert shorten_text(f"no such file: {other}") == f"no such file: {other}"


def test_user_code_is_neither_library_nor_machinery() -> None:
    users = ["src/app.py", "<cell>", "<string>", "~/x.py", "workbench/scenarios/jamf/naive.py"]
    others = [
        "<stdlib>/ssl.py",
        "<site>/httpx/_client.py",
        "<built-in>",
        "<frozen runpy>",
        "workbench/capture/http.py",
    ]
    assert [name for name in users + others if is_user_code(name)] == users
