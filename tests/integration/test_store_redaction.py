"""Canaries in every text field: none reaches the store's bytes, the spool's Parquet or the log."""

from __future__ import annotations

import dataclasses
import logging
from dataclasses import replace
from pathlib import Path

import duckdb
import numpy as np
import pytest
from store_kit import HOLDER, make_run, make_session, make_spans, make_tree, python

from workbench.calltree import CallTree
from workbench.model import (
    CallerChange,
    Comparison,
    Environment,
    Frame,
    FunctionChange,
    Recording,
    Sampler,
    Session,
    Span,
    Verdict,
)
from workbench.store import Store, spool

CANARY = "C4NARY"
PLANTS = (
    "Authorization: Bearer C4NARYbearer",
    "https://user:C4NARYuser@host/path?key=C4NARYquery",
    "postgresql://bob:C4NARYpg@127.0.0.1:5432/db",
    "Server=x;Password=C4NARYmssql;AccountKey=C4NARYazure==",
    '{"password": "C4NARYjson", "client_secret": "C4NARYsecret"}',
    "tool --token C4NARYargv",
    "the token ghost1234567890C4NARY has expired; password is C4NARYstated; curl -u admin:C4NARYoption",
    "mysql -uroot -pC4NARYclient; https://api.telegram.org/bot123456:C4NARYbot/getMe; bad password 'C4NARYquoted'",
    "INSERT INTO people VALUES ('C4NARYsql', E'it\\'s C4NARYescape', $$C4NARYdollar$$) -- C4NARYcomment",
)
TEXT = " | ".join(PLANTS[:1]) + "\n" + "\n".join(PLANTS[1:])


def planted(value: object) -> object:
    """The value with a canary in each of its texts, keys of mappings included."""
    if isinstance(value, str) and type(value) is str:
        return TEXT
    if isinstance(value, dict):
        return {"note?token=C4NARYkey": TEXT, "db.statement": PLANTS[-1], "password": "C4NARYfield"}
    if isinstance(value, tuple) and value and isinstance(value[0], str):
        return (TEXT,)
    return value


def plant_all(instance, keep: tuple[str, ...] = ()):  # type: ignore[no-untyped-def]
    names = [field.name for field in dataclasses.fields(instance) if field.name not in keep]
    return replace(instance, **{name: planted(getattr(instance, name)) for name in names})


def planted_session() -> tuple[Session, list[Recording], Comparison]:
    environment: Environment = plant_all(make_session().environment)
    environment = replace(environment, packages={"name token=C4NARYpackage": TEXT})
    session = replace(plant_all(make_session(), keep=("session_id",)), environment=environment)
    rounds = tuple(replace(plant_all(r), measures={"m?sig=C4NARYmeasure": 1.0}) for r in make_run(session).rounds)
    run = replace(
        plant_all(make_run(session), keep=("run_id", "session_id")), rounds=rounds, sampler=plant_all(Sampler())
    )
    spans: list[Span] = [plant_all(span) for span in make_spans()]
    spans += [
        replace(spans[0], number=7 + n, kind=kind, name=name)
        for n, (kind, name) in enumerate(
            (
                ("sql", "SELECT * FROM t WHERE a = 'C4NARYname' AND b = 4711"),
                ("cypher", 'MERGE (n {name: "C4NARYcypher"}) // C4NARYremark'),
                ("http", "GET https://h/p?x=C4NARYspan"),
            )
        )
    ]
    tree = make_tree()
    frames = tuple(Frame(f"dir?password=C4NARYfile/{n}", f.function) for n, f in enumerate(tree.frames))
    tree = replace(tree, frames=frames, threads=(TEXT, "worker token=C4NARYthread"))
    callers = (CallerChange(Frame("x?sig=C4NARYcaller", "g"), 1.0, 0.0), CallerChange(None, 0.0, 1.0))
    change = FunctionChange(Frame("x?sig=C4NARYchange", "f"), 1.0, 1.0, 1.0, 1.0, change="moved", callers=callers)
    comparison = Comparison(
        base=run.run_id, new="other", verdict=Verdict.PASS, ratio=1.0, ci=(1.0, 1.0), pairs=1, seconds=0.0,
        differences=(TEXT,), functions=(change,), counts={"c?token=C4NARYcount": (1.0, 1.0)}, sentence=TEXT,
    )  # fmt: skip
    return session, [Recording(run, tree, tuple(spans))], comparison


def all_text(folder: Path) -> str:
    """Every file's bytes, and every text of every Parquet file decompressed."""
    parts = []
    for file in sorted(folder.rglob("*")):
        if not file.is_file():
            continue
        parts.append(file.read_bytes().decode("latin-1"))
        if file.suffix == ".parquet":
            with duckdb.connect() as connection:
                parts.append(str(connection.execute("SELECT * FROM read_parquet(?)", [str(file)]).fetchall()))
    return "\n".join(parts)


def texts_of_store(store: Store) -> str:
    tables = store.query("SELECT table_name FROM duckdb_tables()").column("table_name")
    return "\n".join(str(store.query(f"FROM {table}").rows) for table in tables)


def test_no_canary_gets_through(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    store = Store(tmp_path / "s.duckdb", timeout_s=0.2)
    store.migrate()
    session, recordings, comparison = planted_session()
    run_id = recordings[0].run.run_id
    with caplog.at_level(logging.DEBUG), python(HOLDER, store.path) as holder:
        assert holder.stdout is not None and holder.stdout.readline() == "held\n"
        store.save(session, recordings)
        store.save_comparison(session.session_id, comparison)
        assert len(spool.entries(store.spool)) == 2
        spooled = all_text(store.spool)
        holder.communicate("\n")
    assert "policies" in spooled or "dir?password" in spooled  # the search does see text
    assert CANARY not in spooled
    store.runs()
    store.tag(run_id, "tag token=C4NARYtag")
    store.rename(run_id, "name https://h/?x=C4NARYrename")
    store.verify()
    assert CANARY not in all_text(tmp_path)
    assert CANARY not in texts_of_store(store)
    assert CANARY not in caplog.text
    assert "[redacted]" in texts_of_store(store)


def test_the_search_finds_what_is_not_redacted(tmp_path: Path) -> None:
    """The test above can fail: function names are kept, so a canary there is found."""
    store = Store(tmp_path / "s.duckdb")
    session = make_session()
    tree = CallTree((Frame("f.py", "C4NARYfunction"),), np.array([-1], np.int32), np.array([0], np.int32))
    store.save(session, [Recording(make_run(session), tree)])
    assert CANARY in texts_of_store(store)


def test_what_is_harmless_stays(tmp_path: Path) -> None:
    store = Store(tmp_path / "s.duckdb")
    session = make_session(
        parameters={"token_lifetime_s": 30, "link": "rtt=40ms,jitter=2ms", "dataset_digest": "ab" * 32}
    )
    store.save(session, [])
    assert store.session(session.session_id).parameters == session.parameters
