"""``wb.profile``: a run of one sampled round around the user's own code.

with wb.profile("nightly import") as run:
    import_everything()
wb.flamegraph(run)

@wb.profile("handler")
async def handler(request): ...
"""

from __future__ import annotations

import asyncio
import functools
import inspect
import logging
import os
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from dataclasses import replace
from types import FrameType, TracebackType
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from workbench.capture.environment import environment
from workbench.capture.frames import instrumentation
from workbench.capture.power import conditions
from workbench.capture.rounds import SEVERITY, MeasuredRound, RoundInProgress, RunRecorder
from workbench.capture.samplers import SamplerSpec, WholeProgram
from workbench.capture.spans import is_recorded_here
from workbench.errors import ProfilerActive, UsageError
from workbench.experiment.saving import save_or_warn
from workbench.model import Recording, RoundKind, Scalar, Session, Status, utc_now

if TYPE_CHECKING:
    from workbench.store import Store, StoreLike

__all__ = ["PART_OF", "BlockRecording", "BlockRun", "is_disabled", "profile"]

PART_OF = "part_of"
"""The parameter of a run that was recorded inside another: that one's id."""

log = logging.getLogger("workbench")
_warned: set[str] = set()
Function = TypeVar("Function", bound=Callable[..., Any])


class BlockRun:
    """A run of the user's own code: ``run_id`` is known from the start, the rest once the block has ended.

    ``status`` is None while it runs; ``store_error`` is why the store
    didn't take it, if it didn't. With ``WORKBENCH_DISABLE=1`` nothing
    is recorded and ``run_id`` is "".
    """

    def __init__(self, name: str, run_id: str) -> None:
        self.name = name
        self.run_id = run_id
        self.status: Status | None = None
        self.session: Session | None = None
        self.recording: Recording | None = None
        self.store_error: Exception | None = None

    def __repr__(self) -> str:
        return f"<run {self.run_id or 'not recorded'} {self.name!r} {self.status or 'running'}>"


class profile:  # noqa: N801 - reads as a verb where it is used
    """Profile a block (``with``) or every call of a function (decorator, also of coroutine functions).

    ``interval`` is the sampler's, in seconds (1 ms, of py-spy 10 ms); ``sampler`` is ``pyinstrument`` (this
    thread), ``py-spy`` (all threads, from outside) or ``none`` (times and spans only). ``store=None`` means the
    default store. What the block raises, Ctrl-C included, ends the run as failed or interrupted, is kept with it,
    and propagates; a store that can't take the run, like anything else that goes wrong once it is recorded, costs
    one logged warning, never an exception in the user's code. The run is the process's that began it: a forked
    child isn't recorded.

    Recordings nest. A block inside a recording that samples its thread, of ``workbench profile`` too, is a run of
    its own with the samples taken meanwhile (at that recording's interval), which belong to both, and the parameter
    ``part_of``. A decorated function that is called there just runs, as a part of it. Where another profiler, or
    another task's recording, has the thread, a block keeps its times and spans and logs a warning.
    """

    def __init__(
        self,
        name: str = "",
        *,
        sampler: str = "pyinstrument",
        interval: float | None = None,
        spans: bool = True,
        store: StoreLike = None,
        parameters: Mapping[str, Scalar] | None = None,
    ) -> None:
        self._name = name
        self._spec = SamplerSpec.chosen(sampler, interval)
        self._spans = spans
        self._store: Store | None = None
        if store is not None:
            from workbench.store import opened

            self._store = opened(store)
        self._parameters = dict(parameters or {})
        self._open: list[
            tuple[tuple[int, int | None], BlockRecording]
        ] = []  # with the thread and task that entered

    def __enter__(self) -> BlockRun:
        return self._enter(sys._getframe(1))

    @instrumentation
    def _enter(self, caller: FrameType) -> BlockRun:
        if is_disabled():
            return BlockRun(self._name, "")
        name = self._name or caller.f_code.co_name
        opened = BlockRecording(name, self._spec, self._spans, self._parameters)
        try:
            opened.begin(caller)
        except ProfilerActive as active:
            if name not in _warned:  # once: a handler is entered for every request
                _warned.add(name)
                log.warning("workbench: profile %r keeps times and spans, no stacks: %s", name, active)
            opened = BlockRecording(name, replace(self._spec, name="none"), self._spans, self._parameters)
            opened.begin(caller)
        self._open.append((_place(), opened))
        return opened.run

    @instrumentation
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> Literal[False]:
        opened = self._close()
        if opened is not None and opened.end(error):
            opened.keep(self._store)
        return False

    def _close(self) -> BlockRecording | None:
        """The latest that was entered here; None where nothing was recorded."""
        here = _place()
        for index in range(len(self._open) - 1, -1, -1):
            if self._open[index][0] == here:
                return self._open.pop(index)[1]
        return self._open.pop()[1] if self._open else None

    def __call__(self, function: Function) -> Function:
        if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
            raise UsageError(f"{function.__qualname__} is a generator: profile the loop over it with a with block")
        name = self._name or function.__qualname__

        def opened(caller: FrameType) -> BlockRecording | None:
            """A run of this call; None where it is a part of another, or nothing is recorded."""
            if is_disabled() or is_recorded_here():
                return None
            call = BlockRecording(name, self._spec, self._spans, self._parameters, join=False)
            try:
                call.begin(caller)
            except ProfilerActive:
                return None
            return call

        if inspect.iscoroutinefunction(function):

            @functools.wraps(function)
            async def call_async(*args: Any, **kwargs: Any) -> Any:
                recording = opened(sys._getframe())
                error: BaseException | None = None
                try:
                    return await function(*args, **kwargs)
                except BaseException as raised:
                    error = raised
                    raise
                finally:
                    if recording is not None and recording.end(error):
                        await recording.keep_aside(self._store, error)

            return call_async  # type: ignore[return-value]

        @functools.wraps(function)
        def call(*args: Any, **kwargs: Any) -> Any:
            recording = opened(sys._getframe())
            error: BaseException | None = None
            try:
                return function(*args, **kwargs)
            except BaseException as raised:
                error = raised
                raise
            finally:
                if recording is not None and recording.end(error):
                    recording.keep(self._store)

        return call  # type: ignore[return-value]


