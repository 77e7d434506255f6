"""A task group whose one failure is raised as itself."""

from __future__ import annotations

from asyncio import TaskGroup
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

__all__ = ["task_group"]


@asynccontextmanager
async def task_group() -> AsyncIterator[TaskGroup]:
    """An ``asyncio.TaskGroup`` that raises the first error of its tasks instead of a group of them.

    The first ends the others, so nothing is lost but their cancellation, and callers can name the type they expect.
    """
    try:
        async with TaskGroup() as group:
            yield group
    except BaseExceptionGroup as errors:
        first: BaseException = errors
        while isinstance(first, BaseExceptionGroup):
            first = first.exceptions[0]
        raise first from None
