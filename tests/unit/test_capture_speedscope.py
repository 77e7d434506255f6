"""What py-spy writes, on recordings made by py-spy 0.4.3 (only paths and a password were edited)."""

from __future__ import annotations

from pathlib import Path

import pytest

from workbench.capture.speedscope import NO_PYTHON, read_speedscope
from workbench.errors import CaptureError
from workbench.model import Frame

GOLDEN = Path(__file__).parents[1] / "golden"
MAIN = [Frame("/tmp/project/t.py", "<module>"), Frame("/tmp/project/t.py", "main")]


def test_one_thread_after_the_other_each_in_order() -> None:
    samples = list(read_speedscope(GOLDEN / "pyspy_threads.speedscope.json"))
    assert [sample.thread for sample in samples] == ["MainThread"] * 60 + ["helper"] * 60
    assert {sample.weight_ns for sample in samples} == {10_000_000}
    assert [sample.time_ns for sample in samples[:3]] == [10_000_000, 20_000_000, 30_000_000]
    assert samples[60].time_ns == 10_000_000


def test_stacks_are_from_the_root_with_qualified_names_and_the_executing_line() -> None:
    first = next(read_speedscope(GOLDEN / "pyspy_threads.speedscope.json"))
    assert [frame.function for frame in first.stack] == ["<module>", "main", "A.spin", "A.spin.<locals>.<genexpr>"]
    assert first.line == 6


def test_the_own_stem_is_cut_but_its_last_frame() -> None:
    first = next(read_speedscope(GOLDEN / "pyspy_threads.speedscope.json", MAIN))
    assert first.stack[0].function == "main"


def test_child_processes_are_told_apart_without_their_command_lines() -> None:
    samples = list(read_speedscope(GOLDEN / "pyspy_subprocesses.speedscope.json"))
    assert list(dict.fromkeys(s.thread for s in samples)) == [
        "MainThread",
        "child 1 MainThread",
        "child 2 MainThread",
    ]
    assert "hunter2" not in repr(samples)
    assert all(sample.stack for sample in samples)


def test_the_workbenchs_own_frames_are_left_out(tmp_path: Path) -> None:
    from workbench.capture import rounds

    path = tmp_path / "own.json"
    frames = [{"name": "f", "file": "<string>", "line": 3}, {"name": "stop", "file": rounds.__file__, "line": 9}]
    path.write_text(_document(frames, [[0, 1], []]))
    stacks = [sample.stack for sample in read_speedscope(path)]
    assert stacks == [(Frame("<string>", "f"),), (NO_PYTHON,)]


@pytest.mark.parametrize("content", ["", "{}", "<html>", '{"shared": {"frames": [1]}, "profiles": []}'])
def test_anything_else_is_refused_in_one_line(tmp_path: Path, content: str) -> None:
    path = tmp_path / "x.json"
    path.write_text(content)
    with pytest.raises(CaptureError, match=r"x\.json is no recording of py-spy"):
        list(read_speedscope(path))


def _document(frames: list[dict[str, object]], samples: list[list[int]]) -> str:
    import json

    profile = {"name": 'Thread 1 "MainThread"', "samples": samples, "weights": [0.01] * len(samples)}
    return json.dumps({"shared": {"frames": frames}, "profiles": [profile]})
