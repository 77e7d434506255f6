"""Deleting removes the bytes, and whatever happens meanwhile a whole store stands under the name."""

from __future__ import annotations

import errno
import os
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest
from sample_pages import stored
from sample_runs import session_report, single_report

from workbench.errors import StoreError, StoreFull, StoreLocked
from workbench.store import Store, compact, connection

SECRET = "Zq9SECRETx7"


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """A store with a run whose name and tag are secret, and five others."""
    report = single_report()
    one = report.runs[0]
    run = replace(one.run, name=f"import of {SECRET}", tags=(SECRET,))
    return stored(tmp_path, replace(report, runs=(replace(one, run=run),)), session_report())


def secret_run(store: Store) -> str:
    return next(run.run_id for run in store.runs() if SECRET in run.name)


def files_with(secret: str, folder: Path) -> list[str]:
    """Every file under the folder that has the bytes."""
    return [str(p) for p in folder.rglob("*") if p.is_file() and secret.encode() in p.read_bytes()]


def test_deleted_runs_leave_no_bytes(store: Store, tmp_path: Path) -> None:
    kept = [run for run in store.runs() if SECRET not in run.name]
    trees = [store.tree(run.run_id) for run in kept]
    described = store.query("SELECT table_name, comment FROM duckdb_tables() ORDER BY 1").rows
    store.path.chmod(0o640)
    assert files_with(SECRET, tmp_path)
    store.delete([secret_run(store)])
    assert not files_with(SECRET, tmp_path)
    assert store.path.stat().st_mode & 0o777 == 0o640
    assert store.runs() == kept
    assert [store.tree(run.run_id).frames for run in kept] == [tree.frames for tree in trees]
    assert store.query("SELECT table_name, comment FROM duckdb_tables() ORDER BY 1").rows == described
    store.verify()
    store.tag(kept[0].run_id, "written again")
    assert sorted(p.name for p in tmp_path.iterdir()) == [store.path.name, store.spool.name]


@pytest.mark.parametrize("allowed", [True, False])
def test_the_store_keeps_its_owner(store: Store, monkeypatch: pytest.MonkeyPatch, *, allowed: bool) -> None:
    """Whoever runs the command, root or a colleague: a store of mode 0600 would be closed to its owner."""
    given: list[tuple[int, int]] = []
    made = os.stat_result((0o100640, 0, 0, 1, 65_534, 65_533, 0, 0, 0, 0))

    def chown(_: object, owner: int, group: int) -> None:
        if not allowed:
            raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))
        given.append((owner, group))

    monkeypatch.setattr(compact, "_owned_as", lambda _: made)
    monkeypatch.setattr(compact.os, "chown", chown)
    secret = secret_run(store)
    if allowed:
        store.delete([secret])
        assert given == [(65_534, 65_533)]
        return
    with pytest.raises(StoreError, match="belongs to another user"):
        store.delete([secret])
    assert secret not in {run.run_id for run in store.runs()}
    store.verify()


def test_a_link_to_a_store_stays_a_link(store: Store, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    link = tmp_path / "elsewhere" / "link.duckdb"
    link.symlink_to(store.path)
    Store(link).delete([secret_run(store)])
    assert link.is_symlink()
    assert not files_with(SECRET, tmp_path)
    assert len(store.runs()) == 5


def test_a_full_disk_leaves_the_old_file_and_says_so(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(self: Path, target: Path) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    said = r"1 run is deleted, but .* store compact"
    with monkeypatch.context() as patched, pytest.raises(StoreFull, match=said):
        patched.setattr(Path, "replace", full)
        store.delete([secret_run(store)])
    assert len(store.runs()) == 5
    assert not list(tmp_path.glob(".*"))
    store.compact()
    assert not files_with(SECRET, tmp_path)
    store.verify()


def test_a_reader_in_the_way_is_told(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    quick = Store(store.path, timeout_s=0.05)

    def locked(path: Path, timeout_s: float) -> None:
        raise StoreLocked(f"{path} is in use by process 1 (python): close it there and try again")

    monkeypatch.setattr("workbench.store.store.compact", locked)
    with pytest.raises(StoreLocked, match="1 run is deleted, but the file still has the bytes"):
        quick.delete([secret_run(store)])


def test_who_opened_the_old_file_writes_to_the_new_one(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another process compacts between our look at the file and our lock: nothing goes into the old file."""
    connect, run_id = connection._connect, store.runs()[-1].run_id
    late: list[bool] = []

    def replaced(
        path: Path, deadline: float, *, read_only: bool, config: connection.Config
    ) -> duckdb.DuckDBPyConnection:
        opened = connect(path, deadline, read_only=read_only, config=config)
        if not read_only and not late:
            late.append(True)
            copy = path.with_name("copy")
            copy.write_bytes(original)
            copy.replace(path)
        return opened

    store.compact()
    original = store.path.read_bytes()
    monkeypatch.setattr(connection, "_connect", replaced)
    store.tag(run_id, "kept")
    assert late and "kept" in store.run(run_id).tags
    assert not store.path.with_name(store.path.name + ".wal").exists()


def test_drafts_of_killed_processes_are_swept(store: Store) -> None:
    old, young = (store.path.with_name(f".{store.path.name}.{n}-x.compact") for n in (1, 2))
    for draft in (old, young):
        draft.mkdir()
        (draft / "s.duckdb").touch()
    os.utime(old, (1, 1))
    store.compact()
    assert not old.exists()
    assert young.exists()
