"""The in-process sampler: weights by a fake clock, one profiler a thread, and real code under it."""

from __future__ import annotations

import asyncio
import signal
import sys
import threading
import time
from array import array
from collections.abc import Callable, Iterator
from types import FrameType, SimpleNamespace
from typing import Any

import pyinstrument
import pytest
from patient_loops import PatientLoop, run_patiently

from workbench.calltree import CallTree, CallTreeBuilder
from workbench.capture import tasks
from workbench.capture.frames import AWAIT, StackTable
from workbench.capture.inprocess import InProcessSampler, SampledPart, _Hook
from workbench.capture.rounds import RunRecorder, add_samples
from workbench.capture.samplers import SampledStack, SamplerSpec
from workbench.errors import ProfilerActive, UsageError
from workbench.model import Frame, RoundKind, Status

pytestmark = pytest.mark.usefixtures("settled_heap")

HERE = "tests/unit/test_capture_sampler.py"
TOLERANCE_S = 0.005
"""A body's last interval has no sample of its own any more, and a coarse timer moves in steps of up to 4 ms."""


def spin(seconds: float) -> None:
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        step()


def step() -> int:
    return sum(range(50))


def sampled(function: Callable[[], Any]) -> CallTree:
    recorder = RunRecorder()
    with asyncio.Runner(loop_factory=PatientLoop) as runner:
        recorder.call(RoundKind.SAMPLED, function, runner=runner)
    recording = recorder.finish(run_id="r", session_id="s", name="n")
    assert recording.tree is not None
    return recording.tree


def seconds_by_path(tree: CallTree) -> dict[tuple[str, ...], float]:
    own = tree.self_ns()
    return {tuple(f.function for f in tree.stack(node)): own[node] / 1e9 for node in range(len(tree))}


def seconds_in(tree: CallTree, *functions: str) -> float:
    """Of the stacks that hold all of these. A machine that holds the program up only ever adds to it, where a share
    of the whole may fall."""
    return sum(s for path, s in seconds_by_path(tree).items() if set(functions) <= set(path))


class Clock:
    """A clock that is told the time, in seconds."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def hook() -> Iterator[tuple[_Hook, Clock]]:
    clock = Clock()
    hook = _Hook(StackTable())
    hook.timer_func = clock
    hook.begin()
    yield hook, clock


def test_a_sample_stands_for_the_time_since_the_one_before(hook: tuple[_Hook, Clock]) -> None:
    sampler, clock = hook
    for clock.now in (0.001, 0.004, 0.005):
        sampler._record(sys._getframe(), "return", None)
    assert list(sampler.times) == [1_000_000, 4_000_000, 5_000_000]
    assert [round(w, -3) for w in sampler.weights] == [1_000_000, 3_000_000, 1_000_000]
    assert list(sampler.stacks) == [0, 0, 0]


def test_time_in_a_c_function_is_its_own_with_the_calling_line(hook: tuple[_Hook, Clock]) -> None:
    sampler, clock = hook
    clock.now = 1.0
    frame: FrameType = sys._getframe()
    sampler._record(frame, "c_return", time.sleep)
    (key,) = sampler.numbers
    stack = sampler._table.stack(key)
    assert stack[-1] == Frame("<built-in>", "sleep")
    assert frame.f_code.co_firstlineno < sampler.lines[0] < frame.f_lineno


def test_time_until_a_function_is_entered_is_its_callers(hook: tuple[_Hook, Clock]) -> None:
    sampler, clock = hook

    def entered() -> None:
        sampler._record(sys._getframe(), "call", None)

    clock.now = 1.0
    entered()
    (key,) = sampler.numbers
    assert sampler._table.stack(key)[-1].function == sys._getframe().f_code.co_name


class Torn(array):  # type: ignore[type-arg]
    """A column into whose next number an exception falls, as a signal's handler raises it anywhere."""

    raised = False

    def append(self, number: int) -> None:
        if not Torn.raised:
            Torn.raised = True
            raise KeyboardInterrupt
        super().append(number)


