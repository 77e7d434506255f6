"""The gate's parts: dependencies, environments, configuration, worktrees, results and their reports."""

from __future__ import annotations

import json
import math
import os
import re
import subprocess
import sys
import tempfile
from collections import Counter
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest
from git_projects import GitProject

from workbench.errors import ScenarioError, StoreError, UsageError
from workbench.experiment import callables
from workbench.experiment.callables import FunctionWorkload
from workbench.experiment.gate import GateOutcome, GateResult, GateSettings, Revision, TargetResult, environments
from workbench.experiment.gate.config import read_config
from workbench.experiment.gate.dependencies import (
    Declared,
    declared,
    dependency_files,
    digest,
    unmet,
    with_included,
)
from workbench.experiment.gate.duel import generation_pairs
from workbench.experiment.gate.environments import NoEnvironment, find_environment, run_setup
from workbench.experiment.gate.places import places_of
from workbench.experiment.gate.repository import Repository
from workbench.experiment.gate.worker import _failure
from workbench.experiment.gate.worktree import checked_out
from workbench.model import Comparison, Frame, FunctionChange, Verdict
from workbench.notebook.gating import assert_against
from workbench.reporting.gate import gate_json, gate_junit, gate_markdown
from workbench.statistics import LOOKS
from workbench.store import Store
from workbench.testing.judging import Judged

PYPROJECT = """
[project]
name = "shop"
dependencies = ["click>=8", "numpy<3; python_version > '3'"]
[project.optional-dependencies]
dev = ["pytest>=999", "absent-package"]
[tool.ruff]
line-length = 100
"""
UV_LOCK = """
[[package]]
name = "Click"
version = "8.1.7"
[[package]]
name = "shop"
version = "1.0"
source = { editable = "." }
"""


def declared_in(**files: str) -> Declared:
    content = {name.replace("__", "."): text.encode() for name, text in files.items()}
    return declared(content, content.get)


def test_only_what_matters_to_an_environment_is_compared() -> None:
    other = PYPROJECT.replace("100", "88").replace('"shop"', '"store"')
    assert digest("pyproject.toml", PYPROJECT.encode()) == digest("pyproject.toml", other.encode())
    newer = PYPROJECT.replace("click>=8", "click>=9")
    assert digest("pyproject.toml", PYPROJECT.encode()) != digest("pyproject.toml", newer.encode())
    assert digest("requirements.txt", b"a==1  # why\n\nb") == digest("requirements.txt", b"# two\na==1\nb\n")
    assert digest("setup.cfg", b"[metadata]\nname = a\n") == digest("setup.cfg", b"[metadata]\nname = b\n")
    assert digest("pyproject.toml", b"[broken") != digest("pyproject.toml", b"[also broken")


@pytest.mark.parametrize(
    "text",
    [
        "tool = 3\nproject = 'x'\ndependency-groups = 1",
        "[project]\ndependencies = 'click'\noptional-dependencies = 3",
        "[tool]\npoetry = 3\nuv = []\npdm = true",
        "[dependency-groups]\ndev = [3, {include-group = 'x'}]\n[project]\ndependencies = [3, 'click==8']",
    ],
)
def test_nonsense_in_a_dependency_file_is_no_requirement(text: str) -> None:
    assert digest("pyproject.toml", text.encode())
    assert [str(r) for r in declared(["pyproject.toml"], lambda _: text.encode()).core] in ([], ["click==8"])
    assert not declared(["uv.lock"], lambda _: b"package = [3]\npackages = 'x'").pins


def test_dependency_files_are_those_at_the_root_and_in_the_projects_folder() -> None:
    files = [
        "pyproject.toml",
        "app/uv.lock",
        "other/requirements.txt",
        "requirements/dev.txt",
        "docs/notes.txt",
        "docs/requirements.txt",
        "Cargo.lock",
        "x.py",
    ]
    assert dependency_files(files, "app/deep") == ["app/uv.lock", "pyproject.toml", "requirements/dev.txt"]


