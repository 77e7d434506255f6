"""Sampling in process with pyinstrument's statistical hook, without its strings.

pyinstrument's own ``Profiler`` keeps every sample as a list of formatted strings (some 10 KB a sample in deep code)
and knows bare names only. This sampler uses its hook, timer choice and await tracking, but keeps code objects
interned as they come: exact qualified names, a few bytes a sample, and time stamps.
"""

from __future__ import annotations

import sys
import threading
from array import array
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any

from pyinstrument.low_level.stat_profile import setstatprofile
from pyinstrument.stack_sampler import StackSampler, active_profiler_context_var, get_stack_sampler

from workbench.capture import eventloop
from workbench.capture.frames import AWAIT_MARK, BUILTIN, StackKey, StackTable
from workbench.capture.pending import PendingTasks
from workbench.capture.samplers import SampledStack, SamplerSpec
from workbench.capture.tasks import NO_TASK, TaskNames, current_task
from workbench.errors import ProfilerActive
from workbench.model import Frame

__all__ = ["InProcessSampler", "SampledPart", "sampled_part"]

_HERE = Path(__file__).parent
_active: dict[int, InProcessSampler] = {}  # by thread


class InProcessSampler:
    """Samples the thread it is made in until ``stop``; one a thread. See ``RunningSampler``."""

    def __init__(self, spec: SamplerSpec, table: StackTable, caller: FrameType) -> None:
        refuse_second_profiler()
        self.spec = spec
        self._table = table
        self._thread = threading.current_thread()
        self._start = table.key_of(caller)
        self._hook = _Hook(table)
        self._async = spec.async_mode == "enabled"
        if self._async:
            eventloop.hide_from_profiler()
        _active[threading.get_ident()] = self
        self._hook.subscribe(self._hook.mark, desired_interval=spec.interval_s, use_async_context=self._async)

    def begin(self) -> None:
        self._hook.begin()

    def end(self) -> None:
        self._hook.end()

    def stop(self) -> None:
        if threading.current_thread() is self._thread:
            self._hook.unsubscribe(self._hook.mark)
        self._hook.stopped = True
        _active.pop(self._thread.ident or 0, None)  # on another thread the hook takes itself off at the next call
        if self._async:
            eventloop.show_to_profiler()

    def paused(self) -> AbstractContextManager[object]:
        here = threading.current_thread() is self._thread and not self._hook.stopped
        return self._hook.paused() if here else nullcontext()

    def part(self, table: StackTable, caller: FrameType) -> SampledPart:
        """What is sampled from here on, as a recording of its own in this one; its stacks begin at ``caller``."""
        return SampledPart(self.spec, self._hook, self._table, table, self._table.key_of(caller))

    @property
    def sees_this_context(self) -> bool:
        """Whether the code that runs now is sampled, and not another task's of the same thread."""
        if self._hook.stopped:
            return False
        return not self._async or bool(active_profiler_context_var.get() == self._hook.mark)

    def samples(self) -> Iterator[SampledStack]:
        hook = self._hook
        stacks: dict[int, tuple[Frame, ...]] = {
            number: self._table.stack(key, self._start) for key, number in hook.numbers.items()
        }
        thread = self._thread.name
        names = [*hook.names.names(), ""]  # NO_TASK finds the last
        columns = zip(hook.times, hook.weights, hook.stacks, hook.lines, hook.tasks, strict=True)
        for time_ns, weight_ns, number, line, task in columns:
            yield SampledStack(time_ns, weight_ns, stacks[number], thread, line, names[task])


