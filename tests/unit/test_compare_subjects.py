"""Both functions of a comparison are looped alike, so that their rounds meet the scheduler alike."""

from pathlib import Path

import pytest

from workbench.experiment.callables import FunctionWorkload
from workbench.experiment.subjects import Subject, share_loops
from workbench.experiment.targets import FunctionTarget


def _subjects(folder: Path, *loops: int) -> list[FunctionWorkload]:
    path = folder / "jobs.py"
    path.write_text("def a():\n    return 1\n")
    workloads = [FunctionWorkload(path, "a") for _ in loops]
    for workload, count in zip(workloads, loops, strict=True):
        workload.loops = count
    share_loops(Subject(FunctionTarget(path, "a"), workload, workload) for workload in workloads)
    return workloads


@pytest.mark.parametrize(("before", "after"), [((100, 140), (140, 140)), ((7, 7), (7, 7)), ((10, 900), (10, 900))])
def test_functions_of_like_speed_share_their_loops(
    tmp_path: Path, before: tuple[int, int], after: tuple[int, int]
) -> None:
    workloads = _subjects(tmp_path, *before)
    assert tuple(workload.loops for workload in workloads) == after
    for workload in workloads:
        workload.close()


@pytest.mark.parametrize("disturbed", [(2, 3), (2,), (4,)], ids=["twice", "at first", "later"])
@pytest.mark.parametrize("longer", [0.009, 0.4])
def test_a_disturbed_moment_does_not_end_the_search_for_the_loops(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, disturbed: tuple[int, ...], longer: float
) -> None:
    """A call of 1 ms that a scheduler once makes take 9 ms, or 400, is no round of 5 ms."""
    (workload,) = _subjects(tmp_path, 1)
    calls = 0

    def elapsed(body: object) -> float:
        nonlocal calls
        calls += 1
        return longer if calls in disturbed else 0.001 * workload.loops

    monkeypatch.setattr(workload, "_elapsed", elapsed)
    workload.calibrate(0.005)
    assert workload.loops >= 5
    workload.close()


def test_a_long_round_is_not_repeated_to_see_whether_it_was_disturbed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (workload,) = _subjects(tmp_path, 1)
    bodies: list[object] = []
    monkeypatch.setattr(workload, "_elapsed", lambda body: bodies.append(body) or 0.5)
    workload.calibrate(0.005)
    assert (workload.loops, len(bodies)) == (1, 2)  # the first call, and one warm
    workload.close()
