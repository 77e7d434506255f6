"""Tasks, states and digests of sources: kept with the run; and the store of a version 2 brought up to them."""

from __future__ import annotations

import lzma
from dataclasses import replace
from pathlib import Path

import duckdb
import numpy as np
from sample_runs import EVIL
from store_kit import make_recording, make_session

from workbench.calltree import CallTree, CallTreeBuilder
from workbench.capture.roles import Role, role_of
from workbench.model import Frame, FunctionSource, Recording
from workbench.store import Store
from workbench.store.connection import memory

GOLDEN = Path(__file__).parents[1] / "golden" / "store_v2.duckdb.xz"  # written by version 2's own code
MS = 1_000_000

RUN = Frame("<stdlib>/asyncio/base_events.py", "BaseEventLoop.run_until_complete")
FETCH = Frame("app/main.py", "fetch")
AWAITING = Frame("<await>", "[await]")
SLEEP = Frame("<built-in>", "sleep")
SOURCES = (FunctionSource(FETCH, 10, 14, "0123456789abcdef"), FunctionSource(FETCH, 30, 31, "fedcba9876543210"))


def async_tree(*names: str) -> CallTree:
    """Each task runs a millisecond and awaits two; then the thread sleeps three without a task."""
    builder = CallTreeBuilder()
    thread = builder.thread("MainThread")
    now = 0
    for name in names:
        for leaf, weight in (((RUN, FETCH), 1), ((RUN, FETCH, AWAITING), 2)):
            now += weight * MS
            node = builder.node(leaf)
            builder.sample(
                time_ns=now, weight_ns=weight * MS, node=node, thread=thread, line=11, task=builder.task(name)
            )
    builder.sample(time_ns=now + 3 * MS, weight_ns=3 * MS, node=builder.node((SLEEP,)), thread=thread)
    return builder.build()


def saved(folder: Path, tree: CallTree, sources: tuple[FunctionSource, ...] = SOURCES) -> tuple[Store, Recording]:
    store = Store(folder / "s.duckdb")
    session = make_session()
    recording = replace(make_recording(session), tree=tree, spans=(), sources=sources)
    store.save(session, [recording])
    store.verify()
    return store, recording


def test_tasks_and_sources_come_back_as_they_were(tmp_path: Path) -> None:
    store, recording = saved(tmp_path, async_tree("fetch", "fetch 2", "fetch"))
    tree = store.tree(recording.run.run_id)
    assert tree.tasks == ("fetch", "fetch 2")
    assert tree.samples.task.tolist() == [0, 0, 1, 1, 0, 0, -1]
    assert tuple(store.sources(recording.run.run_id)) == SOURCES


def test_states_of_threads_and_tasks_can_be_asked_for(tmp_path: Path) -> None:
    store, recording = saved(tmp_path, async_tree("fetch", "fetch 2"))
    rows = store.query("SELECT thread, task, state, samples, seconds FROM v_states ORDER BY task, state").rows
    assert rows == (
        ("MainThread", "fetch", "awaiting", 1, 0.002),
        ("MainThread", "fetch", "running", 1, 0.001),
        ("MainThread", "fetch 2", "awaiting", 1, 0.002),
        ("MainThread", "fetch 2", "running", 1, 0.001),
        ("MainThread", None, "waiting", 1, 0.003),
    )
    times = store.query("SELECT time_ns FROM v_samples ORDER BY number").rows
    assert [row[0] for row in times] == recording.tree.samples.time_ns.tolist()  # type: ignore[union-attr]


def test_a_source_of_a_function_that_the_tree_lacks_is_left_out(tmp_path: Path) -> None:
    stray = FunctionSource(Frame("app/other.py", "gone"), 1, 2, "0" * 16)
    store, recording = saved(tmp_path, async_tree("fetch"), (stray, *SOURCES))
    assert tuple(store.sources(recording.run.run_id)) == SOURCES


def test_hostile_names_of_tasks_are_stored_or_redacted_and_harm_nothing(tmp_path: Path) -> None:
    secret = "password=hunter2hunter2"
    store, recording = saved(tmp_path, async_tree(*EVIL, secret))
    names = store.tree(recording.run.run_id).tasks
    assert len(names) == len(EVIL) + 1
    assert EVIL[0] in names
    assert "hunter2" not in str(names)


