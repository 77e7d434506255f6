"""What can go wrong with a statement: the driver's exceptions as the errors a user reads, and bounded retries."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from typing import Any, TypeVar

import psycopg
from sqlalchemy.exc import DBAPIError, InterfaceError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from workbench.errors import (
    ServiceBadResponse,
    ServiceError,
    ServiceThrottled,
    ServiceTimeout,
    ServiceUnauthorized,
    ServiceUnreachable,
)
from workbench.redaction import redact

__all__ = ["ATTEMPTS", "Trouble", "patiently", "patiently_async", "trouble_of"]

T = TypeVar("T")

ATTEMPTS = 5
_FIRST_DELAY_S = 0.05


class Trouble(Exception):
    """A failed statement or connect: the error to report, and whether another attempt may help."""

    def __init__(self, error: ServiceError, *, again: bool = False) -> None:
        super().__init__(str(error))
        self.error = error
        self.again = again


def patiently(call: Callable[[], T], where: str, patience_s: float, retried: Callable[[], None]) -> T:
    """What ``call`` returns; passing troubles are met by at most ``ATTEMPTS`` attempts in ``patience_s`` seconds.

    ``call`` must be safe to repeat. Raises ServiceError.
    """
    delays = _delays(patience_s)
    while True:
        try:
            return call()
        except (SQLAlchemyError, psycopg.Error) as error:
            time.sleep(_next_delay(trouble_of(error, where), delays, error))
            retried()


async def patiently_async(
    call: Callable[[], Awaitable[T]], where: str, patience_s: float, retried: Callable[[], None]
) -> T:
    """As ``patiently`` for coroutines."""
    delays = _delays(patience_s)
    while True:
        try:
            return await call()
        except (SQLAlchemyError, psycopg.Error) as error:
            await asyncio.sleep(_next_delay(trouble_of(error, where), delays, error))
            retried()


def _delays(patience_s: float) -> Iterator[float]:
    """Doubling pauses, as long as attempts and patience last."""
    end = time.monotonic() + patience_s
    for attempt in range(ATTEMPTS - 1):
        delay = _FIRST_DELAY_S * 2**attempt
        if time.monotonic() + delay > end:
            return
        yield delay


def _next_delay(trouble: Trouble, delays: Iterator[float], cause: Exception) -> float:
    delay = next(delays, None) if trouble.again else None
    if delay is None:
        raise trouble.error from cause
    return delay


def trouble_of(error: Exception, where: str) -> Trouble:
    """The trouble that an exception of SQLAlchemy or psycopg means; ``where`` is the server without credentials."""
    if isinstance(error, PoolTimeout):
        return Trouble(
            ServiceThrottled(f"{where}: no pooled connection became free in time; raise the pool's size")
        )
    cause: Any = error.orig if isinstance(error, DBAPIError) else error
    state = getattr(cause, "sqlstate", None)
    text = " ".join(str(cause).split())
    if state is None and isinstance(cause, psycopg.OperationalError | psycopg.InterfaceError | InterfaceError):
        return _of_connection(text, where)
    return _of_state(state or "", text, where)


def _of_connection(text: str, where: str) -> Trouble:
    """A connection that failed or broke; libpq tells only by its message."""
    lowered = text.lower()
    if "too many clients" in lowered or "remaining connection slots" in lowered:
        return _too_many(where)
    if "authentication failed" in lowered or "no password supplied" in lowered:
        return _refused(where)
    if "timeout" in lowered:
        return Trouble(ServiceTimeout(f"{where}: Postgres gave no answer in time"), again=True)
    if "does not exist" in lowered:
        return Trouble(ServiceBadResponse(f"{where}: there is no such database; check WORKBENCH_POSTGRES_URL"))
    if "starting up" in lowered or "shutting down" in lowered:
        return Trouble(ServiceUnreachable(f"{where}: Postgres is starting up or shutting down"), again=True)
    return Trouble(
        ServiceUnreachable(f"{where}: no connection to Postgres ({_short(text)}); is it up?"), again=True
    )


def _of_state(state: str, text: str, where: str) -> Trouble:
    """By the SQLSTATE (PostgreSQL, appendix A)."""
    if state.startswith("28"):
        return _refused(where)
    if state in ("42P01", "3F000", "42703", "42883"):
        return Trouble(ServiceBadResponse(f"{where}: the schema is missing or of another version ({_short(text)})"))
    if state == "42501":
        return Trouble(ServiceUnauthorized(f"{where}: the user lacks a privilege ({_short(text)})"))
    if state == "53300":
        return _too_many(where)
    if state in ("40P01", "40001"):
        kind = "deadlocks" if state == "40P01" else "serialization failures"
        return Trouble(ServiceError(f"{where}: still {kind} after {ATTEMPTS} attempts"), again=True)
    if state in ("57014", "55P03"):
        return Trouble(ServiceTimeout(f"{where}: a statement took longer than its time limit ({_short(text)})"))
    if state.startswith(("57P", "08")):
        return Trouble(ServiceUnreachable(f"{where}: Postgres closed the connection ({_short(text)})"), again=True)
    return Trouble(ServiceError(f"{where}: Postgres refused a statement ({_short(text)})"))


def _refused(where: str) -> Trouble:
    return Trouble(ServiceUnauthorized(f"{where}: Postgres refused user or password; check WORKBENCH_POSTGRES_URL"))


def _too_many(where: str) -> Trouble:
    text = f"{where}: Postgres has no connection left; raise max_connections or close others"
    return Trouble(ServiceThrottled(text), again=True)


def _short(text: str) -> str:
    return redact(text.partition(" LINE ")[0])[:160]
