"""What ``compare`` accepts, and the one line for what it doesn't; functions and their modules; equal results."""

from __future__ import annotations

import re
import sys
from collections import OrderedDict
from pathlib import Path

import numpy as np
import pytest

from workbench.errors import ResultsDiffer, ScenarioError, UsageError
from workbench.experiment.callables import FunctionWorkload
from workbench.experiment.modules import ModuleSpace
from workbench.experiment.results import EXIT_STATUS, require_equal, result_digest
from workbench.experiment.targets import (
    FunctionTarget,
    RunTarget,
    ScenarioTarget,
    ScriptTarget,
    parse_pair,
    parse_target,
)
from workbench.scenarios.base import Failure, Outcome


@pytest.fixture
def app(tmp_path: Path) -> Path:
    path = tmp_path / "app.py"
    path.write_text(
        "from json import JSONEncoder, dumps\n"
        "class Api:\n    @staticmethod\n    def get(): return 'got'\n"
        "def load(): return [1, 2]\n"
        "async def fetch(): return 3\n"
        "def setup_needs(): return 4\n"
        "def later(): return fetch()\n"
        "def needs(path, *, deep): return path\n"
        "LIMIT = 5\n"
    )
    return path


def test_kinds_of_target(app: Path) -> None:
    assert parse_target("jamf:naive") == ScenarioTarget("jamf", "naive")
    assert parse_target(str(app)) == ScriptTarget(app)
    assert parse_target(f"{app}:load") == FunctionTarget(app, "load")
    assert parse_target(f"{app}:Api.get") == FunctionTarget(app, "Api.get")
    assert parse_target("latest~1") == RunTarget("latest~1")
    assert parse_target("261122-101530-9f3a") == RunTarget("261122-101530-9f3a")


@pytest.mark.parametrize("text", ["jamf:naive", "latest~1"])
def test_targets_are_written_as_they_are_read(text: str) -> None:
    assert str(parse_target(text)) == text


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "name what to compare"),
        ("jamf", "'jamf' is a scenario; name a variant of it, such as jamf:naive"),
        ("jamf:", "name a variant too, such as jamf:naive"),
        ("jamf:naiv", "no variant 'naiv'"),
        ("jam:naive", "unknown scenario 'jam'; did you mean 'jamf'?"),
        ("nowhere/app.py", "there is no folder nowhere"),
        ("src/app", "neither a Python file"),
    ],
)
def test_bad_targets_are_one_line(text: str, message: str) -> None:
    with pytest.raises(UsageError, match=re.escape(message)) as caught:
        parse_target(text)
    assert "\n" not in str(caught.value)


def test_a_misspelt_file_is_suggested(app: Path) -> None:
    with pytest.raises(UsageError, match=r"did you mean .*app\.py\?"):
        parse_target(str(app.with_name("apq.py")))
    with pytest.raises(UsageError, match="no function's name"):
        parse_target(f"{app}:load()")


def test_two_of_a_kind(app: Path) -> None:
    with pytest.raises(UsageError, match=r"is a script and .* is a scenario's variant: compare two of a kind"):
        parse_pair(str(app), "jamf:naive")
    with pytest.raises(UsageError, match="is a stored run"):
        parse_pair("latest", f"{app}:load")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("lod", "did you mean 'load'"),
        ("zzz", "has no 'zzz'; it has: load, fetch, later, needs$"),
        ("Apo.get", "has no 'Apo.get'; did you mean 'Api'[?] it has: Api$"),
        ("Api.put", "has no 'Api.put'"),
        ("LIMIT", "is not callable"),
        ("needs", r"needs\(path, \*, deep\) in .* needs arguments"),
    ],
)
def test_bad_functions_are_one_line(app: Path, name: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        FunctionWorkload(app, name)


def test_imported_functions_are_listed_where_a_file_has_none_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "all.py").write_text("from json import JSONEncoder, dumps\n")
    with pytest.raises(UsageError, match=r"has no 'zzz'; it has: dumps$"):
        FunctionWorkload(tmp_path / "all.py", "zzz")


