"""A graph server that is slow, hangs, refuses, or goes down in the middle of a scan; answers that are no JSON.

Every scan ends in bounded time: with the graph as it should be, or with one clear line and a graph from which the
next scan goes on.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from azure_scans import NODES, RESOURCES, scan, settings, simulator
from azure_scans import azure as azure
from azure_scans import expected as expected
from azure_scans import folder as folder
from graphs import running

from workbench.errors import (
    ServiceBadResponse,
    ServiceError,
    ServiceTimeout,
    ServiceUnauthorized,
    ServiceUnreachable,
)
from workbench.scenarios.azure import statements
from workbench.scenarios.azure.graph_driver import Graph
from workbench.scenarios.azure.settings import ScanSettings
from workbench.scenarios.azure.workload import load_scan
from workbench.scenarios.base import Settings
from workbench.scenarios.registry import get
from workbench.services.azure import RunningAzure
from workbench.services.graph import GraphEndpoint, RunningGraph
from workbench.services.link import parse_link, start_link
from workbench.services.simulator.faults import Faults

pytestmark = [pytest.mark.service, pytest.mark.timeout(400)]

GIVEN_UP_S = 30
"""Long before what never answers, or only after a minute, would have."""


@pytest.fixture(scope="module", params=["embedded", pytest.param("neo4j", marks=pytest.mark.soak)])
def graph(request: pytest.FixtureRequest) -> Iterator[RunningGraph]:
    yield from running(request.param)


def fails(chosen: ScanSettings, variant: str = "optimized") -> tuple[ServiceError, float]:
    """How the scan fails, and after how many seconds; its line is one."""
    start = time.monotonic()
    with pytest.raises(ServiceError) as raised:
        asyncio.run(load_scan(variant)(chosen))
    assert "\n" not in str(raised.value)
    return raised.value, time.monotonic() - start


def test_a_server_that_accepts_and_never_answers_is_given_up(azure: RunningAzure) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        endpoint = GraphEndpoint(f"bolt://127.0.0.1:{listener.getsockname()[1]}", "neo4j", "secret")
        error, seconds = fails(settings(azure, endpoint, patience_s=1.0, timeout_s=1.0))
    assert isinstance(error, ServiceTimeout | ServiceUnreachable)
    assert "graph server bolt://127.0.0.1" in str(error)
    assert seconds < GIVEN_UP_S


def test_a_server_that_refuses_the_login_or_is_down_is_told_before_anything_is_measured(
    graph: RunningGraph, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As ``workbench run azure --graph URI`` meets it."""
    monkeypatch.setenv("NEO4J_USER", graph.user)
    monkeypatch.setenv("NEO4J_PASSWORD", "wrong-canary")
    for address, kind in ((graph.uri, ServiceUnauthorized), ("bolt://127.0.0.1:1", ServiceUnreachable)):
        with pytest.raises(kind) as raised:
            get("azure").prepare(Settings(resources=5, link="none", options={"graph": address}))
        assert "graph server bolt://127.0.0.1" in str(raised.value)
        assert "canary" not in str(raised.value) and "\n" not in str(raised.value)


def test_a_server_of_another_kind_is_told(azure: RunningAzure) -> None:
    """An HTTPS port answers Bolt's greeting with nonsense or by hanging up."""
    endpoint = GraphEndpoint(f"bolt://127.0.0.1:{azure.port}", "neo4j", "secret")
    error, _ = fails(settings(azure, endpoint, patience_s=1.0, timeout_s=2.0))
    assert "graph server" in str(error)


def test_a_slow_link_only_takes_longer(azure: RunningAzure, graph: RunningGraph, expected: str) -> None:
    with start_link(parse_link("rtt=150ms"), graph.host, graph.port) as link:
        chosen = settings(azure, graph.endpoint(link), patience_s=10.0)
        scan("optimized", settings(azure, graph))  # as it was, so that clearing takes no round trips
        result, digest, _, _ = scan("incremental", chosen, empty=False)
    assert (digest, result.failures) == (expected, ())


def test_a_link_that_stalls_is_given_up(azure: RunningAzure, graph: RunningGraph) -> None:
    with start_link(parse_link("rtt=30s"), graph.host, graph.port) as link:
        error, seconds = fails(settings(azure, graph.endpoint(link), patience_s=1.0, timeout_s=1.0))
    assert isinstance(error, ServiceTimeout | ServiceUnreachable)
    assert seconds < GIVEN_UP_S