PINNED = {
    "requirements.lock": "httpx=={}\n    # via shop\n",
    "requirements-dev.lock": "-e file:.\nhttpx=={} \\\n    --hash=sha256:0\n",
    "dev-requirements.txt": "httpx=={}",
    "requirements/base.lock": "httpx=={}",
    "constraints-3.12.txt": "httpx=={}",
    "uv.lock": '[[package]]\nname = "httpx"\nversion = "{}"\n',
    "poetry.lock": '[[package]]\nname = "httpx"\nversion = "{}"\n',
    "pdm.lock": '[[package]]\nname = "httpx"\nversion = "{}"\n',
    "pylock.dev.toml": '[[packages]]\nname = "httpx"\nversion = "{}"\n',
    "Pipfile.lock": '{{"_meta": {{"hash": {{}}}}, "default": {{"httpx": {{"version": "=={}"}}}}, "develop": {{}}}}',
    "tool.lock": "httpx=={}\n",
    "crlf/requirements.txt": "httpx=={} \\\r\n    --hash=sha256:0\r\n",
}
GIT = "git+https://a.example/httpx@{}"
ELSEWHERE = {
    "requirements.txt": "httpx @ https://a.example/httpx-{}-py3-none-any.whl\n",
    "dev-requirements.txt": f"{GIT}#egg=httpx\n",
    "requirements.in": f"-e {GIT}\n",
    "constraints.txt": "./wheels/httpx-{}-py3-none-any.whl\n",
    "tool.lock": f"click==8\nhttpx @ {GIT}\n",
    "only.lock": f"httpx @ {GIT}\n",
    "pyproject.toml": f'[project]\nname = "shop"\ndependencies = ["httpx @ {GIT}"]\n',
    "app/pyproject.toml": '[tool.uv.sources]\nhttpx = {{ git = "https://a.example/httpx", tag = "{}" }}\n',
    "uv.lock": '[[package]]\nname = "httpx"\nversion = "0.28.1"\nsource = {{ git = "https://a?rev={}#aa" }}\n',
    "poetry.lock": (
        '[[package]]\nname = "httpx"\nversion = "0.28.1"\n'
        '[package.source]\ntype = "git"\nurl = "https://a.example/x"\nresolved_reference = "{}"\n'
    ),
    "app/poetry.lock": (
        '[[package]]\nname = "httpx"\nversion = "{0}"\n[package.source]\ntype = "file"\nurl = "w/httpx-{0}.whl"\n'
    ),
    "pdm.lock": '[[package]]\nname = "httpx"\nversion = "0.28.1"\ngit = "https://a.example/x"\nrevision = "{}"\n',
    "pylock.toml": '[[packages]]\nname = "httpx"\nvcs = {{ type = "git", url = "https://a", commit-id = "{}" }}\n',
    "Pipfile.lock": '{{"default": {{"httpx": {{"git": "https://a.example/x", "ref": "{}"}}}}}}',
}
OTHERS = {
    "dvc.lock": "schema: '2.0'\nstages:\n  a: {}\n",
    "buf.lock": "# Generated by buf\nversion: v1\ndeps:\n  - commit: {}\n",
    "Chart.lock": "dependencies:\n- name: redis\n  version: {}\n",
    "MODULE.bazel.lock": '{{\n  "lockFileVersion": "{}"\n}}\n',
    "devbox.lock": '{{\n  "lockfile_version": "{}"\n}}\n',
    "Puppetfile.lock": "FORGE\n  remote: https://a.example\n  specs:\n    apt ({})\n",
    "server.lock": "4711{}\n",
    "yarn.lock": "x=={}\n",
}
UNREAD = {
    "pixi.lock": "version: 6\npackages:\n- conda: https://a.example/httpx-{}.conda\n",
    "conda-lock.yml": "package:\n- name: httpx\n  version: {}\n",
    "environment.yml": "dependencies:\n- httpx={}\n",
    "uv.lock": "[[broken {}",
    "pyproject.toml": '[tool.poetry.dependencies]\nhttpx = "{}"\n',
    "Pipfile": '[packages]\nhttpx = "=={}"\n',
}


