"""What a cell under ``%%compare`` calls: its two halves, measured in mirrored random pairs until a verdict."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import CancelledError, Future
from types import CodeType, FunctionType
from typing import Any

from workbench.errors import UsageError
from workbench.experiment.compare import CompareResult, CompareSettings, compare_live
from workbench.experiment.progress import progress_bar
from workbench.experiment.targets import CallableTarget
from workbench.notebook.cells import BASE, NEW
from workbench.notebook.options import positive, told_in_one_line, words_and_options
from workbench.notebook.shown import ComparisonView
from workbench.store import Store

__all__ = ["compared", "compared_awaited"]

Drive = Callable[[Coroutine[Any, Any, Any]], Any]


def compared(line: str, labels: Sequence[str], names: dict[str, Any]) -> ComparisonView:
    """Compare the halves of a cell without ``await``; they run in this thread, over the user's names."""
    with told_in_one_line():
        measure = _prepared(line, labels, names)
        result = measure(None)
    return _shown(result)


async def compared_awaited(line: str, labels: Sequence[str], names: dict[str, Any]) -> ComparisonView:
    """The same where a half awaits: it runs in the notebook's own event loop, to which its clients may belong.

    The comparison itself waits in a thread meanwhile.
    """
    with told_in_one_line():
        measure = _prepared(line, labels, names)
        loop = _LoopOfTheCell(asyncio.get_running_loop())
        thread = asyncio.ensure_future(asyncio.to_thread(measure, loop.drive))
        try:
            result = await asyncio.shield(thread)
        except asyncio.CancelledError:  # Ctrl-C: what was measured so far is kept
            loop.stop()
            result = await thread
    return _shown(result)


def _shown(result: CompareResult) -> ComparisonView:
    view = ComparisonView(result.comparison)
    if result.interrupted:
        from IPython.display import display

        display(view)  # type: ignore[no-untyped-call]
        raise KeyboardInterrupt
    return view


def _prepared(line: str, labels: Sequence[str], names: dict[str, Any]) -> Callable[[Drive | None], CompareResult]:
    halves = [names.pop(name, None) for name in (BASE, NEW)]
    known: dict[str, Callable[[str], Any]] = {"--seconds": positive, "--sampler": str}
    words, options = words_and_options("compare", line, known, flags=("--different-results",))
    if len(labels) != 2 or None in halves:
        raise UsageError("%%compare takes two pieces of code with a line `# ---` between them")
    if len(words) not in (0, 2):
        raise UsageError(f"%%compare takes two names (or none), not {len(words)}")
    named = words or ["base", labels[1] or "new"]
    if named[0] == named[1]:
        raise UsageError(f"%%compare: both pieces are called {named[0]!r}")
    functions = [_called(half, name) for half, name in zip(halves, named, strict=True)]
    from workbench.capture.samplers import SamplerSpec

    settings = CompareSettings(
        sampler=SamplerSpec.chosen(options.get("sampler", "pyinstrument")),
        same_results=not options.get("different_results", False),
    )

    def measure(drive: Drive | None) -> CompareResult:
        base, new = (CallableTarget(f, name, drive) for f, name in zip(functions, named, strict=True))
        with progress_bar("compare") as progress:
            return compare_live(
                base,
                new,
                settings=settings,
                max_seconds=options.get("seconds", 60.0),
                progress=progress,
                store=Store(),
            )

    return measure


def _called(half: FunctionType, name: str) -> FunctionType:
    """The half under its name, which is then the root of its flame graph."""
    code = _without_prefix(half.__code__, f"{half.__name__}.<locals>.").replace(co_name=name, co_qualname=name)
    return FunctionType(code, half.__globals__, name)


def _without_prefix(code: CodeType, prefix: str) -> CodeType:
    """Its inner functions and comprehensions named as they would be in a cell of their own."""
    inner = tuple(_without_prefix(c, prefix) if isinstance(c, CodeType) else c for c in code.co_consts)
    return code.replace(co_consts=inner, co_qualname=code.co_qualname.removeprefix(prefix))


class _LoopOfTheCell:
    """Runs coroutines in the notebook's loop for the thread that measures."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._lock = threading.Lock()
        self._running: Future[Any] | None = None
        self._stopped = False

    def drive(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        """The coroutine's value. Raises KeyboardInterrupt if the cell was stopped."""
        with self._lock:
            if self._stopped:
                coroutine.close()
                raise KeyboardInterrupt
            self._running = asyncio.run_coroutine_threadsafe(coroutine, self._loop)
        try:
            return self._running.result()
        except CancelledError:
            if self._stopped:
                raise KeyboardInterrupt from None
            raise asyncio.CancelledError from None

    def stop(self) -> None:
        """End what runs, and what would follow."""
        with self._lock:
            self._stopped = True
            if self._running is not None:
                self._running.cancel()