def test_a_server_that_hangs_in_the_middle_is_given_up_and_the_next_scan_goes_on(
    azure: RunningAzure, graph: RunningGraph, expected: str
) -> None:
    assert graph.process is not None
    java = int(graph.process.ready["java_pid"])
    scan("optimized", settings(azure, graph, resource_limit=1))  # an all but empty graph

    def stop(done: int, total: int) -> None:
        if done >= RESOURCES // 2:
            os.kill(java, signal.SIGSTOP)

    try:
        chosen = settings(azure, graph, progress=stop, batch_size=5, patience_s=1.0, timeout_s=2.0)
        error, seconds = fails(chosen)
    finally:
        os.kill(java, signal.SIGCONT)
    assert isinstance(error, ServiceTimeout | ServiceUnreachable)
    assert seconds < GIVEN_UP_S
    result, digest, _, _ = scan("optimized", settings(azure, graph), empty=False)
    assert (digest, result.failures) == (expected, ())


@pytest.mark.parametrize("variant", ["naive", "optimized"])
def test_a_deadlock_is_over_after_another_attempt(
    variant: str, azure: RunningAzure, graph: RunningGraph, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    deadlocks = iter(range(3))
    inject(monkeypatch, lambda statement: "MERGE" in statement and next(deadlocks, None) is not None)
    result, digest, _, _ = scan(variant, settings(azure, graph))
    assert (digest, result.failures) == (expected, ())
    assert result.measures["graph_retries"] >= 3


def test_a_deadlock_without_an_end_is_told_and_the_next_scan_goes_on(
    azure: RunningAzure, graph: RunningGraph, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        inject(patch, lambda statement: statement in statements.LINK_MANY.values())
        error, seconds = fails(settings(azure, graph, patience_s=1.0))
    assert "DeadlockDetected" in str(error)
    assert seconds < GIVEN_UP_S
    result, digest, _, _ = scan("optimized", settings(azure, graph), empty=False)
    assert (digest, result.failures) == (expected, ())


def inject(patch: pytest.MonkeyPatch, when: Callable[[str], bool]) -> None:
    """Let statements end as Neo4j ends one of two transactions that wait for each other."""
    from neo4j.exceptions import Neo4jError

    for name in ("_in_a_session", "_in_a_query"):
        original = getattr(Graph, name)

        async def once(
            self: Graph, statement: str, parameters: Mapping[str, Any], mode: str, original: Any = original
        ) -> Any:
            if when(statement):
                code = "Neo.TransientError.Transaction.DeadlockDetected"
                raise Neo4jError._hydrate_neo4j(code=code, message="ForsetiClient can't acquire ExclusiveLock")
            return await original(self, statement, parameters, mode)

        patch.setattr(Graph, name, once)


def test_answers_that_are_no_json_end_the_scan(folder: Path, graph: RunningGraph) -> None:
    with simulator(folder, faults=Faults(html_rate=1.0)) as azure:
        error, _ = fails(settings(azure, graph, patience_s=2.0))
    assert isinstance(error, ServiceBadResponse)
    assert "instead of JSON" in str(error)


@pytest.mark.parametrize("variant", [pytest.param("naive", marks=pytest.mark.soak), "optimized"])
def test_a_crash_in_the_middle_of_a_scan_is_ridden_out(
    variant: str, azure: RunningAzure, graph: RunningGraph, expected: str
) -> None:
    """Killed and started again on the same port: batches are repeated, nothing is there twice."""
    threads = []

    def crash(done: int, total: int) -> None:
        if done == RESOURCES // 4:
            threads.append(threading.Thread(target=graph.restart, kwargs={"kill": True}))
            threads[0].start()

    chosen = settings(azure, graph, progress=crash, batch_size=5, workers=2, patience_s=120.0, timeout_s=60.0)
    result, digest, nodes, _ = scan(variant, chosen)
    threads[0].join()
    assert (digest, nodes, result.failures) == (expected, NODES, ())
    assert result.measures["graph_retries"] > 0


def test_a_server_that_goes_down_for_good_is_told_and_the_next_scan_goes_on(
    azure: RunningAzure, graph: RunningGraph, expected: str
) -> None:
    scan("optimized", settings(azure, graph, resource_limit=1))

    def halt(done: int, total: int) -> None:
        if done >= RESOURCES // 2:
            graph.halt()

    error, _ = fails(settings(azure, graph, progress=halt, patience_s=1.0), "naive")
    assert isinstance(error, ServiceUnreachable)
    graph.restart()
    result, digest, nodes, _ = scan("optimized", settings(azure, graph), empty=False)
    assert (digest, nodes, result.failures) == (expected, NODES, ())
    assert result.measures["resumed"] == RESOURCES // 2 - 1


def test_a_read_only_server_is_told(azure: RunningAzure, graph: RunningGraph, expected: str) -> None:
    """Last: it restarts the server."""
    graph.restart(read_only=True)
    for variant in ("naive", "optimized"):
        error, _ = fails(settings(azure, graph, patience_s=2.0), variant)
        assert "is read-only" in str(error)
    graph.restart()
    assert scan("optimized", settings(azure, graph), empty=False)[1] == expected
