"""Which tasks wait while the event loop is idle: read from the tasks themselves.

pyinstrument remembers the last coroutine that awaited before its context was left. Where a plain callback ran last
(under ``gather``, for one) it has nothing to remember and charges the waiting to ``select``.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from types import CodeType
from typing import Any
from weakref import WeakSet

__all__ = ["PendingTasks", "Waiting"]

DEEPEST = 500


@dataclass(frozen=True, slots=True)
class Waiting:
    """A task that waits: code objects of its coroutines from the outermost, and the innermost one's line."""

    task: asyncio.Task[Any]
    codes: list[CodeType]
    line: int


class PendingTasks:
    """The tasks of this thread's event loop that were begun since, or that was current when this was made."""

    def __init__(self) -> None:
        self._older: WeakSet[asyncio.Task[Any]] = WeakSet()
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            return
        current = asyncio.current_task(loop)
        for task in asyncio.all_tasks(loop):
            if task is not current:
                self._older.add(task)

    def waiting(self, turn: int) -> Waiting | None:
        """One waiting task. Those that wait for other tasks are passed over if possible; among the rest ``turn``
        goes round, so that over many samples each gets its share. None if nothing waits.
        """
        tasks = self._tasks()
        tasks = [task for task in tasks if not _waits_for_tasks(task)] or tasks
        if not tasks:
            return None
        task = tasks[turn % len(tasks)]
        found = _coroutines(task.get_coro())
        return None if found is None else Waiting(task, *found)

    def begun_by(self, definition: tuple[str, str, int]) -> list[asyncio.Task[Any]]:
        """Pending tasks whose outermost coroutine has this bare name, file and first line, as they came to be."""
        return sorted(
            (task for task in self._tasks() if _definition(task.get_coro()) == definition),
            key=lambda task: task.get_name(),
        )

    def _tasks(self) -> list[asyncio.Task[Any]]:
        try:
            return [task for task in asyncio.all_tasks() if task not in self._older]
        except RuntimeError:
            return []


def _definition(coroutine: Any) -> tuple[str, str, int] | None:
    code = getattr(coroutine, "cr_code", None) or getattr(coroutine, "gi_code", None)
    return None if code is None else (code.co_name, code.co_filename, code.co_firstlineno)


def _waits_for_tasks(task: asyncio.Task[Any]) -> bool:
    waiter = getattr(task, "_fut_waiter", None)
    return isinstance(waiter, asyncio.Task) or type(waiter).__name__ == "_GatheringFuture"


def _coroutines(awaitable: Any) -> tuple[list[CodeType], int] | None:
    codes: list[CodeType] = []
    line = 0
    while awaitable is not None and len(codes) < DEEPEST:
        frame = getattr(awaitable, "cr_frame", None) or getattr(awaitable, "gi_frame", None)
        if frame is None:
            break
        codes.append(frame.f_code)
        line = frame.f_lineno
        awaitable = getattr(awaitable, "cr_await", None) or getattr(awaitable, "gi_yieldfrom", None)
    return (codes, line) if codes else None