@pytest.mark.parametrize("name", [*PINNED, *(f"{name} that can't be read" for name in UNREAD)])
def test_a_change_of_any_dependency_file_is_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """The baseline must never run with another dependency than its own and be said to have run in the same."""
    installed = {"httpx": "0.28.1"}
    monkeypatch.setattr(environments, "installed_distributions", lambda: installed)
    file = name.removesuffix(" that can't be read")
    text = PINNED[file] if file == name else UNREAD[file]
    project = GitProject(tmp_path / "repository")
    others = {other: said.format("0.27.2") for other, said in OTHERS.items()}
    commit = project.commit("Pin", {file: text.format("0.27.2"), **others})
    repository = Repository(project.root)

    def found() -> str:
        folder = (project.root / file).parent
        return find_environment(repository, commit, folder=folder, scratch=tmp_path).text

    assert found() == f"this environment: the dependency files are the same ({file})"
    project.write({file: text.format("0.28.1"), **{other: said.format("5") for other, said in OTHERS.items()}})
    if file == name:
        monkeypatch.setattr(environments, "_build", lambda *given: Path(given[-1]))
        assert found() == "an environment of its own, built without network: httpx 0.27.2 against 0.28.1"
        installed["httpx"] = "0.27.2"
        asked = "changed, but what is installed is what the baseline asks for, too"
        assert found() == f"this environment: {file} {asked}"
    else:
        with pytest.raises(NoEnvironment, match=rf"not known: {re.escape(file)} changed, and can't be read; judge"):
            found()


@pytest.mark.parametrize("name", ELSEWHERE)
def test_a_change_of_an_address_is_seen_where_the_version_tells_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    installed = {"httpx": "0.28.1", "click": "8"}
    monkeypatch.setattr(environments, "installed_distributions", lambda: installed)
    project = GitProject(tmp_path / "repository")
    commit = project.commit("Pin", {name: ELSEWHERE[name].format("0.27.2")})
    project.write({name: ELSEWHERE[name].format("0.28.1")})
    with pytest.raises(
        NoEnvironment, match=rf"not known: {re.escape(name)} changed in more than names and versions"
    ):
        find_environment(Repository(project.root), commit, folder=(project.root / name).parent, scratch=tmp_path)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("-e .\nshop @ file:///srv/shop\n", "-e .[dev]\n./shop\nlibs/shop\n--index-url https://a.example\n"),
        ("httpx", "httpx\nnew @ https://a.example/new-1.whl\n"),
        ("absent @ https://a.example/1.whl ; sys_platform == 'nowhere'", ""),
    ],
)
def test_a_change_of_folders_options_and_added_addresses_is_none_of_the_baselines(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, before: str, after: str
) -> None:
    monkeypatch.setattr(
        environments, "installed_distributions", lambda: {"httpx": "0.28.1", "new": "1", "shop": "1"}
    )
    project = GitProject(tmp_path / "repository")
    commit = project.commit("Pin", {"requirements.txt": before})
    project.write({"requirements.txt": after})
    found = find_environment(Repository(project.root), commit, folder=project.root, scratch=tmp_path)
    assert found.text.startswith("this environment: requirements.txt changed, but")


def test_packages_of_the_work_tree_are_no_pins() -> None:
    package = '[[package]]\nname = "shop"\nversion = "1.0"\n'
    for name, source in {
        "poetry__lock": '[package.source]\ntype = "directory"\nurl = "."\n',
        "uv__lock": 'source = { editable = "." }\n',
        "pdm__lock": 'path = "./shop"\neditable = true\n',
    }.items():
        assert not declared_in(**{name: package + source}).pins
    index = '[package.source]\ntype = "legacy"\nurl = "https://a.example/simple"\n'
    assert declared_in(poetry__lock=package + index).pins == {"shop": {"1.0"}}


def test_missing_folders_of_find_links_are_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They are an error to uv, and to pip none."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "wheels").mkdir()
    monkeypatch.setenv("PIP_FIND_LINKS", "/no/such/folder wheels https://a.example/simple")
    monkeypatch.setattr("shutil.which", lambda _: "uv")
    monkeypatch.setattr(environments, "installed_distributions", lambda: {"httpx": "0.28.1"})
    ran: list[list[str]] = []
    project = GitProject(tmp_path / "repository")
    commit = project.commit("Pin", {"requirements.txt": "httpx==0.27.2\n"})
    project.write({"requirements.txt": "httpx==0.28.1\n"})

    def run(command: list[str], *_: object) -> str:
        ran.append(command)
        return ""

    monkeypatch.setattr(environments, "_run", run)
    monkeypatch.setattr(environments, "_lay_over", lambda _: None)
    find_environment(Repository(project.root), commit, folder=project.root, scratch=tmp_path)
    links = [value for option, value in zip(ran[1], ran[1][1:], strict=False) if option == "--find-links"]
    assert links == [str(tmp_path / "wheels"), "https://a.example/simple"]


