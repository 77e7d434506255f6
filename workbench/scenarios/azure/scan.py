"""What all variants of the scan share: the beginning and the end, one resource read, one written, failures kept."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

import httpx

from workbench.errors import ServiceBadResponse, ServiceError
from workbench.redaction import redact
from workbench.scenarios.azure.client import Arm
from workbench.scenarios.azure.descriptions import Describer
from workbench.scenarios.azure.graph_driver import Graph
from workbench.scenarios.azure.graph_store import begin_scan, end_scan
from workbench.scenarios.azure.graph_writer import GraphWriter
from workbench.scenarios.azure.phases import Phases
from workbench.scenarios.azure.rows import Link, Row, resource_row
from workbench.scenarios.azure.settings import ScanSettings
from workbench.scenarios.azure.tenant import Entry, Listing, list_in_parts, list_tenant, list_tenant_at_once
from workbench.scenarios.azure.versions import WELL_KNOWN, CachedVersions, LookedUpVersions, Versions
from workbench.scenarios.base import Failure
from workbench.scenarios.http.limiter import Limiter
from workbench.scenarios.http.tasks import task_group

__all__ = ["Scan", "ScanResult", "open_scan", "open_stream"]

_TOO_MANY = 10  # failures in a row without one success: then the server is at fault, not a resource


@dataclass(frozen=True, slots=True)
class ScanResult:
    """What a scan reports. ``failures`` names the resources that are not in the graph as they should be.

    ``statements`` are the distinct Cypher statements, each with the parameters of its first use.
    """

    resources: int
    relationships: int
    failures: tuple[Failure, ...]
    measures: dict[str, float]
    statements: Mapping[str, Mapping[str, Any]]


class Scan:
    """One scan under way."""

    def __init__(
        self,
        settings: ScanSettings,
        client: httpx.AsyncClient,
        arm: Arm,
        writer: GraphWriter,
        done: dict[str, Row],
    ) -> None:
        self.settings = settings
        self.arm = arm
        self.graph = writer.graph
        self.writer = writer
        self.phases = Phases()
        self.listing = Listing()
        self.looked_up = LookedUpVersions(arm, self.phases)
        self.rows: dict[str, Row] = {}
        self.resumed = 0
        self.reused = 0
        self.failures: list[Failure] = []
        self._done = done
        self._in_a_row = 0
        self._describer = Describer(client, settings.account, settings.descriptions_limit)

    async def read_listings(self, *, at_once: bool) -> None:
        """Read the listings; what an unfinished scan has written already needs no reading."""
        with self.phases.of("listing"):
            listing = await (list_tenant_at_once if at_once else list_tenant)(self.arm)
        self.take(listing.limited(self.settings.resource_limit))

    async def list_in_parts(self, take: Callable[[Listing], None]) -> None:
        """Read the listings, and give each page to ``take`` as it comes; a scan that ends early gets one part."""
        with self.phases.of("listing"):
            if self.settings.resource_limit is None:
                await list_in_parts(self.arm, take)
            else:
                take((await list_tenant_at_once(self.arm)).limited(self.settings.resource_limit))

    def take(self, part: Listing) -> list[Row]:
        """Note a part of the listing; the rows of it that an unfinished scan has written already."""
        self.listing.containers += part.containers
        self.listing.entries += part.entries
        resumed = []
        for entry in part.entries:
            row = self._done.get(entry.id)
            if row is not None and row.properties.get("changed_time") == entry.changed_time:
                self.rows[entry.id] = row
                resumed.append(row)
        self.resumed += len(resumed)
        return resumed

    @property
    def todo(self) -> list[Entry]:
        """The listed resources still to be read."""
        return [entry for entry in self.listing.entries if entry.id not in self.rows]

    def cached_versions(self, known: dict[str, str] | None = None) -> CachedVersions:
        """The well-known versions, and others as they are needed; ``known`` adds those of earlier scans."""
        return CachedVersions({**WELL_KNOWN, **(known or {})}, self.looked_up)

    async def read(self, entry: Entry, versions: Versions) -> Row | None:
        """A resource's row; None if it failed, which is noted. Raises the error of a server that is at fault."""
        try:
            row = await self._row(entry, versions)
        except ServiceError as error:
            self._failed(entry.path, error)
            return None
        self._in_a_row = 0
        self.rows[entry.id] = row
        if self.settings.progress:
            self.settings.progress(len(self.rows), len(self.listing.entries))
        return row

    async def write(self, row: Row) -> None:
        """One resource by a statement of its own."""
        with self.phases.of("writes"):
            if not await self.writer.resource(self._spoiled(row)):
                self.rows.pop(row.id, None)

    async def write_batch(self, rows: Iterable[Row]) -> None:
        """Resources by UNWIND."""
        with self.phases.of("writes"):
            spoiled = [self._spoiled(row) for row in rows]
            for refused in await self.writer.resources(spoiled, self.settings.batch_size):
                self.rows.pop(refused, None)

    async def link(self, link: Link) -> None:
        with self.phases.of("relationships"):
            await self.writer.link(link)

    async def link_batch(self, links: Iterable[Link]) -> None:
        with self.phases.of("relationships"):
            await self.writer.links(links, self.settings.batch_size)

    def links(self) -> list[Link]:
        """The relationships of all rows, each once, in a fixed order."""
        rows = [
            *self.listing.containers,
            *(self.rows[entry.id] for entry in self.listing.entries if entry.id in self.rows),
        ]
        return list(dict.fromkeys(link for row in rows for link in row.links()))

    async def describe(self, rows: Iterable[Row]) -> None:
        """The description stage, if it is switched on."""
        if not self.settings.descriptions:
            return
        with self.phases.of("descriptions"):
            described = await asyncio.gather(*(self._described(row) for row in rows))
        await self.write_batch(row for row in described if row is not None)

    async def _described(self, row: Row) -> Row | None:
        try:
            text = await self._describer.describe(row)
        except ServiceError as error:
            self._failed(f"description of {row.id}", error)
            return None
        return replace(row, properties={**row.properties, "description": text})

    async def _row(self, entry: Entry, versions: Versions) -> Row:
        version = await versions.of(entry.type, entry.subscription)
        with self.phases.of("properties"):
            try:
                document = await self.arm.json(entry.path, version)
            except ServiceError as error:
                if not _wrong_version(error):
                    raise
                version = await versions.again(entry.type, entry.subscription)
                if not version:
                    raise
                document = await self.arm.json(entry.path, version)
        if not isinstance(document, dict):
            raise ServiceBadResponse(f"GET {entry.path}: not the document of a resource")
        return resource_row(document, entry.changed_time)

    def _failed(self, what: str, error: ServiceError) -> None:
        self._in_a_row += 1
        if self._in_a_row >= min(_TOO_MANY, len(self.listing.entries)):
            raise error
        self.failures.append(Failure(redact(what), redact(" ".join(str(error).split()))))

    def _spoiled(self, row: Row) -> Row:
        """The row, or one that the graph refuses, if that fault is switched on."""
        bad = {entry.id for entry in self.listing.entries[: self.settings.refused_rows]}
        return replace(row, properties={**row.properties, "kind": {"a": {"map": 1}}}) if row.id in bad else row

    def result(self) -> ScanResult:
        writer = self.writer
        failures = (*self.failures, *writer.failures)
        measures = {
            **self.phases.measures(),
            "resources": float(len(self.rows)),
            "provider_calls": float(self.looked_up.calls),
            "resource_statements": float(writer.resource_statements),
            "relationship_statements": float(writer.relationship_statements),
            "graph_retries": float(self.graph.retries),
            "dangling_links": float(writer.dangling),
            "resumed": float(self.resumed),
            "reused": float(self.reused),
            "descriptions": float(self._describer.calls),
            "failed": float(len(failures)),
            "max_in_flight": float(self.arm.traffic.peak),
        }
        return ScanResult(len(self.rows), len(self.links()), failures, measures, self.graph.statements)