@pytest.mark.parametrize("column", ["times", "weights", "stacks", "lines", "tasks"])
def test_a_sample_that_ctrl_c_falls_into_is_whole(
    hook: tuple[_Hook, Clock], column: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    sampler, clock = hook
    monkeypatch.setattr(Torn, "raised", False)
    clock.now = 0.001
    sampler._sample(sys._getframe(), "return", None)
    clock.now = 5.0
    setattr(sampler, column, Torn("q", getattr(sampler, column)))
    with pytest.raises(KeyboardInterrupt):
        sampler._sample(sys._getframe(), "return", None)
    assert list(sampler.weights) == pytest.approx([1e6, 4999e6])
    assert len({len(each) for each in (sampler.times, sampler.weights, sampler.stacks, sampler.lines)}) == 1


def test_the_handler_that_raised_stays_in_the_traceback(
    hook: tuple[_Hook, Clock], monkeypatch: pytest.MonkeyPatch
) -> None:
    sampler, clock = hook
    stack = sampler._stack

    def alarmed(*arguments: Any) -> Any:
        monkeypatch.setattr(sampler, "_stack", stack)
        raise TimeoutError

    monkeypatch.setattr(sampler, "_stack", alarmed)
    clock.now = 1.0
    with pytest.raises(TimeoutError) as raised:
        sampler._sample(sys._getframe(), "return", None)
    assert [entry.name for entry in raised.traceback][1:] == ["alarmed"]


def test_ctrl_c_in_a_sample_shows_nothing_of_ours(
    hook: tuple[_Hook, Clock], monkeypatch: pytest.MonkeyPatch
) -> None:
    def pressed() -> None:
        monkeypatch.undo()
        signal.raise_signal(signal.SIGINT)

    sampler, clock = hook
    monkeypatch.setattr(tasks, "asyncio", SimpleNamespace(_get_running_loop=pressed))
    clock.now = 1.0
    with pytest.raises(KeyboardInterrupt) as raised:
        sampler._sample(sys._getframe(), "return", None)
    assert [entry.name for entry in raised.traceback][1:] == ["pressed"]


def test_a_sample_that_was_whole_when_ctrl_c_came_is_not_taken_twice(
    hook: tuple[_Hook, Clock], monkeypatch: pytest.MonkeyPatch
) -> None:
    sampler, clock = hook
    record = sampler._record

    def interrupted(frame: FrameType | None, event: str, arg: Any) -> None:
        before = sampler.last_profile_time
        record(frame, event, arg)
        sampler.last_profile_time = before
        raise KeyboardInterrupt

    monkeypatch.setattr(sampler, "_record", interrupted)
    clock.now = 2.0
    with pytest.raises(KeyboardInterrupt):
        sampler._sample(sys._getframe(), "return", None)
    assert list(sampler.weights) == pytest.approx([2e9])
    assert sampler.last_profile_time == pytest.approx(2.0)


def test_a_part_has_no_sample_from_before_it(hook: tuple[_Hook, Clock], monkeypatch: pytest.MonkeyPatch) -> None:
    sampler, clock = hook
    now = sampler.elapsed_ns

    def overtaken() -> int:
        """A sample falls while the part begins, and the machine is busy elsewhere before the clock is read."""
        clock.now = 0.001
        sampler._record(sys._getframe(), "return", None)
        clock.now = 0.003
        return now()

    monkeypatch.setattr(sampler, "elapsed_ns", overtaken)
    table = StackTable()
    part = SampledPart(SamplerSpec(), sampler, sampler._table, table, sampler._table.key_of(sys._getframe()))
    part.begin()
    clock.now = 0.004
    sampler._record(sys._getframe(), "return", None)
    part.end()
    sampler._record(sys._getframe(), "return", None)
    part.stop()
    assert [(sample.time_ns, sample.weight_ns) for sample in part.samples()] == [(1_000_000, 1_000_000)]


def test_what_is_paused_is_in_no_sample_wherever_samples_fall(
    hook: tuple[_Hook, Clock], monkeypatch: pytest.MonkeyPatch
) -> None:
    sampler, clock = hook
    now = sampler._now
    at_work = False

    def overtaken() -> float:
        """A sample falls on every reading of the clock, and the machine is busy elsewhere just before."""
        nonlocal at_work
        read = now()
        if not at_work:
            at_work = True
            clock.now += 0.005
            sampler._record(sys._getframe(), "return", None)
            at_work = False
        return read

    monkeypatch.setattr(sampler, "_now", overtaken)
    clock.now = 0.004
    with sampler.paused():
        clock.now += 60.0
    at_work = True
    sampler._record(sys._getframe(), "return", None)
    assert [round(weight / 1e6) for weight in sampler.weights] == [9]  # before the pause, and as it ends


def test_the_stack_begins_at_the_measured_function_and_names_are_qualified() -> None:
    class Job:
        def run(self) -> None:
            spin(0.03)

    tree = sampled(Job().run)
    roots = {
        tree.frames[frame] for frame, parent in zip(tree.node_frame, tree.node_parent, strict=True) if parent < 0
    }
    assert roots == {Frame(HERE, Job.run.__qualname__)}
    assert seconds_in(tree, "spin") > 0.03 - TOLERANCE_S


def test_weights_add_up_to_the_time_that_passed() -> None:
    """At least what passed inside the body, at most what passed around the round, however long it was held up."""
    inside: list[float] = []

    def body() -> None:
        inside.append(time.perf_counter())
        spin(0.1)
        inside.append(time.perf_counter())

    recorder = RunRecorder()
    before = time.perf_counter()
    recorder.call(RoundKind.SAMPLED, body)
    around = time.perf_counter() - before
    recording = recorder.finish(run_id="r", session_id="s", name="n")
    assert recording.tree is not None
    total = sum(recording.tree.samples.weight_ns) / 1e9
    assert inside[1] - inside[0] - TOLERANCE_S < total < around + TOLERANCE_S
    times = recording.tree.samples.time_ns.tolist()
    assert times == sorted(times)
    assert times[-1] / 1e9 < around + TOLERANCE_S


def test_executing_lines_are_weights_of_a_node(hook: tuple[_Hook, Clock]) -> None:
    sampler, clock = hook

    def passes(seconds: float) -> None:
        clock.now += seconds
        sampler._record(sys._getframe(1), "return", None)

    first = sys._getframe().f_lineno
    passes(0.001)
    passes(0.002)
    for _ in range(3):
        passes(0.004)
    (key,) = sampler.numbers
    samples = [
        SampledStack(time_ns, round(weight_ns, -3), sampler._table.stack(key), "MainThread", line)
        for time_ns, weight_ns, line in zip(sampler.times, sampler.weights, sampler.lines, strict=True)
    ]
    builder = CallTreeBuilder()
    add_samples(builder, samples, 0)
    tree = builder.build()
    found = zip(tree.lines.node, tree.lines.line - first, tree.lines.weight_ns / 1e6, strict=True)
    node = int(tree.samples.node[0])
    assert tree.frames[tree.node_frame[node]].function == test_executing_lines_are_weights_of_a_node.__name__
    assert sorted(found) == [(node, 1, 1.0), (node, 2, 2.0), (node, 4, 12.0)]


async def wait_in(seconds: float) -> None:
    await asyncio.sleep(seconds)


async def gathers() -> None:
    await asyncio.gather(wait_in(0.05), wait_in(0.1), wait_in(0.0))


def runs_a_loop() -> None:
    run_patiently(gathers())


@pytest.mark.parametrize("function", [gathers, runs_a_loop], ids=["inside the loop", "around the loop"])
def test_waiting_is_charged_to_the_awaiting_function(function: Callable[[], Any]) -> None:
    tree = sampled(function)
    assert seconds_in(tree, "wait_in", "[await]") > 0.1 - TOLERANCE_S
    ends = {tree.stack(node)[-3:] for node in range(len(tree))}
    assert (Frame(HERE, "wait_in"), Frame("<stdlib>/asyncio/tasks.py", "sleep"), AWAIT) in ends


def test_tasks_older_than_the_profile_get_no_time() -> None:
    async def older() -> None:
        await asyncio.sleep(30)

    async def main() -> CallTree:
        task = asyncio.create_task(older())
        await asyncio.sleep(0)
        recorder = RunRecorder()
        with recorder.round(RoundKind.SAMPLED):
            await gathers()
        task.cancel()
        tree = recorder.finish(run_id="r", session_id="s", name="n").tree
        assert tree is not None
        return tree

    tree = run_patiently(main())
    assert not any("older" in frame.function.split(".") for frame in tree.frames)
    assert seconds_in(tree, "wait_in") > 0.1 - TOLERANCE_S


def test_no_frame_of_the_workbench_shows() -> None:
    for function in (gathers, runs_a_loop, lambda: spin(0.02)):
        assert not [frame for frame in sampled(function).frames if frame.file.startswith("workbench/")]


def start_here() -> InProcessSampler:
    return InProcessSampler(SamplerSpec(), StackTable(), sys._getframe())


def test_one_profiler_a_thread() -> None:
    first = start_here()
    try:
        with pytest.raises(ProfilerActive, match="already being recorded in this thread"):
            start_here()
    finally:
        first.stop()
    start_here().stop()


def test_pyinstruments_own_profiler_is_respected() -> None:
    with pyinstrument.Profiler(), pytest.raises(ProfilerActive, match="pyinstrument already profiles"):
        start_here()
    sampler = start_here()
    try:
        with pytest.raises(RuntimeError, match="already a profiler running"):
            pyinstrument.Profiler().start()
    finally:
        sampler.stop()


def test_other_tools_profilers_are_not_thrown_out() -> None:
    def theirs(*_: object) -> None:
        return None

    sys.setprofile(theirs)
    try:
        with pytest.raises(ProfilerActive, match=r"sys\.setprofile"):
            start_here()
        assert sys.getprofile() is theirs
    finally:
        sys.setprofile(None)


def test_each_thread_has_its_own() -> None:
    found: list[CallTree] = []

    def work() -> None:
        found.append(sampled(lambda: spin(0.03)))

    threads = [threading.Thread(target=work, name=f"worker {n}") for n in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(tree.threads for tree in found) == [("worker 0",), ("worker 1",)]


def test_stopped_from_another_thread_it_takes_itself_off() -> None:
    sampler = start_here()
    stopper = threading.Thread(target=sampler.stop)
    stopper.start()
    stopper.join()
    spin(0.02)
    assert sys.getprofile() is None
    start_here().stop()


def test_many_samples_cost_little_because_stacks_are_interned() -> None:
    stacks = [tuple(Frame("x.py", f"f{depth}") for depth in range(60 + n)) for n in range(50)]
    samples = (SampledStack(n, 1, stacks[n % 50], "MainThread", 1) for n in range(100_000))
    builder = CallTreeBuilder()
    calls = 0
    original = builder.node

    def counted(stack: Any) -> int:
        nonlocal calls
        calls += 1
        return original(stack)

    builder.node = counted  # type: ignore[method-assign]
    add_samples(builder, samples, 0)
    assert len(builder.build().samples) == 100_000
    assert calls == 50


@pytest.mark.parametrize(
    "bad", [{"name": "perf"}, {"interval_s": 0.0}, {"interval_s": float("nan")}, {"async_mode": "maybe"}]
)
def test_a_bad_spec_is_refused(bad: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        SamplerSpec(**bad)


def test_a_spec_describes_itself_as_the_run_states_it() -> None:
    described = SamplerSpec().describe()
    assert (described.name, described.interval_ns, described.clock, described.mode) == (
        "pyinstrument",
        1_000_000,
        "wall",
        "async",
    )
    assert described.version.startswith("5.")
    spy = SamplerSpec("py-spy", 0.01, gil=True, native=True, idle=True).describe()
    assert (spy.interval_ns, spy.clock, spy.mode) == (10_000_000, "gil", "native,idle")
    assert SamplerSpec("none").describe().name == "none"


def test_an_interrupted_round_keeps_its_samples() -> None:
    recorder = RunRecorder()
    with pytest.raises(KeyboardInterrupt), recorder.round(RoundKind.SAMPLED):
        spin(0.02)
        raise KeyboardInterrupt
    recording = recorder.finish(run_id="r", session_id="s", name="n")
    assert recording.run.status is Status.INTERRUPTED
    assert recording.tree is not None
    assert len(recording.tree.samples) > 0


def test_each_sampler_has_an_interval_that_suits_it() -> None:
    assert SamplerSpec.chosen("pyinstrument").interval_s == 0.001
    assert SamplerSpec.chosen("py-spy", idle=True) == SamplerSpec("py-spy", 0.01, idle=True)
    assert SamplerSpec.chosen("py-spy", 0.002).interval_s == 0.002
    with pytest.raises(UsageError, match="no sampler 'py-spi'; did you mean 'py-spy'"):
        SamplerSpec.chosen("py-spi")
