"""What a reader must know of a run's samples before taking their times at their word, a line each."""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np

from workbench.analysis.awaiting import recording_ns
from workbench.analysis.own import under_imports
from workbench.analysis.pairs import seconds_of
from workbench.calltree import CallTree
from workbench.capture.roles import State, states
from workbench.model import Frame, RoundKind, Run
from workbench.statistics import median
from workbench.views.numbers import format_seconds, format_share

__all__ = ["import_note", "recording_note", "sampling_notes", "slowed_note", "threads_note"]

_IMPORTS_NOTICED = 0.1
_RECORDING_NOTICED = 0.01
_MOSTLY = 0.5
_MORE_THAN_CPU = 1.25
_EXPLAINS = 0.5  # of the excess
_LEAST_EXCESS_S = 0.02  # the system counts CPU time in hundredths of a second
_BUILTIN = re.compile(
    r"(.*\.)?(lock|RLock|Semaphore|SemLock|SimpleQueue|_ThreadHandle)\.(acquire|get|join|__enter__)"
)
_THREADING = re.compile(r"(Condition|Event|Barrier)\.wait|Condition\.wait_for|Thread\.(join|_wait_for_tstate_lock)")


def sampling_notes(run: Run, tree: CallTree) -> list[str]:
    """What applies of all below but imports, of which reports have a sentence; nothing of a run without samples."""
    if not len(tree.samples):
        return []
    notes = [
        recording_note(tree),
        threads_note(tree, run.sampler.name),
        _running_only(run, tree),
        _more_than_cpu(run, tree),
    ]
    return [note for note in notes if note]


def slowed_note(run: Run) -> str:
    """Times in the picture are not those of the timing rounds; "" of a run without any."""
    timing, sampled = seconds_of(run, RoundKind.TIMING), seconds_of(run, RoundKind.SAMPLED)
    if not (timing and sampled):
        return ""
    rounds = "a sampled round of its own" if len(sampled) == 1 else f"{len(sampled)} sampled rounds of their own"
    return (
        f"The stacks come from {rounds}, which the sampler slows down: {format_seconds(median(sampled))}; "
        f"the timing rounds take {format_seconds(median(timing))} (median of {len(timing)})."
    )


def import_note(tree: CallTree) -> str:
    """How much imports took, where it is a tenth and more; "" otherwise."""
    share = _share(tree, tree.self_ns()[under_imports(tree)].sum())
    return f"Imports took {format_share(share, 1)} of the sampled time." if share >= _IMPORTS_NOTICED else ""


def recording_note(tree: CallTree) -> str:
    """What recording itself cost, where it is a hundredth and more of the sampled time."""
    share = _share(tree, recording_ns(tree))
    cost = f"Recording itself cost {format_share(share, 1)} of the sampled time; it is in no function's."
    return cost if share >= _RECORDING_NOTICED else ""


def threads_note(tree: CallTree, sampler: str) -> str:
    """Where the one thread that pyinstrument samples mostly waits for others: what would show these."""
    share = _share(tree, _leaf_ns(tree, _waits_for_threads))
    if sampler.partition(" ")[0] != "pyinstrument" or share < _MOSTLY:
        return ""
    return (
        f"For {format_share(share, 1)} of the sampled time this thread waits for others, and pyinstrument sees no "
        'others: --sampler py-spy, in Python sampler="py-spy", samples all threads.'
    )


def _running_only(run: Run, tree: CallTree) -> str:
    """py-spy without --idle skips waiting threads, so its samples cover less than the wall time."""
    wall = _sampled(run, "wall")
    if run.sampler.name != "py-spy" or "idle" in run.sampler.mode.split(",") or not wall:
        return ""
    seen = f"{format_seconds(_seconds(tree))} sampled of {format_seconds(wall)} wall"
    return f"py-spy samples running threads only: {seen} (--idle for waiting ones)."


def _more_than_cpu(run: Run, tree: CallTree) -> str:
    """py-spy takes a thread that its own pauses woke for a running one; CPU time is what the system counted."""
    cpu = _sampled(run, "cpu")
    if run.sampler.name != "py-spy" or "subprocesses" in run.sampler.mode.split(",") or not cpu:
        return ""  # a child's CPU time isn't in the measure
    state = states(tree, run.sampler)
    frames = {frame for frame, each in zip(tree.frames, state, strict=True) if each is State.RUNNING}
    running = _leaf_ns(tree, lambda frame: frame in frames) / 1e9
    if running <= _MORE_THAN_CPU * cpu or running - cpu < _LEAST_EXCESS_S:
        return ""
    delayed = _sampled(run, "run_delay")
    if delayed >= _EXPLAINS * (running - cpu):
        why = f"threads waited {format_seconds(delayed)} for a core, which looks like running."
    else:
        why = "threads that wait, be it for a core of a busy machine, look active to it: its seconds are too many."
    seen = f"py-spy saw {format_seconds(running)} of running, but only {format_seconds(cpu)} of CPU time were used"
    return f"{seen}: {why}"


def _waits_for_threads(frame: Frame) -> bool:
    pattern = {"<built-in>": _BUILTIN, "<stdlib>/threading.py": _THREADING}.get(frame.file)
    return pattern is not None and pattern.fullmatch(frame.function) is not None


def _leaf_ns(tree: CallTree, counts: Callable[[Frame], bool]) -> int:
    """Time of the samples whose leaf is such a frame."""
    of_frame = np.array([counts(frame) for frame in tree.frames], dtype=np.bool_)
    return int(tree.self_ns()[of_frame[tree.node_frame]].sum())


def _share(tree: CallTree, ns: int) -> float:
    return int(ns) / max(int(tree.samples.weight_ns.sum()), 1)


def _seconds(tree: CallTree) -> float:
    return int(tree.samples.weight_ns.sum()) / 1e9


def _sampled(run: Run, measure: str) -> float:
    return sum(r.measures.get(measure, 0.0) for r in run.rounds if r.kind is RoundKind.SAMPLED)
