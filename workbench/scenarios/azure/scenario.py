"""The case study: the tenant, the graph and the services behind them, and each variant as a workload over them."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from workbench.dataset.azure import build_tenant, canonical, write_tenant
from workbench.errors import UsageError
from workbench.model import Scalar
from workbench.scenarios.azure.account import AzureAccount
from workbench.scenarios.azure.bound import bound_terms
from workbench.scenarios.azure.graph_driver import Graph
from workbench.scenarios.azure.options import ScanOptions, read_options
from workbench.scenarios.azure.previous import KNOWS_TENANT, earlier_rows, prepare_graph
from workbench.scenarios.azure.settings import ScanSettings
from workbench.scenarios.azure.workload import ScanWorkload, load_scan
from workbench.scenarios.base import BoundTerm, Prepared, Settings, variant_of, variants_in
from workbench.scenarios.fault_texts import faults_text
from workbench.services.azure import (
    AzureEndpoint,
    AzureOptions,
    RunningAzure,
    endpoint_from_environment,
    start_azure,
)
from workbench.services.azure.latency import latency_s
from workbench.services.graph import KINDS, GraphEndpoint, RunningGraph, start_graph
from workbench.services.link import parse_link, start_link

__all__ = ["AzureScan"]

_VARIANTS = (
    ("naive", "one thing after another: the provider asked for each resource, a session and a MERGE for each"),
    ("version-cache", "api-versions of 14 common types are known, others looked up once"),
    ("persistent-version-cache", "api-versions come from the graph, where an earlier scan left them"),
    ("property-cache", "version-cache, and unchanged resources come from the graph of an earlier scan"),
    ("concurrent", "version-cache by a bounded number of workers (50), who read and write"),
    ("adaptive", "concurrent, but the number in flight follows throttling, for each subscription"),
    ("batched", "version-cache, and UNWIND of 100 rows a transaction"),
    ("optimized", "all of these for a first scan, batches written while others are read"),
    ("incremental", "optimized for a second scan: only what has changed is read and written"),
)


class AzureScan:
    """Scan of an Azure tenant into a graph."""

    name = "azure"
    title = "Scan of an Azure tenant into a Neo4j graph"
    variants = variants_in("azure", _VARIANTS)
    baseline = "naive"
    best = "optimized"
    demo = ("naive", "version-cache", "batched", "concurrent", "optimized", "incremental")

    def prepare(self, settings: Settings) -> Prepared:
        """Start simulator, graph server and links, or turn to what ``AZURE_ARM_URL`` and ``NEO4J_URI`` name.

        Raises ``UsageError`` for an unknown option, scale or link, ``ServiceStartFailed`` if a service doesn't.
        """
        server, scan = read_options(settings.options, settings.seed)
        endpoint = endpoint_from_environment()
        if endpoint is not None:
            return _External(self, settings, scan, endpoint)
        return _Simulated(self, settings, server, scan)


def _account(endpoint: AzureEndpoint, scan: ScanOptions) -> AzureAccount:
    return AzureAccount(
        base_url=endpoint.base_url,
        tenant_id=endpoint.tenant_id,
        client_id=endpoint.client_id,
        client_secret="not the secret" if scan.wrong_secret else endpoint.client_secret,
        login_url="" if endpoint.authority == endpoint.base_url else endpoint.authority,
        describe_url=endpoint.describe_url,
        describe_key=endpoint.describe_key,
        ca_file=endpoint.ca_file,
        timeout_s=scan.timeout_s,
        patience_s=scan.patience_s,
    )


def _settings(account: AzureAccount, graph: GraphEndpoint, scan: ScanOptions) -> ScanSettings:
    return ScanSettings(
        account=account,
        graph=graph,
        workers=scan.workers,
        batch_size=scan.batch_size,
        resource_limit=scan.resource_limit,
        descriptions=scan.descriptions,
        refused_rows=scan.refused_rows,
    )


class _Base:
    """What a simulated and a real tenant share: the graph, and workloads over it."""

    def __init__(self, scenario: AzureScan, scan: ScanOptions, link: str) -> None:
        self._scenario = scenario
        self._scan = scan
        self._link = parse_link(link)
        self._stack = ExitStack()
        kind = scan.graph or os.environ.get("NEO4J_URI", "").strip() or "embedded"
        if scan.resume and kind in KINDS:
            raise UsageError(
                "resume needs a graph server that outlives the scan: name it with --graph or NEO4J_URI"
            )
        self.graph: RunningGraph = self._stack.enter_context(start_graph(kind))

    def _graph_endpoint(self) -> GraphEndpoint:
        """Through a link of its own, unless the server is somebody else's."""
        if self.graph.process is None:
            return self.graph.endpoint()
        return self.graph.endpoint(
            self._stack.enter_context(start_link(self._link, self.graph.host, self.graph.port))
        )

    def _direct(self, tenant_id: str) -> Callable[[], Graph]:
        return partial(Graph, self.graph.endpoint(), tenant_id, patience_s=self._scan.patience_s)

    def close(self) -> None:
        self._stack.close()


