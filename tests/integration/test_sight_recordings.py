"""Real recordings on their way through the store to a picture: tasks, states, spans on one axis, source."""

from __future__ import annotations

import asyncio
import importlib.util
import threading
from pathlib import Path
from types import ModuleType

import pytest
from patient_loops import run_patiently
from spies import until_looked_at
from store_kit import make_session

from workbench.analysis.lines import line_times
from workbench.capture.rounds import RunRecorder
from workbench.capture.samplers import SamplerSpec
from workbench.capture.spans import record_span
from workbench.experiment.block import profile
from workbench.model import RoundKind
from workbench.notebook.sights import diff_flamegraph, timeline
from workbench.store import Store
from workbench.views.payload import decode, encode
from workbench.views.run_extras import run_extras
from workbench.views.source import CHANGED

TEXT = """\
import time


def burn(seconds):
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        sum(range(100))


def rest(seconds):
    time.sleep(seconds)
"""


@pytest.fixture(scope="module")
def module(tmp_path_factory: pytest.TempPathFactory) -> ModuleType:
    path = tmp_path_factory.mktemp("code") / "burning.py"
    path.write_text(TEXT, encoding="utf-8")
    spec = importlib.util.spec_from_file_location("burning", path)
    assert spec is not None and spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


def test_an_async_program_with_spans_keeps_tasks_time_and_source(tmp_path: Path, module: ModuleType) -> None:
    async def fetch(number: int) -> None:
        with record_span("http", f"GET /items/{number}"):
            await asyncio.sleep(0.03)
        module.burn(0.03)

    async def main() -> None:
        await asyncio.gather(*(fetch(number) for number in range(3)))

    store = Store(tmp_path / "s.duckdb")
    with profile("async", store=store) as run:
        run_patiently(main())
    assert run.store_error is None
    tree, spans, sources = store.tree(run.run_id), store.spans(run.run_id), store.sources(run.run_id)
    assert "fetch" in {name.rpartition(".")[2].partition(" ")[0] for name in tree.tasks}
    states = {state for (state,) in store.query("SELECT DISTINCT state FROM v_samples").rows}
    assert {"running", "awaiting"} <= states
    extras = run_extras(tree, spans=spans, sources=sources)
    shown = decode(encode(tree, extras=extras))
    assert shown.header["tasks"] == list(tree.tasks)
    assert len(shown.columns["span_start"]) == 3
    assert all(
        "fetch" in shown.frames[shown.frame[node - 1]].function for node in shown.columns["span_node"] if node
    )
    burn = next(n for n, frame in enumerate(tree.frames) if frame.function == "burn")
    assert extras.source[burn].lines[0] == "def burn(seconds):"
    timed = {time.line for time in line_times(tree)[tree.frames[burn]]}
    assert timed <= set(range(4, 8))
    assert run_extras(tree, sources=sources, confidential=True).source == {}
    shown_text = timeline(run.run_id, store=store).text
    assert "GET /items/" in shown_text
    Path(str(module.__file__)).write_text(TEXT.replace("100", "101"), encoding="utf-8")
    try:
        assert run_extras(tree, sources=sources).source[burn].reason == CHANGED
    finally:
        Path(str(module.__file__)).write_text(TEXT, encoding="utf-8")
    assert not diff_flamegraph(run.run_id, run.run_id, store=store).text.startswith("Not comparable")


def test_py_spy_tells_threads_that_wait_from_those_that_run(tmp_path: Path, module: ModuleType) -> None:
    done = threading.Event()

    waiter = threading.Thread(target=done.wait, name="waiter")
    waiter.start()  # before the first sample, which may come before a new thread has its name
    recorder = RunRecorder(SamplerSpec("py-spy", 0.01, idle=True))
    try:
        recorder.call(RoundKind.SAMPLED, lambda: until_looked_at(lambda: module.burn(0.1)))
    finally:
        done.set()
        waiter.join()
    recording = recorder.finish(run_id="260301-120000-spy", session_id="s", name="threads")
    assert recording.tree is not None
    store = Store(tmp_path / "s.duckdb")
    store.save(make_session(session_id="s"), [recording])
    rows = store.query("SELECT thread, state, seconds FROM v_states").rows
    seconds = {(thread, state): value for thread, state, value in rows}
    assert seconds["waiter", "waiting"] > 0 and ("waiter", "running") not in seconds
    assert seconds["MainThread", "running"] > 0
    assert "thread_step" in decode(encode(recording.tree)).columns


def test_from_outside_a_young_file_has_no_digest(module: ModuleType) -> None:
    recorder = RunRecorder(SamplerSpec("py-spy", 0.01))
    recorder.call(RoundKind.SAMPLED, lambda: until_looked_at(lambda: module.burn(0.1)))
    recording = recorder.finish(run_id="r", session_id="s", name="spy")
    assert "burn" in {frame.function for frame in recording.tree.frames}  # type: ignore[union-attr]
    known = {source.frame.function for source in recording.sources}
    assert "burn" not in known  # written after this process began: nobody can say that it is what runs
