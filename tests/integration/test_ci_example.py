"""The documented workflow for GitHub Actions: its steps, run as far as that goes without GitHub and network."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml
from git_projects import GitProject

from workbench.store import Store

DOCS = Path(__file__).parents[2] / "docs"
WORKFLOW: dict[Any, Any] = yaml.safe_load((DOCS / "examples" / "github-actions.yml").read_text())
(JOB,) = WORKFLOW["jobs"].values()

PAGES = """
def render():
    for _ in range({times}):
        total = sum(i * i for i in range(2000))
    return total
"""
CONFIG = '[tool.workbench.gate]\ntargets = ["pages.py:render"]\n'


class Runner:
    """What GitHub's runner does around a step: a working folder, some variables, files that steps write to."""

    def __init__(self, folder: Path, temporary: Path) -> None:
        self.folder, self.temporary = folder, temporary
        self.summary = temporary / "summary"
        self._variables = temporary / "variables"
        self._variables.touch()

    def run(self, step: dict[str, Any]) -> int:
        command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]]
        return subprocess.run(
            command, cwd=self.folder, env=self._environment(), check=False, timeout=150
        ).returncode

    def _environment(self) -> dict[str, str]:
        exported = dict(line.split("=", 1) for line in self._variables.read_text().splitlines())
        return {
            **os.environ,
            "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
            "GITHUB_ENV": str(self._variables),
            "GITHUB_STEP_SUMMARY": str(self.summary),
            "GITHUB_BASE_REF": "main",
            "RUNNER_TEMP": str(self.temporary),
            **exported,
        }


def step(name: str) -> dict[str, Any]:
    (found,) = (s for s in JOB["steps"] if s.get("name") == name)
    return dict(found)


def test_a_pull_request_that_is_slower_fails_and_names_the_function(tmp_path: Path) -> None:
    origin = GitProject(tmp_path / "origin")
    origin.commit("Serve pages", {"pages.py": PAGES.format(times=1), "pyproject.toml": CONFIG})
    subprocess.run(["git", "clone", "-q", str(origin.root), str(tmp_path / "clone")], check=True)
    clone = GitProject(tmp_path / "clone")
    clone.git("checkout", "-q", "-b", "slower")
    clone.commit("Serve them slowly", {"pages.py": PAGES.format(times=12)})
    (tmp_path / "temporary").mkdir()
    runner = Runner(clone.root, tmp_path / "temporary")

    ends = [runner.run(step(name)) for name in ("Find the baseline", "Gate")]

    assert ends == [0, 1]
    assert "REGRESSION" in runner.summary.read_text()
    assert "mostly `render" in runner.summary.read_text()
    kept = Path(JOB["steps"][-1]["with"]["path"].replace("${{ runner.temp }}", str(runner.temporary)))
    assert {file.name for file in kept.iterdir()} >= {"gate.duckdb", "gate.md", "gate.xml"}
    assert len(Store(kept / "gate.duckdb").runs()) == 2
    assert clone.git("status", "--porcelain", "--untracked-files=no") == ""


def test_the_workflow_fetches_the_baseline_and_keeps_what_was_measured() -> None:
    checkout, *_, last = JOB["steps"]
    assert checkout["with"]["fetch-depth"] == 0
    assert last["if"] == "always()"
    install = step("Install")
    assert '"$WORKBENCH"' in install["run"] and "/" in install["env"]["WORKBENCH"]  # never PyPI's of that name
    assert "github-actions.yml" in (DOCS / "ci.md").read_text()
