"""wb.profile around the user's own code."""

from __future__ import annotations

import asyncio
import logging
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from patient_loops import run_patiently
from spies import TEXT

import workbench as wb
from workbench.capture.resources import ResourceMeter
from workbench.capture.samplers import WholeProgram
from workbench.capture.spans import record_span
from workbench.errors import StoreUnwritable, UsageError
from workbench.model import Recording, RoundKind, Session, Status
from workbench.store.store import Store

pytestmark = pytest.mark.usefixtures("settled_heap")


class Shelf:
    """A store that keeps what it is given, or refuses it."""

    def __init__(self, refusal: Exception | None = None) -> None:
        self.refusal = refusal
        self.saved: list[tuple[Session, Recording]] = []

    def save(self, session: Session, recordings: list[Recording]) -> None:
        if self.refusal is not None:
            raise self.refusal
        self.saved += [(session, recording) for recording in recordings]


def profile(shelf: Shelf, name: str = "job", **options: Any) -> wb.profile:
    return wb.profile(name, store=shelf, **options)  # type: ignore[arg-type]


def busy(seconds: float = 0.02) -> str:
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        str(end)
    return "done"


def functions(recording: Recording) -> set[str]:
    assert recording.tree is not None
    return {frame.function for frame in recording.tree.frames}


def test_a_block_is_a_run_of_one_sampled_round_in_the_default_store(own_store: Path) -> None:
    with wb.profile("nightly", parameters={"rows": 3}) as run:
        assert run.run_id
        assert run.status is None
        busy()
    assert run.status is Status.OK
    stored = Store(own_store).run(run.run_id)
    assert (stored.name, stored.status, stored.parameters) == ("nightly", Status.OK, {"rows": 3})
    assert [r.kind for r in stored.rounds] == [RoundKind.SAMPLED]
    assert run.session is not None
    assert run.session.kind == "block"
    assert run.session.environment.python
    assert len(Store(own_store).tree(run.run_id).samples) > 0


def test_the_stack_begins_at_the_function_with_the_block() -> None:
    shelf = Shelf()
    with profile(shelf):
        busy()
    tree = shelf.saved[0][1].tree
    assert tree is not None
    roots = {tree.frames[f].function for f, p in zip(tree.node_frame, tree.node_parent, strict=True) if p < 0}
    assert roots == {test_the_stack_begins_at_the_function_with_the_block.__name__}


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (KeyError("x"), Status.FAILED),
        (KeyboardInterrupt(), Status.INTERRUPTED),
        (asyncio.CancelledError(), Status.INTERRUPTED),
        (SystemExit(2), Status.FAILED),
        (StopIteration(1), Status.FAILED),
    ],
)
def test_what_the_block_raises_is_kept_and_propagates(error: BaseException, status: Status) -> None:
    shelf = Shelf()
    with pytest.raises(type(error)) as raised, profile(shelf) as run:
        busy()
        raise error
    assert raised.value is error
    assert run.status is status
    assert "busy" in functions(shelf.saved[0][1])


def test_a_decorated_function_is_a_run_each_call() -> None:
    shelf = Shelf()

    @profile(shelf, "f")
    def depth(n: int) -> int:
        """Counts down."""
        busy(0.003)
        return 0 if n == 0 else 1 + depth(n - 1)  # the inner calls are part of the outer one's profile

    assert depth(2) == 2
    assert depth(0) == 0
    assert depth.__doc__ == "Counts down."
    assert [recording.run.name for _, recording in shelf.saved] == ["f", "f"]
    assert len({recording.run.run_id for _, recording in shelf.saved}) == 2


def test_a_decorated_coroutine_function_is_timed_while_it_runs() -> None:
    shelf = Shelf()

    @profile(shelf, "")
    async def handler() -> str:
        await asyncio.sleep(0.03)
        return busy()

    async def main() -> list[str]:
        return await asyncio.gather(handler(), handler())

    assert run_patiently(main()) == ["done", "done"]
    _, recording = shelf.saved[0]
    assert recording.run.name.endswith("handler")
    assert recording.run.rounds[0].measures["wall"] > 0.04
    assert "[await]" in functions(recording)


def test_a_generator_is_refused_rather_than_measured_as_nothing() -> None:
    with pytest.raises(UsageError, match="is a generator"):

        @wb.profile("g")
        def generate() -> Any:
            yield 1


