"""Spans of SQL through SQLAlchemy: on SQLite in memory, sync and by asyncio where the driver is at hand."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Engine, StaticPool, create_engine, text
from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import QueuePool

from workbench.capture import sql
from workbench.capture.rounds import RunRecorder
from workbench.capture.samplers import SamplerSpec
from workbench.model import Recording, RoundKind, Span
from workbench.services.postgres import RunningPostgres, start_postgres


@pytest.fixture
def engine() -> Iterator[Engine]:
    """Made before anything is recorded, as a notebook's is."""
    made = create_engine("sqlite://", poolclass=StaticPool)
    yield made
    made.dispose()


def recorder() -> RunRecorder:
    return RunRecorder(SamplerSpec(name="none"))


def finished(recording: RunRecorder) -> Recording:
    return recording.finish(run_id="r", session_id="s", name="n")


def statements(recording: Recording) -> list[Span]:
    return [span for span in recording.spans if span.kind == "sql"]


def test_statements_are_redacted_counted_and_placed(engine: Engine) -> None:
    run = recorder()
    with run.round(RoundKind.TIMING), engine.begin() as connection:
        connection.execute(text("CREATE TABLE people (name TEXT, age INT)"))
        connection.execute(text("INSERT INTO people VALUES ('C4NARY', 42) -- C4NARY"))
        connection.execute(text("INSERT INTO people VALUES (:name, :age)"), [{"name": "C4NARY", "age": 1}] * 3)
        assert len(connection.execute(text("SELECT * FROM people WHERE age > 0")).all()) == 4
    recording = finished(run)
    names = [span.name for span in statements(recording)]
    assert names[1:] == [
        "INSERT INTO people VALUES (?, ?)",
        "INSERT INTO people VALUES (?, ?)",
        "SELECT * FROM people WHERE age > ?",
    ]  # fmt: skip
    assert "C4NARY" not in repr(recording)
    assert recording.run.rounds[0].measures["statements"] == 4
    assert statements(recording)[2].attributes["many"] is True
    for span in statements(recording):
        assert span.site.startswith("tests/integration/test_capture_sql.py:")
        assert recording.tree is not None
        assert recording.tree.stack(span.node)[-1].function != "_before"
    assert "bytes_received" not in recording.run.rounds[0].measures  # nobody counted them


def test_a_failing_statement_is_an_error_without_its_message(engine: Engine) -> None:
    run = recorder()
    with run.round(RoundKind.TIMING), engine.connect() as connection, pytest.raises(OperationalError):
        connection.execute(text("SELECT C4NARY FROM nowhere"))
    (span,) = statements(finished(run))
    assert (span.status, span.attributes["error"]) == ("error", "OperationalError")


def test_nothing_stays_after_a_recording(engine: Engine) -> None:
    before = DefaultDialect.connect, QueuePool._do_get
    run = recorder()
    with run.round(RoundKind.TIMING):
        assert DefaultDialect.connect is not before[0]
        with run_nested():
            pass
        assert DefaultDialect.connect is not before[0]
    assert (DefaultDialect.connect, QueuePool._do_get) == before
    with engine.connect() as connection:
        connection.execute(text("SELECT 1"))
    assert statements(finished(run)) == []


def run_nested() -> Any:
    return recorder().round(RoundKind.TIMING)


def test_a_full_pool_shows_as_a_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = create_engine(
        "sqlite://", poolclass=QueuePool, pool_size=1, max_overflow=0, connect_args={"check_same_thread": False}
    )
    assert isinstance(engine.pool, QueuePool)
    get = engine.pool._pool.get
    run = recorder()
    with run.round(RoundKind.TIMING):
        held = engine.connect()
        timer = threading.Timer(0.05, held.close)

        def waits_first(*arguments: Any) -> Any:
            if timer.ident is None:  # not before: on a busy machine it would find the connection free
                timer.start()
            return get(*arguments)

        monkeypatch.setattr(engine.pool._pool, "get", waits_first)
        engine.connect().close()
    timer.join()
    waits = [span for span in finished(run).spans if span.kind == "pool-wait"]
    assert len(waits) == 1 and waits[0].duration_ns > 20_000_000
    assert finished(run).run.rounds[0].measures["connects"] == 1
    engine.dispose()


def test_a_program_that_imports_it_later_is_seen_and_one_that_does_not_pays_nothing() -> None:
    code = """
import sys
from workbench.capture.rounds import RunRecorder
from workbench.capture.samplers import SamplerSpec
from workbench.model import RoundKind
run = RunRecorder(SamplerSpec(name="none"))
with run.round(RoundKind.TIMING):
    assert "sqlalchemy" not in sys.modules
    from sqlalchemy import create_engine, text
    with create_engine("sqlite://").connect() as connection:
        connection.execute(text("SELECT 1"))
print([span.name for span in run.finish(run_id="r", session_id="s", name="n").spans if span.kind == "sql"])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "['SELECT ?']", done.stderr


@pytest.fixture(scope="module")
def postgres() -> Iterator[RunningPostgres]:
    with start_postgres() as running:
        yield running


def test_asyncio_statements_have_their_callers_stack(postgres: RunningPostgres) -> None:
    url = postgres.url.replace("postgresql://", "postgresql+psycopg://")
    run = recorder()

    async def ask(engine: Any, number: int) -> int:
        async with engine.connect() as connection:
            value: int = (await connection.execute(text("SELECT :n + 1"), {"n": number})).scalar_one()
            return value

    async def both() -> list[int]:
        engine = create_async_engine(url)
        try:
            return await asyncio.gather(ask(engine, 1), ask(engine, 2))
        finally:
            await engine.dispose()

    answers, _ = run.call(RoundKind.TIMING, both)
    assert answers == [2, 3]
    recording = finished(run)
    assert recording.tree is not None
    asked = [span for span in statements(recording) if "+" in span.name]
    assert [span.attributes["rows"] for span in asked] == [1, 1]
    for span in asked:
        functions = [frame.function for frame in recording.tree.stack(span.node)]
        assert any(name.endswith(".ask") for name in functions)
        assert span.site.startswith("tests/integration/test_capture_sql.py:")
    assert recording.run.rounds[0].measures["connects"] == 2


def test_install_and_uninstall_nest() -> None:
    original = DefaultDialect.connect
    sql.install()
    sql.install()
    sql.uninstall()
    assert DefaultDialect.connect is not original
    sql.uninstall()
    assert DefaultDialect.connect is original
