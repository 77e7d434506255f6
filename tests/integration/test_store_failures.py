"""Every way in which a store can be unusable: the right error in one line, and what was recorded is still there."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from store_kit import make_recording, make_session, python

from workbench.errors import (
    StoreError,
    StoreForeign,
    StoreFull,
    StoreTooNew,
    StoreUnwritable,
    UsageError,
    WorkbenchError,
)
from workbench.store import Store, spool


def save(store: Store, number: int = 1) -> str:
    session = make_session(number)
    recording = make_recording(session)
    store.save(session, [recording])
    return recording.run.run_id


def one_line(error: BaseException) -> str:
    text = str(error)
    assert "\n" not in text and text == text.strip()
    return text


def foreign_text(path: Path) -> None:
    path.write_text("not a database\n" * 1000)


def foreign_empty(path: Path) -> None:
    path.touch()


def foreign_folder(path: Path) -> None:
    path.mkdir()


def foreign_database(path: Path) -> None:
    with duckdb.connect(str(path)) as connection:
        connection.execute("CREATE TABLE runs (a INTEGER)")


FOREIGN = [foreign_text, foreign_empty, foreign_folder, foreign_database]


@pytest.mark.parametrize("make", FOREIGN)
def test_a_foreign_file_is_refused_and_left_alone(tmp_path: Path, make) -> None:  # type: ignore[no-untyped-def]
    store = Store(tmp_path / "s.duckdb")
    make(store.path)
    before = store.path.read_bytes() if store.path.is_file() else b""
    for use in (store.runs, store.info, store.migrate, store.prepare, lambda: store.query("SELECT 1")):
        with pytest.raises(StoreForeign) as caught:
            use()
        assert str(store.path) in one_line(caught.value)
    with pytest.raises(StoreForeign) as caught:
        save(store)
    kept = re.search(r"the recording is kept in (\S+)$", one_line(caught.value))
    assert kept and Path(kept[1]) == spool.entries(store.spool)[0]
    assert (store.path.read_bytes() if store.path.is_file() else b"") == before


def test_an_empty_file_is_named_as_such(tmp_path: Path) -> None:
    store = Store(tmp_path / "s.duckdb")
    store.path.touch()
    with pytest.raises(StoreForeign, match=r"is empty: delete it .* --store or WORKBENCH_STORE$"):
        store.runs()


@pytest.mark.parametrize("kept", [100, 9000, 20_000], ids=["in the headers", "between them", "in the blocks"])
def test_a_store_cut_short_says_how_to_mend_it(tmp_path: Path, kept: int) -> None:
    store = Store(tmp_path / "s.duckdb")
    save(store)
    store.path.write_bytes(store.path.read_bytes()[:kept])
    for use in (store.runs, lambda: store.query("FROM v_samples")):
        with pytest.raises(StoreError, match=r"is damaged .*: put a backup in its place, or .* --store") as caught:
            use()
        assert type(caught.value) is StoreError
        assert str(store.path) in one_line(caught.value)


def test_a_changed_store_says_how_to_mend_it(tmp_path: Path) -> None:
    store = Store(tmp_path / "s.duckdb")
    save(store)
    content = bytearray(store.path.read_bytes())
    content[4096:12288] = bytes(8192)
    store.path.write_bytes(content)
    with pytest.raises(StoreError, match="is damaged"):
        store.runs()


def test_a_recording_kept_from_a_foreign_store_can_be_taken_in(tmp_path: Path) -> None:
    store = Store(tmp_path / "s.duckdb")
    foreign_text(store.path)
    with pytest.raises(StoreForeign):
        save(store)
    store.path.unlink()
    assert len(store.runs()) == 1


def test_a_newer_schema_is_refused(tmp_path: Path) -> None:
    store = Store(tmp_path / "s.duckdb")
    save(store)
    with duckdb.connect(str(store.path)) as connection:
        connection.execute(
            "INSERT INTO workbench_migrations SELECT 99, 'new', applied_at, '3' FROM workbench_migrations"
        )
    for use in (store.runs, store.migrate, lambda: save(store, 2)):
        with pytest.raises(StoreTooNew, match="schema 99, this workbench knows") as caught:
            use()
        one_line(caught.value)
    with duckdb.connect(str(store.path)) as connection:
        connection.execute("DELETE FROM workbench_migrations WHERE version = 99")
    assert len(store.runs()) == 2  # the refused recording had stayed in the spool


@pytest.fixture
def unprivileged() -> Iterator[Path]:
    """A folder of a user without privileges, whom this process is for the length of the test."""
    folder = Path(tempfile.mkdtemp(prefix="workbench-test-"))
    root = os.geteuid() == 0
    if root:
        os.chown(folder, 65534, 65534)
        os.seteuid(65534)
    try:
        yield folder
    finally:
        if root:
            os.seteuid(0)
        import shutil

        for path in (folder, *folder.rglob("*")):
            path.chmod(0o700)
        shutil.rmtree(folder)


def test_a_file_without_permission(unprivileged: Path) -> None:
    store = Store(unprivileged / "s.duckdb")
    known = save(store)
    store.path.chmod(0o400)
    with pytest.raises(StoreUnwritable, match=r"Permission denied.*the recording is kept in") as caught:
        save(store, 2)
    one_line(caught.value)
    assert [run.run_id for run in store.runs()] == [known]
    assert store.info().spooled == 1
    store.path.chmod(0o600)
    assert len(store.runs()) == 2


def test_a_folder_without_permission(unprivileged: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = unprivileged / "closed"
    folder.mkdir()
    folder.chmod(0o500)
    rescue = unprivileged / "rescue"
    rescue.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(rescue))
    store = Store(folder / "s.duckdb")
    with pytest.raises(StoreUnwritable, match="check its permissions"):
        store.prepare()
    with pytest.raises(
        StoreUnwritable, match=r"the recording is kept in .*rescue.*: move that folder into"
    ) as caught:
        save(store)
    kept = re.search(r"kept in (\S+): move that folder into (\S+)$", one_line(caught.value))
    assert kept is not None
    folder.chmod(0o700)
    Path(kept[2]).mkdir()
    Path(kept[1]).rename(Path(kept[2]) / Path(kept[1]).name)
    assert len(store.runs()) == 1


def test_nowhere_to_keep_it(unprivileged: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    unprivileged.chmod(0o500)
    monkeypatch.setattr(tempfile, "tempdir", str(unprivileged))
    with pytest.raises(StoreUnwritable, match="the recording is lost") as caught:
        save(Store(unprivileged / "s.duckdb"))
    one_line(caught.value)


def test_a_parent_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(WorkbenchError) as caught:
        Store(tmp_path / "file" / "s.duckdb").migrate()
    assert caught.value.exit_code == StoreUnwritable.exit_code
    one_line(caught.value)


# The kernel refuses to let a file grow past the limit, as a full disk would.
FULL = """
import resource, signal
from pathlib import Path
from store_kit import big_tree, make_recording, make_run, make_session
from workbench.errors import StoreFull
from workbench.model import Recording
from workbench.store import Store
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
limit = int(sys.argv[2])
store = Store(Path(sys.argv[1]))
session = make_session(2)
recording = Recording(make_run(session), big_tree(int(sys.argv[3]), nodes=int(sys.argv[4])))
resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
try:
    store.save(session, [recording])