def test_it_works_inside_a_running_loop() -> None:
    shelf = Shelf()

    async def cell() -> None:
        with profile(shelf):
            await asyncio.gather(asyncio.sleep(0.05), asyncio.sleep(0.02))

    run_patiently(cell())
    assert {"sleep", "[await]"} <= functions(shelf.saved[0][1])


def test_a_block_inside_a_block_is_a_run_cut_out_of_it() -> None:
    shelf = Shelf()

    def inside() -> None:
        with profile(shelf, "inner", interval=0.1) as run:
            busy(0.05)
        assert "busy" in str(wb.table(run))

    def before() -> None:
        busy(0.05)

    with profile(shelf, "outer") as outer:
        before()
        inside()
    (_, inner), (_, whole) = shelf.saved
    assert (inner.run.name, whole.run.name) == ("inner", "outer")
    assert inner.run.parameters["part_of"] == outer.run_id
    assert inner.run.sampler.interval_ns == 1_000_000, "the samples are the outer recording's"
    place = "test_a_block_inside_a_block_is_a_run_cut_out_of_it.<locals>"
    assert f"{place}.before" not in functions(inner)
    assert {f"{place}.before", f"{place}.inside", "busy"} <= functions(whole)
    assert inner.tree is not None
    samples = inner.tree.samples
    assert inner.tree.stack(int(samples.node[-1]))[0].function.endswith("inside"), "stacks begin at the block"
    assert int(samples.time_ns.min()) >= int(samples.weight_ns[0]) >= 0
    assert int(samples.weight_ns.sum()) <= 1e9 * inner.run.rounds[0].measures["wall"]


def test_no_round_has_more_samples_than_time_wherever_the_clocks_are_held_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    begin, end = ResourceMeter.begin, ResourceMeter.end

    def held_up_begin(self: ResourceMeter) -> None:
        busy(0.02)  # as if the scheduler had stopped the thread here
        begin(self)

    def held_up_end(self: ResourceMeter) -> None:
        end(self)
        busy(0.02)

    monkeypatch.setattr(ResourceMeter, "begin", held_up_begin)
    monkeypatch.setattr(ResourceMeter, "end", held_up_end)
    shelf = Shelf()
    with profile(shelf, "outer"), profile(shelf, "inner"):
        busy()
    for _, recording in shelf.saved:
        assert recording.tree is not None
        samples = recording.tree.samples
        assert 0 < int(samples.weight_ns.sum()) <= 1e9 * recording.run.rounds[0].measures["wall"]


def test_what_saving_an_inner_block_takes_is_left_out_of_the_outer_one() -> None:
    class SlowShelf(Shelf):
        took = 0.0

        def save(self, session: Session, recordings: list[Recording]) -> None:
            began = time.perf_counter()
            busy(0.1)
            super().save(session, recordings)
            self.took += time.perf_counter() - began

    shelf, outside = SlowShelf(), Shelf()
    began = time.perf_counter()
    with profile(outside, "outer"):
        with profile(shelf, "inner"):
            busy()
        with profile(shelf, "next"):
            busy()
    passed = time.perf_counter() - began
    (_, outer) = outside.saved[0]
    assert outer.tree is not None
    measured, sampled = outer.run.rounds[0].measures["wall"], int(outer.tree.samples.weight_ns.sum()) / 1e9
    assert max(measured, sampled) <= passed - shelf.took
    assert "SlowShelf.save" not in str(functions(outer))


