"""Reads what py-spy writes in speedscope's format into stacks.

Checked on py-spy 0.4.3: one profile a thread named ``Thread 8553 "MainThread"`` (with --subprocesses
``Process 12 Thread …``), type "sampled", unit "seconds", every weight 1/rate, frames with the *executing* line, and
on Python 3.11+ the qualified name. Each profile starts at 0 and holds only the samples in which its thread was
active, so that without ``--idle`` a sample's time is its place among these and not the time since the start.

py-spy draws the pauses between its looks at random and falls behind on a busy machine: 1/rate is what a look stands
for on average only, and their sum can be more than the time that passed. The clock says what a look really stood
for: with ``--idle`` the thread seen in most of them was there in all. Without it nobody knows how many looks found
no thread active; 1/rate stands then, unless a thread would have run for longer than the recording.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from workbench.capture.frames import named_part, without_ours
from workbench.capture.samplers import SampledStack
from workbench.capture.source import qualified_name_at_line
from workbench.capture.waits import called_wait, only_waits
from workbench.errors import CaptureError
from workbench.model import Frame
from workbench.paths import normalise

__all__ = ["read_speedscope"]

THREAD = re.compile(r'(?:Process (?P<process>\d+) )?Thread (?P<id>\S+)(?: "(?P<name>.*)")?')
NO_PYTHON = Frame("<native>", "[no Python frame]")  # a process that is only just starting
PROCESS_FRAME = re.compile(r"process \d+:")


def read_speedscope(
    path: Path, own_stem: Sequence[Frame] = (), *, seconds: float = 0.0, idle: bool = False
) -> Iterator[SampledStack]:
    """The samples of every thread in order, without the stem shared with ``own_stem`` and the workbench's frames.

    ``seconds``: how long py-spy sampled by the clock, 0 if unknown; ``idle``: whether waiting threads belong in it
    (``waits``; without it looks at them are left out).
    Raises CaptureError if the file isn't a py-spy recording.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        raw_frames, profiles = document["shared"]["frames"], document["profiles"]
        frames = [_frame(raw) for raw in raw_frames]
        # these hold the whole command line of a child, with whatever secrets were passed on it
        processes = {number for number, raw in enumerate(raw_frames) if PROCESS_FRAME.match(str(raw["name"]))}
        lines = [int(raw.get("line") or 0) for raw in raw_frames]
        calls = [called_wait(str(raw.get("file") or ""), int(raw.get("line") or 0)) for raw in raw_frames]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise CaptureError(f"{path.name} is no recording of py-spy: {error}") from error
    stem = tuple(own_stem)
    names = _thread_names([profile.get("name", "") for profile in profiles])
    factor = _factor([sum(profile["weights"]) for profile in profiles], seconds, idle=idle)
    known: dict[tuple[int, ...], tuple[Frame, ...]] = {}
    for profile, thread in zip(profiles, names, strict=True):
        now = 0.0
        for numbers, weight in zip(profile["samples"], profile["weights"], strict=True):
            key = tuple(numbers)
            stack = known.get(key)
            if stack is None:
                stack = _trim([frames[number] for number in key if number not in processes], stem)
                if key and (called := calls[key[-1]]) and stack[-1] == frames[key[-1]]:
                    stack = (*stack, called)
                known[key] = stack
            if not idle and only_waits(stack[-1]):
                continue
            now += weight * factor
            line = lines[key[-1]] if key else 0
            yield SampledStack(round(now * 1e9), round(weight * factor * 1e9), stack, thread, line)


def _factor(lengths: Sequence[float], seconds: float, *, idle: bool) -> float:
    """By what weights of 1/rate are multiplied to be time of the clock; ``lengths`` are their sums by thread."""
    longest = max(lengths, default=0.0)
    if not longest or not seconds:
        return 1.0
    return seconds / longest if idle else min(seconds / longest, 1.0)


def _frame(raw: dict[str, Any]) -> Frame:
    """py-spy 0.4 qualifies names of Python 3.11+; for older ones the source is asked."""
    name, filename, line = str(raw.get("name") or "?"), str(raw.get("file") or ""), int(raw.get("line") or 0)
    if not filename or (not filename.endswith(".py") and not filename.startswith("<")):
        return Frame(normalise(filename) if filename else "<native>", name)
    if "." not in name and (qualified := qualified_name_at_line(filename, name, line)):
        name = qualified
    return Frame(normalise(filename), name)


def _trim(stack: list[Frame], stem: tuple[Frame, ...]) -> tuple[Frame, ...]:
    shared = 0
    for frame, other in zip(stack, stem, strict=False):
        if frame != other:
            break
        shared += 1
    if shared and shared == len(stem):
        shared -= 1
    return without_ours(map(named_part, stack[shared:])) if stack else (NO_PYTHON,)


def _thread_names(titles: list[str]) -> list[str]:
    """Names that mean the same in every run: no system ids, children and namesakes numbered as they appear."""
    children: dict[str, int] = {}
    seen: dict[str, int] = {}
    names = []
    for title in titles:
        match = THREAD.fullmatch(title.strip())
        name = (match["name"] or "thread") if match else title
        if match and match["process"] and (child := children.setdefault(match["process"], len(children))):
            name = f"child {child} {name}"
        seen[name] = seen.get(name, 0) + 1
        names.append(name if seen[name] == 1 else f"{name} {seen[name]}")
    return names
