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
