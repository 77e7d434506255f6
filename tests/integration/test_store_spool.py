"""Nothing recorded is lost: locks, many writers, kills at every point, damaged entries."""

from __future__ import annotations

import json
import logging
import random
import time
from pathlib import Path

import pytest
from store_kit import HOLDER, make_recording, make_session, make_tree, python, same_tree

from workbench.errors import RunNotFound, StoreLocked, UsageError
from workbench.store import Store, spool

SAVER = """
from pathlib import Path
from store_kit import make_recording, make_session
from workbench.store import Store
store = Store(Path(sys.argv[1]), timeout_s=0.3)
for number in range(int(sys.argv[2]), int(sys.argv[3])):
    session = make_session(number)
    store.save(session, [make_recording(session, extra=number % 3)])
    print(number, flush=True)
"""

# Dies when the n-th call of a function begins or ends.
KILLER = """
import functools, importlib, os, signal
module, path, when, count = sys.argv[4], sys.argv[5].split("."), sys.argv[6], int(sys.argv[7])
owner = importlib.import_module(module)
for part in path[:-1]:
    owner = getattr(owner, part)
real = getattr(owner, path[-1])
calls = 0
@functools.wraps(real)
def fatal(*args, **kwargs):
    global calls
    calls += 1
    if calls == count and when == "before":
        os.kill(os.getpid(), signal.SIGKILL)
    result = real(*args, **kwargs)
    if calls == count and when == "after":
        os.kill(os.getpid(), signal.SIGKILL)
    return result
setattr(owner, path[-1], fatal)
"""


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "s.duckdb", timeout_s=0.2)


def save(store: Store, number: int) -> str:
    session = make_session(number)
    recording = make_recording(session)
    store.save(session, [recording])
    return recording.run.run_id


def held(store: Store, code: str = HOLDER):  # type: ignore[no-untyped-def]
    holder = python(code, store.path)
    assert holder.stdout is not None and holder.stdout.readline() == "held\n"
    return holder


def test_a_lock_delays_but_loses_nothing(store: Store) -> None:
    save(store, 1)
    with held(store) as holder:
        run_id = save(store, 2)
        assert len(spool.entries(store.spool)) == 1
        with pytest.raises(StoreLocked, match=rf"in use by process {holder.pid} \(python") as caught:
            store.runs()
        assert "\n" not in str(caught.value)
        holder.communicate("\n")
    assert store.runs()[0].run_id == run_id
    assert store.info().spooled == 0
    assert list(store.spool.iterdir()) == []
    store.verify()


def test_a_reader_reads_the_rest_while_the_spool_waits(store: Store) -> None:
    known = save(store, 1)
    with held(store, HOLDER.replace("sys.argv[1])", "sys.argv[1], read_only=True)")) as holder:
        waiting = save(store, 2)
        assert [run.run_id for run in store.runs()] == [known]
        assert store.info().spooled == 1
        with pytest.raises(RunNotFound, match="1 recording still waits in"):
            store.run(waiting)
        holder.communicate("\n")
    assert [run.run_id for run in store.runs()] == [waiting, known]


