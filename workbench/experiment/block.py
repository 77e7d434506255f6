"""``wb.profile``: a run of one sampled round around the user's own code.

with wb.profile("nightly import") as run:
    import_everything()
wb.flamegraph(run)

@wb.profile("handler")
async def handler(request): ...
"""

from __future__ import annotations

import functools
import inspect
import os
import sys
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, ExitStack
from types import FrameType, TracebackType
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from workbench.capture.environment import environment
from workbench.capture.rounds import RoundInProgress, RunRecorder
from workbench.capture.samplers import SamplerSpec
from workbench.errors import ProfilerActive, UsageError
from workbench.experiment.saving import save_or_warn
from workbench.model import Recording, RoundKind, Scalar, Session, Status, utc_now

if TYPE_CHECKING:
    from workbench.store import Store

__all__ = ["BlockRun", "is_disabled", "profile"]

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

    ``interval`` is the sampler's, in seconds; ``sampler`` is ``pyinstrument`` (this thread), ``py-spy`` (all
    threads, from outside) or ``none`` (times and spans only). ``store=None`` means the default store. What the
    block raises, Ctrl-C included, ends the run as failed or interrupted, is kept with it, and propagates; a store
    that can't take the run costs one logged warning, never an exception in the user's code.

    Raises ProfilerActive if this thread is being profiled already. A decorated function that is called while its
    thread is being profiled just runs, as a part of that profile.
    """

    def __init__(
        self,
        name: str = "",
        *,
        sampler: str = "pyinstrument",
        interval: float = 0.001,
        spans: bool = True,
        store: Store | None = None,
        parameters: Mapping[str, Scalar] | None = None,
    ) -> None:
        self._name = name
        self._spec = SamplerSpec(name=sampler, interval_s=interval)
        self._spans = spans
        self._store = store
        self._parameters = dict(parameters or {})
        self._open: _Recording | None = None

    def __enter__(self) -> BlockRun:
        return self._enter(sys._getframe(1))

    def _enter(self, caller: FrameType) -> BlockRun:
        if is_disabled():
            return BlockRun(self._name, "")
        if self._open is not None:
            raise ProfilerActive(f"the profile {self._name!r} is already being recorded; make a second one")
        opened = _Recording(self._name or caller.f_code.co_name, self._spec, self._spans, self._parameters)
        opened.begin(caller)
        self._open = opened
        return opened.run

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> Literal[False]:
        opened, self._open = self._open, None
        if opened is not None:
            opened.end(kind, error, traceback)
            opened.run.store_error = save_or_warn(*opened.finished(), self._store)
        return False

    def __call__(self, function: Function) -> Function:
        if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
            raise UsageError(f"{function.__qualname__} is a generator: profile the loop over it with a with block")
        name = self._name or function.__qualname__

        def fresh() -> profile:
            again = profile(
                name, spans=self._spans, store=self._store, parameters=self._parameters, sampler=self._spec.name
            )
            again._spec = self._spec
            return again

        if inspect.iscoroutinefunction(function):

            @functools.wraps(function)
            async def call_async(*args: Any, **kwargs: Any) -> Any:
                with _unless_active(fresh(), sys._getframe()):
                    return await function(*args, **kwargs)

            return call_async  # type: ignore[return-value]

        @functools.wraps(function)
        def call(*args: Any, **kwargs: Any) -> Any:
            with _unless_active(fresh(), sys._getframe()):
                return function(*args, **kwargs)

        return call  # type: ignore[return-value]


class _Recording:
    """One use of ``profile``: the recorder, its one round, and the session around it."""

    def __init__(self, name: str, spec: SamplerSpec, spans: bool, parameters: Mapping[str, Scalar]) -> None:
        from workbench.store.ids import new_id

        self.started_at = utc_now()
        self.run = BlockRun(name, new_id(self.started_at))
        self._parameters = parameters
        self._session_id = new_id(self.started_at)
        self._recorder = RunRecorder(spec, spans=spans, collector_off=False)
        self._round: AbstractContextManager[RoundInProgress] | None = None

    def begin(self, caller: FrameType) -> None:
        opened = self._recorder.round(RoundKind.SAMPLED, caller=caller)
        opened.__enter__()
        self._round = opened

    def end(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._round is not None:
            self._round.__exit__(
                kind, error, traceback
            )  # doesn't raise ``error``: the caller's with statement does

    def finished(self) -> tuple[Session, Recording]:
        self.run.recording = self._recorder.finish(
            run_id=self.run.run_id,
            session_id=self._session_id,
            name=self.run.name,
            parameters=self._parameters,
            started_at=self.started_at,
        )
        self.run.status = self.run.recording.run.status
        self.run.session = Session(
            session_id=self._session_id, kind="block", started_at=self.started_at, environment=environment()
        )
        return self.run.session, self.run.recording


def is_disabled() -> bool:
    """Whether ``WORKBENCH_DISABLE`` switches all recording off."""
    return os.environ.get("WORKBENCH_DISABLE", "") not in ("", "0")


def _unless_active(block: profile, caller: FrameType) -> AbstractContextManager[Any]:
    """The block, entered; or nothing, where this thread is being profiled already."""
    stack = ExitStack()
    try:
        block._enter(caller)
    except ProfilerActive:
        return stack
    stack.push(block)
    return stack