def test_saving_is_left_out_of_a_profiled_script_but_not_of_what_tasks_waited_meanwhile(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    entered: list[bool] = []
    inside = False

    @contextmanager
    def left_out(*, wall: bool) -> Iterator[None]:
        nonlocal inside
        entered.append(wall)
        inside = True
        yield
        inside = False

    class Watching(Shelf):
        def save(self, session: Session, recordings: list[Recording]) -> None:
            assert inside
            super().save(session, recordings)

    monkeypatch.setattr(WholeProgram, "left_out", left_out)
    shelf = Watching()

    async def task() -> None:
        with profile(shelf):
            await asyncio.sleep(0)

    with profile(shelf):
        busy()
    asyncio.run(task())
    assert (entered, len(shelf.saved)) == ([True, False], 2)


def test_blocks_nest_in_every_way_without_a_word_to_the_program() -> None:
    shelf = Shelf()
    same = profile(shelf, "same")

    @profile(shelf, "decorated")
    def decorated() -> None:
        with profile(shelf, "in decorated"):
            busy(0.005)

    decorated()
    with same, same, same:
        decorated()
    with profile(shelf, "a", sampler="none"), profile(shelf, "b"), profile(shelf, "c", sampler="none"):
        busy(0.005)
    names = [recording.run.name for _, recording in shelf.saved]
    assert names == ["in decorated", "decorated", "in decorated", "same", "same", "same", "c", "b", "a"]
    assert sys.getprofile() is None
    with profile(shelf, "alone"):
        busy(0.005)
    assert "part_of" not in shelf.saved[-1][1].run.parameters


def test_a_block_in_an_awaiting_task_keeps_the_awaits() -> None:
    shelf = Shelf()

    async def part() -> None:
        with profile(shelf, "part"):
            await asyncio.sleep(0.05)

    async def main() -> None:
        await asyncio.gather(part())

    with profile(shelf, "whole"):
        run_patiently(main())
    inner = shelf.saved[0][1]
    assert inner.run.sampler.name == "pyinstrument"
    assert {"sleep", "[await]"} <= functions(inner)


def test_where_another_has_the_thread_a_block_keeps_its_times(caplog: pytest.LogCaptureFixture) -> None:
    import pyinstrument

    shelf = Shelf()
    with pyinstrument.Profiler(), caplog.at_level(logging.WARNING, "workbench"):
        for _ in range(2):
            with profile(shelf, "under pyinstrument") as run:
                pass
    assert run.status is Status.OK
    assert [recording.run.sampler.name for _, recording in shelf.saved] == ["none", "none"]
    (line,) = [record.getMessage() for record in caplog.records]
    assert "pyinstrument already profiles" in line


def test_blocks_in_two_threads_at_once() -> None:
    shelf = Shelf()
    barrier = threading.Barrier(2)

    def job(name: str) -> None:
        with profile(shelf, name):
            barrier.wait()
            busy()

    threads = [threading.Thread(target=job, args=(name,)) for name in "ab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(recording.run.name for _, recording in shelf.saved) == ["a", "b"]


@pytest.mark.parametrize("refusal", [StoreUnwritable("no permission to write x"), OSError(28, "No space left")])
def test_a_store_that_refuses_costs_one_line(refusal: Exception, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "workbench"), profile(Shelf(refusal)) as run:
        busy(0.005)
    assert run.status is Status.OK
    assert run.recording is not None
    assert run.store_error is refusal
    (line,) = [record.getMessage() for record in caplog.records]
    assert run.run_id in line
    assert str(refusal) in line


def test_other_samplers() -> None:
    shelf = Shelf()
    with profile(shelf, sampler="none"):
        assert sys.getprofile() is None
    with pytest.raises(UsageError, match="no sampler 'perf'"):
        wb.profile(sampler="perf")
    assert shelf.saved[0][1].run.sampler.name == "none"


def test_switched_off_it_adds_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORKBENCH_DISABLE", "1")
    shelf = Shelf()
    decorated = profile(shelf)(busy)
    with profile(shelf) as run, profile(shelf):
        assert sys.getprofile() is None
        assert decorated(0.0) == "done"
    assert (run.run_id, run.status, shelf.saved) == ("", None, [])


CTRL_C = """
import os, signal, time, workbench as wb
try:
    with wb.profile("loop") as run:
        print("ready", flush=True)
        while True:
            time.sleep(0.01)
except KeyboardInterrupt:
    print(run.run_id, run.status, flush=True)
    raise
"""


def test_ctrl_c_keeps_what_was_recorded(own_store: Path) -> None:
    import signal

    command = [sys.executable, "-c", CTRL_C]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGINT)
        out, err = process.communicate()
    assert "KeyboardInterrupt" in err
    run_id, status = out.split()
    assert status == "interrupted"
    assert Store(own_store).run(run_id).status is Status.INTERRUPTED


FORK = """
import os, sys, time, httpx, workbench as wb
def parent_work():
    return sum(range(300_000))
original = httpx.HTTPTransport.handle_request
with wb.profile("forking", sampler=sys.argv[1], interval=0.01) as run:
    if (child := os.fork()) == 0:
        assert sys.getprofile() is None, "the child is still being sampled"
        assert httpx.HTTPTransport.handle_request is original, "the child's requests are still seen"
        with wb.profile("in the child"):
            pass
        sys.exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    exec(until_looked_at)
    end = time.process_time() + 0.3
    while time.process_time() < end or looks() < enough:
        parent_work()
print(run.run_id)
"""


@pytest.mark.parametrize("sampler", ["pyinstrument", "py-spy"])
def test_a_forked_child_neither_ends_nor_replaces_the_parents_run(own_store: Path, sampler: str) -> None:
    program = f"until_looked_at = {TEXT!r}\n{FORK}"
    done = subprocess.run([sys.executable, "-c", program, sampler], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    store = Store(own_store)
    assert sorted(run.name for run in store.runs()) == ["forking", "in the child"]
    names = {frame.function for frame in store.tree(done.stdout.strip()).frames}
    assert "parent_work" in names
    assert "sys.exit" not in names


def test_a_span_belongs_to_all_recordings_around_it() -> None:
    shelf = Shelf()

    @profile(shelf, "decorated")
    def job() -> None:
        with record_span("sql", "in the function"):
            pass

    with profile(shelf, "outer", sampler="none"), record_span("cache", "around"):
        with profile(shelf, "inner"), record_span("sql", "in the block"):
            busy(0.003)
        job()
        with profile(shelf, "late", sampler="none"):
            begun = record_span("sql", "open")
            begun.__enter__()
        begun.__exit__(None, None, None)
    kept = {recording.run.name: recording for _, recording in shelf.saved}
    assert [s.name for s in kept["inner"].spans] == ["in the block"]
    assert [(s.name, s.parent) for s in kept["outer"].spans] == [
        ("around", -1),
        ("in the block", 0),
        ("in the function", 0),
        ("open", 0),
    ]
    assert [s.attributes for s in kept["late"].spans] == [{"unfinished": True}]
    assert kept["outer"].spans[3].attributes == {}, "it ended within the outer one"
    assert kept["outer"].run.rounds[0].measures["statements"] == 3
    tree = kept["outer"].tree
    assert tree is not None
    assert tree.stack(kept["outer"].spans[1].node)[-1].function == sys._getframe().f_code.co_name
    assert "decorated" not in kept, "it just ran, as a part of the outer one"


def test_saving_the_run_of_a_coroutine_lets_the_loop_go_on() -> None:
    went_on = threading.Event()

    class SlowShelf(Shelf):
        def save(self, session: Session, recordings: list[Recording]) -> None:
            assert went_on.wait(10), "the loop stood still while the run was saved"
            super().save(session, recordings)

    shelf = SlowShelf()

    @profile(shelf, sampler="none")
    async def handler() -> str:
        asyncio.get_running_loop().call_later(0.01, went_on.set)
        return "answer"

    assert asyncio.run(handler()) == "answer"
    assert len(shelf.saved) == 1


def test_a_coroutine_that_is_closed_or_driven_by_hand_is_kept_all_the_same() -> None:
    shelf = Shelf()

    @profile(shelf, sampler="none")
    async def waits() -> None:
        await asyncio.sleep(0)

    closed, driven = waits(), waits()
    closed.send(None)  # type: ignore[attr-defined]
    closed.close()
    with pytest.raises(StopIteration):
        while True:
            driven.send(None)  # type: ignore[attr-defined]
    assert [recording.run.status for _, recording in shelf.saved] == [Status.INTERRUPTED, Status.OK]


HOMELESS = """
import os, pwd, sys, tempfile
gone = tempfile.mkdtemp()
os.chdir(gone)
os.rmdir(gone)
del os.environ["HOME"]
def nobody(uid):
    raise KeyError(uid)
pwd.getpwuid = nobody
import workbench as wb
exec(compile("def work():\\n    return sum(range(3_000_000))", "relative.py", "exec"))
with wb.profile("homeless") as run:
    work()
assert run.store_error is None, run.store_error
"""


def test_without_home_and_working_folder_a_run_is_recorded_all_the_same(own_store: Path) -> None:
    subprocess.run([sys.executable, "-P", "-c", HOMELESS], check=True)
    (run,) = Store(own_store).runs()
    assert any(frame.file == "relative.py" for frame in Store(own_store).tree(run.run_id).frames)


def test_what_goes_wrong_in_the_recording_costs_one_line(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: Any, **__: Any) -> Any:
        raise RuntimeError("no\nsuch thing")

    monkeypatch.setattr("workbench.capture.rounds.RunRecorder.finish", broken)
    with caplog.at_level(logging.WARNING, "workbench"), profile(Shelf()) as run:
        pass
    (line,) = [record.getMessage() for record in caplog.records]
    assert "was lost: RuntimeError: no" in line
    assert "\n" not in line
    assert (run.status, type(run.store_error)) == (Status.OK, RuntimeError)