class SampledPart:
    """The samples that a sampler at work took meanwhile: a recording inside another. See ``RunningSampler``."""

    def __init__(
        self, spec: SamplerSpec, hook: _Hook, theirs: StackTable, ours: StackTable, start: StackKey
    ) -> None:
        self.spec = spec
        self._hook = hook
        self._theirs = theirs
        self._table = ours
        self._start = start
        self._thread = threading.current_thread().name
        self._began_ns = self._first = self._end = 0
        self._columns: tuple[array[int], ...] = ()

    def begin(self) -> None:
        self._began_ns = self._hook.elapsed_ns()  # first: a sample may fall in between, and none is from before it
        self._first = self._end = len(self._hook.times)

    def end(self) -> None:
        self._end = len(self._hook.tasks)  # the last column to be appended to

    def stop(self) -> None:
        hook = self._hook
        columns = (hook.times, hook.weights, hook.stacks, hook.lines, hook.tasks)
        self._columns = tuple(column[self._first : self._end] for column in columns)

    def paused(self) -> AbstractContextManager[object]:
        return nullcontext()  # the recording around it pauses for both

    def samples(self) -> Iterator[SampledStack]:
        used = set(self._columns[2])
        table = self._table
        table.adopt(self._start, self._theirs)
        stacks: dict[int, tuple[Frame, ...]] = {}
        for key, number in tuple(self._hook.numbers.items()):  # a copy: the other recording goes on
            if number in used:
                table.adopt(key, self._theirs)
                stacks[number] = table.stack(key, self._start)
        names = [*self._hook.names.names(), ""]  # NO_TASK finds the last
        for time_ns, weight_ns, number, line, task in zip(*self._columns, strict=True):
            since = time_ns - self._began_ns
            yield SampledStack(since, min(weight_ns, since), stacks[number], self._thread, line, names[task])


def sampled_part(table: StackTable, caller: FrameType) -> SampledPart | None:
    """A recording inside the one that samples this thread and context; None if there is none."""
    running = _active.get(threading.get_ident())
    return running.part(table, caller) if running is not None and running.sees_this_context else None


def refuse_second_profiler() -> None:
    """Raise ProfilerActive if this thread is being profiled already, by us, by pyinstrument or by another tool."""
    if threading.get_ident() in _active:
        raise ProfilerActive(
            "a profile is already being recorded in this thread; end it first, or use sampler='none'"
        )
    holder = getattr(active_profiler_context_var.get(), "__self__", None)
    if isinstance(holder, _Hook) and holder.stopped:
        active_profiler_context_var.set(None)  # it was stopped in another thread or context, which couldn't
    if get_stack_sampler().subscribers or active_profiler_context_var.get() is not None:
        raise ProfilerActive("pyinstrument already profiles this thread; stop it first, or use sampler='none'")
    if sys.getprofile() is not None:
        raise ProfilerActive(
            "another profiler (sys.setprofile) is active in this thread; stop it first, or use sampler='py-spy'"
        )


