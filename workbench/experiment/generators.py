"""A generator function is measured by its items: it is exhausted, as ``list(function())`` would.

Calling one makes a generator and runs none of its body, so that its creation alone would be timed.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import AsyncIterator, Callable, Iterator
from itertools import islice
from typing import Any

from workbench.errors import ScenarioError, UsageError

__all__ = ["MOST_ITEMS", "drained", "refuse_generator"]

MOST_ITEMS = 10_000_000
"""An endless generator ends here instead of with the memory."""


def drained(function: Callable[..., Any], value: Any) -> tuple[Callable[..., Any], Any]:
    """The function and what it returned; where that is a generator, one that lists its items, and the items.

    An async generator's become a coroutine function and a coroutine. Raises ``ScenarioError``, also from the
    function that is returned, for a generator that doesn't end.
    """
    if inspect.isgenerator(value):
        return functools.wraps(function)(lambda *arguments: _listed(function(*arguments))), _listed(value)
    if inspect.isasyncgen(value):
        return functools.wraps(function)(lambda *arguments: _listed_async(function(*arguments))), _listed_async(
            value
        )
    return function, value


def refuse_generator(function: Callable[..., Any], value: Any) -> None:
    """Raise ``UsageError`` for a function whose value is a generator, where the value is the caller's to use."""
    if inspect.isgenerator(value) or inspect.isasyncgen(value):
        name = getattr(function, "__name__", "function")
        raise UsageError(
            f"{name} returns a generator, of which nothing has run yet: measure what uses its items, such as "
            f"profiled(lambda: list({name}()))"
        )


def _listed(items: Iterator[Any]) -> list[Any]:
    found = list(islice(items, MOST_ITEMS))
    if len(found) == MOST_ITEMS:
        raise _endless()
    return found


async def _listed_async(items: AsyncIterator[Any]) -> list[Any]:
    found = []
    async for item in items:
        found.append(item)
        if len(found) == MOST_ITEMS:
            raise _endless()
    return found


def _endless() -> ScenarioError:
    return ScenarioError(
        f"its generator yielded {MOST_ITEMS:,} items and goes on: measure a function that takes as many as it needs"
    )
