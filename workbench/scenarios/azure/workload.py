"""One variant of the scan as something that can be repeated: a graph made ready each time, and read back after."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from dataclasses import replace
from importlib import import_module
from typing import Any

from tqdm import tqdm

from workbench.model import Plan
from workbench.scenarios.azure.graph_driver import Graph
from workbench.scenarios.azure.graph_store import graph_digest
from workbench.scenarios.azure.plans import profile_statements
from workbench.scenarios.azure.scan import ScanResult
from workbench.scenarios.azure.settings import ScanSettings
from workbench.scenarios.base import Outcome

__all__ = ["ScanFunction", "ScanWorkload", "load_scan"]

ScanFunction = Callable[[ScanSettings], Awaitable[ScanResult]]
Before = Callable[[], Awaitable[None]]


def load_scan(variant: str) -> ScanFunction:
    """The function of a variant's module, which is imported only now."""
    module = import_module(f"workbench.scenarios.azure.{variant.replace('-', '_')}")
    scan: ScanFunction = module.scan
    return scan


class ScanWorkload:
    """One variant. ``direct`` makes a connection to the graph beside the link, for what isn't measured."""

    def __init__(
        self,
        scan: ScanFunction,
        settings: ScanSettings,
        direct: Callable[[], Graph],
        before: Before,
        *,
        dashboard: bool = False,
        with_plans: bool = False,
    ) -> None:
        self._scan = scan
        self._settings = settings
        self._direct = direct
        self._before = before
        self._dashboard = dashboard
        self._with_plans = with_plans
        self._plans: tuple[Plan, ...] = ()

    def setup(self) -> None:
        """The graph as the variant expects it, and services as they were before the first repetition."""
        asyncio.run(self._ready())

    async def _ready(self) -> None:
        await self._before()

    async def run(self) -> ScanResult:
        """The scan. Raises the error of a server that is at fault."""
        with tqdm(unit=" resources", file=sys.stderr, disable=not self._dashboard, leave=False) as bar:

            def show(done: int, total: int) -> None:
                bar.total = total
                bar.update(done - bar.n)

            return await self._scan(replace(self._settings, progress=show if self._dashboard else None))

    def finish(self, value: Any) -> Outcome:
        """Read the graph back and digest it."""
        result: ScanResult = value
        digest, nodes, links = asyncio.run(self._look(result))
        measures = {**result.measures, "nodes": float(nodes), "relationships": float(links)}
        return Outcome(digest, measures, result.failures, self._plans)

    async def _look(self, result: ScanResult) -> tuple[str, int, int]:
        async with self._direct() as graph:
            if self._with_plans and not self._plans:  # the same statements each time
                self._plans = await profile_statements(graph, result.statements)
            return await graph_digest(graph)
