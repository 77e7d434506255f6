"""A test as a workload: collected by a pytest of its own in this process, then repeated as often as asked.

The gate opens it in each side's process, in that side's checkout. A round is the test's call; its fixtures of
function scope are set up before and torn down after it, outside the clock, and wider ones last. Where the test
names what it measures (``profiled(…)``, ``benchmark(…)``), the round's times are that part's alone, repeated within
the round where it is short.
"""

from __future__ import annotations

import functools
import inspect
import math
from collections.abc import Awaitable, Callable
from importlib.util import find_spec
from time import perf_counter, process_time
from typing import TYPE_CHECKING, Any

import pytest

from workbench.analysis.pairs import LOOPS
from workbench.errors import UsageError
from workbench.experiment.calibration import GROWTH, more_loops, undisturbed
from workbench.experiment.generators import refuse_generator
from workbench.experiment.results import result_digest
from workbench.pytest_plugin import REPEATER
from workbench.scenarios.base import Outcome
from workbench.testing.asked import is_skipped

if TYPE_CHECKING:
    from _pytest.main import Session

__all__ = ["Repeater", "open_item"]

_MOST_LOOPS = 1_000_000
_QUICK_S = 0.25  # of a whole test, with what it sets up


class Repeater:
    """Stands for ``profiled`` while a test is repeated: calls the function ``loops`` times and keeps its times.

    ``looped`` is how often it called the function within a round: once where a second call may not be possible.
    """

    def __init__(self) -> None:
        self.loops = 1
        self.reset()

    def reset(self) -> None:
        self.calls = 0
        self.looped = 1
        self.wall = 0.0
        self.cpu = 0.0
        self.digests: list[str] = []

    def __call__(self, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        began, cpu = perf_counter(), process_time()
        value = function(*args, **kwargs)
        if inspect.isawaitable(value):
            return self._await(value, lambda: function(*args, **kwargs))
        for _ in range(self.loops - 1):
            value = function(*args, **kwargs)
        refuse_generator(function, value)
        return self._ended(value, began, cpu, self.loops)

    async def _await(self, first: Awaitable[Any], again: Callable[[], Awaitable[Any]]) -> Any:
        began, cpu = perf_counter(), process_time()
        value = await first
        for _ in range(self.loops - 1):
            value = await again()
        return self._ended(value, began, cpu, self.loops)

    def pedantic(
        self,
        target: Callable[..., Any],
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
        setup: Callable[[], Any] | None = None,
        teardown: Callable[..., Any] | None = None,
        rounds: int = 1,
        warmup_rounds: int = 0,
        iterations: int = 1,
    ) -> Any:
        """As pytest-benchmark's, with set-up and tear-down outside the clock.

        The target is called once where it was not to be called repeatedly with the same set-up.
        """
        made = setup() if setup is not None else None
        given: tuple[Any, ...]
        named: dict[str, Any]
        given, named = made or (args, kwargs or {})
        together = (
            iterations if setup is not None or teardown is not None else rounds + warmup_rounds + iterations - 1
        )
        loops = self.loops if together > 1 else 1
        began, cpu = perf_counter(), process_time()
        for _ in range(loops):
            value = target(*given, **named)
        value = self._ended(value, began, cpu, loops)
        if teardown is not None:
            teardown(*given, **named)
        return value

    def take_over(self, fixture: Any) -> None:
        """Be what pytest-benchmark's fixture does; the fixture of any other library is left as it is.

        It stays itself in all else: ``extra_info``, ``group``, ``weave``, its refusal to be used twice.
        """
        if not (hasattr(fixture, "_raw") and hasattr(fixture, "_raw_pedantic")):
            return

        def told(call: Callable[..., Any]) -> Callable[..., Any]:
            @functools.wraps(call)
            def measured(*args: Any, **kwargs: Any) -> Any:
                value = call(*args, **kwargs)
                if self.calls:  # an awaitable's time is not known yet
                    self._give_stats(fixture)
                return value

            return measured

        fixture._raw, fixture._raw_pedantic = told(self), told(self.pedantic)

    def _give_stats(self, fixture: Any) -> None:
        """``benchmark.stats`` of this round, for tests that look at it; left out of pytest-benchmark's table."""
        if not hasattr(fixture, "_make_stats"):
            return
        fixture._add_stats = lambda stats: None
        fixture._make_stats(self.looped).update(self.wall)

    def _ended(self, value: Any, began: float, cpu: float, loops: int) -> Any:
        self.wall += perf_counter() - began
        self.cpu += process_time() - cpu
        self.calls += 1
        self.looped = loops
        self.digests.append(result_digest(value))
        return value


class ItemWorkload:
    """One collected test, ready to be repeated; ``close`` ends its pytest."""

    def __init__(self, session: Session, item: pytest.Function, repeater: Repeater) -> None:
        self._session, self._item, self._repeater = session, item, repeater
        self._above = _Above(item)
        self._whole_s = 0.0  # of the last call, with its fixtures

    @property
    def loops(self) -> int:
        return self._repeater.loops

    @loops.setter
    def loops(self, loops: int) -> None:
        self._repeater.loops = loops

    def calibrate(self, seconds: float) -> None:
        """Repeat what the test names as measured until it takes ``seconds``; a whole test is one call.

        Only quick tests are repeated to see whether the first time was disturbed.
        """
        repeater = self._repeater
        repeater.loops = 1
        longest = math.inf
        while True:
            elapsed = undisturbed(self._timed, seconds, at_most=longest, again=lambda: self._whole_s < _QUICK_S)
            if not repeater.calls or elapsed >= seconds or repeater.loops >= _MOST_LOOPS:
                return
            if repeater.looped < repeater.loops:  # what can be called once only
                repeater.loops = 1
                return
            repeater.loops = more_loops(repeater.loops, elapsed, seconds, _MOST_LOOPS)
            longest = GROWTH * elapsed

    def _timed(self) -> float:
        """Run the test once: seconds of what it names as measured."""
        began = perf_counter()
        self.setup()
        try:
            self.run()
        finally:
            self._tear_down()
        self._whole_s = perf_counter() - began
        return self._repeater.wall

    def setup(self) -> None:
        item = self._item
        self._repeater.reset()
        item._initrequest()
        try:
            self._session._setupstate.setup(item)
        except BaseException as error:
            self._tear_down()
            raise _ended(error) from error
        if "benchmark" in item.fixturenames:  # the test's own argument, or that of a fixture it uses
            self._repeater.take_over(item._request.getfixturevalue("benchmark"))

    def run(self) -> None:
        try:
            self._item.runtest()
        except BaseException as error:
            raise _ended(error) from error

    def finish(self, value: Any) -> Outcome:
        repeater = self._repeater
        self._tear_down()
        if not repeater.calls:
            return Outcome(result_digest(None), {})
        # The recorder saw the whole test; what it is judged by is the part that it names.
        digest = result_digest(repeater.digests) if all(repeater.digests) else ""
        return Outcome(digest, {"wall": repeater.wall, "cpu": repeater.cpu, LOOPS: float(repeater.looped)})

    def _tear_down(self) -> None:
        self._session._setupstate.teardown_exact(self._above)  # type: ignore[arg-type]

    def close(self) -> None:
        session = self._session
        try:
            session._setupstate.teardown_exact(None)
            session.config.hook.pytest_sessionfinish(session=session, exitstatus=0)
        finally:
            session.config._ensure_unconfigure()


class _Above:
    """A next item that shares all but the test itself, so that only the test's own fixtures are torn down."""

    def __init__(self, item: pytest.Item) -> None:
        self._chain = item.listchain()[:-1]

    def listchain(self) -> list[Any]:
        return self._chain


def _ended(error: BaseException) -> BaseException:
    """pytest's own outcomes are no ``Exception``: a skip or a failure said by ``pytest.fail`` becomes one."""
    if isinstance(error, pytest.skip.Exception):
        return UsageError(f"the test skips itself: {error.msg}")
    return AssertionError(str(error)) if isinstance(error, pytest.fail.Exception) else error


def _switched_off() -> list[str]:
    """Other plugins' work that would disturb or multiply the measuring, in words that only they know."""
    # -s: capturing would take the standard input away, by which the gate speaks with this process.
    words = ["--rootdir=.", "-s", "-p", "no:cacheprovider"]
    for module, options in (
        ("xdist", ["-n0"]),
        ("pytest_cov", ["--no-cov"]),
        ("pytest_benchmark", ["--benchmark-disable"]),
        ("pytest_randomly", ["-p", "no:randomly"]),
    ):
        words += options if find_spec(module) else []
    return words


def _without_notebooks() -> list[str]:
    """nbval takes longer to import than most tests' packages, in each of a judged test's many processes."""
    return ["-p", "no:nbval"] if find_spec("nbval") else []


def open_item(nodeid: str) -> ItemWorkload:
    """Collect the test in the working folder. Raises ``UsageError`` where there is none of that id to be run."""
    from _pytest.config import _prepareconfig
    from _pytest.main import Session

    try:
        try:
            config = _prepareconfig([nodeid, "-q", *_switched_off(), *_without_notebooks()])
        except pytest.UsageError:  # its options may stand in the project's own
            config = _prepareconfig([nodeid, "-q", *_switched_off()])
        config._do_configure()
    except pytest.UsageError as error:  # such as a plugin's option that its environment doesn't know
        raise UsageError(f"pytest can't be set up for {nodeid}: {error}") from error
    repeater = Repeater()
    config.stash[REPEATER] = repeater
    session = Session.from_config(config)
    try:
        config.hook.pytest_sessionstart(session=session)
        config.hook.pytest_collection(session=session)
        item = next((item for item in session.items if item.nodeid == nodeid), None)
        if not isinstance(item, pytest.Function) or is_skipped(item):
            raise UsageError(f"{nodeid} is {'skipped' if item is not None else 'not there'}")
        return ItemWorkload(session, item, repeater)
    except (pytest.UsageError, session.Interrupted, session.Failed) as error:
        config._ensure_unconfigure()
        raise UsageError(f"{nodeid} can't be collected: {error}") from error
    except BaseException:
        config._ensure_unconfigure()
        raise
