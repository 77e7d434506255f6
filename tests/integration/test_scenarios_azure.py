"""The Azure scan end to end: equal graphs from all variants, and every fault told and survived."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from azure_scans import NODES, RESOURCES, TENANT, scan, settings, simulator
from azure_scans import azure as azure
from azure_scans import expected as expected
from azure_scans import folder as folder

from workbench.errors import ServiceError, ServiceThrottled, ServiceUnauthorized, ServiceUnreachable
from workbench.scenarios.azure import statements
from workbench.scenarios.azure.graph_driver import Graph
from workbench.scenarios.azure.graph_store import graph_digest
from workbench.scenarios.azure.previous import earlier_rows, prepare_graph
from workbench.scenarios.azure.settings import ScanSettings
from workbench.scenarios.azure.workload import load_scan
from workbench.scenarios.base import Settings
from workbench.scenarios.registry import get
from workbench.services.azure import RunningAzure
from workbench.services.azure.throttle import Throttle
from workbench.services.graph import RunningGraph, start_graph
from workbench.services.simulator.faults import Faults

pytestmark = [pytest.mark.service, pytest.mark.timeout(240)]

VARIANTS = [variant.name for variant in get("azure").variants]


@pytest.fixture(scope="module")
def graph() -> Iterator[RunningGraph]:
    with start_graph("embedded") as server:
        yield server


def test_every_variant_makes_the_same_graph(azure: RunningAzure, graph: RunningGraph) -> None:
    prepared = get("azure").prepare(
        Settings(resources=RESOURCES, link="none", options={"latency_scale": "0", "batch_size": "9"})
    )
    try:
        digests = {}
        for variant in VARIANTS:
            workload = prepared.workload(variant)
            workload.setup()
            outcome = workload.finish(asyncio.run(workload.run()))
            assert outcome.failures == ()
            assert outcome.measures["nodes"] == NODES
            digests[variant] = outcome.digest
        assert len(set(digests.values())) == 1, digests
        assert prepared.parameters["graph_server"].startswith("ArcadeDB")
        assert prepared.parameters["faults"] == "none"
    finally:
        prepared.close()


def test_variants_agree_also_on_a_scan_that_ends_early(graph: RunningGraph) -> None:
    options = {"latency_scale": "0", "resource_limit": "9", "changed": "0.3"}
    prepared = get("azure").prepare(Settings(resources=RESOURCES, link="none", options=options))
    try:
        digests = set()
        for variant in ("naive", "property-cache", "incremental"):
            workload = prepared.workload(variant)
            workload.setup()
            outcome = workload.finish(asyncio.run(workload.run()))
            assert outcome.measures["resources"] == 9
            digests.add(outcome.digest)
        assert len(digests) == 1
    finally:
        prepared.close()


def test_calls_and_statements_are_what_each_rung_promises(azure: RunningAzure, graph: RunningGraph) -> None:
    naive = scan("naive", settings(azure, graph))[0].measures
    cached = scan("version-cache", settings(azure, graph))[0].measures
    batched = scan("batched", settings(azure, graph, batch_size=20))[0].measures
    assert naive["provider_calls"] == RESOURCES
    assert 0 < cached["provider_calls"] < RESOURCES / 2
    assert naive["resource_statements"] == cached["resource_statements"] == NODES
    assert batched["resource_statements"] == -(-NODES // 20)


def test_optimized_reads_resources_while_it_lists_them(folder: Path, graph: RunningGraph, expected: str) -> None:
    listed: list[int] = []
    with simulator(folder, page_size=1) as azure:
        result, digest, _, _ = scan(
            "optimized", settings(azure, graph, progress=lambda done, total: listed.append(total))
        )
    assert listed[0] < RESOURCES == listed[-1]
    assert (digest, result.failures) == (expected, ())


def test_persistent_versions_need_no_provider(azure: RunningAzure, graph: RunningGraph) -> None:
    first = scan("persistent-version-cache", settings(azure, graph))[0].measures
    second = scan("persistent-version-cache", settings(azure, graph), empty=False)[0].measures
    assert first["provider_calls"] > 0 == second["provider_calls"]


@pytest.mark.parametrize("variant", ["version-cache", "adaptive", "batched", "incremental"])
def test_running_again_changes_nothing(
    variant: str, azure: RunningAzure, graph: RunningGraph, expected: str
) -> None:
    scan("optimized", settings(azure, graph))
    result, digest, _, _ = scan(variant, settings(azure, graph), empty=False)
    assert digest == expected
    assert result.failures == ()


@pytest.mark.parametrize("variant", ["property-cache", "incremental"])
def test_a_second_scan_sees_changes_news_and_losses(variant: str, azure: RunningAzure, graph: RunningGraph) -> None:
    scan("optimized", settings(azure, graph))
    azure.mutate(0.2, seed=3, deleted=0.1)
    try:
        azure.reset()
        result, digest, nodes, _ = scan(variant, settings(azure, graph), empty=False)
        reads = sum(azure.stats()["reads"].values())
        assert (digest, nodes) == scan("naive", settings(azure, graph))[1:3]
        assert nodes == NODES - 4
        assert result.measures["reused"] == RESOURCES - 4 - 8
        assert reads < RESOURCES
    finally:
        azure.restore()


def test_what_an_earlier_scan_knew_is_what_incremental_starts_from(
    azure: RunningAzure, graph: RunningGraph, expected: str
) -> None:
    chosen = settings(azure, graph)

    async def before() -> None:
        async with Graph(chosen.graph, chosen.account.tenant_id) as server:
            await prepare_graph(server, "incremental", earlier_rows(TENANT, 0.1))

    asyncio.run(before())
    result, digest, _, _ = scan("incremental", chosen, empty=False)
    assert digest == expected
    assert 0 < result.measures["reused"] < RESOURCES


@pytest.mark.parametrize("variant", ["naive", "optimized"])
def test_a_failing_resource_is_reported_and_the_rest_is_written(
    variant: str, folder: Path, graph: RunningGraph
) -> None:
    bad = TENANT.resources[7].id
    with simulator(folder, faults=Faults(bad_resources=(bad,))) as azure:
        result, _, nodes, _ = scan(variant, settings(azure, graph))
    assert [failure.resource for failure in result.failures] == [bad]
    assert nodes == NODES - 1


@pytest.mark.parametrize("variant", ["naive", "batched", "optimized"])
def test_a_row_that_the_graph_refuses_is_reported_and_the_rest_is_written(
    variant: str, azure: RunningAzure, graph: RunningGraph
) -> None:
    result, _, nodes, _ = scan(variant, settings(azure, graph, refused_rows=2))
    assert len(result.failures) == 2
    assert nodes == NODES - 2
    assert result.resources == RESOURCES - 2


@pytest.mark.parametrize("variant", ["naive", "optimized"])
def test_wrong_credentials_are_one_clear_line(variant: str, azure: RunningAzure, graph: RunningGraph) -> None:
    with pytest.raises(ServiceUnauthorized) as raised:
        scan(variant, settings(azure, graph, client_secret="wrong-canary"))
    assert "client secret" in str(raised.value)
    assert "canary" not in str(raised.value) and "\n" not in str(raised.value)


def test_a_revoked_token_is_renewed(folder: Path, graph: RunningGraph, expected: str) -> None:
    with simulator(folder, faults=Faults(unauthorized_after=30)) as azure:
        for variant in ("naive", "optimized"):
            result, digest, _, _ = scan(variant, settings(azure, graph, workers=8))
            assert (digest, result.failures) == (expected, ())
        assert azure.stats()["logins"] >= 4


def test_a_token_that_never_works_ends_the_scan(folder: Path, graph: RunningGraph) -> None:
    with simulator(folder, faults=Faults(unauthorized_after=0)) as azure, pytest.raises(ServiceUnauthorized):
        scan("optimized", settings(azure, graph))


def test_a_storm_of_429_ends_within_the_patience(folder: Path, graph: RunningGraph) -> None:
    with simulator(folder, faults=Faults(always_429=True)) as azure:
        with pytest.raises(ServiceThrottled, match="429"):
            scan("optimized", settings(azure, graph, patience_s=2.0))
        assert azure.stats()["requests"] < 100


@pytest.mark.parametrize("variant", ["concurrent", "adaptive", "optimized"])
def test_throttling_is_honoured(variant: str, folder: Path, graph: RunningGraph, expected: str) -> None:
    with simulator(folder, throttle=Throttle(8, 20.0)) as azure:
        result, digest, _, _ = scan(variant, settings(azure, graph, patience_s=20.0))
        assert azure.stats()["throttled"] > 0
    assert (digest, result.failures) == (expected, ())


def test_a_known_version_that_is_wrong_is_looked_up(
    azure: RunningAzure, graph: RunningGraph, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    common = TENANT.resources[0].type.lower()
    monkeypatch.setattr("workbench.scenarios.azure.scan.WELL_KNOWN", {common: "1999-01-01"})
    result, digest, _, _ = scan("version-cache", settings(azure, graph))
    assert (digest, result.failures) == (expected, ())


def test_passing_faults_are_ridden_out(folder: Path, graph: RunningGraph, expected: str) -> None:
    faults = Faults(error_rate=0.03, reset_rate=0.02, truncate_rate=0.02, html_rate=0.0)
    with simulator(folder, faults=faults) as azure:
        result, digest, _, _ = scan("optimized", settings(azure, graph, patience_s=20.0))
    assert (digest, result.failures) == (expected, ())


def test_a_killed_scan_resumes(azure: RunningAzure, graph: RunningGraph, expected: str) -> None:
    class Killed(BaseException):
        pass

    def kill(done: int, total: int) -> None:
        if done == 25:
            raise Killed

    with pytest.raises(Killed):
        scan("naive", settings(azure, graph, progress=kill))
    azure.reset()
    result, digest, _, _ = scan("optimized", settings(azure, graph), empty=False)
    assert digest == expected
    assert result.measures["resumed"] == 24
    assert sum(azure.stats()["reads"].values()) < RESOURCES
    assert scan("optimized", settings(azure, graph), empty=False)[0].measures["resumed"] == 0


def test_descriptions_are_asked_for_one_by_one_within_the_limit(azure: RunningAzure, graph: RunningGraph) -> None:
    azure.reset()
    result, _, _, _ = scan("batched", settings(azure, graph, descriptions=True, resource_limit=6))
    assert result.measures["descriptions"] == 6
    assert result.resources == 6
    assert azure.stats().get("describe_throttled", 0) == 0


def test_a_schema_that_is_missing_is_made(azure: RunningAzure, graph: RunningGraph, expected: str) -> None:
    with start_graph("embedded") as fresh:
        chosen = settings(azure, fresh)
        digest = asyncio.run(_scan_without_schema(chosen))
    assert digest == expected


async def _scan_without_schema(chosen: ScanSettings) -> str:
    await load_scan("optimized")(chosen)
    async with Graph(chosen.graph, chosen.account.tenant_id) as graph:
        return (await graph_digest(graph))[0]


def test_a_graph_that_is_down_is_one_clear_line(azure: RunningAzure, graph: RunningGraph) -> None:
    with start_graph("embedded") as other:
        other.halt()
        with pytest.raises(ServiceUnreachable) as raised:
            asyncio.run(load_scan("optimized")(settings(azure, other, patience_s=1.0)))
    assert "graph server" in str(raised.value) and "\n" not in str(raised.value)


def test_a_graph_that_refuses_to_write_ends_the_scan(graph: RunningGraph) -> None:
    refusal = _neo4j_error("Neo.ClientError.General.ForbiddenOnReadOnlyDatabase", "No write operations are allowed")

    async def told() -> Exception:
        async with Graph(graph.endpoint(), "t") as opened:
            return opened._trouble(refusal)

    error = asyncio.run(told())
    assert type(error) is ServiceError
    assert "is read-only" in str(error)


def _neo4j_error(code: str, message: str) -> Exception:
    from neo4j.exceptions import Neo4jError

    return Neo4jError._hydrate_neo4j(code=code, message=message)


def test_all_statements_of_the_scan_are_known(azure: RunningAzure, graph: RunningGraph) -> None:
    """What runs inside the clock comes from one module, whose statements are profiled on Neo4j."""
    known = {*statements.LINK_ONE.values(), *statements.LINK_MANY.values(), *statements.SCHEMA}
    known |= {value for name, value in vars(statements).items() if name.isupper() and isinstance(value, str)}
    for variant in ("naive", "batched", "incremental"):
        assert set(scan(variant, settings(azure, graph))[0].statements) <= known
