"""Names by which a reader can follow tasks: the one that the program gave, else the coroutine's.

asyncio's own names (``Task-17``) count all tasks of a process and so mean nothing in the next run. Tasks of one
name are numbered as they are first seen, ``fetch``, ``fetch 2``, …; past the first thousand they share one name.
"""

from __future__ import annotations

import asyncio
import re
from typing import Any
from weakref import WeakKeyDictionary

__all__ = ["NO_TASK", "TaskNames", "current_task"]

NO_TASK = -1
MOST = 1000
DEFAULT_NAME = re.compile(r"Task-\d+")
OTHERS = "further tasks"

Task = asyncio.Task[Any]


class TaskNames:
    """Numbers tasks as they are seen while something is recorded; the names are made afterwards."""

    def __init__(self) -> None:
        self._numbers: WeakKeyDictionary[Task, int] = WeakKeyDictionary()
        self._seen: list[str] = []

    def number(self, task: Task | None) -> int:
        """The task's number, ``NO_TASK`` for none."""
        if task is None:
            return NO_TASK
        known = self._numbers.get(task)
        if known is None:
            known = self._numbers[task] = min(len(self._seen), MOST)
            if known < MOST:
                self._seen.append(_name(task))
            elif len(self._seen) == MOST:
                self._seen.append(OTHERS)
        return known

    def names(self) -> list[str]:
        """By number."""
        times: dict[str, int] = {}
        names = []
        for name in self._seen:
            times[name] = times.get(name, 0) + 1
            names.append(name if times[name] == 1 else f"{name} {times[name]}")
        return names


def current_task() -> Task | None:
    """The task that runs in this thread, if an event loop does."""
    loop = asyncio._get_running_loop()
    return asyncio.current_task(loop) if loop is not None else None


def _name(task: Task) -> str:
    given = task.get_name()
    if not DEFAULT_NAME.fullmatch(given):
        return given
    coroutine = task.get_coro()
    return str(getattr(coroutine, "__qualname__", "") or type(coroutine).__qualname__)