def test_files_that_requirements_include_are_dependency_files() -> None:
    files = {
        "requirements.txt": b"-r deps/all.txt\n-c=limits.txt",
        "deps/all.txt": b"-r all.txt\n-r ../gone.txt\n-r ../../x",
    }
    assert with_included(["requirements.txt"], files.get) == ["deps/all.txt", "requirements.txt"]


def test_a_missing_environment_says_what_differs_why_and_how_to_mend_it_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(environments, "installed_distributions", lambda: {"httpx": "0.28.1", "sqlalchemy": "2.1"})
    problem = "ERROR: No matching distribution found for sqlalchemy>=2"
    monkeypatch.setattr(environments, "_run", lambda *_, **__: problem)
    project = GitProject(tmp_path / "repository")
    commit = project.commit("Pin", {"requirements.txt": "httpx==0.27.2\nsqlalchemy>=2\n"})
    project.write({"requirements.txt": "httpx==0.28.1\nsqlalchemy>=2\n"})

    with pytest.raises(NoEnvironment) as missing:
        find_environment(Repository(project.root), commit, folder=project.root, scratch=tmp_path)

    assert str(missing.value) == (
        "the baseline needs another environment (httpx 0.27.2 against 0.28.1), and all that it asks for can't be "
        "installed offline: No matching distribution found for sqlalchemy>=2; put the wheels (`pip wheel -r …`) "
        "into a folder that PIP_FIND_LINKS or `wheels` in [tool.workbench.gate] names, or install them once with "
        "uv, whose cache is used"
    )


def test_a_project_without_dependency_files_says_so(tmp_path: Path) -> None:
    project = GitProject(tmp_path / "repository")
    commit = project.commit("Nothing", {"perf.py": ""})
    found = find_environment(Repository(project.root), commit, folder=project.root, scratch=tmp_path)
    assert found.text == "this environment: no dependency file found"


def test_what_is_installed_meets_what_is_declared_or_not() -> None:
    wanted = declared_in(pyproject__toml=PYPROJECT, uv__lock=UV_LOCK)
    installed = {"click": "8.1.7", "numpy": "2.1"}
    assert unmet(wanted, installed) == []
    assert unmet(wanted, {**installed, "click": "8.2"}) == ["click 8.1.7 against 8.2"]
    assert unmet(wanted, {**installed, "pytest": "8.0"}) == ["pytest>=999 against 8.0"]
    assert unmet(wanted, {"click": "8.1.7"}) == ["numpy is not installed"]
    assert unmet(declared_in(requirements__txt="-e .\nclick==8.1.7 --hash=sha256:0\n./local\n"), installed) == []
    assert declared_in(setup__py="setup(install_requires=read())").unreadable == ("setup.py",)
    elsewhere = "pywin32; sys_platform == 'nowhere'\nclick==1; sys_platform == 'nowhere'\n"
    assert unmet(declared_in(requirements__txt=elsewhere), installed) == []
    assert unmet(declared_in(requirements__txt="click==8.1.7.0\nnumpy==2.0\n"), installed) == [
        "numpy 2.0 against 2.1"
    ]


def test_a_setup_that_fails_says_what_it_said_last(tmp_path: Path) -> None:
    python = Path(sys.executable)
    run_setup(f'{python} -c \'open("built", "w")\'', tmp_path, python)
    assert (tmp_path / "built").exists()
    with pytest.raises(NoEnvironment, match=r"setting the baseline up failed: .*: no compiler"):
        run_setup(f"{python} -c 'import sys; sys.exit(\"no compiler\")'", tmp_path, python)
    with pytest.raises(NoEnvironment, match="nothing-of-this-name: No such file"):
        run_setup("nothing-of-this-name", tmp_path, python)
    with pytest.raises(NoEnvironment, match=r"did not end within 0\.2 s"):
        run_setup("sleep 60", tmp_path, python, timeout_s=0.2)
    with pytest.raises(NoEnvironment, match="can't be read"):
        run_setup("make 'it", tmp_path, python)
    (tmp_path / "build.py").write_text(
        'raise SystemExit("ERROR: No matching distribution for x==9\\nERROR: Impossible: for help visit a.page")'
    )
    with pytest.raises(NoEnvironment, match=r"No matching distribution for x==9$"):
        run_setup(f"{python} build.py", tmp_path, python)


