"""What is said beside a run's samples: when each line stands there, and when it doesn't."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sample_runs import run

from workbench.calltree import CallTree, tree_from_stacks
from workbench.capture.frames import INSTRUMENTATION
from workbench.model import Frame, Round, RoundKind, Run, Sampler
from workbench.views.notes import import_note, recording_note, sampling_notes, threads_note

MS = 1_000_000
MAIN, LOCK = Frame("app.py", "main"), Frame("<built-in>", "lock.acquire")
JOIN = Frame("<stdlib>/threading.py", "Thread._wait_for_tstate_lock")
SLEEP = Frame("<built-in>", "sleep")


def mostly(leaf: Frame, share: int = 90) -> CallTree:
    return tree_from_stacks([((MAIN, leaf), share * MS), ((MAIN,), (100 - share) * MS)])


@pytest.mark.parametrize(("leaf", "share", "told"), [(LOCK, 90, True), (JOIN, 50, True), (LOCK, 49, False),
                                                     (SLEEP, 90, False)])  # fmt: skip
def test_who_mostly_waits_for_threads_hears_of_py_spy(leaf: Frame, share: int, told: bool) -> None:
    note = threads_note(mostly(leaf, share), "pyinstrument 5.1.3")
    assert ("--sampler py-spy" in note) is told
    assert threads_note(mostly(leaf, share), "py-spy") == ""


def test_the_cost_of_recording_is_told_from_a_hundredth_on() -> None:
    assert recording_note(mostly(INSTRUMENTATION, 1)).startswith("Recording itself cost 1.00 % ")
    assert recording_note(tree_from_stacks([((MAIN,), 991 * MS), ((MAIN, INSTRUMENTATION), 9 * MS)])) == ""


def test_imports_are_told_from_a_tenth_on() -> None:
    machinery = Frame("<frozen importlib._bootstrap>", "_find_and_load")
    assert import_note(mostly(machinery, 10)) == "Imports took 10.0 % of the sampled time."
    assert import_note(mostly(machinery, 9)) == ""


def sampled(cpu: float, mode: str = "", name: str = "py-spy", **measures: float) -> Run:
    measured = {"wall": 1.0, "cpu": cpu, **measures}
    only = Round(0, RoundKind.SAMPLED, 0, datetime(2026, 1, 1, tzinfo=UTC), measured)
    return run("x", [1.0], rounds=(only,), sampler=Sampler(name, "0.4", MS, "wall", mode))


@pytest.mark.parametrize(
    ("made", "told"),
    [
        (sampled(0.05), True),
        (sampled(0.08), False),  # 0.10 s is 1.25 times that
        (sampled(0.07, "idle"), False),  # of these 100 ms 90 are waits in a lock
        (sampled(0.05, "subprocesses"), False),  # whose CPU time nobody knows
        (sampled(0.05, name="pyinstrument"), False),
        (sampled(0.0), False),  # unknown
    ],
)
def test_more_running_than_cpu_time_is_said_to_be_impossible(made: Run, told: bool) -> None:
    notes = [note for note in sampling_notes(made, mostly(LOCK)) if "CPU time" in note]
    assert bool(notes) is told
    assert sampling_notes(made, tree_from_stacks([])) == []


@pytest.mark.parametrize(
    ("delay", "why"), [(0.04, "threads waited 40.0 ms for a core"), (0.01, "threads that wait, be it")]
)
def test_what_looked_like_running_is_explained_by_the_wait_for_a_core(delay: float, why: str) -> None:
    (note,) = [note for note in sampling_notes(sampled(0.05, run_delay=delay), mostly(LOCK)) if "CPU time" in note]
    assert why in note
