"""Runs and rounds: what is measured in each, and the recording that comes out.

Every round has wall and CPU time, peak memory, spans and counts; only a sampled round has stacks, because a sampler
distorts the time (pyinstrument hooks every call). What is recorded stays raw until ``finish``: nothing is
converted while the clock runs, and numpy isn't imported into the measured program.
"""

from __future__ import annotations

import asyncio
import inspect
import logging
import sys
from collections import Counter
from collections.abc import Callable, Coroutine, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from types import FrameType, TracebackType
from typing import TYPE_CHECKING, Any, Protocol

from workbench.capture import cypher, forks, httpx_patch, s3, sql
from workbench.capture.frames import INSTRUMENTATION, StackTable, instrumentation
from workbench.capture.outcome import outcome_of
from workbench.capture.resources import ResourceMeter, collector_off
from workbench.capture.samplers import RunningSampler, SampledStack, SamplerSpec, start_sampler
from workbench.capture.spans import OpenSpan, SpanLog
from workbench.errors import CaptureError
from workbench.model import (
    Frame,
    FunctionSource,
    Recording,
    Round,
    RoundKind,
    Run,
    Scalar,
    Span,
    Status,
    utc_now,
)

if TYPE_CHECKING:
    from workbench.calltree import CallTree, CallTreeBuilder

__all__ = ["LoopRunner", "RoundInProgress", "RunRecorder", "add_samples"]

log = logging.getLogger("workbench")

COUNTED_AS = {"http": "requests", "connect": "connects", "tls": "tls_handshakes"}
COUNTED_IF_ANY = {"sql": "statements", "cypher": "cypher_statements"}
TOO_MANY_REQUESTS = 429
NOT_THE_PROGRAM = (INSTRUMENTATION,)


@dataclass(slots=True)
class RoundInProgress:
    """A round as it is being recorded. ``result`` is there once it has ended."""

    index: int
    kind: RoundKind
    position: int
    started_at: datetime
    measures: dict[str, float] = field(default_factory=dict)
    log: SpanLog | None = None
    sampler: RunningSampler | None = None
    result: Round | None = None

    def measure(self, name: str, value: float) -> None:
        """Add a measure of the scenario's own; also after the round has ended, until the run is finished."""
        self.measures[name] = float(value)


class LoopRunner(Protocol):
    """What runs coroutines on one event loop; ``asyncio.Runner`` is one."""

    def run(self, coro: Coroutine[Any, Any, Any], /) -> Any: ...

    def close(self) -> None: ...