def test_the_configuration_is_the_nearest_within_the_repository(tmp_path: Path) -> None:
    deep = tmp_path / "a" / "b"
    deep.mkdir(parents=True)
    assert read_config(deep, tmp_path) is None
    (tmp_path / "pyproject.toml").write_text('[tool.workbench.gate]\ntargets = ["x.py:f"]\nwheels = ["w"]\n')
    found = read_config(deep, tmp_path)
    assert found is not None
    assert (found.folder, found.targets, found.wheels) == (tmp_path, ("x.py:f",), (tmp_path / "w",))
    (deep / "pyproject.toml").write_text("[project]\nname = 'b'\n")
    assert read_config(deep, tmp_path) == found


@pytest.mark.parametrize(
    ("table", "says"),
    [
        ("max-regression = '5%'", r"no 'max-regression'.*\[tool.workbench.compare\]"),
        ("targets = 'x.py'", "targets in .* must be a list of texts"),
        ("setup = ['make']", "setup in .* must be one command"),
        ("targets = [", "can't be read"),
    ],
)
def test_a_bad_configuration_is_a_usage_error(tmp_path: Path, table: str, says: str) -> None:
    (tmp_path / "pyproject.toml").write_text(f"[tool.workbench.gate]\n{table}\n")
    with pytest.raises(UsageError, match=says):
        read_config(tmp_path, tmp_path)


def test_a_checkout_runs_no_hook_and_is_gone_even_after_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    project = GitProject(tmp_path / "repository")
    commit = project.commit("First", {"a.txt": "1", "sub/b.txt": "2"})
    hook = project.root / ".git" / "hooks" / "post-checkout"
    hook.write_text(f"#!/bin/sh\ntouch {tmp_path}/hooked\n")
    hook.chmod(0o755)
    project.git("worktree", "add", "-q", str(tmp_path / "theirs"), "-b", "theirs")
    (tmp_path / "hooked").unlink(missing_ok=True)
    project.write({"a.txt": "changed"})
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "nowhere"))  # as in a hook

    with pytest.raises(ZeroDivisionError), checked_out(Repository(project.root), commit) as checkout:
        assert (checkout / "a.txt").read_text() == "1"
        (checkout / "sub").chmod(0o500)
        raise ZeroDivisionError

    monkeypatch.delenv("GIT_DIR")
    assert not (tmp_path / "hooked").exists()
    assert not checkout.parent.exists()
    assert project.git("worktree", "list").count("\n") == 1
    assert (project.root / "a.txt").read_text() == "changed"