def test_deleting_a_run_removes_its_tasks_and_sources(tmp_path: Path) -> None:
    store, recording = saved(tmp_path, async_tree("fetch"))
    store.delete([recording.run.run_id])
    assert store.query("FROM tasks").rows == store.query("FROM sources").rows == ()


def test_the_database_gives_frames_the_roles_that_python_does() -> None:
    functions = (
        "sleep",
        "time.sleep",
        "lock.acquire",
        "epoll.poll",
        "X.select",
        "Condition.wait",
        "SSLSocket.read",
    )
    functions += (
        "_SSLSocket.read",
        "run",
        "run_sync",
        "Runner.run",
        "[await]",
        "main",
        "sleeper",
        "socket.recv_into",
    )
    files = ("<built-in>", "<await>", "<stdlib>/selectors.py", "<stdlib>/threading.py", "<stdlib>/ssl.py", "app.py")
    files += ("<stdlib>/asyncio/events.py", "<stdlib>/asyncio/tasks.py", "<site>/uvloop/loop.py", "a<built-in>")
    frames = [Frame(file, function) for file in files for function in functions]
    update = next(s for s in _statements() if s.startswith("UPDATE frames SET role"))
    connection = memory()
    try:
        connection.register("known", {
            "frame_id": np.arange(len(frames), dtype=np.uint64),
            "file": np.array([f.file for f in frames], dtype=object),
            "function": np.array([f.function for f in frames], dtype=object),
        })  # fmt: skip
        connection.execute("INSERT INTO frames BY NAME SELECT *, 0 AS line FROM known")
        connection.execute(update)
        found = connection.execute("SELECT role FROM frames ORDER BY frame_id").fetchall()
    finally:
        connection.close()
    assert [role for (role,) in found] == [str(role_of(frame)) for frame in frames]
    assert {role for (role,) in found} == {str(role) for role in Role}


def _statements() -> tuple[str, ...]:
    from workbench.store import _schema_3

    return _schema_3.STATEMENTS


def test_a_store_of_version_2_is_upgraded_and_keeps_everything(tmp_path: Path) -> None:
    path = tmp_path / "old.duckdb"
    path.write_bytes(lzma.decompress(GOLDEN.read_bytes()))
    with duckdb.connect(str(path), read_only=True) as connection:
        assert connection.execute("SELECT max(version) FROM workbench_migrations").fetchone() == (2,)
        before = connection.execute("SELECT count(*), round(sum(self_s), 9) FROM v_functions").fetchone()
        times = connection.execute("SELECT run_id, number, time_ns FROM v_samples ORDER BY 1, 2").fetchall()
    store = Store(path)
    (naive, optimized) = sorted(store.runs(), key=lambda run: run.variant)  # a reader migrates
    assert store.query("SELECT max(version) >= 3 FROM workbench_migrations").rows == ((True,),)
    assert store.query("SELECT count(*) FROM v_rounds WHERE call_wall_s = wall_s AND loops = 1").rows[0][0] > 0
    assert [store.sources(run.run_id) for run in (naive, optimized)] == [[], []]
    assert len(store.plans(optimized.run_id)) == 1
    assert store.query("SELECT count(*), round(sum(self_s), 9) FROM v_functions").rows == (before,)
    assert list(store.query("SELECT run_id, number, time_ns FROM v_samples ORDER BY 1, 2").rows) == times
    tree = store.tree(optimized.run_id)
    assert tree.tasks == () and set(tree.samples.task.tolist()) == {-1}
    states = dict(store.query("SELECT state, samples FROM v_states WHERE run_id = ?", [optimized.run_id]).rows)
    assert states == {"awaiting": 5, "running": 5, "waiting": 5}  # frames of old runs have their roles, too
    roles = dict(store.query("SELECT function, role FROM frames").rows)
    assert (roles["Runner.run"], roles["sleep"], roles["main"]) == ("loop", "wait", "")
    session = make_session(9)
    store.save(session, [replace(make_recording(session), tree=async_tree("fetch"), spans=(), sources=SOURCES)])
    assert tuple(store.sources(store.resolve("latest"))) == SOURCES
    store.verify()