class RunRecorder:
    """Records the rounds of one run, one after another.

    ``spans=False`` leaves the spans out; ``collector_off=False`` leaves the garbage collector as it is.
    ``join=True``: inside a recording that samples this thread, a sampled round shares its samples.
    """

    def __init__(
        self,
        sampler: SamplerSpec | None = None,
        *,
        spans: bool = True,
        collector_off: bool = True,
        join: bool = False,
    ) -> None:
        self.spec = sampler or SamplerSpec()
        self._spans = spans
        self._collector_off = collector_off
        self._join = join
        self._table = StackTable()
        self._rounds: list[RoundInProgress] = []

    def round(self, kind: RoundKind, *, position: int = 0, caller: FrameType | None = None) -> MeasuredRound:
        """Measure what happens inside; with the sampler if the kind is SAMPLED.

        An exception inside (also KeyboardInterrupt and CancelledError) ends the round as failed or interrupted,
        keeps what was recorded, and propagates. ``caller`` is the frame above which stacks are cut off (default:
        the one that enters). Entering raises ProfilerActive, SamplerUnavailable or SamplerPermission before
        anything is measured. A forked child leaves the round at once: it is the parent's.
        """
        return MeasuredRound(self, kind, position, caller)

    def call(
        self,
        kind: RoundKind,
        function: Callable[[], Any],
        *,
        position: int = 0,
        runner: LoopRunner | None = None,
    ) -> tuple[Any, RoundInProgress]:
        """One round of a function without arguments; a coroutine function runs on ``runner``'s event loop.

        Without one, in a loop of its own. The loop's start and end aren't measured. Returns the function's value
        and the round.
        """
        if inspect.iscoroutinefunction(function):
            run = runner.run if runner is not None else asyncio.run
            outcome: tuple[Any, RoundInProgress] = run(self._await(kind, function, position))
            return outcome
        with self.round(kind, position=position) as current:
            value = function()
        return value, current

    async def _await(
        self, kind: RoundKind, function: Callable[[], Any], position: int
    ) -> tuple[Any, RoundInProgress]:
        with self.round(kind, position=position) as current:
            value = await function()
        return value, current

    def discard(self, current: RoundInProgress) -> None:
        """Forget a round that has ended and turned out to measure nothing; unless another has begun since."""
        if current.result is not None and self._rounds and self._rounds[-1] is current:
            self._rounds.pop()

    def _begin(self, current: RoundInProgress, caller: FrameType, undo: ExitStack) -> ResourceMeter:
        """Switch on what this kind of round needs, the clocks last; ``undo`` switches it off."""
        current.index = len(self._rounds)
        if self._collector_off:
            undo.enter_context(collector_off())
        if self._spans:
            httpx_patch.install()
            undo.callback(httpx_patch.uninstall)
            cypher.install()
            undo.callback(cypher.uninstall)
            sql.install()
            undo.callback(sql.uninstall)
            s3.install()
            undo.callback(s3.uninstall)
            current.log = SpanLog(self._table)
            current.log.begin(caller)
            undo.callback(current.log.end)
        meter = ResourceMeter()
        if current.kind is RoundKind.SAMPLED:
            current.sampler = start_sampler(self.spec, self._table, caller, join=self._join)
            if current.sampler is not None:
                self.spec = current.sampler.spec
                undo.callback(current.sampler.stop)
        self._rounds.append(current)
        meter.begin()
        if current.log is not None:
            current.log.start_clock()  # with the meter's: starting a sampler for the first time takes a while
        if current.sampler is not None:
            current.sampler.begin()
        return meter

    def finish(
        self,
        *,
        run_id: str,
        session_id: str,
        name: str,
        scenario: str = "",
        variant: str = "",
        parameters: Mapping[str, Scalar] | None = None,
        started_at: datetime | None = None,
        status: Status | None = None,
        error: str | None = None,
        tags: tuple[str, ...] = (),
        bare: bool = False,
    ) -> Recording:
        """The finished run: its rounds, call tree and spans.

        Without ``status`` the run ended as its worst round did. ``duration_s`` is the sum of its rounds. ``bare``:
        no tree where no round has stacks or spans, so that a process that lasts a few rounds needs no numpy.
        """
        rounds = [self._result(current) for current in self._rounds]
        worst = max(rounds, key=lambda r: SEVERITY[r.status], default=None)
        run = Run(
            run_id=run_id,
            session_id=session_id,
            name=name,
            started_at=started_at or (rounds[0].started_at if rounds else utc_now()),
            duration_s=sum(r.measures["wall"] for r in rounds),
            scenario=scenario,
            variant=variant,
            status=status or (worst.status if worst else Status.OK),
            error=error if error is not None else (worst.error if worst else ""),
            sampler=self.spec.describe(),
            parameters=dict(parameters or {}),
            tags=tags,
            rounds=tuple(rounds),
        )
        if bare and not any(current.sampler or (current.log and current.log.spans) for current in self._rounds):
            return Recording(run=run)
        tree, spans = self._stacks()
        return Recording(run=run, tree=tree, spans=spans, sources=self._sources(tree))

    def _stacks(self) -> tuple[CallTree, tuple[Span, ...]]:
        from workbench.calltree import CallTreeBuilder

        builder = CallTreeBuilder()
        for current in self._rounds:
            try:
                if current.sampler is not None:
                    add_samples(builder, current.sampler.samples(), current.index)
            except CaptureError as lost:  # the times and spans of the round are still good
                log.warning("workbench: round %d has no stacks: %s", current.index, lost)
        spans = tuple(self._export_spans(builder))
        return builder.build(), spans

    def _sources(self, tree: CallTree) -> tuple[FunctionSource, ...]:
        """Where the functions stand; a file in an unheard-of state must not cost the recording."""
        from workbench.capture.digests import function_sources

        try:
            return function_sources(tree, self._table.codes())
        except Exception as failure:
            log.warning("workbench: no digests of sources: %s: %s", type(failure).__qualname__, failure)
            return ()

    @staticmethod
    def _result(current: RoundInProgress) -> Round:
        ended = current.result
        assert ended is not None, "finish() inside a round"
        return Round(
            index=ended.index,
            kind=ended.kind,
            position=ended.position,
            started_at=ended.started_at,
            measures=dict(current.measures),
            status=ended.status,
            error=ended.error,
        )

    def _export_spans(self, builder: CallTreeBuilder) -> Iterator[Span]:
        first = 0
        for current in self._rounds:
            if current.log is not None:
                yield from current.log.export(builder, round=current.index, first_number=first)
                first += len(current.log.spans)