def test_a_file_that_cannot_be_imported(tmp_path: Path) -> None:
    path = tmp_path / "broken.py"
    path.write_text("raise RuntimeError('password=hunter2 is wrong')\n")
    before = sys.path[:], set(sys.modules)
    with pytest.raises(ScenarioError, match="RuntimeError") as caught:
        FunctionWorkload(path, "f")
    assert "hunter2" not in str(caught.value)
    assert (sys.path, set(sys.modules)) == before


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("import os\nos._exit(0)\n", r"importing .*ends\.py failed at .*ends\.py:2: ProcessEnded: os\._exit\(0\)"),
        ("raise KeyboardInterrupt\n", r"importing .*ends\.py failed at .*ends\.py:1: KeyboardInterrupt"),
        ("import threading\nthreading.Event().wait()\n", r"importing .*ends\.py did not end within 0\.2 s"),
    ],
)
def test_an_import_can_t_end_the_process_or_last_for_ever(tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "ends.py"
    path.write_text(text)
    before = sys.path[:], set(sys.modules)
    with pytest.raises(ScenarioError, match=told):
        FunctionWorkload(path, "f", 0.2 if "wait" in text else 60.0)
    assert (sys.path, set(sys.modules)) == before


def test_ctrl_c_during_an_import_is_ctrl_c(tmp_path: Path) -> None:
    path = tmp_path / "stopped.py"
    path.write_text("import signal\nsignal.raise_signal(signal.SIGINT)\n")
    before = sys.path[:], set(sys.modules)
    with pytest.raises(KeyboardInterrupt):
        FunctionWorkload(path, "f")
    assert (sys.path, set(sys.modules)) == before


@pytest.mark.parametrize(("name", "value"), [("load", [1, 2]), ("Api.get", "got")])
def test_a_short_function_is_looped_until_its_round_is_long_enough(app: Path, name: str, value: object) -> None:
    workload = FunctionWorkload(app, name)
    workload.calibrate(0.002)
    workload.setup()
    result = workload.run()
    outcome = workload.finish(result)
    assert result == value
    assert outcome.measures["loops"] > 100
    assert outcome.digest == result_digest(value)
    workload.close()


@pytest.mark.parametrize("name", ["fetch", "later"])
def test_an_async_function_is_told_by_what_it_returns(app: Path, name: str) -> None:
    import asyncio
    import inspect

    workload = FunctionWorkload(app, name)
    workload.calibrate(0.001)
    assert inspect.iscoroutinefunction(workload.run)
    workload.setup()
    assert asyncio.run(workload.run()) == 3
    assert workload.finish(3).measures["loops"] >= 1
    workload.close()


def test_two_checkouts_each_get_their_own_siblings(tmp_path: Path) -> None:
    workloads = []
    for version in ("old", "new"):
        folder = tmp_path / version
        (folder / "package").mkdir(parents=True)
        (folder / "helpers.py").write_text(f"NAME = {version!r}\n")
        (folder / "package" / "__init__.py").write_text(f"NAME = {version!r}\n")
        (folder / "app.py").write_text(
            "import helpers\ndef f():\n    import package\n    return helpers.NAME, package.NAME\n"
        )
        workloads.append(FunctionWorkload(folder / "app.py", "f"))
    for _ in range(2):
        for workload, version in zip(workloads, ("old", "new"), strict=True):
            workload.setup()
            assert workload.run() == (version, version)
            workload.finish(None)
    assert "helpers" not in sys.modules
    assert "package" not in sys.modules


def test_modules_already_imported_come_back(tmp_path: Path) -> None:
    (tmp_path / "pytest.py").write_text("NAME = 'mine'\n")
    (tmp_path / "app.py").write_text("import pytest\ndef f(): return pytest.NAME\n")
    space = ModuleSpace(tmp_path / "app.py")
    module = space.load()
    assert module.f() == "mine"
    assert sys.modules["pytest"] is pytest
    space.close()
    assert module.__name__ not in sys.modules


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"a": 1, "b": [2]}, {"b": [2], "a": 1}),
        ({3, 1, 2}, {1, 2, 3}),
        ([1, 2], (1, 2)),
        (OrderedDict(a=1), {"a": 1}),
        (np.arange(3), np.arange(3)),
        (None, None),
        ("at 0x", "at 0x"),
    ],
)
def test_equal_results_have_equal_digests(one: object, other: object) -> None:
    assert result_digest(one) == result_digest(other) != ""


@pytest.mark.parametrize(
    ("one", "other"), [(1, 2), ("1", 1), ([1, 2], [2, 1]), (np.arange(4), np.arange(4.0)), (None, 0)]
)
def test_different_results_have_different_digests(one: object, other: object) -> None:
    assert result_digest(one) != result_digest(other)


def test_an_object_that_shows_nothing_has_no_digest() -> None:
    assert result_digest(object()) == ""
    assert result_digest([object()]) == ""


def test_results_that_differ_stop_the_comparison() -> None:
    with pytest.raises(ResultsDiffer, match="a and b return different results"):
        require_equal(("a", Outcome("1", {})), ("b", Outcome("2", {})))
    assert require_equal(("a", Outcome("1", {})), ("b", Outcome("1", {}))) == ""
    assert "show no content" in require_equal(("a", Outcome("1", {})), ("b", Outcome("", {})))


def test_reported_failures_of_parts_are_not_compared() -> None:
    partly = Outcome("2", {}, (Failure("policy 7", "500"),))
    assert require_equal(("a", Outcome("1", {})), ("b", partly)) == ""


def test_failing_processes() -> None:
    failed = Outcome("2", {EXIT_STATUS: 1.0}, (Failure("b.py", "exit status 1: ValueError: no"),))
    with pytest.raises(ResultsDiffer, match="ValueError: no"):
        require_equal(("a", Outcome("1", {EXIT_STATUS: 0.0})), ("b", failed))
    with pytest.raises(ScenarioError, match="both fail"):
        require_equal(("a", failed), ("b", failed))
