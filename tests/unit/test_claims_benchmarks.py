"""``make bench`` runs every script whatever becomes of one, and the Jamf tables say what was measured."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

from workbench.experiment.claims.files import save_point
from workbench.experiment.claims.points import PointResult
from workbench.experiment.claims.results import open_book

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"


def load(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"benchmark_{name}", BENCHMARKS / f"{name}.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def run_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    module = load("run_all")
    for name, code in {"good": 0, "missed": 1, "broken": 30, "stopped": 130, "readme": 0}.items():
        (tmp_path / f"{name}.py").write_text(
            f"import pathlib, sys\npathlib.Path(__file__).with_suffix('.ran').touch()\nsys.exit({code})\n"
        )
    monkeypatch.setattr(module, "FOLDER", tmp_path)
    monkeypatch.setattr(module, "SCRIPTS", {n: (f"{n}.py",) for n in ("missed", "good", "broken", "stopped")})
    return module


def ran(folder: Path) -> set[str]:
    return {path.stem for path in folder.glob("*.ran")}


def test_one_that_fails_does_not_stop_the_others(
    run_all: ModuleType, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert run_all.main(["missed", "broken", "good"]) == 1
    assert ran(tmp_path) == {"missed", "broken", "good", "readme"}
    summary = capfd.readouterr().out
    assert "a requirement is missed (exit 1)" in summary
    assert "failed (exit 30)" in summary


def test_success_and_interruption_have_their_codes(run_all: ModuleType, tmp_path: Path) -> None:
    assert run_all.main(["good"]) == 0
    assert run_all.main(["stopped", "missed"]) == 130
    assert ran(tmp_path) == {"good", "stopped", "readme"}


def test_every_script_that_it_names_is_there() -> None:
    module = load("run_all")
    assert all((BENCHMARKS / command[0]).is_file() for command in [*module.SCRIPTS.values(), module.README])


def test_an_unknown_name_is_a_usage_error(run_all: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        run_all.main(["nonsense"])
    assert stopped.value.code == 2
    assert "unknown benchmark 'nonsense'" in capsys.readouterr().err


def point(name: str, naive: float, optimized: float) -> PointResult:
    measures = {"requests": 9.0, "connects": 3.0, "cpu": 0.5, "peak_rss": 2.0**26, "roots": 75.0}
    rounds = {"naive": [{"wall": naive, **measures}], "optimized": [{"wall": optimized, **measures}]}
    parameters = {
        "resources": 75,
        "link": "cloud",
        "link_terms": "rtt=20ms",
        "bound_seconds": 8.0,
        "bound.places": 8.0,
    }
    machine = {"commit": "c" * 40, "dirty": False, "cores": 2, "cpu": "a processor", "os": "an os", "python": "3"}
    return PointResult(name, rounds, parameters, machine, "2026-01-01T00:00:00+00:00")


@pytest.mark.parametrize(("naive", "met"), [(75.1, True), (74.9, False)])
def test_requirements_are_held_against_what_was_measured(naive: float, met: bool) -> None:
    checks = load("jamf_tables").requirements({"medium": point("medium", naive, 10.0)})
    assert [check.met for check in checks] == [met]


def test_tables_hold_what_was_measured(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "claims.toml").write_bytes((BENCHMARKS.parent / "data" / "claims.toml").read_bytes())
    save_point(tmp_path, "jamf", point("medium", 80.0, 10.0))
    save_point(tmp_path, "jamf", point("medium, bound", 80.0, 10.0))
    load("jamf_tables").write_tables(open_book(tmp_path))
    text = (tmp_path / "benchmarks" / "results" / "jamf.md").read_text(encoding="utf-8")
    assert "| optimized | 10 s | 10–10 (1) | 8× | 8–8 (range of 1 pair) |" in text
    assert "| medium: optimized | 8 s | 10 s | 10–10 (1) | 1.25 | 1.25 |" in text
    assert "- medium: places 8 s" in text
    assert "| medium: naive | 80 s | 1\u202f070 ms | 281 |" in text
    assert "*reproduced*" in text
    assert "2 × a processor, an os, Python 3" in text


def test_groups_and_help_of_a_scenarios_benchmark(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "path", [str(BENCHMARKS), *sys.path])
    measuring = load("measuring")
    chosen = measuring.parse("what it does", ["medium", "--fresh"], ["medium", "rtt"])
    assert (chosen.groups, chosen.fresh) == (["medium"], True)
    with pytest.raises(SystemExit):
        measuring.parse("what it does", ["nonsense"], ["medium", "rtt"])
    assert "known: medium, rtt" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "code", "measured", "extra"),
    [
        ([], 0, ["a new"], 1),
        (["--fresh"], 0, ["a stands", "a new"], 1),
        (["more"], 0, [], 1),
        (["second"], 0, ["a new"], 0),
        (["last", "more"], 130, ["a stop"], 0),
    ],
)
def test_points_are_measured_once_and_the_rest_follows_a_whole_measuring(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    code: int,
    measured: list[str],
    extra: int,
) -> None:
    named = {"a stands": "first", "a new": "second", "a stop": "last", "a missing": "second", "b": "other"}
    if "last" not in arguments:
        del named["a stop"]
    points = {
        name: SimpleNamespace(name=name, scenario=name.partition(" ")[0], group=group)
        for name, group in named.items()
    }
    done: list[str] = []
    written: list[int] = []
    extras: list[int] = []

    def measure(point: SimpleNamespace, progress: object) -> SimpleNamespace:
        done.append(point.name)
        return SimpleNamespace(interrupted=point.name == "a stop")

    book = SimpleNamespace(
        catalogue=SimpleNamespace(points=points),
        stands=lambda point, digest: point.name == "a stands",
        measure=measure,
        write_verdicts=lambda: None,
    )
    monkeypatch.setattr(sys, "path", [str(BENCHMARKS), *sys.path])
    measuring = load("measuring")
    monkeypatch.setattr(measuring, "open_book", lambda project: book)
    _, ended = measuring.measure_scenarios(
        ["a", "c"],
        "what it does",
        lambda book: written.append(len(done)),
        arguments,
        left_out=lambda point: "nothing to measure it with" if point.name == "a missing" else "",
        more={"more": lambda: extras.append(1)},
    )
    assert (ended, done, len(extras)) == (code, measured, extra)
    assert written == [*range(1, len(done) + 1), len(done)]
    told = capsys.readouterr().out
    if not arguments:
        assert "a missing: left out, nothing to measure it with" in told
        assert "a stands: measured already" in told
