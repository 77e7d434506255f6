"""The service as it runs: a pool of warm connections to the database, and a listing asked for through it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextvars import copy_context
from dataclasses import dataclass
from typing import Any, Protocol

from sqlalchemy import URL, Connection, Engine, create_engine, event, text
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from workbench.scenarios.workflows.entries import Entry, Listing
from workbench.scenarios.workflows.trouble import patiently, patiently_async
from workbench.services.postgres import PostgresEndpoint

__all__ = ["AsyncClient", "Client", "Database", "SyncClient"]

ListPage = Callable[[Connection, bool, int], tuple[Entry, ...]]
ListPageAsync = Callable[[AsyncConnection, bool, int], Awaitable[tuple[Entry, ...]]]


@dataclass(frozen=True, slots=True)
class Database:
    """Where the tables are, and how patient a client is. Nothing secret shows in ``repr``."""

    endpoint: PostgresEndpoint
    schema: str
    timeout_s: float = 30.0
    patience_s: float = 10.0
    page_size: int = 50

    @property
    def where(self) -> str:
        return f"{self.endpoint.host}:{self.endpoint.port}"

    def engine_options(self, connections: int) -> dict[str, Any]:
        """Of ``create_engine`` and ``create_async_engine``.

        A listing only reads, in statements that need no common snapshot: with autocommit no round trips go into
        BEGIN and ROLLBACK.
        """
        settings = f"-csearch_path={self.schema} -cstatement_timeout={int(self.timeout_s * 1000)}"
        return {
            "url": self._url(),
            "isolation_level": "AUTOCOMMIT",
            "pool_size": connections,
            "max_overflow": 0,
            "pool_timeout": self.timeout_s,
            "hide_parameters": True,
            "connect_args": {
                "options": settings,
                "connect_timeout": max(2, round(self.timeout_s)),
                "sslmode": self.endpoint.sslmode,
                "gssencmode": "disable",
                "application_name": self.schema,
            },
        }

    def _url(self) -> URL:
        end = self.endpoint
        return URL.create("postgresql+psycopg", end.user, end.password, end.host, end.port, end.database)


class Client(Protocol):
    """``open`` fills the pool and sets ``rows`` and ``retries`` to 0; ``release`` empties it."""

    rows: int
    retries: int

    @property
    def engine(self) -> Engine: ...

    def open(self) -> None: ...

    def listing(self) -> Listing: ...

    def release(self) -> None: ...

    def close(self) -> None: ...


class SyncClient:
    """One connection, one page after the other."""

    def __init__(self, database: Database, list_page: ListPage) -> None:
        self._database = database
        self._list_page = list_page
        self.engine = create_engine(**database.engine_options(1))
        self.rows = self.retries = 0
        _count_rows(self.engine, self)

    def open(self) -> None:
        """Connect, outside the clock: a running service has its pool."""
        self._patiently(self._warm)
        self.rows = self.retries = 0

    def listing(self) -> Listing:
        return Listing(workflows=self._page(templates=False), templates=self._page(templates=True))

    def release(self) -> None:
        self.engine.dispose()

    def close(self) -> None:
        self.release()

    def _page(self, *, templates: bool) -> tuple[Entry, ...]:
        def ask() -> tuple[Entry, ...]:
            with self.engine.connect() as connection:
                return self._list_page(connection, templates, self._database.page_size)

        entries: tuple[Entry, ...] = self._patiently(ask)
        return entries

    def _warm(self) -> None:
        with self.engine.connect() as connection:
            connection.execute(text("SELECT 1"))

    def _patiently(self, call: Callable[[], Any]) -> Any:
        return patiently(call, self._database.where, self._database.patience_s, lambda: _retried(self))


class AsyncClient:
    """Two connections, both pages at once, in an event loop that outlives a round as a service's does."""

    def __init__(self, database: Database, list_page: ListPageAsync) -> None:
        self._database = database
        self._list_page = list_page
        self._runner = asyncio.Runner()
        self._engine = create_async_engine(**database.engine_options(2))
        self.rows = self.retries = 0
        _count_rows(self.engine, self)

    @property
    def engine(self) -> Engine:
        return self._engine.sync_engine

    def open(self) -> None:
        """Connect, outside the clock: a running service has its pool."""
        self._run(self._patiently(self._warm))
        self.rows = self.retries = 0

    def listing(self) -> Listing:
        listing: Listing = self._run(self._both())
        return listing

    def release(self) -> None:
        self._run(self._engine.dispose())

    def close(self) -> None:
        try:
            self.release()
        finally:
            self._runner.close()

    def _run(self, awaitable: Any) -> Any:
        return self._runner.run(awaitable, context=copy_context())

    async def _both(self) -> Listing:
        workflows, templates = await asyncio.gather(self._page(templates=False), self._page(templates=True))
        return Listing(workflows, templates)

    async def _page(self, *, templates: bool) -> tuple[Entry, ...]:
        async def ask() -> tuple[Entry, ...]:
            async with self._engine.connect() as connection:
                return await self._list_page(connection, templates, self._database.page_size)

        entries: tuple[Entry, ...] = await self._patiently(ask)
        return entries

    async def _warm(self) -> None:
        """Both connections at once, or the pool would hand out the first one twice."""
        async with self._engine.connect() as one, self._engine.connect() as other:
            await one.execute(text("SELECT 1"))
            await other.execute(text("SELECT 1"))

    async def _patiently(self, call: Callable[[], Awaitable[Any]]) -> Any:
        database = self._database
        return await patiently_async(call, database.where, database.patience_s, lambda: _retried(self))


def _retried(client: SyncClient | AsyncClient) -> None:
    client.retries += 1


def _count_rows(engine: Engine, client: SyncClient | AsyncClient) -> None:
    def executed(_connection: Any, cursor: Any, *_others: Any) -> None:
        client.rows += max(cursor.rowcount, 0)

    event.listen(engine, "after_cursor_execute", executed)
