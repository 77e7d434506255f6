"""Scans of a small simulated tenant for tests: the simulator, what a scan is told, what the graph holds after.

A module that imports the fixtures has a fixture ``graph`` of its own, of the servers that it scans into.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from workbench.dataset.azure import build_tenant, write_tenant
from workbench.scenarios.azure.account import AzureAccount
from workbench.scenarios.azure.graph_driver import Graph
from workbench.scenarios.azure.graph_store import clear, graph_digest
from workbench.scenarios.azure.graph_writer import GraphWriter
from workbench.scenarios.azure.scan import ScanResult
from workbench.scenarios.azure.settings import ScanSettings
from workbench.scenarios.azure.workload import load_scan
from workbench.services.azure import AzureOptions, RunningAzure, start_azure
from workbench.services.azure.throttle import Throttle
from workbench.services.graph import GraphEndpoint, RunningGraph

__all__ = ["NODES", "RESOURCES", "TENANT", "azure", "expected", "folder", "scan", "settings", "simulator"]

RESOURCES = 40
TENANT = build_tenant(resources=RESOURCES)
NODES = RESOURCES + len(TENANT.resource_groups) + len(TENANT.subscriptions)


@contextmanager
def simulator(folder: Path, **options: Any) -> Iterator[RunningAzure]:
    chosen = {"latency_scale": 0.0, "throttle": Throttle(None), **options}
    with start_azure(folder, options=AzureOptions(**chosen)) as server:
        yield server


def settings(azure: RunningAzure, graph: RunningGraph | GraphEndpoint, **chosen: Any) -> ScanSettings:
    endpoint = azure.endpoint()
    account: dict[str, Any] = {"patience_s": 5.0, "timeout_s": 5.0, "client_secret": endpoint.client_secret}
    account |= {name: chosen.pop(name) for name in list(chosen) if name in account}
    return ScanSettings(
        AzureAccount(
            base_url=endpoint.base_url,
            tenant_id=endpoint.tenant_id,
            client_id=endpoint.client_id,
            describe_url=endpoint.describe_url,
            describe_key=endpoint.describe_key,
            ca_file=endpoint.ca_file,
            **account,
        ),
        graph if isinstance(graph, GraphEndpoint) else graph.endpoint(),
        **chosen,
    )


def scan(variant: str, chosen: ScanSettings, *, empty: bool = True) -> tuple[ScanResult, str, int, int]:
    """The result, and what the graph holds afterwards."""

    async def main() -> tuple[ScanResult, str, int, int]:
        async with Graph(chosen.graph, chosen.account.tenant_id) as graph:
            if empty:
                await GraphWriter(graph, "").ensure_schema()
                await clear(graph)
            result = await load_scan(variant)(chosen)
            return result, *(await graph_digest(graph))

    return asyncio.run(main())


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tenant as files."""
    path = tmp_path_factory.mktemp("tenant")
    write_tenant(TENANT, path)
    return path


@pytest.fixture(scope="module")
def azure(folder: Path) -> Iterator[RunningAzure]:
    """Its simulator, without latencies and throttle."""
    with simulator(folder) as server:
        yield server


@pytest.fixture(scope="module")
def expected(azure: RunningAzure, graph: RunningGraph) -> str:
    """The digest of the graph that a scan without a fault makes."""
    return scan("naive", settings(azure, graph))[1]
