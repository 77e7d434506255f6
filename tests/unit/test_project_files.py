"""pyproject.toml is the one place for dependencies; environment.yml, the Makefile and the README follow it."""

import re
import tomllib
from itertools import chain
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def test_environment_yml_installs_what_pyproject_lists_and_nothing_else() -> None:
    environment = yaml.safe_load((ROOT / "environment.yml").read_text())
    conda = [d for d in environment["dependencies"] if isinstance(d, str)]
    pip = next(d["pip"] for d in environment["dependencies"] if isinstance(d, dict))
    assert [re.split(r"[ =<>]", d)[0] for d in conda] == ["python", "pip", "make", "git"]
    assert f"python {PROJECT['requires-python']}" in conda
    assert len(pip) == 1
    extras = re.fullmatch(r"-e \.\[([a-z,]+)\]", pip[0])
    assert extras is not None
    assert set(extras[1].split(",")) == set(PROJECT["optional-dependencies"])


def test_set_up_script_installs_every_extra() -> None:
    extras = re.search(r"extras='\.\[([a-z,]+)\]'", (ROOT / "scripts/setup").read_text())
    assert extras is not None
    assert set(extras[1].split(",")) == set(PROJECT["optional-dependencies"])


def test_the_packages_that_users_asked_for_are_dependencies() -> None:
    requirements = [*PROJECT["dependencies"], *chain(*PROJECT["optional-dependencies"].values())]
    names = {re.split(r"[\[ =<>]", r)[0] for r in requirements}
    asked = {"jupyterlab", "pyinstrument", "py-spy", "duckdb", "httpx", "sqlalchemy", "neo4j", "plotly", "nbval"}
    assert asked <= names


def test_no_dependency_stands_in_two_places() -> None:
    requirements = [*PROJECT["dependencies"], *chain(*PROJECT["optional-dependencies"].values())]
    names = [re.split(r"[\[ =<>]", r)[0] for r in requirements]
    assert sorted(names) == sorted(set(names))


def test_readme_opens_with_the_two_commands() -> None:
    opening = (ROOT / "README.md").read_text()[:1200]
    for command in ("make demo", "make test", "make lab"):
        assert command in opening
    assert "![" in opening


def test_ci_calls_the_readmes_test_command_and_the_checks() -> None:
    script = (ROOT / ".ci/run").read_text()
    assert "make test" in script
    assert "make lint" in script
