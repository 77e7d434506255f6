"""Repeat one workload once, under a recorder: set-up and checks outside the clock, the body inside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbench.model import RoundKind

if TYPE_CHECKING:
    from workbench.capture.rounds import RunRecorder
    from workbench.scenarios.base import Outcome, Workload

__all__ = ["execute"]


def execute(recorder: RunRecorder, workload: Workload, kind: RoundKind, *, position: int = 0) -> Outcome:
    """Run ``workload`` as one round of ``kind`` and return its checked outcome.

    A coroutine is driven by a fresh event loop, so that no round inherits another's connections. Must be called
    from a thread without a running loop. Whatever the body raises is recorded with the round and propagates.
    """
    workload.setup()
    value, current = recorder.call(kind, workload.run, position=position)
    outcome = workload.finish(value)
    for name, number in outcome.measures.items():
        current.measure(name, number)
    return outcome