def test_what_a_killed_gate_left_is_removed_by_the_next(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    project = GitProject(tmp_path / "repository")
    commit = project.commit("First", {"a.txt": "1"})
    gone = subprocess.Popen(["true"])
    gone.wait()
    stale = tmp_path / f"workbench-gate-{gone.pid}-abc" / "checkout"
    running = tmp_path / f"workbench-gate-{os.getppid()}-abc" / "checkout"
    for path in (stale, running):
        project.git("worktree", "add", "-q", "--detach", str(path), commit)

    with checked_out(Repository(project.root), commit):
        pass

    assert not stale.parent.exists()
    assert running.exists()
    assert project.git("worktree", "list").count("\n") == 1


def test_both_sides_import_from_the_same_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root, checkout = tmp_path / "root", tmp_path / "checkout"
    for folder in ("src", "app/src", "lib", ".venv/lib/site-packages"):
        (root / folder).mkdir(parents=True)
        (checkout / folder).mkdir(parents=True)
    monkeypatch.setattr(sys, "path", [str(root / "lib"), str(root / ".venv/lib/site-packages"), *sys.path])
    base, new = places_of(root, root / "app", checkout, Path(sys.executable))
    assert [path.relative_to(checkout) for path in base.roots] == [path.relative_to(root) for path in new.roots]
    assert new.roots == (root / "lib", root, root / "src", root / "app", root / "app/src")
    assert (base.folder, new.folder) == (checkout / "app", root / "app")


def test_a_folder_that_the_baseline_lacks_is_made_there(tmp_path: Path) -> None:
    """``../perf.py`` must mean the same file on both sides, or the target passes as an added one."""
    root, checkout = tmp_path / "root", tmp_path / "checkout"
    (root / "new").mkdir(parents=True)
    checkout.mkdir()
    (checkout / "perf.py").write_text("")
    base, _ = places_of(root, root / "new", checkout, Path(sys.executable))
    assert base.folder == checkout / "new"
    assert (base.folder / "../perf.py").is_file()


def test_a_repository_without_a_commit_says_so_whatever_revision_is_asked_for(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    with pytest.raises(UsageError, match="has no commit yet: there is no baseline"):
        Repository(tmp_path).revision("HEAD")


HOSTILE = "</td><script>alert(1)</script> | `x` @team [link](http://x)\n# head"


def result_of(*targets: TargetResult) -> GateResult:
    new = Revision("", "b" * 40, "subject", dirty=True)
    return GateResult(Revision("main", "a" * 40, HOSTILE), new, "this environment", targets, 1.5, ("a note",))


def regressed(name: str = "perf.py:page") -> TargetResult:
    change = FunctionChange(
        Frame("app.py", f"render{HOSTILE}"), 0.01, 0.02, 0.5, 0.7, low=0.005, high=0.015, q=0.01, change="grew"
    )
    comparison = Comparison(
        "r1", "r2", Verdict.REGRESSION, 1.5, (1.4, 1.6), 15, 1.0, functions=(change,),
        counts={"statements": (1.0, 3.0)}, sentence=f"50 % slower; mostly `render` {HOSTILE}\x00",
    )  # fmt: skip
    return TargetResult(name, GateOutcome.REGRESSION, comparison=comparison)


def test_many_processes_share_a_verdict_and_none_of_them_has_much_of_it() -> None:
    generation_of_pair: list[int] = []
    for pairs in range(1, LOOKS[-1] + 1):
        generation = generation_of_pair[-1] if generation_of_pair else 0
        if generation_of_pair.count(generation) >= generation_pairs(generation, pairs - 1):
            generation += 1
        generation_of_pair.append(generation)
    assert len(set(generation_of_pair[: LOOKS[0]])) == 5
    for look in LOOKS:
        pairs_each = Counter(generation_of_pair[:look]).values()
        assert max(pairs_each) <= (look / 3 if look < 40 else look / 4 if look < 120 else look / 10)


def test_a_count_that_rose_is_said_once() -> None:
    comparison = Comparison(
        "r1", "r2", Verdict.REGRESSION, 1.0, (1.0, 1.0), 15, 1.0, counts={"statements": (2.0, 61.0)},
        sentence="statements 2 → 61; requests 3 → 2; no slower",
    )  # fmt: skip
    rose = "statements rose from 2 to 61"
    result = TargetResult("x", GateOutcome.REGRESSION, rose, comparison, counts=(rose,))
    assert result.sentence == f"{rose}; requests 3 → 2; no slower"


@pytest.mark.parametrize(
    ("outcomes", "worst", "code"),
    [
        ([GateOutcome.PASS, GateOutcome.ADDED], GateOutcome.PASS, 0),
        ([GateOutcome.IMPROVEMENT], GateOutcome.IMPROVEMENT, 0),
        ([GateOutcome.ADDED], GateOutcome.ADDED, 0),
        ([GateOutcome.FAILED, GateOutcome.REGRESSION], GateOutcome.REGRESSION, 1),
        ([GateOutcome.INCONCLUSIVE, GateOutcome.FAILED, GateOutcome.REFUSED], GateOutcome.FAILED, 71),
        ([GateOutcome.INCONCLUSIVE, GateOutcome.REFUSED], GateOutcome.REFUSED, 4),
        ([GateOutcome.INCONCLUSIVE, GateOutcome.PASS], GateOutcome.INCONCLUSIVE, 3),
        ([GateOutcome.REGRESSION, GateOutcome.INTERRUPTED], GateOutcome.INTERRUPTED, 130),
    ],
)
def test_the_worst_target_decides(outcomes: list[GateOutcome], worst: GateOutcome, code: int) -> None:
    failed = {GateOutcome.FAILED: 71}
    result = result_of(*(TargetResult("x", outcome, exit_code=failed.get(outcome, 0)) for outcome in outcomes))
    assert (result.outcome, result.exit_code) == (worst, code)


def test_a_verdict_stands_where_its_runs_cant_be_stored_and_says_so(tmp_path: Path) -> None:
    full = "its runs were not stored: the disk is full"
    lost = TargetResult("x.py:f", GateOutcome.PASS, exit_code=24, unsaved=full)
    assert result_of(lost).exit_code == 24
    assert result_of(lost, regressed()).exit_code == 1
    text = gate_markdown(result_of(lost), store="gate.duckdb")
    assert full in text
    assert "gate.duckdb" not in text
    assert "workbench report" not in gate_markdown(result_of(replace(regressed(), unsaved=full)))
    assert gate_json(result_of(lost))["targets"][0]["notes"] == [full]
    assert Judged(lost, "main").line.endswith(full)


def test_a_notebook_is_told_of_runs_that_were_not_stored(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def held_by(target: TargetResult) -> object:
        monkeypatch.setattr("workbench.experiment.gate.judge_against", lambda *_, **__: result_of(target))
        settings, store = GateSettings(), Store(tmp_path / "s.duckdb")
        return assert_against("x.py:f", "main", settings=settings, store=store, inconclusive="pass")

    passed = TargetResult("x.py:f", GateOutcome.PASS)
    assert repr(held_by(passed)) == "no regression found"
    with pytest.raises(StoreError, match=r"^PASS against main .*, but not stored: full$"):
        held_by(replace(passed, unsaved="not stored: full"))
    with pytest.raises(AssertionError, match="workbench report r1 r2"):
        held_by(regressed())
    with pytest.raises(AssertionError, match=r"; not stored: full$"):
        held_by(replace(regressed(), unsaved="not stored: full"))


def test_a_baseline_that_was_not_run_ran_nowhere() -> None:
    ran = result_of(TargetResult("x", GateOutcome.INCONCLUSIVE))
    assert ran.ran_in == "the baseline ran in this environment"
    assert "- The baseline was not run.\n" in gate_markdown(replace(ran, environment=""))


def test_a_side_names_its_files_from_the_checkout_on_and_says_what_to_mend(tmp_path: Path) -> None:
    (tmp_path / "perf.py").write_text("def page():\n    return (\n")
    with pytest.raises(ScenarioError) as broken:
        FunctionWorkload(tmp_path / "perf.py", "page")
    told = _failure(broken.value, str(tmp_path.resolve()))["failed"]
    assert told.startswith("importing perf.py failed at ")
    assert re.search(r"perf\.py:2: SyntaxError: \S", told)


_STOPPING = """
numbers = iter(range(3))
calls = []

def used_up():
    next(numbers)

async def used_up_too():
    next(numbers)

class Rows:
    left = 3
    def __next__(self):
        self.take()
    def take(self):
        if not self.left:
            raise StopIteration
        self.left -= 1

rows = Rows()

def own_iterator():
    next(rows)

def setup_made_anew():
    calls.append(1)
    return iter([1] * (len(calls) < 3))

def made_anew(found):
    return next(found)

def nothing_matches():
    return next(n for n in [1, 2] if n > 5)

def by_name():
    calls.append(1)
    if len(calls) > 3:
        raise StopIteration

def other():
    calls.append(1)
    if len(calls) > 3:
        raise RuntimeError("why") from StopIteration()
"""


@pytest.mark.parametrize(
    ("name", "used_up", "line"),
    [
        ("used_up", True, 6),
        ("used_up_too", True, 9),
        ("own_iterator", True, 17),
        ("made_anew", False, 30),
        ("nothing_matches", False, 33),
        ("by_name", False, 38),
        ("other", False, 43),
    ],
)
def test_only_what_is_used_up_has_no_repetitions_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, used_up: bool, line: int
) -> None:
    """A fault of the code that ends in StopIteration is told as any other, with its line."""
    monkeypatch.setattr(callables, "_SLOW_S", math.inf)  # a first call that is held up tells nothing
    (tmp_path / "perf.py").write_text(_STOPPING)
    with closing(FunctionWorkload(tmp_path / "perf.py", name)) as workload, pytest.raises(Exception) as caught:
        workload.calibrate(10.0)
    told = _failure(caught.value, str(tmp_path.resolve()))["failed"]
    assert re.search(rf"\(\S*perf\.py:{line}\)", told)
    assert told.startswith("has no repetitions left: ") == told.endswith("in setup_NAME") == used_up


def test_a_failure_lists_what_is_told_and_nothing_else() -> None:
    noise = FunctionChange(Frame("app.py", "noise"), 0.01, 0.012, 0.5, 0.5, low=-0.01, high=0.01, q=0.8)
    target = regressed()
    assert target.comparison is not None
    both = replace(target.comparison, functions=(*target.comparison.functions, noise))
    shrank = replace(both, functions=(replace(noise, base_seconds=0.02, q=0.01, change="shrank"),))
    for written in (gate_junit, gate_markdown):
        text = written(result_of(replace(target, comparison=both)))
        assert "render" in text
        assert "grew" in text
        assert "noise" not in text.replace("told from noise", "")
        text = written(result_of(replace(target, comparison=shrank)))
        assert "he sampled rounds don't show this difference: no explanation" in text
        assert "noise" not in text


def test_the_summary_lets_no_markup_through() -> None:
    text = gate_markdown(result_of(regressed(), TargetResult(f"x.py:{HOSTILE}", GateOutcome.FAILED, HOSTILE)))
    outside_code = re.sub(r"(`+)[^\n]*?(?<!`)\1(?!`)", "", text)
    assert not re.search(r"(?<!\\)<script|(?<!\\)\[link", outside_code)
    assert "@team" not in outside_code
    rows = [line for line in text.splitlines() if line.startswith("| ❌")]
    assert len(rows) == 2
    assert all(line.replace("\\|", "").count("|") == 5 for line in rows)
    assert "\n# head" not in text
    assert "| statements | 1 | 3 |" in text


def test_the_summary_makes_no_link_mention_or_formula() -> None:
    said = "by @org/team, see http://a.example and www.b.example, $x$ #12 \u202eexe"
    text = gate_markdown(result_of(regressed(said), TargetResult("x", GateOutcome.FAILED, said)), store=said)
    assert not re.search(
        r"@org|http://|www\.b|(?<!\\)\$x|#12|\u202e|&#", re.sub(r"`[^`]*`|<code>.*</code>", "", text)
    )
    assert text.count("\\u202e") >= 3


def test_junit_shows_what_is_invisible() -> None:
    page = gate_junit(result_of(TargetResult("a\u202eb", GateOutcome.FAILED, "x ]]> \x85 \u202e \x00")))
    suites = ElementTree.fromstring(page)
    assert next(suites.iter("testcase")).get("name") == "a\\u202eb"
    assert not re.search("[\u202e\x00\x85]", page)
    assert "]]>" not in page


def test_junit_is_well_formed_whatever_stands_in_it() -> None:
    others = (GateOutcome.FAILED, GateOutcome.INCONCLUSIVE, GateOutcome.ADDED, GateOutcome.PASS)
    suites = ElementTree.fromstring(
        gate_junit(result_of(regressed(), *(TargetResult(HOSTILE, o, "\x01") for o in others)))
    )
    assert [suites.get(name) for name in ("tests", "failures", "errors", "skipped")] == ["5", "1", "1", "2"]
    assert [case[0].tag for case in suites.iter("testcase")] == [
        "failure",
        "error",
        "skipped",
        "skipped",
        "system-out",
    ]


def test_an_interrupted_gate_is_an_error_to_who_reads_junit_only() -> None:
    suites = ElementTree.fromstring(
        gate_junit(result_of(TargetResult("x", GateOutcome.INTERRUPTED, "interrupted")))
    )
    assert [suites.get(name) for name in ("failures", "errors", "skipped")] == ["0", "1", "0"]
    error = suites.find("testsuite/testcase/error")
    assert error is not None
    assert (error.get("type"), error.get("message")) == ("INTERRUPTED", "INTERRUPTED: interrupted")


def test_the_document_is_json_and_names_both_commits() -> None:
    document = json.loads(json.dumps(gate_json(result_of(regressed()), store="s.duckdb")))
    assert (document["baseline"]["commit"], document["new"]) == ("a" * 40, {"commit": "b" * 40, "dirty": True})
    (target,) = document["targets"]
    assert (target["verdict"], target["ratio"], target["counts"][0]["changed"]) == ("REGRESSION", 1.5, True)