class _Simulated(_Base):
    """The simulator with a synthetic tenant, and a graph, both behind the link."""

    def __init__(self, scenario: AzureScan, settings: Settings, server: AzureOptions, scan: ScanOptions) -> None:
        self._tenant = build_tenant(scale=settings.scale, seed=settings.seed, resources=settings.resources)
        self._server = server
        super().__init__(scenario, scan, settings.link)
        with self._stack:
            folder = Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="workbench-tenant-")))
            self._digest = write_tenant(self._tenant, folder)
            self.azure: RunningAzure = self._stack.enter_context(start_azure(folder, options=server))
            link = self._stack.enter_context(start_link(self._link, self.azure.host, self.azure.port))
            self.settings = _settings(_account(self.azure.endpoint(link), scan), self._graph_endpoint(), scan)
            self._server_name = self.graph.describe()
            self._stack = self._stack.pop_all()

    @property
    def parameters(self) -> Mapping[str, Scalar]:
        throttle = self._server.throttle
        return {
            "scale": self._tenant.scale,
            "seed": self._tenant.seed,
            "resources": len(self._tenant.resources),
            "subscriptions": len(self._tenant.subscriptions),
            "dataset_digest": self._digest,
            "link": self._link.name,
            "link_terms": self._link.describe(),
            "latency_scale": self._server.latency_scale,
            "throttle_bucket": throttle.capacity,
            "throttle_refill_per_s": throttle.refill_per_s,
            "graph": self.graph.kind,
            "graph_server": self._server_name,
            "workers": self._scan.workers,
            "batch_size": self._scan.batch_size,
            "changed": self._scan.changed,
            "faults": faults_text(self._server.faults),
        }

    def workload(self, variant: str) -> ScanWorkload:
        name = variant_of(self._scenario, variant).name
        direct = self._direct(self.azure.tenant_id)
        # An earlier scan ended as early as this one: otherwise it would know more than a first scan finds.
        seen = replace(self._tenant, resources=self._tenant.resources[: self._scan.resource_limit])
        rows = earlier_rows(seen, self._scan.changed) if name in KNOWS_TENANT else []

        async def before() -> None:
            self.azure.reset()  # draws, buckets and counters start anew with each repetition
            if self._scan.resume:
                return
            async with direct() as graph:
                await prepare_graph(graph, name, rows)

        return ScanWorkload(
            load_scan(name),
            self.settings,
            direct,
            before,
            dashboard=self._scan.dashboard,
            with_plans=self.graph.kind != "embedded",
        )

    def stats(self) -> dict[str, Any]:
        """What the simulator counted in the last repetition."""
        return self.azure.stats()

    def bound(self) -> tuple[BoundTerm, ...]:
        server = self._server

        def latency(endpoint: str, what: str) -> float:
            return latency_s(server.seed, endpoint, canonical(what), 1, server.latency_scale)

        return bound_terms(self._tenant, self._link, latency, server.throttle, server.page_size)


class _External(_Base):
    """A real tenant, which is only read from; nothing is known about its data or its latency.

    What a scan writes carries the tenant's id, and nothing else is ever removed from the graph.
    """

    def __init__(self, scenario: AzureScan, settings: Settings, scan: ScanOptions, endpoint: AzureEndpoint) -> None:
        super().__init__(scenario, scan, settings.link)
        with self._stack:
            self.settings = _settings(_account(endpoint, scan), self._graph_endpoint(), scan)
            self._stack = self._stack.pop_all()

    @property
    def parameters(self) -> Mapping[str, Scalar]:
        return {"dataset_digest": "external", "link": "external", "graph": self.graph.kind}

    def workload(self, variant: str) -> ScanWorkload:
        name = variant_of(self._scenario, variant).name

        async def before() -> None:
            """The graph stays as the last scan left it."""

        direct = self._direct(self.settings.account.tenant_id)
        return ScanWorkload(load_scan(name), self.settings, direct, before, dashboard=self._scan.dashboard)

    def bound(self) -> tuple[BoundTerm, ...]:
        return ()