def _wrong_version(error: ServiceError) -> bool:
    text = str(error)
    return "ApiVersion" in text or "api-version" in text or "NoRegisteredProviderFound" in text


@asynccontextmanager
async def open_scan(
    settings: ScanSettings, new_limiter: Callable[[], Limiter] | None = None, *, at_once: bool = False
) -> AsyncIterator[Scan]:
    """Log in, prepare the graph, read the listings; at a good end forget the mark that a killed scan leaves."""
    account = settings.account
    client = account.client_of_lanes() if at_once else account.client()
    async with client, _graph(settings) as graph:
        arm = Arm.over(client, account, new_limiter)
        await arm.login()
        scan = await _begun(settings, client, arm, graph)
        await scan.read_listings(at_once=at_once)
        yield scan
        await end_scan(graph)


@asynccontextmanager
async def open_stream(settings: ScanSettings, new_limiter: Callable[[], Limiter]) -> AsyncIterator[Scan]:
    """As ``open_scan``, with fewer round trips, and the listings are left to be read while resources are."""
    async with settings.account.client_of_lanes() as client, _graph(settings, pipelined=True) as graph:
        arm = Arm.over(client, settings.account, new_limiter)
        async with task_group() as tasks:
            tasks.create_task(arm.login())
            begun = tasks.create_task(_begun(settings, client, arm, graph))
        yield begun.result()
        await end_scan(graph)


def _graph(settings: ScanSettings, *, pipelined: bool = False) -> Graph:
    account = settings.account
    return Graph(
        settings.graph,
        account.tenant_id,
        patience_s=account.patience_s,
        timeout_s=account.timeout_s,
        pipelined=pipelined,
    )


async def _begun(settings: ScanSettings, client: httpx.AsyncClient, arm: Arm, graph: Graph) -> Scan:
    mark, done = await begin_scan(graph)
    scan = Scan(settings, client, arm, GraphWriter(graph, mark), done)
    with scan.phases.of("writes"):
        await scan.writer.ensure_schema()
    return scan
