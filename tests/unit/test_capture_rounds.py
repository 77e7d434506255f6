"""Rounds and the recording that comes out."""

from __future__ import annotations

import asyncio
import gc
import sys
import threading
import time
from collections.abc import Callable
from types import FrameType
from typing import Any

import pytest

from workbench.capture import forks
from workbench.capture import rounds as rounds_module
from workbench.capture.frames import INSTRUMENTATION
from workbench.capture.outcome import last_words, outcome_of, told
from workbench.capture.rounds import RunRecorder
from workbench.capture.samplers import SamplerSpec
from workbench.capture.spans import OpenSpan, current_span, record_span
from workbench.errors import ProfilerActive, UsageError
from workbench.model import Recording, RoundKind, Status

pytestmark = pytest.mark.usefixtures("settled_heap")

TIMING, SAMPLED, WARMUP = RoundKind.TIMING, RoundKind.SAMPLED, RoundKind.WARMUP


def finished(recorder: RunRecorder) -> Recording:
    return recorder.finish(run_id="r", session_id="s", name="n", parameters={"size": 3}, variant="naive")


def test_rounds_are_kept_in_order_with_their_measures() -> None:
    recorder = RunRecorder(SamplerSpec("none"))
    for position, kind in enumerate((WARMUP, TIMING, TIMING)):
        with recorder.round(kind, position=position * 2) as current:
            current.measure("files", position)
        current.measure("checked", 1)  # after the clock has stopped
    run = finished(recorder).run
    assert [(r.index, r.kind, r.position) for r in run.rounds] == [(0, WARMUP, 0), (1, TIMING, 2), (2, TIMING, 4)]
    assert run.values("files") == [1.0, 2.0]
    assert run.values("checked") == [1.0, 1.0]
    assert all(r.measures.keys() >= {"wall", "cpu", "peak_rss", "requests", "spans"} for r in run.rounds)
    assert run.duration_s == pytest.approx(sum(r.measures["wall"] for r in run.rounds))
    assert (run.status, run.variant, run.parameters) == (Status.OK, "naive", {"size": 3})


def test_a_bare_run_has_a_tree_only_where_something_is_in_it() -> None:
    def work() -> None:
        with record_span("sql", "SELECT 1"):
            pass

    for kind, body, wanted in ((TIMING, int, False), (TIMING, work, True), (SAMPLED, int, True)):
        recorder = RunRecorder()
        recorder.call(TIMING, int)
        recorder.call(kind, body)
        recording = recorder.finish(run_id="", session_id="", name="", bare=True)
        assert len(recording.run.rounds) == 2
        assert (recording.tree is not None) is wanted
        assert bool(recording.spans) is (body is work)


def test_only_sampled_rounds_carry_a_sampler() -> None:
    profilers = {}
    recorder = RunRecorder()
    for kind in RoundKind:
        with recorder.round(kind):
            profilers[kind] = sys.getprofile()
    assert [kind for kind, profiler in profilers.items() if profiler] == [SAMPLED]
    assert finished(recorder).run.sampler.name == "pyinstrument"


def test_the_collector_is_off_in_every_round_unless_told_otherwise() -> None:
    for wanted in (True, False):
        recorder = RunRecorder(SamplerSpec("none"), collector_off=wanted)
        with recorder.round(TIMING):
            assert gc.isenabled() is not wanted
        assert gc.isenabled()


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (ValueError("no such row"), Status.FAILED),
        (KeyboardInterrupt(), Status.INTERRUPTED),
        (asyncio.CancelledError(), Status.INTERRUPTED),
        (SystemExit(3), Status.FAILED),
        (SystemExit(0), Status.OK),
        (SystemExit(None), Status.OK),
    ],
)
@pytest.mark.parametrize("kind", [TIMING, SAMPLED])
def test_an_exception_ends_the_round_keeps_it_and_propagates(
    error: BaseException, status: Status, kind: RoundKind
) -> None:
    recorder = RunRecorder()
    with pytest.raises(type(error)) as raised, recorder.round(kind):
        raise error
    assert raised.value is error
    run = finished(recorder).run
    assert (run.status, run.rounds[0].status) == (status, status)
    assert run.rounds[0].measures["wall"] > 0


def test_a_run_ends_as_its_worst_round() -> None:
    recorder = RunRecorder(SamplerSpec("none"))
    with recorder.round(TIMING):
        pass
    with pytest.raises(ValueError, match="x"), recorder.round(TIMING):
        raise ValueError("x")
    with recorder.round(TIMING):
        pass
    run = finished(recorder).run
    assert (run.status, run.error) == (Status.FAILED, "ValueError: x")
    assert len(run.values("wall")) == 2