except StoreFull as error:
    print(error)
else:
    print("saved")
"""


def test_a_full_disk_while_spooling(tmp_path: Path) -> None:
    store = Store(tmp_path / "s.duckdb")
    known = save(store)
    output, errors = python(FULL, store.path, 50_000, 200_000, 5000).communicate(timeout=60)
    assert re.fullmatch(r"the disk of .* is full: .*; the recording is lost\n", output), output + errors
    assert [run.run_id for run in store.runs()] == [known]
    assert list(store.spool.iterdir()) == []
    store.verify()


def test_a_full_disk_while_ingesting(tmp_path: Path) -> None:
    """The spool's small files fit, the store's own file can't grow."""
    store = Store(tmp_path / "s.duckdb")
    known = save(store)
    limit = store.path.stat().st_size
    output, errors = python(FULL, store.path, limit, 400_000, 5000).communicate(timeout=60)
    assert "the recording is kept in" in output, output + errors
    assert {run.run_id for run in store.runs()} == {
        known,
        "260301-120002-00000002-naive",
    }  # the disk has space again
    store.verify()


def test_a_damaged_store_is_an_error_of_one_line(tmp_path: Path) -> None:
    store = Store(tmp_path / "s.duckdb")
    save(store)
    data = bytearray(store.path.read_bytes())
    data[8192:] = os.urandom(len(data) - 8192)
    store.path.write_bytes(bytes(data))
    with pytest.raises(StoreError) as caught:
        store.runs()
    one_line(caught.value)


