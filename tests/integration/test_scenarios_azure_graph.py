"""The graph side of the Azure scan, on the embedded server and on a real Neo4j alike."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import psutil
import pytest
from graphs import KINDS, running
from neo4j._async.work.transaction import AsyncTransactionBase
from neo4j.exceptions import IncompleteCommit

from workbench.errors import ServiceError, ServiceUnauthorized, ServiceUnreachable
from workbench.scenarios.azure import statements
from workbench.scenarios.azure.graph_driver import Graph
from workbench.scenarios.azure.graph_store import (
    begin_scan,
    clear,
    end_scan,
    graph_digest,
    load_stored,
    load_versions,
    save_versions,
)
from workbench.scenarios.azure.graph_writer import GraphWriter
from workbench.scenarios.azure.plans import profile_statements
from workbench.scenarios.azure.rows import Link, Row
from workbench.services.graph import GraphEndpoint, RunningGraph

pytestmark = [pytest.mark.service, pytest.mark.timeout(400)]

T = TypeVar("T")


@pytest.fixture(scope="module", params=KINDS)
def server(request: pytest.FixtureRequest) -> Iterator[RunningGraph]:
    yield from running(request.param)


def on(server: RunningGraph, work: Callable[[Graph], Awaitable[T]], tenant: str = "tenant", **options: Any) -> T:
    """Run ``work`` on the server, from an empty graph of that tenant."""

    async def main() -> T:
        async with Graph(server.endpoint(), tenant, **options) as graph:
            await GraphWriter(graph, "").ensure_schema()
            await clear(graph)
            return await work(graph)

    return asyncio.run(main())


def row(number: int, *links: str, **properties: Any) -> Row:
    filled = {"name": f"r{number}", "type": "a/b", "changed_time": "1", "links": list(links), **properties}
    return Row(f"/r/{number}", filled)


ROWS = [row(0), *(row(number, f"contains|/r/{number - 1}", "network|/r/0") for number in range(1, 30))]
LINKS = [link for each in ROWS for link in each.links()]


async def write_all(graph: Graph, size: int) -> GraphWriter:
    writer = GraphWriter(graph, "scan")
    await writer.resources(ROWS, size)
    await writer.links(LINKS, size)
    return writer


def test_says_what_it_is_and_keeps_its_password_to_itself(server: RunningGraph) -> None:
    assert ("ArcadeDB" if server.kind == "embedded" else "Neo4j/5.26") in server.describe()
    assert server.process is not None
    assert server.password not in repr(server.endpoint())
    tree = [psutil.Process(server.process.pid), *psutil.Process(server.process.pid).children(recursive=True)]
    assert any("java" in process.name() for process in tree)
    assert not any(server.password in part for process in tree for part in process.cmdline())
    java = psutil.Process(server.process.ready["java_pid"])
    listening = {c.laddr.ip for c in java.net_connections("tcp") if c.status == psutil.CONN_LISTEN}
    assert listening <= {"127.0.0.1", "::ffff:127.0.0.1"}


def test_writing_one_by_one_in_batches_and_again_gives_one_graph(server: RunningGraph) -> None:
    async def work(graph: Graph) -> list[tuple[str, int, int]]:
        found = []
        writer = GraphWriter(graph, "scan")
        for each in ROWS:
            assert await writer.resource(each)
        for link in LINKS:
            await writer.link(link)
        found.append(await graph_digest(graph))
        for size in (7, 500):
            await write_all(graph, size)
            found.append(await graph_digest(graph))
            await clear(graph)
            await write_all(graph, size)
            found.append(await graph_digest(graph))
        return found

    found = on(server, work)
    assert len(set(found)) == 1
    assert found[0][1:] == (30, 58)


def test_batches_need_a_statement_each(server: RunningGraph) -> None:
    writer = on(server, lambda graph: write_all(graph, 10))
    assert writer.resource_statements == 3
    assert writer.relationship_statements == 3 + 3  # 29 of each of two kinds
    assert writer.dangling == 0


def test_a_refused_row_is_isolated_and_the_rest_is_written(server: RunningGraph) -> None:
    bad = row(13, kind={"a": {"map": 1}})

    async def work(graph: Graph) -> tuple[GraphWriter, list[str], int]:
        writer = GraphWriter(graph, "scan")
        refused = await writer.resources([*ROWS[:13], bad, *ROWS[14:]], 30)
        return writer, refused, (await graph_digest(graph))[1]

    writer, refused, nodes = on(server, work)
    assert refused == ["/r/13"]
    assert nodes == 29
    assert [failure.resource for failure in writer.failures] == ["/r/13"]
    assert "\n" not in writer.failures[0].error
    assert writer.resource_statements <= 1 + 2 * 6  # halving 30 rows


def test_a_refused_row_alone_is_reported(server: RunningGraph) -> None:
    async def work(graph: Graph) -> bool:
        return await GraphWriter(graph, "scan").resource(row(1, kind={"a": {"map": 1}}))

    assert on(server, work) is False


def test_links_to_what_is_not_there_are_counted_not_made(server: RunningGraph) -> None:
    async def work(graph: Graph) -> tuple[int, tuple[str, int, int]]:
        writer = GraphWriter(graph, "scan")
        await writer.resources(ROWS[:2], 10)
        await writer.link(Link("network", "/r/1", "/r/gone"))
        await writer.links([Link("network", "/r/1", "/r/gone"), Link("network", "/r/1", "/r/0")], 10)
        return writer.dangling, await graph_digest(graph)

    dangling, (_, nodes, links) = on(server, work)
    assert (dangling, nodes, links) == (2, 2, 1)


def test_removed_resources_and_links_go(server: RunningGraph) -> None:
    async def work(graph: Graph) -> tuple[str, int, int]:
        writer = await write_all(graph, 100)
        await writer.remove(["/r/29"], 10)
        await writer.unlink([row(28, "contains|/r/27")], 10)
        return await graph_digest(graph)

    assert on(server, work)[1:] == (29, 58 - 2 - 1)


def test_the_mark_of_an_unfinished_scan_brings_back_what_it_wrote(server: RunningGraph) -> None:
    async def work(graph: Graph) -> tuple[Any, ...]:
        mark, nothing = await begin_scan(graph)
        await GraphWriter(graph, "another").resources(ROWS[5:8], 10)
        await GraphWriter(graph, mark).resources(ROWS[:5], 10)
        again, done = await begin_scan(graph)
        await end_scan(graph)
        fresh, none = await begin_scan(graph)
        return mark, nothing, again, done, fresh, none

    mark, nothing, again, done, fresh, none = on(server, work)
    assert again == mark != fresh
    assert nothing == none == {}
    assert done == {each.id: each for each in ROWS[:5]}


def test_versions_and_rows_are_read_back_as_they_were_written(server: RunningGraph) -> None:
    async def work(graph: Graph) -> tuple[dict[str, str], dict[str, Row]]:
        await save_versions(graph, {"a/b": "2024-01-01", "a/c": "2023-01-01"})
        await save_versions(graph, {"a/b": "2025-01-01"})
        await write_all(graph, 100)
        return await load_versions(graph), await load_stored(graph)

    versions, stored = on(server, work)
    assert versions == {"a/b": "2025-01-01", "a/c": "2023-01-01"}
    assert stored == {each.id: each for each in ROWS}


def test_clearing_leaves_other_tenants_alone(server: RunningGraph) -> None:
    async def other(graph: Graph) -> None:
        await GraphWriter(graph, "scan").resources([Row("/other", {"name": "o", "links": []})], 10)

    async def count(graph: Graph) -> tuple[int, int]:
        mine = (await graph_digest(graph))[1]
        all_of_it = await graph.read("MATCH (r:AzureResource) RETURN count(r) AS n")
        return mine, all_of_it[0]["n"]

    on(server, other, "other tenant")
    assert on(server, count, "tenant") == (0, 1)
    assert on(server, count, "other tenant") == (0, 0)


def test_writers_in_each_others_way_end_with_one_graph(server: RunningGraph) -> None:
    """Deadlocks and concurrent changes are repeated until they pass.

    Two writers of one and the same link are tried on Neo4j alone, whose locks keep MERGE from making it twice; the
    scan never has two.
    """
    links = LINKS if server.kind == "embedded" else [*LINKS, *LINKS]

    async def work(graph: Graph) -> tuple[str, int, int]:
        await GraphWriter(graph, "scan").resources(ROWS, 100)
        writer = GraphWriter(graph, "scan")
        await asyncio.gather(*(writer.link(link) for link in links))
        return await graph_digest(graph)

    assert on(server, work)[1:] == (30, 58)


def test_a_failed_transaction_leaves_nothing(server: RunningGraph) -> None:
    async def work(graph: Graph) -> int:
        rows = [each.parameters() for each in (ROWS[0], row(1, kind={"a": {"b": 1}}))]
        with pytest.raises(ServiceError):
            await graph.write(statements.MERGE_MANY, {"rows": rows})
        return len(await graph.read("MATCH (r:AzureResource) RETURN r.id"))

    assert on(server, work) == 0


def test_wrong_password_is_one_clear_line(server: RunningGraph) -> None:
    async def work() -> None:
        wrong = GraphEndpoint(server.uri, server.user, "wrong-canary", server.database)
        async with Graph(wrong, "tenant", patience_s=1) as graph:
            await graph.read("RETURN 1")

    with pytest.raises(ServiceUnauthorized) as raised:
        asyncio.run(work())
    assert "NEO4J_PASSWORD" in str(raised.value)
    assert "canary" not in str(raised.value) and "\n" not in str(raised.value)


def test_plans_of_a_real_neo4j_seek_the_index(server: RunningGraph) -> None:
    if server.kind != "neo4j":
        pytest.skip("the embedded server counts no database hits")

    async def work(graph: Graph) -> tuple[Any, tuple[str, int, int], tuple[str, int, int]]:
        await write_all(graph, 100)
        before = await graph_digest(graph)
        used = {**graph.statements, statements.MERGE_ONE: {"id": "/new", "properties": {"name": "new"}}}
        return await profile_statements(graph, used), before, await graph_digest(graph)

    plans, before, after = on(server, work)
    assert before == after  # what PROFILE wrote was undone
    operators = {plan.statement: [operator.name for operator in plan.operators] for plan in plans}
    for statement in (statements.MERGE_ONE, statements.MERGE_MANY, *statements.LINK_MANY.values()):
        if statement in operators:
            assert any("UniqueIndexSeek" in name for name in operators[statement]), statement
            assert not any("LabelScan" in name or "AllNodesScan" in name for name in operators[statement])
    assert statements.MERGE_MANY in operators
    assert all(
        plan.engine == "neo4j" and plan.measures["db_hits"] > 0 for plan in plans if "MERGE" in plan.statement
    )


def test_a_label_scan_is_seen_where_the_index_is_missing(server: RunningGraph) -> None:
    if server.kind != "neo4j":
        pytest.skip("the embedded server counts no database hits")

    async def work(graph: Graph) -> Any:
        await write_all(graph, 100)
        return await profile_statements(graph, {"MATCH (r:AzureResource {name: $name}) RETURN r": {"name": "r1"}})

    (plan,) = on(server, work)
    assert any("NodeByLabelScan" in operator.name for operator in plan.operators)
    assert "r1" not in plan.document


@pytest.mark.parametrize("pipelined", [False, True])
def test_a_commit_in_doubt_is_written_again_and_once(
    server: RunningGraph, pipelined: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The connection breaks between a commit and its answer, so that nobody knows whether it took place."""
    commit = AsyncTransactionBase._commit
    doubts = iter(range(2))

    async def committed_unheard(transaction: Any) -> Any:
        done = await commit(transaction)
        if next(doubts, None) is not None:
            raise IncompleteCommit("Failed to read from defunct connection")
        return done

    async def work(graph: Graph) -> tuple[str, int, int]:
        monkeypatch.setattr(AsyncTransactionBase, "_commit", committed_unheard)
        await write_all(graph, 10)
        assert graph.retries == 2
        return await graph_digest(graph)

    assert on(server, work, pipelined=pipelined)[1:] == (30, 58)


def test_a_crash_and_restart_in_the_middle_is_ridden_out(server: RunningGraph) -> None:
    """Last: it restarts the server. What was committed is there, what is written during the crash too, once."""

    async def work(graph: Graph) -> tuple[str, int, int]:
        writer = await write_all(graph, 100)
        crash = asyncio.create_task(asyncio.to_thread(server.restart, kill=True))
        for each in ROWS:
            await writer.resource(each)
        await crash
        await writer.links(LINKS, 7)
        return await graph_digest(graph)

    assert on(server, work, patience_s=90)[1:] == (30, 58)


def test_a_server_that_is_down_is_told_within_the_patience(server: RunningGraph, tmp_path: Path) -> None:
    server.halt()

    async def work() -> None:
        async with Graph(server.endpoint(), "tenant", patience_s=1, timeout_s=5) as graph:
            await graph.write("RETURN 1")

    with pytest.raises(ServiceUnreachable, match="is it up"):
        asyncio.run(work())