def test_an_error_message_is_one_redacted_line() -> None:
    status, text = outcome_of(RuntimeError("GET https://u:hunter2@h/x?token=abcdef failed\nsecond line"))
    assert status is Status.FAILED
    assert text.startswith("RuntimeError: GET ")
    assert "hunter2" not in text
    assert "abcdef" not in text
    assert "second" not in text


@pytest.mark.parametrize(
    ("line", "kept"),
    [
        ("zlib.error: Error -3 'Zq9SECRETx7'", "zlib.error: Error -3"),
        ("  name='Bob Zq9SECRETx7', iban=Zq9SECRETx7", "name="),
        ("no account for 'Zq9SECRETx7@corp.example'", "no account for"),
        ("KeyError: 'Zq9SECRETx7'", "KeyError: "),
    ],
)
def test_of_a_script_s_last_line_words_are_kept(line: str, kept: str) -> None:
    assert "Zq9SECRETx7" not in last_words(line)
    assert kept in last_words(line)


def test_of_an_exception_words_are_kept_and_of_ours_all() -> None:
    assert outcome_of(KeyError("Zq9SECRETx7"))[1] == "KeyError: '[redacted]'"
    assert outcome_of(SystemExit("no row 'Zq9SECRETx7'"))[1] == "SystemExit: no row '[redacted]'"
    assert outcome_of(SystemExit(4711))[1] == "SystemExit: 4711"
    ours = UsageError("no file 'perf.py' (at a1b2c3d)")
    assert outcome_of(ours)[1] == f"UsageError: {ours}"
    missing = FileNotFoundError(2, "No such file or directory", "data/a.csv")
    assert outcome_of(missing)[1] == "FileNotFoundError: [Errno 2] No such file or directory: 'data/a.csv'"
    assert told(KeyError("price")) == "KeyError: 'price'"

    class Broken(Exception):
        def __str__(self) -> str:
            raise RuntimeError

    assert outcome_of(Broken())[1].endswith("Broken: (its message can't be had: its __str__ raises)")


def test_a_sampler_that_cannot_start_leaves_nothing_behind() -> None:
    outer, inner = RunRecorder(), RunRecorder()
    with outer.round(SAMPLED), pytest.raises(ProfilerActive), inner.round(SAMPLED):
        raise AssertionError("not reached")
    assert finished(inner).run.rounds == ()
    assert gc.isenabled()


def test_call_runs_functions_and_coroutine_functions() -> None:
    async def coroutine() -> str:
        await asyncio.sleep(0)
        return "async"

    recorder = RunRecorder(SamplerSpec("none"))
    assert recorder.call(TIMING, coroutine)[0] == "async"
    value, current = recorder.call(TIMING, lambda: "sync", position=4)
    assert value == "sync"
    assert current.result is not None
    assert current.result.position == 4


def test_spans_are_recorded_in_all_rounds_alike_and_nest() -> None:
    recorder = RunRecorder()
    for kind in (TIMING, SAMPLED):
        with recorder.round(kind), record_span("sql", "SELECT t", rows=3) as outer:
            assert current_span() is outer
            with record_span("pool-wait", "acquire"):
                pass
    recording = finished(recorder)
    spans = recording.spans
    assert [(s.number, s.parent, s.round, s.kind) for s in spans] == [
        (0, -1, 0, "sql"),
        (1, 0, 0, "pool-wait"),
        (2, -1, 1, "sql"),
        (3, 2, 1, "pool-wait"),
    ]
    assert spans[0].attributes == {"rows": 3}
    assert spans[0].trace_id == spans[1].trace_id != spans[2].trace_id
    assert spans[0].site.startswith("tests/unit/test_capture_rounds.py:")
    assert recording.tree is not None
    assert [f.function for f in recording.tree.stack(spans[0].node)] == [
        test_spans_are_recorded_in_all_rounds_alike_and_nest.__name__
    ]
    measures = recording.run.rounds[0].measures
    assert (measures["spans"], measures["statements"], measures["spans_pool_wait"]) == (2, 1, 1)


def test_a_failing_operation_is_an_error_without_its_message() -> None:
    recorder = RunRecorder(SamplerSpec("none"))
    with recorder.round(TIMING), pytest.raises(ValueError, match="secret"), record_span("cache", "GET"):
        raise ValueError("secret")
    recording = finished(recorder)
    assert recording.spans[0].status == "error"
    assert recording.spans[0].attributes == {"error": "ValueError"}
    assert recording.run.rounds[0].measures["errors"] == 1


