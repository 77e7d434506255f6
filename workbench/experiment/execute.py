"""Repeat one workload once, under a recorder: set-up and checks outside the clock, the body inside it."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any

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
    with recorder.round(kind, position=position) as round_:
        value = workload.run()
        if inspect.iscoroutine(value):
            value = _drive(value)
    outcome = workload.finish(value)
    for name, number in outcome.measures.items():
        round_.measure(name, number)
    return outcome


def _drive(body: Coroutine[Any, Any, Any]) -> Any:
    return asyncio.run(body)
