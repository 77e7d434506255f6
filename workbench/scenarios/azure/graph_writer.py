"""Writes resources and relationships: each statement can be repeated without a second effect.

A batch that the graph refuses is halved until the row at fault stands alone; that row is reported and the rest is
written. A batch is a transaction, so nothing of a refused one stays.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from workbench.redaction import redact
from workbench.scenarios.azure import statements
from workbench.scenarios.azure.graph_driver import Graph, RowRefused
from workbench.scenarios.azure.rows import Link, Row
from workbench.scenarios.base import Failure

__all__ = ["GraphWriter"]

Parameters = dict[str, Any]


class GraphWriter:
    """Writes to one graph on behalf of one scan, and counts what it does."""

    def __init__(self, graph: Graph, scan: str) -> None:
        self.graph = graph
        self.failures: list[Failure] = []
        self.resource_statements = 0
        self.relationship_statements = 0
        self.dangling = 0  # links to what isn't in the graph
        self._mark = {"tenant": graph.tenant, "scan": scan}

    async def ensure_schema(self) -> None:
        """Constraints and indexes: without them every MERGE would scan the label."""
        for statement in statements.SCHEMA:
            await self.graph.write(statement)

    async def resource(self, row: Row) -> bool:
        """Write one resource by a statement of its own; whether the graph took it."""
        self.resource_statements += 1
        try:
            await self.graph.write(statements.MERGE_ONE, self._parameters(row))
        except RowRefused as error:
            self.failures.append(_failure(row.id, error))
            return False
        return True

    async def resources(self, rows: Sequence[Row], size: int) -> list[str]:
        """Write resources in batches of ``size``; the ids of those that the graph refused."""
        refused: list[str] = []
        for batch in batches(rows, size):
            await self._many([self._parameters(row) for row in batch], refused)
        return refused

    async def link(self, link: Link) -> None:
        """Write one relationship by a statement of its own."""
        self.relationship_statements += 1
        parameters = {"source": link.source, "target": link.target}
        written = await self.graph.write(statements.LINK_ONE[link.kind], parameters)
        self.dangling += 1 - _written(written)

    async def links(self, links: Iterable[Link], size: int) -> None:
        """Write relationships in batches of ``size``, kind by kind."""
        for kind, rows in _by_kind(links).items():
            for batch in batches(rows, size):
                self.relationship_statements += 1
                written = await self.graph.write(statements.LINK_MANY[kind], {"rows": batch})
                self.dangling += len(batch) - _written(written)

    async def unlink(self, rows: Sequence[Row], size: int) -> None:
        """Take off relationships that resources no longer have."""
        keep = [
            {"id": row.id, "keep": [link.target for link in row.links() if link.source == row.id]} for row in rows
        ]
        for batch in batches(keep, size):
            self.relationship_statements += 1
            await self.graph.write(statements.UNLINK_MANY, {"rows": batch})

    async def remove(self, ids: Iterable[str], size: int) -> None:
        """Remove resources that are gone, with their relationships."""
        for batch in batches([{"id": each} for each in sorted(ids)], size):
            self.resource_statements += 1
            await self.graph.write(statements.REMOVE_MANY, {"rows": batch})

    async def _many(self, rows: list[Parameters], refused: list[str]) -> None:
        """Write the rows, halving a refused batch."""
        self.resource_statements += 1
        try:
            await self.graph.write(statements.MERGE_MANY, {"rows": rows})
        except RowRefused as error:
            if len(rows) == 1:
                self.failures.append(_failure(rows[0]["id"], error))
                refused.append(rows[0]["id"])
                return
            half = len(rows) // 2
            await self._many(rows[:half], refused)
            await self._many(rows[half:], refused)

    def _parameters(self, row: Row) -> Parameters:
        parameters = row.parameters()
        parameters["properties"] |= self._mark
        return parameters


def batches(rows: Sequence[Any], size: int) -> Iterable[list[Any]]:
    """The rows, ``size`` at a time."""
    return (list(rows[start : start + size]) for start in range(0, len(rows), size))


def _by_kind(links: Iterable[Link]) -> dict[str, list[Parameters]]:
    kinds: dict[str, list[Parameters]] = {}
    for link in sorted(links, key=lambda link: (link.kind, link.source, link.target)):
        kinds.setdefault(link.kind, []).append({"source": link.source, "target": link.target})
    return kinds


def _written(records: list[dict[str, Any]]) -> int:
    return int(records[0]["written"]) if records else 0


def _failure(resource: str, error: Exception) -> Failure:
    return Failure(redact(str(resource)), redact(" ".join(str(error).split())))
