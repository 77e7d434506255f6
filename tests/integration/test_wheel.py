"""The built wheel, in a fresh environment with the core dependencies alone, far from the repository."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Iterable
from email import message_from_bytes
from importlib.metadata import distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]

SCRIPT = """
import sys

def render_policy(n):
    return sum(i * i % 7 for i in range(n))

def main():
    print("total", sum(render_policy(20_000) for _ in range(int(sys.argv[1]))))

if __name__ == "__main__":
    main()
"""


def _run(*argv: str | Path, cwd: Path, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(a) for a in argv], cwd=cwd, env=env, capture_output=True, text=True, timeout=170)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("dist")
    built = _run(sys.executable, "-m", "build", "--wheel", "--outdir", out, ROOT, cwd=out)
    assert built.returncode == 0, built.stderr[-2000:]
    return next(out.glob("*.whl"))


def declared(wheel: Path) -> list[str]:
    """What the wheel says that it needs, extras included."""
    with zipfile.ZipFile(wheel) as archive:
        name = next(each for each in archive.namelist() if each.endswith(".dist-info/METADATA"))
        return message_from_bytes(archive.read(name)).get_all("Requires-Dist", [])


def lend(requirements: Iterable[str], site: Path) -> None:
    """Link what these need, and what that needs, from the tests' own environment: nothing is downloaded."""
    waiting, lent = list(requirements), set[str]()
    while waiting:
        need = Requirement(waiting.pop())
        name = canonicalize_name(need.name)
        if name in lent or (need.marker and not need.marker.evaluate({"extra": ""})):
            continue
        lent.add(name)
        found = distribution(name)
        waiting += found.requires or []
        for top in {file.parts[0] for file in found.files or ()} - {"..", "__pycache__"}:
            (site / top).symlink_to(Path(str(found.locate_file(top))).resolve())


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bin folder of a fresh environment that holds the wheel and what it needs, and nothing else."""
    venv = tmp_path_factory.mktemp("fresh") / "venv"
    assert _run(sys.executable, "-m", "venv", "--without-pip", venv, cwd=venv.parent).returncode == 0
    (site,) = venv.glob("lib/python*/site-packages")
    lend(declared(wheel), site)
    pip = (sys.executable, "-m", "pip", "--python", venv / "bin/python")
    done = _run(*pip, "install", "-q", "--no-deps", "--no-index", wheel, cwd=venv.parent)
    assert done.returncode == 0, done.stderr[-2000:]
    met = _run(*pip, "check", cwd=venv.parent)
    assert met.returncode == 0, met.stdout[-2000:]
    return venv / "bin"


def test_the_wheel_holds_the_javascript_and_styles_and_nothing_of_the_tests(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert "workbench/views/static/flamegraph.js" in names
    assert "workbench/py.typed" in names
    assert not [n for n in names if n.startswith(("tests/", "notebooks/", "benchmarks/"))]


def test_a_users_script_is_profiled_compared_and_reported(installed: Path, tmp_path: Path) -> None:
    extras = ("anywidget", "uvicorn", "pandas", "pyarrow")
    missing = f"import importlib.util as u; print([m for m in {extras} if u.find_spec(m)])"
    assert _run(installed / "python", "-c", missing, cwd=tmp_path).stdout.strip() == "[]"
    (tmp_path / "job.py").write_text(SCRIPT)
    env = {**os.environ, "WORKBENCH_STORE": str(tmp_path / "mine.duckdb"), "HOME": str(tmp_path)}
    workbench = installed / "workbench"

    for _ in range(2):
        ran = _run(workbench, "profile", "--", "job.py", "40", cwd=tmp_path, env=env)
        assert ran.returncode == 0, ran.stderr
        assert ran.stdout.startswith("total ")

    runs = json.loads(_run(workbench, "runs", "--json", cwd=tmp_path, env=env).stdout)
    assert [(r["name"], r["status"]) for r in runs] == [("job.py", "ok")] * 2

    shown = json.loads(_run(workbench, "show", "latest", "--json", cwd=tmp_path, env=env).stdout)
    functions = {f["function"]: f for f in shown["functions"]}
    assert functions["render_policy.<locals>.<genexpr>"]["file"].endswith("job.py")

    compared = _run(workbench, "compare", runs[1]["run_id"], runs[0]["run_id"], "--json", cwd=tmp_path, env=env)
    assert compared.returncode == 3, compared.stderr  # stored runs of different sessions: advisory
    assert json.loads(compared.stdout)["comparable"] is True

    reported = _run(workbench, "report", runs[0]["run_id"], "-o", "out.html", cwd=tmp_path, env=env)
    assert reported.returncode == 0, reported.stderr
    html = (tmp_path / "out.html").read_text()
    assert "flamegraph" in html
    assert "job.py" in html