class _Hook(StackSampler):
    """pyinstrument's sampler with its own record keeping."""

    def __init__(self, table: StackTable) -> None:
        super().__init__()
        self.has_warned_about_timing_overhead = True  # its advice is about options that we don't offer
        self.stopped = False
        self.numbers: dict[StackKey, int] = {}
        self.times = array("q")
        self.weights = array("q")
        self.stacks = array("l")
        self.lines = array("l")
        self.tasks = array("l")
        self.names = TaskNames()
        self._table = table
        self._began: float = self._now()
        self._pending = PendingTasks()
        self._pauses = 1  # until it begins
        self._away = False  # the loop itself, or code that isn't profiled, is running
        self._awaiting: tuple[StackKey, int] | None = None
        self._waiters: list[int] | None = None  # numbers of the tasks that the await may be of
        self._outermost = ""
        self._task_stem: StackKey = ()
        self._state: object = None

    def _now(self) -> float:
        return float(self._timer())  # type: ignore[no-untyped-call]

    def elapsed_ns(self) -> int:
        """Since this sampler began, by its own clock."""
        return int((self._now() - self._began) * 1e9)

    def begin(self) -> None:
        self._began = self.last_profile_time = self._now()
        self._pauses -= 1

    def end(self) -> None:
        self._pauses += 1

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Take no samples inside; the time since the last one is kept for the next."""
        self._pauses += 1  # before the clock is read, and until it was set: a sample may fall on any call
        pending = self._now() - self.last_profile_time
        try:
            yield
        finally:
            self.last_profile_time = self._now() - pending
            self._pauses -= 1

    def mark(self, *_: Any) -> None:
        """Stands for this sampler in pyinstrument's context variable."""

    def _sample(self, frame: FrameType, event: str, arg: Any) -> None:
        if self.stopped:
            self._take_off()
        elif event == "context_changed":
            self._context_changed(frame, *arg)
        else:
            try:
                self._record(frame, event, arg)
            except BaseException as error:  # raised in here by a signal's handler, as Ctrl-C's is
                self._make_whole(frame, event, arg)
                error.with_traceback(_beyond_us(error.__traceback__))
                raise

    def _make_whole(self, frame: FrameType, event: str, arg: Any) -> None:
        """Record the sample that an exception fell into; CPython takes the hook off after it, so it is the last.

        What it stands for may be all there is: a loop that calls nothing is left by Ctrl-C alone.
        """
        whole = len(self.tasks)  # the last to be appended to
        for column in (self.times, self.weights, self.stacks, self.lines):
            del column[whole:]
        before_ns = int((self.last_profile_time - self._began) * 1e9)
        if whole and self.times[-1] > before_ns:
            self.last_profile_time = self._began + self.times[-1] / 1e9
        else:
            self._record(frame, event, arg)

    def _take_off(self) -> None:
        """Stop in the thread that is sampled, from inside the hook; its state must outlive this very call."""
        self._state = sys.getprofile()
        setstatprofile(None)

    def _context_changed(self, frame: FrameType, new: object, old: object, coroutines: list[str]) -> None:
        self._awaiting = None
        self._waiters = None
        self._away = new != self.mark
        if old == self.mark:
            self._task_stem = self._table.key_of(frame)
            if coroutines:
                self._outermost = coroutines[-1]
                stack = (*self._task_stem, *reversed(coroutines), AWAIT_MARK)
                self._awaiting = stack, _line_of(coroutines[0])

    def _record(self, frame: FrameType | None, event: str, arg: Any) -> None:
        if self._pauses:
            return
        now = self._now()
        found = self._awaited() or (self._waiting() if self._away else None)
        key, line, task = found or (*self._stack(frame, event, arg), self._current())
        self.times.append(int((now - self._began) * 1e9))
        self.weights.append(int((now - self.last_profile_time) * 1e9))
        self.stacks.append(self.numbers.setdefault(key, len(self.numbers)))
        self.lines.append(line)
        self.tasks.append(task)
        self.last_profile_time = now

    def _awaited(self) -> tuple[StackKey, int, int] | None:
        """The await that pyinstrument saw last. It knows no task: those of that coroutine take turns."""
        if self._awaiting is None:
            return None
        if self._waiters is None:
            tasks = self._pending.begun_by(_definition_of(self._outermost))
            self._waiters = [self.names.number(task) for task in tasks] or [NO_TASK]
        return *self._awaiting, self._waiters[len(self.times) % len(self._waiters)]

    def _waiting(self) -> tuple[StackKey, int, int] | None:
        """The stack of a task that waits while the loop is at work or idle."""
        found = self._pending.waiting(len(self.times))
        if found is None or not self._task_stem:
            return None
        key = (*self._table.extended(self._task_stem, found.codes), AWAIT_MARK)
        return key, found.line, self.names.number(found.task)

    def _current(self) -> int:
        return NO_TASK if self._away else self.names.number(current_task())

    def _stack(self, frame: FrameType | None, event: str, arg: Any) -> tuple[StackKey, int]:
        if event == "call" and frame is not None:
            frame = frame.f_back  # the time until a function is entered was its caller's
        key = self._table.key_of(frame)
        line = (frame.f_lineno or 0) if frame is not None else 0
        if event in ("c_return", "c_exception"):
            name = getattr(arg, "__qualname__", None) or getattr(arg, "__name__", "?")
            key = (*key, f"{name}\x00{BUILTIN}\x000")
        return key, line


def _beyond_us(traceback: TracebackType | None) -> TracebackType | None:
    """What of it lies elsewhere than in this package, such as a signal's handler of the program's."""
    while traceback is not None and Path(traceback.tb_frame.f_code.co_filename).parent == _HERE:
        traceback = traceback.tb_next
    return traceback


def _definition_of(frame_info: str) -> tuple[str, str, int]:
    """Bare name, file and first line in pyinstrument's notation."""
    name, _, rest = frame_info.partition("\x01")[0].partition("\x00")
    filename, _, line = rest.partition("\x00")
    return name, filename, int(line or 0)


def _line_of(frame_info: str) -> int:
    """The executing line in pyinstrument's notation, 0 if absent."""
    for attribute in frame_info.split("\x01")[1:]:
        if attribute.startswith("l"):
            return int(attribute[1:])
    return 0
