"""``workbench gate`` as CI calls it: exit codes, reports, Ctrl-C, environments; nothing is left behind."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path
from xml.etree import ElementTree

import psutil
import pytest
from git_projects import GitProject

from workbench.store import Store

SLOW = (
    "def render():\n    total = 0\n    for _ in range({times}):\n        total = sum(i * i for i in range(2000))\n"
)


def project_with(root: Path, times: int) -> GitProject:
    project = GitProject(root)
    project.write({"pages.py": SLOW.format(times=times) + "    return total\n"})
    return project


def start(project: GitProject, scratch: Path, *arguments: str, **environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "workbench", "gate", *arguments],
        cwd=project.root,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "TMPDIR": str(scratch), **environment},
    )


@pytest.fixture
def scratch(tmp_path: Path) -> Path:
    folder = tmp_path / "scratch"
    folder.mkdir()
    return folder


def assert_nothing_left(project: GitProject, scratch: Path) -> None:
    assert project.git("worktree", "list").count("\n") == 0
    assert not (project.root / ".git" / "worktrees").exists() or not list(
        (project.root / ".git/worktrees").iterdir()
    )
    assert list(scratch.iterdir()) == []


def test_a_regression_fails_the_check_and_is_told_in_every_form(
    tmp_path: Path, scratch: Path, own_store: Path
) -> None:
    project = project_with(tmp_path / "repository", 1)
    margins = 'compare.max-seconds = 30\ncompare.max-regression = "5%"\n'
    config = f'[tool.workbench]\ngate.targets = ["pages.py:render"]\n{margins}'
    project.commit("Serve | <b>pages</b> @here", {"pyproject.toml": config})
    project.write({"pages.py": SLOW.format(times=12) + "    return total\n"})
    project.commit("Make it slow")
    (project.root / "deep").mkdir()
    summary = tmp_path / "summary.md"
    summary.write_text("before\n")
    reports = ("--markdown", str(tmp_path / "gate.md"), "--junit", str(tmp_path / "gate.xml"), "--json")

    gate = start(project, scratch, "--baseline", "HEAD~1", *reports, GITHUB_STEP_SUMMARY=str(summary))
    out, err = gate.communicate(timeout=120)

    assert gate.returncode == 1, err
    document = json.loads(out)
    (target,) = document["targets"]
    assert (document["verdict"], target["verdict"], target["target"]) == (
        "REGRESSION",
        "REGRESSION",
        "pages.py:render",
    )
    assert target["ratio"] > 3
    assert document["store"] == str(own_store)
    markdown = (tmp_path / "gate.md").read_text()
    assert "`pages.py:render` | REGRESSION" in markdown
    assert "<b>" not in markdown
    assert "@here" not in markdown
    assert summary.read_text() == f"before\n{markdown}"
    suite = ElementTree.parse(tmp_path / "gate.xml").getroot()
    assert (suite.get("tests"), suite.get("failures")) == ("1", "1")
    failure = suite.find("testsuite/testcase/failure")
    assert failure is not None
    assert "render" in (failure.text or "")
    assert re.fullmatch(r"[0-9a-f]{40}", document["baseline"]["commit"])
    assert document["new"] == {"commit": project.git("rev-parse", "HEAD"), "dirty": False}
    assert {run.name for run in Store(own_store).runs()} == {"pages.py:render"}
    assert_nothing_left(project, scratch)


@pytest.mark.parametrize(
    "number",
    [signal.SIGINT, signal.SIGTERM, pytest.param(signal.SIGHUP, marks=pytest.mark.soak)],
    ids=["Ctrl-C", "cancelled", "hung up"],
)
def test_interrupting_it_leaves_nothing_behind(
    tmp_path: Path, scratch: Path, own_store: Path, number: signal.Signals
) -> None:
    project = project_with(tmp_path / "repository", 1)
    project.write({"job.py": "import time, pathlib\npathlib.Path('started').touch()\ntime.sleep(600)\n"})
    project.write({".gitignore": "started\n"})
    project.commit()
    began = project.root / "started"
    gate = start(project, scratch, "job.py", "--baseline", "HEAD")
    try:
        deadline = time.monotonic() + 60
        while not began.exists() and gate.poll() is None and time.monotonic() < deadline:
            time.sleep(0.02)
        children = psutil.Process(gate.pid).children(recursive=True)
        gate.send_signal(number)
        out, err = gate.communicate(timeout=60)
    finally:
        gate.kill()

    assert children
    assert gate.returncode == 130, err
    assert "INTERRUPTED" in out
    _, alive = psutil.wait_procs(children, timeout=60)
    assert alive == []
    assert_nothing_left(project, scratch)
    Store(own_store).verify()


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("--baseline", "gone", "pages.py:render"), 2, "unknown revision 'gone'"),
        (("--baseline", "HEAD"), 2, "name what to judge"),
        (("pages.py:render",), 2, "--baseline"),
        (("--baseline", "HEAD", "pages.py:render", "--max-regression", "10"), 2, "out of range"),
        (("--baseline", "HEAD", "pages.py:render", "--markdown", "/proc/x/y.md"), 60, "can't write"),
    ],
)
def test_bad_input_is_one_line_and_its_code(
    tmp_path: Path, scratch: Path, arguments: tuple[str, ...], code: int, says: str
) -> None:
    project = project_with(tmp_path / "repository", 1)
    project.commit()
    gate = start(project, scratch, *arguments)
    _, err = gate.communicate(timeout=60)
    assert gate.returncode == code
    assert says in err
    assert "Traceback" not in err


def wheel(folder: Path, version: str) -> None:
    """A distribution of one module that knows its version."""
    folder.mkdir(exist_ok=True)
    tags = "Wheel-Version: 1.0\nGenerator: t\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    files = {
        "wbtiny.py": f"VERSION = {version!r}\n",
        f"wbtiny-{version}.dist-info/METADATA": f"Metadata-Version: 2.1\nName: wbtiny\nVersion: {version}\n",
        f"wbtiny-{version}.dist-info/WHEEL": tags,
    }
    record = "".join(f"{name},{_hash(text)},{len(text)}\n" for name, text in files.items())
    with zipfile.ZipFile(folder / f"wbtiny-{version}-py3-none-any.whl", "w") as archive:
        for name, text in {**files, f"wbtiny-{version}.dist-info/RECORD": record}.items():
            archive.writestr(name, text)


def _hash(text: str) -> str:
    return "sha256=" + base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()


def test_a_baseline_with_other_dependencies_gets_an_environment_from_what_is_at_hand(
    tmp_path: Path, scratch: Path
) -> None:
    project = GitProject(tmp_path / "repository")
    project.commit(
        "Depend on wbtiny",
        {
            "requirements.txt": "wbtiny==1.5\n",
            "pages.py": "import wbtiny\ndef render(): return wbtiny.VERSION\n",
        },
    )
    config = '[tool.workbench.gate]\nwheels = ["wheelhouse"]\n'
    project.write({"requirements.txt": "", "pages.py": "def render(): return '1.5'\n", "pyproject.toml": config})
    (project.root / "wheelhouse").mkdir()
    arguments = ("--baseline", "HEAD", "pages.py:render", "--counts-only", "--json")
    nothing = {"PIP_CONFIG_FILE": os.devnull, "PIP_FIND_LINKS": "", "UV_OFFLINE": "1"}

    without = start(project, scratch, *arguments, **nothing)
    out, _ = without.communicate(timeout=120)
    assert without.returncode == 3
    reason = json.loads(out)["targets"][0]["reason"]
    assert "needs another environment (wbtiny is not installed), and all that it asks for can't be" in reason
    assert "PIP_FIND_LINKS" in reason
    assert_nothing_left(project, scratch)

    wheel(project.root / "wheelhouse", "1.5")
    built = start(project, scratch, *arguments, **nothing)
    out, err = built.communicate(timeout=120)
    assert built.returncode == 0, out + err
    document = json.loads(out)
    assert document["environment"] == "an environment of its own, built without network: wbtiny is not installed"
    assert_nothing_left(project, scratch)
