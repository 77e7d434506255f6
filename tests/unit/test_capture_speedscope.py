"""What py-spy writes, on recordings made by py-spy 0.4.3 (only paths and a password were edited)."""

from __future__ import annotations

import subprocess
import threading
from pathlib import Path

import pytest

from workbench.capture.frames import INSTRUMENTATION
from workbench.capture.roles import Role, role_of
from workbench.capture.speedscope import NO_PYTHON, read_speedscope
from workbench.errors import CaptureError
from workbench.model import Frame
from workbench.paths import normalise

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


def test_what_the_workbench_itself_calls_is_left_out_with_it(tmp_path: Path) -> None:
    """``Popen.send_signal`` stood in the profile of a script that has no subprocesses: it stopped py-spy."""
    from workbench.capture import rounds
    from workbench.experiment import script_child

    names = [
        ("main", script_child.__file__),
        ("_Recording.run", script_child.__file__),
        ("_resume", script_child.__file__),
        ("<module>", "<string>"),
        ("MeasuredRound.__exit__", rounds.__file__),
        ("Popen.send_signal", subprocess.__file__),
    ]
    path = tmp_path / "own.json"
    path.write_text(_document([{"name": n, "file": f, "line": 3} for n, f in names], [[0, 1, 2, 3], [*range(6)]]))
    module = Frame("<string>", "<module>")
    assert [sample.stack for sample in read_speedscope(path)] == [(module,), (module, INSTRUMENTATION)]


SOURCE = """\
def work():
    time.sleep(1)
    crunch(1)
def sleep(seconds):
    lock.acquire()
"""


def test_a_look_at_a_line_that_sleeps_is_no_running_thread(tmp_path: Path) -> None:
    """py-spy's own pauses wake a sleeper, which then looks active; with --idle the wait stands under its caller."""
    source, path = tmp_path / "app.py", tmp_path / "x.json"
    source.write_text(SOURCE)
    frames: list[dict[str, object]] = [{"name": "work", "file": str(source), "line": n} for n in (2, 3, 4, 5)]
    frames.append({"name": "Thread._wait_for_tstate_lock", "file": threading.__file__, "line": 1})
    frames.append({"name": "Thread._bootstrap", "file": threading.__file__, "line": 1})
    path.write_text(_document(frames, [[0], [1], [2], [3], [1, 4], [1, 5], [0, 1]]))
    work = Frame(normalise(str(source)), "work")
    running = [sample.line for sample in read_speedscope(path)]
    assert running == [3, 4, 1, 3], "what calls nothing that blocks, another frame of threading, a callee's line"
    leaves = [sample.stack[-1] for sample in read_speedscope(path, idle=True)]
    assert leaves[:4] == [Frame("<built-in>", "sleep"), work, work, Frame("<built-in>", "lock.acquire")]
    assert role_of(leaves[0]) is role_of(leaves[3]) is Role.WAIT
    assert next(iter(read_speedscope(path, idle=True))).stack[0] == work


def test_time_is_the_clocks_and_not_a_number_of_looks(tmp_path: Path) -> None:
    """A hundred looks a second on average were 228 in two seconds: 2.28 s of a 2.00 s run."""
    path = tmp_path / "x.json"
    path.write_text(_document([{"name": "f", "file": "<string>", "line": 1}], [[0]] * 228))  # of 10 ms each

    def seconds(**known: float) -> float:
        return sum(sample.weight_ns for sample in read_speedscope(path, **known)) / 1e9  # type: ignore[arg-type]

    assert seconds() == pytest.approx(2.28)
    assert seconds(seconds=2.0) == pytest.approx(2.0), "no thread ran for longer than the recording"
    assert seconds(seconds=3.0) == pytest.approx(2.28), "it may have waited for the rest"
    assert seconds(seconds=3.0, idle=True) == pytest.approx(3.0), "waiting threads are in all looks"


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