def test_an_older_schema_is_brought_up_to_date(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from workbench.store import connection, migrations

    store = Store(tmp_path / "s.duckdb")
    known = save(store)
    newer = migrations.Migration(migrations.CURRENT + 1, "more", ("CREATE TABLE more (a INTEGER)",))
    monkeypatch.setattr(migrations, "CURRENT", newer.version)
    monkeypatch.setattr(connection, "CURRENT", newer.version)
    monkeypatch.setattr(migrations.migrate, "__defaults__", ((*migrations.MIGRATIONS, newer),))
    assert [run.run_id for run in store.runs()] == [known]  # a reader migrates, if it can write
    assert store.migrate() == newer.version
    recorded = store.query("SELECT version, name FROM workbench_migrations ORDER BY 1").rows
    assert recorded[-1] == (newer.version, "more")


def test_a_failing_migration_leaves_the_old_schema(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from workbench.store import connection, migrations

    store = Store(tmp_path / "s.duckdb")
    known = save(store)
    statements = ("CREATE TABLE more (a INTEGER)", "CREATE TABLE runs (a INTEGER)")
    broken = migrations.Migration(migrations.CURRENT + 1, "bad", statements)
    with monkeypatch.context() as patched:
        patched.setattr(migrations, "CURRENT", broken.version)
        patched.setattr(connection, "CURRENT", broken.version)
        patched.setattr(migrations.migrate, "__defaults__", ((*migrations.MIGRATIONS, broken),))
        with pytest.raises(StoreError, match="already exists") as caught:
            store.migrate()
        one_line(caught.value)
    assert [run.run_id for run in store.runs()] == [known]
    assert store.query("SELECT count(*) FROM duckdb_tables() WHERE table_name = 'more'").rows == ((0,),)


@pytest.mark.parametrize("text", ["soon", "-1", "nan", "1e9"])
def test_a_bad_timeout_is_a_usage_error(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("WORKBENCH_STORE_TIMEOUT", text)
    with pytest.raises(UsageError, match="WORKBENCH_STORE_TIMEOUT"):
        Store("x.duckdb")


def test_verify_says_what_is_wrong(tmp_path: Path) -> None:
    store = Store(tmp_path / "s.duckdb")
    save(store)
    store.verify()
    with duckdb.connect(str(store.path)) as connection:
        connection.execute("INSERT INTO runs SELECT * FROM runs")
        connection.execute("DELETE FROM frames WHERE function = 'main'")
    with pytest.raises(StoreError, match=r"1 duplicate \(run_id\) in runs.*1 \(frame_id\) of nodes not in frames"):
        store.verify()


def test_full_is_told_apart_from_broken(tmp_path: Path) -> None:
    from workbench.store.failures import translate

    for text in ("No space left on device", "File too large", "Disk quota exceeded"):
        assert isinstance(translate(duckdb.IOException(f"Could not write file: {text}"), tmp_path), StoreFull)
    assert isinstance(translate(OSError(28, "x"), tmp_path), StoreFull)
    too_new = "Trying to read a database file with version number 999, but we can only read 64 to 68."
    assert isinstance(translate(duckdb.IOException(too_new), tmp_path), StoreTooNew)