class BlockRecording:
    """One use of ``profile``: the recorder, its round, and the session around it.

    A cell that is profiled several times is one run of several rounds: ``begin`` and ``end`` for each, ``keep``
    once. ``join=False``: it may not be a part of a recording that samples this thread (``ProfilerActive`` instead).
    """

    def __init__(
        self, name: str, spec: SamplerSpec, spans: bool, parameters: Mapping[str, Scalar], *, join: bool = True
    ) -> None:
        from workbench.store.ids import new_id

        self.started_at, self._conditions = utc_now(), conditions()
        self.run = BlockRun(name, new_id(self.started_at))
        self._parameters = dict(parameters)
        self._session_id = new_id(self.started_at)
        self._recorder = RunRecorder(spec, spans=spans, collector_off=False, join=join)
        self._round: MeasuredRound | None = None
        self._measured: RoundInProgress | None = None
        self._outer: BlockRecording | None = None
        self._place = _place()
        self._goes_on = False

    @instrumentation
    def begin(self, caller: FrameType) -> None:
        """Start a round. Raises ProfilerActive, SamplerUnavailable or SamplerPermission."""
        opened = self._recorder.round(RoundKind.SAMPLED, caller=caller)
        self._measured = opened.__enter__()
        self._round = opened
        self._outer = _innermost(_current.get())
        if around := self._outer.run.run_id if self._outer is not None else WholeProgram.run_id:
            self._parameters[PART_OF] = around
        self._goes_on = True
        _current.set(self)

    @instrumentation
    def end(self, error: BaseException | None) -> bool:
        """Stop the recording. Whether there is something to keep: not so in a forked child."""
        assert self._round is not None and self._measured is not None, "ended before it began"
        self._goes_on = False
        _current.set(self._outer)
        try:
            self._round.__exit__(type(error) if error else None, error, error.__traceback__ if error else None)
        except Exception as failure:
            self._lost(failure)
        ended = self._measured.result
        if ended is not None:
            self.run.status = max(self.run.status or Status.OK, ended.status, key=SEVERITY.__getitem__)
        return ended is not None

    @instrumentation
    def keep(self, store: Store | None) -> None:
        """Convert what was recorded and save it; the user's code sees nothing of what goes wrong.

        The recordings around it don't see it either.
        """
        try:
            with self._left_out_around():
                self.run.store_error = save_or_warn(*self._finished(), store)
        except Exception as failure:
            self._lost(failure)

    @contextmanager
    def _left_out_around(self) -> Iterator[None]:
        """Take what happens inside out of the recordings that this one is a part of.

        Tasks of an event loop wait for something while another one saves, so their wall time counts.
        """
        with ExitStack() as pauses:
            outer = _innermost(self._outer)
            while outer is not None:
                if outer._round is not None and outer._place[0] == self._place[0]:
                    pauses.enter_context(outer._round.left_out(wall=outer._place == self._place))
                outer = _innermost(outer._outer)
            if WholeProgram.left_out is not None and threading.current_thread() is threading.main_thread():
                pauses.enter_context(WholeProgram.left_out(wall=self._place[1] is None))
            yield

    async def keep_aside(self, store: Store | None, error: BaseException | None) -> None:
        """The same in another thread, so that the event loop goes on meanwhile."""
        if isinstance(error, GeneratorExit):  # a coroutine that is being closed may not await
            self.keep(store)
            return
        try:
            await asyncio.to_thread(self.keep, store)
        except RuntimeError:  # no event loop of asyncio's, or one that is shutting down
            self.keep(store)

    def _lost(self, failure: Exception) -> None:
        self.run.store_error = failure
        what = f"{type(failure).__qualname__}: {failure}".partition("\n")[0]
        log.warning("workbench: run %s (%s) was lost: %s", self.run.run_id, self.run.name, what)

    def _finished(self) -> tuple[Session, Recording]:
        self.run.recording = self._recorder.finish(
            run_id=self.run.run_id,
            session_id=self._session_id,
            name=self.run.name,
            parameters=self._parameters,
            started_at=self.started_at,
        )
        self.run.session = Session(
            session_id=self._session_id,
            kind="block",
            started_at=self.started_at,
            parameters=self._conditions,
            environment=environment(),
        )
        return self.run.session, self.run.recording


_current: ContextVar[BlockRecording | None] = ContextVar("workbench_block", default=None)


def _innermost(recording: BlockRecording | None) -> BlockRecording | None:
    """The nearest that goes on: a task keeps the context of a block that has ended."""
    while recording is not None and not recording._goes_on:
        recording = recording._outer
    return recording


def _place() -> tuple[int, int | None]:
    """This thread and, where there is one, this task: what a block is entered and left in."""
    try:
        task = asyncio.current_task()
    except RuntimeError:
        task = None
    return threading.get_ident(), None if task is None else id(task)


def is_disabled() -> bool:
    """Whether ``WORKBENCH_DISABLE`` switches all recording off."""
    return os.environ.get("WORKBENCH_DISABLE", "") not in ("", "0")
