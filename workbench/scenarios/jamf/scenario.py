"""The case study: the estate and the services behind it, and each variant as a workload over them."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from contextlib import ExitStack
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any

from workbench.dataset.jamf import build_estate, write_estate
from workbench.model import Scalar
from workbench.scenarios.base import BoundTerm, Prepared, Settings, variant_of, variants_in
from workbench.scenarios.fault_texts import faults_text
from workbench.scenarios.jamf.account import Account
from workbench.scenarios.jamf.bound import bound_terms
from workbench.scenarios.jamf.graph import estate_graph
from workbench.scenarios.jamf.options import ClientOptions, read_options
from workbench.scenarios.jamf.workload import Export, ExportWorkload, load_export
from workbench.services.jamf import (
    JamfEndpoint,
    JamfOptions,
    RunningJamf,
    endpoint_from_environment,
    start_jamf,
)
from workbench.services.jamf.latency import latency_s
from workbench.services.link import parse_link, start_link

__all__ = ["JamfExport"]

_VARIANTS = (
    ("naive", "a client, and so a TLS handshake, for every call; one thing after another"),
    ("pooled", "one client that keeps its connections (50, of which 20 idle ones are kept)"),
    ("parallel-fetch", "pooled, and all roots fetched at once"),
    ("parallel-support", "pooled, and all support files fetched at once"),
    (
        "optimized",
        "all of these, a connection per request in flight, a limiter that honours 429, nothing fetched twice",
    ),
    ("queued", "optimized for any size: workers on a bounded queue, written as it comes"),
)


class JamfExport:
    """Bulk export of a Jamf Pro estate to Terraform."""

    name = "jamf"
    title = "Export of a Jamf Pro estate to Terraform"
    variants = variants_in("jamf", _VARIANTS)
    baseline = "naive"
    best = "optimized"
    demo = tuple(name for name, _ in _VARIANTS)

    def prepare(self, settings: Settings) -> Prepared:
        """Start simulator and link, or turn to the server that ``JAMF_URL`` names.

        Raises ``UsageError`` for an unknown option, scale or link, ``ServiceStartFailed`` if a service doesn't.
        """
        server, client = read_options(settings.options, settings.seed)
        endpoint = endpoint_from_environment()
        if endpoint is not None:
            return _External(self, endpoint, client)
        return _Simulated(self, settings, server, client)


def _export_of(scenario: JamfExport, variant: str) -> Export:
    return load_export(variant_of(scenario, variant).name)


def _account(endpoint: JamfEndpoint, client: ClientOptions) -> Account:
    """The user if there is one: the simulator takes both, a real server is given one or the other."""
    user = bool(endpoint.username and endpoint.password)
    return Account(
        base_url=endpoint.base_url,
        username=endpoint.username,
        password=endpoint.password,
        client_id="" if user else endpoint.client_id,
        client_secret="" if user else endpoint.client_secret,
        ca_file=endpoint.ca_file,
        timeout_s=client.timeout_s,
        patience_s=client.patience_s,
    )


class _Simulated:
    """The simulator with a synthetic estate, behind the link."""

    def __init__(
        self, scenario: JamfExport, settings: Settings, server: JamfOptions, client: ClientOptions
    ) -> None:
        self._scenario = scenario
        self._server = server
        self._link = parse_link(settings.link)
        self._estate = build_estate(scale=settings.scale, seed=settings.seed, resources=settings.resources)
        with ExitStack() as stack:
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="workbench-estate-"))
            self._digest = write_estate(self._estate, Path(folder))
            self._jamf: RunningJamf = stack.enter_context(start_jamf(Path(folder), options=server))
            link = stack.enter_context(start_link(self._link, self._jamf.host, self._jamf.port))
            self.account = _account(self._jamf.endpoint(link), client)
            self._stack = stack.pop_all()

    @property
    def parameters(self) -> Mapping[str, Scalar]:
        return {
            "scale": self._estate.scale,
            "seed": self._estate.seed,
            "resources": self._estate.roots,
            "dataset_digest": self._digest,
            "link": self._link.name,
            "link_terms": self._link.describe(),
            "latency_scale": self._server.latency_scale,
            "concurrency_limit": self._server.concurrency_limit,
            "retry_after_s": self._server.retry_after_s,
            "token_lifetime_s": self._server.token_lifetime_s,
            "faults": faults_text(self._server.faults),
        }

    def workload(self, variant: str) -> ExportWorkload:
        # Counters and draws start anew with each repetition, so that all meet the same latencies and faults.
        return ExportWorkload(_export_of(self._scenario, variant), self.account, self._jamf.reset)

    def stats(self) -> dict[str, Any]:
        """What the server counted in the last repetition."""
        return self._jamf.stats()

    def bound(self) -> tuple[BoundTerm, ...]:
        server = self._server
        latency = partial(_first_latency, server.seed, server.latency_scale)
        return bound_terms(estate_graph(self._estate), self._link, latency, server.concurrency_limit)

    def close(self) -> None:
        self._stack.close()


def _first_latency(seed: int, scale: float, endpoint: str, resource: str) -> float:
    return latency_s(seed, endpoint, resource, 1, scale)


class _External:
    """A real server, which is only read from; nothing is known about its data, its link or its latency."""

    def __init__(self, scenario: JamfExport, endpoint: JamfEndpoint, client: ClientOptions) -> None:
        self._scenario = scenario
        self.account = _account(endpoint, client)

    @property
    def parameters(self) -> Mapping[str, Scalar]:
        server = sha256(self.account.base_url.encode()).hexdigest()[:16]
        return {"dataset_digest": "external", "link": "external", "server": server}

    def workload(self, variant: str) -> ExportWorkload:
        return ExportWorkload(_export_of(self._scenario, variant), self.account)

    def bound(self) -> tuple[BoundTerm, ...]:
        return ()

    def close(self) -> None:
        pass