def test_an_operation_under_way_at_the_end_is_kept_as_unfinished() -> None:
    recorder = RunRecorder(SamplerSpec("none"))
    with recorder.round(TIMING):
        operation = record_span("cypher", "MATCH")
        operation.__enter__()
    operation.__exit__(None, None, None)
    (span,) = finished(recorder).spans
    assert span.attributes == {"unfinished": True}
    assert span.duration_ns > 0


def test_without_a_recording_a_span_is_nothing() -> None:
    with record_span("sql", "SELECT") as span:
        assert span is None


def test_spans_can_be_left_out() -> None:
    recorder = RunRecorder(SamplerSpec("none"), spans=False)
    with recorder.round(TIMING), record_span("sql", "SELECT") as span:
        assert span is None
    recording = finished(recorder)
    assert recording.spans == ()
    assert "requests" not in recording.run.rounds[0].measures


def test_the_programs_random_numbers_are_its_own() -> None:
    import random

    random.seed(7)
    expected = random.random()
    random.seed(7)
    recorder = RunRecorder(SamplerSpec("none"))
    with recorder.round(TIMING), record_span("sql", "SELECT"):
        assert random.random() == expected


def test_a_caller_may_be_named() -> None:
    def inner() -> FrameType:
        return sys._getframe()

    recorder = RunRecorder(SamplerSpec("none"))
    with recorder.round(TIMING, caller=sys._getframe(1)), record_span("sql", "x"):
        inner()
    recording = finished(recorder)
    assert recording.tree is not None
    assert recording.tree.stack(recording.spans[0].node)[-1].function == test_a_caller_may_be_named.__name__


def test_parents_are_right_also_where_spans_are_admitted_in_another_order() -> None:
    recorder = RunRecorder(SamplerSpec("none"))
    with recorder.round(TIMING) as current:
        assert current.log is not None

        class Overtaken(list[OpenSpan]):
            """While the first span is on its way into the log, another thread's gets there."""

            def append(self, span: OpenSpan) -> None:
                if span.name == "first":
                    thread = threading.Thread(target=overtake)
                    thread.start()
                    thread.join()
                super().append(span)

        def overtake() -> None:
            with record_span("sql", "overtaking"):
                pass

        current.log.spans = Overtaken()
        with record_span("sql", "first"), record_span("sql", "inside"):
            pass
    spans = finished(recorder).spans
    assert [span.number for span in spans] == [0, 1, 2]
    name_of = {span.number: span.name for span in spans} | {-1: ""}
    assert {span.name: name_of[span.parent] for span in spans} == {"first": "", "overtaking": "", "inside": "first"}


def test_entering_and_leaving_rounds_shows_as_the_cost_of_recording(monkeypatch: pytest.MonkeyPatch) -> None:
    leave_in_child = forks.leave_in_child

    def slow(leave: Callable[[], None]) -> None:
        """Entering takes longer than the interval, so that a sample surely falls into it."""
        end = time.perf_counter() + 0.001
        while time.perf_counter() < end:
            pass
        leave_in_child(leave)

    monkeypatch.setattr(forks, "leave_in_child", slow)
    recorder = RunRecorder(SamplerSpec(interval_s=0.0001))

    def many() -> None:
        for _ in range(4):
            with recorder.round(SAMPLED, caller=sys._getframe()):
                pass

    many()
    tree = finished(recorder).tree
    assert tree is not None
    assert {tree.frames[f].function for f in tree.node_frame} == {many.__qualname__, INSTRUMENTATION.function}
    roots = {tree.frames[f].function for f, p in zip(tree.node_frame, tree.node_parent, strict=True) if p < 0}
    assert roots == {many.__qualname__}


def test_times_of_spans_count_from_where_the_rounds_do(monkeypatch: pytest.MonkeyPatch) -> None:
    """Starting a sampler for the first time imports it: that is before the round, for its spans as well."""
    begun = rounds_module.start_sampler
    started: list[int] = []

    def slow(*arguments: Any, **options: Any) -> Any:
        time.sleep(0.02)  # what must not count, and would be seen if it did
        started.append(time.perf_counter_ns())
        return begun(*arguments, **options)

    monkeypatch.setattr(rounds_module, "start_sampler", slow)
    recorder = RunRecorder(SamplerSpec("none"))
    with recorder.round(SAMPLED), record_span("http", "GET /"):
        pass
    since_started_ns = time.perf_counter_ns() - started[0]
    recording = finished(recorder)
    (span,) = recording.spans
    wall_ns = recording.run.rounds[0].measures["wall"] * 1e9
    assert span.start_ns >= 0 and span.start_ns + span.duration_ns <= wall_ns <= since_started_ns
