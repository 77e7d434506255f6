"""Spans of Cypher statements through the official driver, against the embedded server."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import neo4j
import pytest
from graphs import running

from workbench.capture.rounds import RunRecorder
from workbench.capture.samplers import SamplerSpec
from workbench.model import Recording, RoundKind
from workbench.services.graph import RunningGraph

pytestmark = pytest.mark.service

SECRET = "canary-value"
STATEMENT = f"UNWIND $rows AS row MERGE (n:Seen {{id: row.id}}) SET n.name = '{SECRET}'"
ROWS = [{"id": number, "secret": SECRET} for number in range(7)]


@pytest.fixture(scope="module")
def server() -> Iterator[RunningGraph]:
    yield from running("embedded")


def record(work: Callable[[], Any]) -> Recording:
    recorder = RunRecorder(SamplerSpec(name="none"))
    recorder.call(RoundKind.TIMING, work)
    return recorder.finish(run_id="r", session_id="s", name="n")


def driver_of(server: RunningGraph, kind: Any = neo4j.GraphDatabase) -> Any:
    return kind.driver(server.uri, auth=(server.user, server.password))


def write(transaction: Any) -> None:
    transaction.run(STATEMENT, rows=ROWS).consume()


def check(recording: Recording) -> None:
    """One managed statement and one auto-commit statement, with the commit of the first."""
    spans = [span for span in recording.spans if span.kind == "cypher"]
    assert [span.attributes["transaction"] for span in spans] == [True, False]
    assert spans[0].name == "UNWIND $rows AS row MERGE (n:Seen {id: row.id}) SET n.name = ?"
    assert spans[0].attributes == {"parameters": 1, "rows": 7, "transaction": True}
    assert [span.name for span in recording.spans if span.kind == "cypher-commit"] == ["COMMIT"]
    assert SECRET not in repr(recording.spans)
    assert all(span.duration_ns > 0 for span in spans)
    (round_,) = recording.run.rounds
    assert round_.measures["cypher_statements"] == 2


def test_statements_of_the_synchronous_driver_are_recorded(server: RunningGraph) -> None:
    def work() -> None:
        with driver_of(server) as driver, driver.session(database=server.database) as session:
            session.execute_write(write)
            session.run("MATCH (n:Seen) RETURN count(n) AS n").consume()

    check(record(work))


def test_statements_of_the_asynchronous_driver_are_recorded(server: RunningGraph) -> None:
    async def write_async(transaction: Any) -> None:
        await (await transaction.run(STATEMENT, rows=ROWS)).consume()

    async def work() -> None:
        driver = driver_of(server, neo4j.AsyncGraphDatabase)
        async with driver, driver.session(database=server.database) as session:
            await session.execute_write(write_async)
            await (await session.run("MATCH (n:Seen) RETURN count(n) AS n")).consume()

    check(record(work))


def test_a_failing_statement_is_an_error_and_the_program_gets_its_exception(server: RunningGraph) -> None:
    def work() -> None:
        refused = pytest.raises(neo4j.exceptions.Neo4jError)
        with driver_of(server) as driver, driver.session(database=server.database) as session, refused:
            session.run("MATCH (n RETURN n").consume()

    recording = record(work)
    (span,) = [span for span in recording.spans if span.kind == "cypher"]
    assert span.status == "error"


def test_nothing_stays_patched_and_nothing_is_recorded_outside_a_round(server: RunningGraph) -> None:
    before = (neo4j.Session.run, neo4j.AsyncSession.run)
    recording = record(lambda: None)
    assert (neo4j.Session.run, neo4j.AsyncSession.run) == before
    with driver_of(server) as driver, driver.session(database=server.database) as session:
        session.run("RETURN 1").consume()
    assert recording.spans == ()
    assert "cypher_statements" not in recording.run.rounds[0].measures