class MeasuredRound:
    """One round as a context manager, of the recorder that made it; to be entered once."""

    def __init__(self, recorder: RunRecorder, kind: RoundKind, position: int, caller: FrameType | None) -> None:
        self._recorder = recorder
        self._current = RoundInProgress(0, kind, position, utc_now())
        self._caller = caller
        self._undo = ExitStack()
        self._meter: ResourceMeter | None = None

    @instrumentation
    def __enter__(self) -> RoundInProgress:
        caller, self._caller = self._caller or sys._getframe(1), None
        self._current.started_at = utc_now()
        try:
            self._meter = self._recorder._begin(self._current, caller, self._undo)
        except BaseException:
            self._undo.close()
            raise
        forks.leave_in_child(self._leave)
        return self._current

    @instrumentation
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        meter, self._meter = self._meter, None
        if meter is None:  # left in a forked child
            return
        try:
            if self._current.sampler is not None:
                self._current.sampler.end()
        finally:
            meter.end()
            try:
                self._undo.close()
            finally:
                forks.forget(self._leave)
        use = meter.use()
        current = self._current
        current.measures |= {"wall": use.wall_s, "cpu": use.cpu_s, "peak_rss": float(use.peak_rss)}
        current.measures |= _counts(current.log)
        status, text = outcome_of(error)
        current.result = Round(current.index, current.kind, current.position, current.started_at, {}, status, text)

    @contextmanager
    def left_out(self, *, wall: bool = True) -> Iterator[None]:
        """What happens inside is the workbench's own work in the midst of the round: no time and no samples of it.

        ``wall=False``: the wall time counts, because the round's own code may have waited for something meanwhile.
        """
        meter, sampler = self._meter, self._current.sampler
        with ExitStack() as pauses:
            if sampler is not None:  # around the meter's: a round never has more samples than time
                pauses.enter_context(sampler.paused())
            if meter is not None:
                pauses.enter_context(meter.left_out(wall=wall))
            yield

    def _leave(self) -> None:
        self._meter = None
        self._undo.close()


SEVERITY = {Status.OK: 0, Status.FAILED: 1, Status.INTERRUPTED: 2}


def add_samples(builder: CallTreeBuilder, samples: Iterable[SampledStack], round: int) -> None:
    """Convert a sampler's stacks; the same stack object is looked up once.

    What was sampled in our own code above the measured one, as a round begins or ends, is left out.
    """
    nodes: dict[int, int] = {}
    kept: list[tuple[Frame, ...]] = []  # a stack's id is good as long as the stack lives
    for sample in samples:
        if sample.stack == NOT_THE_PROGRAM:
            continue
        node = nodes.get(id(sample.stack))
        if node is None:
            node = nodes[id(sample.stack)] = builder.node(sample.stack)
            kept.append(sample.stack)
        builder.sample(
            time_ns=sample.time_ns,
            weight_ns=sample.weight_ns,
            node=node,
            thread=builder.thread(sample.thread),
            round=round,
            line=sample.line,
            task=builder.task(sample.task),
        )


def _counts(log: SpanLog | None) -> dict[str, float]:
    """Counts and bytes of a round's spans by the names of ``model.UNITS``; other kinds as ``spans_<kind>``."""
    if log is None:
        return {}
    spans = list(log.spans)
    kinds = Counter(span.kind for span in spans)
    counts = {name: float(kinds.pop(kind, 0)) for kind, name in COUNTED_AS.items()}
    counts |= {COUNTED_IF_ANY.get(kind, _counted_as(kind)): float(count) for kind, count in kinds.items()}
    counts |= {
        "spans": float(len(spans)),
        "errors": float(_number(spans, lambda span: span.status == "error")),
        "throttled": float(_number(spans, lambda span: span.attributes.get("status") == TOO_MANY_REQUESTS)),
        "retries": float(_number(spans, lambda span: "retry" in span.attributes)),
    }
    # Drivers of databases don't know their bytes: none is better than a zero that nobody counted.
    sent, received = sum(span.bytes_sent for span in spans), sum(span.bytes_received for span in spans)
    if sent or received or not COUNTED_IF_ANY.keys() & {span.kind for span in spans}:
        counts |= {"bytes_sent": float(sent), "bytes_received": float(received)}
    return counts


def _counted_as(kind: str) -> str:
    return f"spans_{kind.replace('-', '_')}"


def _number(spans: list[OpenSpan], holds: Callable[[OpenSpan], bool]) -> int:
    return sum(map(holds, spans))