def test_waiting_ends_when_the_lock_does(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    known = save(store, 1)
    patient = Store(store.path, timeout_s=60)
    with held(store) as holder:
        monkeypatch.setattr("workbench.store.connection.time.sleep", lambda _: holder.communicate("\n"))
        assert [run.run_id for run in patient.runs()] == [known]
        assert holder.returncode == 0, "nobody waited for it"


def test_a_connection_of_the_user_in_this_process_is_named(store: Store) -> None:
    import duckdb

    save(store, 1)
    with duckdb.connect(str(store.path)), pytest.raises(StoreLocked, match="another connection in this process"):
        store.runs()


def test_many_processes_save_at_once(store: Store) -> None:
    save(store, 1000)
    with held(store) as holder:
        savers = [python(SAVER, store.path, n * 10, n * 10 + 4) for n in range(4)]
        assert savers[0].stdout is not None and savers[0].stdout.readline() == "0\n"
        holder.communicate("\n")
        for saver in savers:
            _, errors = saver.communicate(timeout=120)
            assert saver.returncode == 0, errors
    expected = {1000, *(n * 10 + k for n in range(4) for k in range(4))}
    found = [int(run.session_id.rpartition("-")[2], 16) for run in store.runs()]
    assert sorted(found) == sorted(expected)
    for run in store.runs():
        assert same_tree(
            store.tree(run.run_id), make_tree(0 if run.session_id.endswith("3e8") else _extra(run.session_id))
        )
    assert store.info().spooled == store.info().set_aside == 0
    store.verify()


def _extra(session_id: str) -> int:
    return int(session_id.rpartition("-")[2], 16) % 3


POINTS = [
    # module, function, when, n-th call, whether the recording had been finished
    ("workbench.store.spool", "_write_files", "before", 1, False),
    ("workbench.store.spool", "_write_files", "after", 1, False),
    ("workbench.store.spool", "_fsync", "after", 5, False),
    ("workbench.store.spool", "Path.rename", "before", 1, False),
    ("workbench.store.spool", "Path.rename", "after", 1, True),
    ("workbench.store.store", "writing", "before", 1, True),
    ("workbench.store.connection", "_connect", "after", 1, True),
    ("workbench.store.ingest", "_ingest", "before", 1, True),
    ("workbench.store.ingest", "_find_fresh", "after", 1, True),
    ("workbench.store.ingest", "_insert", "after", 1, True),
    ("workbench.store.ingest", "_insert", "after", 9, True),
    ("workbench.store.ingest", "_ingest", "after", 1, True),
    ("workbench.store.ingest", "_check_store", "after", 1, True),
    ("workbench.store.spool", "Path.rename", "after", 2, True),
    ("workbench.store.spool", "remove", "after", 1, True),
]


@pytest.mark.parametrize("point", POINTS, ids=lambda p: "-".join(map(str, p[1:4])))
def test_killed_at(store: Store, point: tuple[str, str, str, int, bool]) -> None:
    *where, finished = point
    known = save(store, 1)
    child = python(KILLER + SAVER, store.path, 2, 3, *where)
    child.communicate(timeout=60)
    assert child.returncode == -9
    found = [run.run_id for run in store.runs()]
    assert found == (["260301-120002-00000002-naive", known] if finished else [known])
    store.verify()
    again = save(store, 2)
    assert [run.run_id for run in store.runs()] == [again, known]
    assert same_tree(store.tree(known), make_tree())
    store.verify()
    assert store.info().spooled == store.info().set_aside == 0


@pytest.mark.parametrize("point", [("_create", "before"), ("_publish", "before"), ("_publish", "after")])
def test_killed_while_the_store_is_made(store: Store, point: tuple[str, str]) -> None:
    child = python(KILLER + SAVER, store.path, 2, 3, "workbench.store.connection", *point, 1)
    child.communicate(timeout=60)
    assert child.returncode == -9
    assert [run.run_id for run in store.runs()] == ["260301-120002-00000002-naive"]
    store.verify()


def test_killed_at_random(store: Store) -> None:
    """What a process has saved stays, whenever it dies."""
    chance = random.Random(7)
    promised: set[int] = set()
    for turn in range(4):
        child = python(SAVER, store.path, turn * 100, turn * 100 + 100)
        assert child.stdout is not None
        promised.add(int(child.stdout.readline()))
        time.sleep(chance.uniform(0.0, 0.4))  # not for synchronisation: the moment of death is meant to vary
        child.kill()
        promised |= {int(line) for line in child.communicate()[0].splitlines()}
    found = [int(run.session_id.rpartition("-")[2], 16) for run in store.runs()]
    assert promised <= set(found)
    assert len(found) == len(set(found))
    store.verify()


def damaged(store: Store, harm: str) -> Path:
    """An entry that waits, with that harm done to it."""
    holder = held(store)
    save(store, 5)
    holder.communicate("\n")
    entry = spool.entries(store.spool)[0]
    if harm == "truncated":
        file = entry / "samples.parquet"
        file.write_bytes(file.read_bytes()[:100])
    elif harm == "garbled":
        file = entry / "spans.parquet"
        data = bytearray(file.read_bytes())
        data[4:60] = bytes(56)
        file.write_bytes(bytes(data))
    elif harm == "missing":
        (entry / "runs.parquet").unlink()
    elif harm == "counts":
        manifest = json.loads((entry / "manifest.json").read_text())
        manifest["tables"]["rounds"] += 1
        (entry / "manifest.json").write_text(json.dumps(manifest))
    elif harm == "manifest":
        (entry / "manifest.json").write_text("{")
    elif harm == "names":
        (entry / "manifest.json").write_text('{"format": 1, "tables": {"runs; DROP TABLE runs": 1}}')
    elif harm == "file":
        (store.spool / "0-stray").write_text("not a folder")
    return entry


@pytest.mark.parametrize("harm", ["truncated", "garbled", "missing", "counts", "manifest", "names", "file"])
def test_a_broken_entry_blocks_nothing(store: Store, harm: str, caplog: pytest.LogCaptureFixture) -> None:
    save(store, 1)
    damaged(store, harm)
    session = make_session(6)
    with caplog.at_level(logging.WARNING, "workbench.store"):
        store.save(session, [make_recording(session)])
    assert "set aside" in caplog.text
    found = {run.session_id[-1] for run in store.runs()}
    assert found == ({"1", "5", "6"} if harm == "file" else {"1", "6"})
    info = store.info()
    assert (info.spooled, info.set_aside) == (0, 1)
    store.verify()


def test_an_entry_of_a_newer_workbench_waits(store: Store) -> None:
    save(store, 1)
    entry = damaged(store, "none")
    manifest = json.loads((entry / "manifest.json").read_text())
    (entry / "manifest.json").write_text(json.dumps(manifest | {"format": spool.FORMAT + 1}))
    assert len(store.runs()) == 1
    assert store.info().spooled == 1
    (entry / "manifest.json").write_text(json.dumps(manifest))
    assert len(store.runs()) == 2


def test_rubbish_of_crashed_processes_is_swept(store: Store) -> None:
    import os

    save(store, 1)
    old, young = store.spool / ".tmp-1-old", store.spool / ".tmp-2-young"
    for folder in (old, young):
        folder.mkdir()
    os.utime(old, (0, 0))
    save(store, 2)
    assert not old.exists()
    assert young.exists()


def test_folders_with_glob_characters_and_quotes(tmp_path: Path) -> None:
    odd = Store(tmp_path / "a[b]* 'c\" ü" / "s;.duckdb")
    run_id = save(odd, 1)
    assert odd.run(run_id).run_id == run_id


def test_a_question_mark_in_the_path_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="question mark"):
        Store(tmp_path / "a?" / "s.duckdb")


def test_threads_of_one_process_take_turns(store: Store) -> None:
    from concurrent.futures import ThreadPoolExecutor

    patient = Store(store.path, timeout_s=60)
    with ThreadPoolExecutor(6) as pool:
        done = list(pool.map(lambda n: (save(patient, n), len(patient.runs())), range(6)))
    assert len(done) == len(patient.runs()) == 6
    patient.verify()
