"""One variant of the listing as something that can be repeated: a warm pool each time, and what it read counted."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import astuple, dataclass
from importlib import import_module
from typing import Any

from sqlalchemy import Connection, create_engine, event

from workbench.errors import UsageError
from workbench.model import Plan
from workbench.scenarios.base import Outcome
from workbench.scenarios.workflows.clients import AsyncClient, Client, Database, SyncClient
from workbench.scenarios.workflows.entries import Listing
from workbench.scenarios.workflows.loading import Administrator
from workbench.services.postgres.explain import EXPLAIN, EXPLAIN_TOTAL, plan_of, total_seconds

__all__ = ["ListingWorkload", "Surroundings", "cheapest_listing", "issued_by", "new_client", "plans_of"]

ASYNC = frozenset({"optimized"})
INDEXED = frozenset({"indexed", "paged", "optimized"})
_REPETITIONS = 5


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What all variants share: the database through the link and directly, and how many bytes crossed the link."""

    database: Database
    direct: Database
    administrator: Administrator
    bytes_crossed: Callable[[], Mapping[str, int]]


def new_client(variant: str, database: Database) -> Client:
    """A client that runs the variant's ``list_page``; its module is imported only now."""
    list_page = import_module(f"workbench.scenarios.workflows.{variant.replace('-', '_')}").list_page
    return AsyncClient(database, list_page) if variant in ASYNC else SyncClient(database, list_page)


class ListingWorkload:
    """One variant. Its engine lives as long as it does, its connections for one repetition.

    The first set-up lists once: a running service has compiled its statements. Their plans are taken then, too.
    """

    def __init__(self, variant: str, surroundings: Surroundings) -> None:
        self._variant = variant
        self._around = surroundings
        self._client = new_client(variant, surroundings.database)
        self._before: dict[str, int] = {}
        self._plans: tuple[Plan, ...] | None = None

    def setup(self) -> None:
        """The indexes that the variant has, and a pool that is warm. Raises ServiceError."""
        around = self._around
        self._client.release()
        around.administrator.set_indexed(self._variant in INDEXED)
        if self._plans is None:
            issued, _ = issued_by(self._client)
            self._plans = plans_of(issued, around.direct)
        self._before = {"toast_blocks": around.administrator.toast_blocks()}
        self._client.open()
        self._before |= around.bytes_crossed()

    def run(self) -> Listing:
        """The listing. Raises ServiceError."""
        if not self._before:
            raise UsageError("a workload is set up before it runs")
        return self._client.listing()

    def finish(self, value: Any) -> Outcome:
        """Count what was read and sent."""
        listing: Listing = value
        client, before = self._client, self._before
        crossed = self._around.bytes_crossed()
        client.release()
        failures = listing.failures()
        measures: dict[str, float] = {
            "rows": client.rows,
            "entries": len(listing.workflows) + len(listing.templates),
            "listing_bytes": len(listing.to_json().encode()),
            "toast_blocks": self._around.administrator.toast_blocks() - before["toast_blocks"],
            "failed": len(failures),
            **{name: count - before[name] for name, count in crossed.items()},
        }
        if client.retries:
            measures["retries"] = client.retries
        return Outcome(listing.digest(), measures, failures, self._plans or ())

    def close(self) -> None:
        """Close the connections, and the event loop of an asynchronous variant."""
        self._client.close()


def plans_of(issued: Mapping[str, Any], database: Database) -> tuple[Plan, ...]:
    """The plan of each statement, with the values that are given for it."""
    with _reader(database) as connection:
        return tuple(
            plan_of(statement, connection.exec_driver_sql(EXPLAIN + statement, values).scalar_one())
            for statement, values in issued.items()
        )


def issued_by(client: Client) -> tuple[dict[str, Any], Listing]:
    """The distinct statements of a listing, each with the values that it came with first; and the listing."""
    issued: dict[str, Any] = {}

    def note(_connection: Any, _cursor: Any, statement: str, values: Any, *_others: Any) -> None:
        issued.setdefault(statement, values)

    client.open()
    event.listen(client.engine, "before_cursor_execute", note)
    try:
        return issued, client.listing()
    finally:
        event.remove(client.engine, "before_cursor_execute", note)
        client.release()


def cheapest_listing(variant: str, database: Database) -> tuple[int, float]:
    """Bytes of the values in the variant's listing, and the seconds that its longest statement takes at best."""
    client = new_client(variant, database)
    try:
        issued, listing = issued_by(client)
    finally:
        client.close()
    with _reader(database) as connection:
        taken = [
            min(
                total_seconds(connection.exec_driver_sql(EXPLAIN_TOTAL + statement, values).scalar_one())
                for _ in range(_REPETITIONS)
            )
            for statement, values in issued.items()
        ]
    entries = (*listing.workflows, *listing.templates)
    contents = sum(len(str(value).encode()) for entry in entries for value in astuple(entry))
    return contents, max(taken)


@contextmanager
def _reader(database: Database) -> Iterator[Connection]:
    engine = create_engine(**database.engine_options(1))
    try:
        with engine.connect() as connection:
            yield connection
    finally:
        engine.dispose()
