"""Tasks: which one ran or waited at a sample, under names that mean the same in the next run."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict

from patient_loops import run_patiently

from workbench.calltree import CallTree, CallTreeBuilder
from workbench.capture.roles import Role, State, owners, role_of, states
from workbench.capture.rounds import RunRecorder
from workbench.capture.tasks import MOST, OTHERS, TaskNames
from workbench.model import Frame, Recording, RoundKind, Sampler

AWAITING = Frame("<await>", "[await]")


def spin(seconds: float) -> None:
    """Of this thread's own time: what a busy machine takes away doesn't count as run."""
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        sum(range(50))


async def fetch(running: float, waiting: float) -> None:
    spin(running)
    await asyncio.sleep(waiting)


async def two_and_a_named_one() -> None:
    named = asyncio.create_task(fetch(0.02, 0.15), name="nightly import")
    await asyncio.gather(fetch(0.06, 0.0), fetch(0.02, 0.1), named)


def recorded(function) -> Recording:
    recorder = RunRecorder()
    recorder.call(RoundKind.SAMPLED, function)
    return recorder.finish(run_id="r", session_id="s", name="n")


def milliseconds(recording: Recording) -> dict[tuple[str, State], float]:
    tree = recording.tree
    assert tree is not None
    of_frame = states(tree, recording.run.sampler)
    found: dict[tuple[str, State], float] = defaultdict(float)
    samples = tree.samples
    for node, weight, task in zip(samples.node, samples.weight_ns, samples.task, strict=True):
        name = tree.tasks[task] if task >= 0 else ""
        found[name, of_frame[tree.node_frame[node]]] += weight / 1e6
    return found


def test_running_and_awaiting_are_told_apart_by_task() -> None:
    found = milliseconds(recorded(lambda: run_patiently(two_and_a_named_one())))
    assert {"fetch", "fetch 2", "nightly import"} <= {name for name, _ in found}
    running = {name: found[name, State.RUNNING] for name in ("fetch", "fetch 2", "nightly import")}
    assert running["fetch"] > 50 and running["fetch 2"] > 15 and running["nightly import"] > 15
    # which of several like tasks a wait is charged to is a matter of turns, not so that they waited
    assert sum(found[name, State.AWAITING] for name in ("fetch", "fetch 2", "nightly import")) > 130


def test_without_a_loop_there_is_no_task_and_sleeping_is_waiting() -> None:
    found = milliseconds(recorded(lambda: (spin(0.02), time.sleep(0.05))))
    assert {name for name, _ in found} == {""}
    assert found["", State.WAITING] > 40 and found["", State.RUNNING] > 15


def test_tasks_of_one_name_are_numbered_and_the_many_share_one() -> None:
    async def many() -> list[str]:
        names = TaskNames()
        tasks = [asyncio.create_task(asyncio.sleep(0)) for _ in range(MOST + 5)]
        numbers = [names.number(task) for task in (*tasks, *tasks)]
        assert numbers[: MOST + 5] == numbers[MOST + 5 :]
        assert names.number(None) == -1
        await asyncio.gather(*tasks)
        return names.names()

    made = asyncio.run(many())
    assert made[:2] == ["sleep", "sleep 2"] and made[-1] == OTHERS and len(made) == MOST + 1


def test_roles_of_frames() -> None:
    assert role_of(AWAITING) is Role.AWAIT
    assert role_of(Frame("<stdlib>/asyncio/base_events.py", "BaseEventLoop.run_forever")) is Role.LOOP
    assert role_of(Frame("<stdlib>/asyncio/tasks.py", "sleep")) is Role.WORK  # what the program asked for
    assert role_of(Frame("<built-in>", "lock.acquire")) is Role.WAIT
    assert role_of(Frame("app.py", "sleep")) is Role.WORK


def test_py_spy_counts_waiting_only_where_it_samples_it() -> None:
    builder = CallTreeBuilder()
    builder.node((Frame("<stdlib>/threading.py", "Condition.wait"),))
    tree = builder.build()
    assert states(tree, Sampler("py-spy", mode="native")) == [State.RUNNING]
    assert states(tree, Sampler("py-spy", mode="native,idle")) == [State.WAITING]


def test_what_has_no_source_belongs_to_its_caller() -> None:
    builder = CallTreeBuilder()
    main, loads = Frame("app.py", "main"), Frame("<built-in>", "loads")
    builder.node((main, loads))
    builder.node((main, AWAITING))
    builder.node((loads,))
    assert owners(builder.build()).tolist() == [0, 0, 0, -1]
    assert owners(CallTree((), *(CallTreeBuilder().build().node_parent for _ in range(2)))).tolist() == []
