"""A Bolt server reached through the official driver: bounded patience, and the driver's errors as one clear line.

Everything goes through managed transactions (``execute_write``, ``execute_read``), of which a failed one leaves
nothing. They are repeated after a deadlock, a lost connection or a restart until ``patience_s`` is over; by us and
not by the driver, which waits a second before the first repetition, where a deadlock is over in milliseconds.
"""

from __future__ import annotations

import asyncio
import random
import re
import time
from collections.abc import Mapping
from itertools import count
from types import TracebackType
from typing import Any, Self

import neo4j
from neo4j.exceptions import (
    AuthError,
    ConfigurationError,
    DriverError,
    IncompleteCommit,
    Neo4jError,
    ServiceUnavailable,
    SessionExpired,
    TransientError,
)

from workbench.errors import ServiceError, ServiceTimeout, ServiceUnauthorized, ServiceUnreachable
from workbench.redaction import redact
from workbench.services.graph import GraphEndpoint

__all__ = ["Graph", "RowRefused"]

_LONGEST = 200
_FIRST_DELAY_S = 0.02
_LONGEST_DELAY_S = 2.0
_READ_ONLY = re.compile(r"read.?only", re.IGNORECASE)
_FATAL = ("NotALeader", "Forbidden", "DatabaseNotFound", "DatabaseUnavailable", "Security.", "Syntax")


def _may_be_repeated(error: DriverError | Neo4jError) -> bool:
    """A commit whose answer was lost may have taken place; all writes are MERGEs, so doing one again is safe."""
    return error.is_retryable() or isinstance(error, IncompleteCommit)


class RowRefused(ServiceError):
    """The server refused what a statement brought: the data is at fault, not the server."""


class Graph:
    """One database; an asynchronous context manager.

    ``timeout_s`` bounds one transaction with all its repetitions, together with ``patience_s`` for those.
    ``pipelined`` sends the begin of a transaction along with its statement, which saves a round trip of three; a
    session's ``execute_write`` waits for each.
    """

    def __init__(
        self,
        endpoint: GraphEndpoint,
        tenant: str,
        *,
        patience_s: float = 30.0,
        timeout_s: float = 30.0,
        pool: int = 100,
        pipelined: bool = False,
    ) -> None:
        self.tenant = tenant
        self.statements: dict[str, Mapping[str, Any]] = {}
        self._endpoint = endpoint
        self.retries = 0
        self._patience_s = patience_s
        self._limit_s = patience_s + timeout_s
        self._once = self._in_a_query if pipelined else self._in_a_session
        self._driver = neo4j.AsyncGraphDatabase.driver(
            endpoint.uri,
            auth=(endpoint.user, endpoint.password) if endpoint.password else None,
            max_transaction_retry_time=0,
            connection_timeout=min(timeout_s, 10.0),
            connection_acquisition_timeout=patience_s + timeout_s,
            max_connection_pool_size=pool,
            notifications_min_severity="OFF",
        )

    async def write(self, statement: str, parameters: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
        """Run one statement in a session and a transaction of its own; its records."""
        return await self._managed(statement, parameters or {}, neo4j.WRITE_ACCESS)

    async def read(self, statement: str, parameters: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
        return await self._managed(statement, parameters or {}, neo4j.READ_ACCESS)

    async def profile(self, statement: str, parameters: Mapping[str, Any]) -> dict[str, Any] | None:
        """The plan with which the server carries out the statement, whose effect is undone."""
        async with self._session(neo4j.WRITE_ACCESS) as session, await session.begin_transaction() as transaction:
            result = await transaction.run(f"PROFILE {statement}", dict(parameters))
            summary = await result.consume()
            await transaction.rollback()
        return summary.profile

    async def _managed(self, statement: str, parameters: Mapping[str, Any], mode: str) -> list[dict[str, Any]]:
        self.statements.setdefault(statement, parameters)
        try:
            async with asyncio.timeout(self._limit_s):
                return await self._repeated(statement, parameters, mode)
        except (DriverError, Neo4jError, TimeoutError, OSError) as error:
            raise self._trouble(error) from error

    async def _repeated(self, statement: str, parameters: Mapping[str, Any], mode: str) -> list[dict[str, Any]]:
        deadline = time.monotonic() + self._patience_s
        for attempt in count(1):
            try:
                return await self._once(statement, parameters, mode)
            except (DriverError, Neo4jError) as error:
                delay = min(_LONGEST_DELAY_S, _FIRST_DELAY_S * 2 ** (attempt - 1)) * random.uniform(0.5, 1.5)
                if not _may_be_repeated(error) or time.monotonic() + delay > deadline:
                    raise
            self.retries += 1
            await asyncio.sleep(delay)
        raise AssertionError("unreachable: count() has no end")

    async def _in_a_query(self, statement: str, parameters: Mapping[str, Any], mode: str) -> list[dict[str, Any]]:
        routing = neo4j.RoutingControl.WRITE if mode == neo4j.WRITE_ACCESS else neo4j.RoutingControl.READ
        result = await self._driver.execute_query(
            statement,
            dict(parameters),
            routing_=routing,
            database_=self._endpoint.database,
            bookmark_manager_=None,
        )
        return [record.data() for record in result.records]

    async def _in_a_session(self, statement: str, parameters: Mapping[str, Any], mode: str) -> list[dict[str, Any]]:
        async def work(transaction: neo4j.AsyncManagedTransaction) -> list[dict[str, Any]]:
            result = await transaction.run(statement, dict(parameters))
            return await result.data()

        async with self._session(mode) as session:
            execute = session.execute_write if mode == neo4j.WRITE_ACCESS else session.execute_read
            return await execute(work)

    def _session(self, mode: str) -> neo4j.AsyncSession:
        return self._driver.session(database=self._endpoint.database, default_access_mode=mode)

    def _trouble(self, error: Exception) -> ServiceError:
        where = self._endpoint.uri
        said = redact(" ".join(str(getattr(error, "message", None) or error).split()))[:_LONGEST]
        if isinstance(error, TimeoutError):
            return ServiceTimeout(
                f"no answer from the graph server {where} within {self._limit_s:g} s; is it overloaded?"
            )
        if isinstance(error, AuthError | ConfigurationError):
            return ServiceUnauthorized(
                f"the graph server {where} refused the login; check NEO4J_USER, NEO4J_PASSWORD"
            )
        if isinstance(error, ServiceUnavailable | SessionExpired | OSError):
            return ServiceUnreachable(f"no connection to the graph server {where} ({said}); is it up?")
        code = str(getattr(error, "code", "") or "")
        if _READ_ONLY.search(code) or _READ_ONLY.search(said):
            return ServiceError(f"the graph server {where} is read-only ({said}); name one that can be written to")
        if any(word in code for word in _FATAL) or isinstance(error, DriverError):
            return ServiceError(f"the graph server {where} refused to write ({said})")
        if isinstance(error, TransientError):
            return ServiceError(f"the graph server {where} still answers {code} after repeated attempts: {said}")
        return RowRefused(f"the graph refused it ({said})")

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._driver.close()
