"""Put a profile around a whole test, or around what pytest-benchmark's fixture is given."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from workbench.testing.recorded import Profiled

__all__ = ["benchmark_profiled", "test_profiled"]


@contextmanager
def test_profiled(item: pytest.Function, profile: Profiled) -> Iterator[None]:
    """While it lasts the test's function is recorded when it is called."""
    original = item.obj
    item.obj = _recorded(original, profile)
    try:
        yield
    finally:
        item.obj = original


test_profiled.__test__ = False  # type: ignore[attr-defined]  # no test, though a test module may import it


def _recorded(function: Callable[..., Any], profile: Profiled) -> Callable[..., Any]:
    if inspect.iscoroutinefunction(function):

        @functools.wraps(function)
        async def call_async(*args: Any, **kwargs: Any) -> Any:
            return await profile(function, *args, **kwargs)

        return call_async

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        return profile(function, *args, **kwargs)

    return call


@contextmanager
def benchmark_profiled(fixture: Any, profile: Profiled) -> Iterator[None]:
    """pytest-benchmark measures as ever, undisturbed; then what it was given is called once more and recorded.

    Where ``pedantic`` calls its target once only, that call is the one recorded: a second one may not be possible.
    """
    raw, pedantic = getattr(fixture, "_raw", None), getattr(fixture, "_raw_pedantic", None)
    if raw is None or pedantic is None:  # another fixture of that name
        yield
        return

    def call(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        value = raw(function, *args, **kwargs)
        profile(function, *args, **kwargs)
        return value

    def call_pedantic(target: Callable[..., Any], **how: Any) -> Any:
        setup, teardown = how.get("setup"), how.get("teardown")
        calls = how.get("rounds", 1) * how.get("iterations", 1) + how.get("warmup_rounds", 0)
        if setup is None and calls == 1:
            return pedantic(lambda *args, **kwargs: profile(target, *args, **kwargs), **how)
        value = pedantic(target, **how)
        made = setup() if setup is not None else None
        args, kwargs = made or (how.get("args", ()), how.get("kwargs") or {})
        profile(target, *args, **kwargs)
        if teardown is not None:
            teardown(*args, **kwargs)
        return value

    fixture._raw, fixture._raw_pedantic = call, call_pedantic
    try:
        yield
    finally:
        del fixture._raw, fixture._raw_pedantic
