"""The dataset into a schema of its own, by COPY; and what the scenario asks the server about itself."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import Any

import psycopg
from psycopg import sql

from workbench.dataset.workflows import Library, Version
from workbench.scenarios.workflows.schema import CREATE, CREATE_INDEX, DROP_INDEX, VERSIONS
from workbench.scenarios.workflows.trouble import patiently
from workbench.services.postgres import PostgresEndpoint

__all__ = ["Administrator"]

NOT_JSON = json.dumps('{"nodes": [{"id": "n0", ')  # JSON that holds a text which is none: encoded twice and cut off
_WORKFLOW_COLUMNS = ("id", "name", "owner", "folder", "is_template", "created_at", "updated_at")
_VERSION_COLUMNS = ("id", "workflow_id", "version", "status", "comment", "created_at", "payload")
_TOAST = """
SELECT coalesce(toast_blks_hit, 0) + coalesce(toast_blks_read, 0) FROM pg_statio_user_tables
WHERE schemaname = %s AND relname = %s
"""
_OTHERS = """
SELECT count(*) FROM pg_stat_activity
WHERE backend_type = 'client backend' AND pid <> pg_backend_pid() AND application_name = %s
"""


class Administrator:
    """Makes, fills and drops the schema, straight at the server and not through the link."""

    def __init__(self, endpoint: PostgresEndpoint, schema: str, timeout_s: float, patience_s: float) -> None:
        self._endpoint = endpoint
        self._schema = schema
        self._timeout_s = timeout_s
        self._patience_s = patience_s

    def load(self, library: Library, bad_payloads: int) -> None:
        """All tables, filled and analysed. Raises ServiceError."""
        with self._connection() as connection:
            connection.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(self._schema)))
            connection.execute(CREATE)
            self._copy(connection, "workflows", _WORKFLOW_COLUMNS, library.workflows)
            self._copy(connection, VERSIONS, _VERSION_COLUMNS, _spoiled(library.versions, bad_payloads))
            connection.execute("VACUUM ANALYZE workflows")
            connection.execute(
                "VACUUM ANALYZE workflow_versions (workflow_id, version, status)"
            )  # not the payloads

    @staticmethod
    def _copy(connection: psycopg.Connection[Any], table: str, columns: tuple[str, ...], rows: Any) -> None:
        names = sql.SQL(", ").join(map(sql.Identifier, columns))
        statement = sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(table), names)
        with connection.cursor().copy(statement) as copy:
            for row in rows:
                copy.write_row([getattr(row, column) for column in columns])

    def drop(self) -> None:
        """Remove the schema; harmless if the server is gone."""
        with suppress(Exception), self._connection(patience_s=0.0) as connection:
            connection.execute(sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(sql.Identifier(self._schema)))

    def set_indexed(self, indexed: bool) -> None:
        """Make or drop the indexes that only the later rungs have."""
        with self._connection() as connection:
            connection.execute(CREATE_INDEX if indexed else DROP_INDEX)

    def toast_blocks(self) -> int:
        """Blocks of TOASTed payloads that were read so far, from memory or not, once all clients have gone.

        A backend hands in its counters when it ends.
        """
        with self._connection() as connection:
            for _ in range(200):
                others = connection.execute(_OTHERS, [self._schema]).fetchone()
                if not others or not others[0]:
                    break
                connection.execute("SELECT pg_sleep(0.005)")
            row = connection.execute(_TOAST, [self._schema, VERSIONS]).fetchone()
            return int(row[0]) if row else 0

    def version(self) -> str:
        """The server's version, such as ``18.1``."""
        with self._connection() as connection:
            return str(connection.execute("SHOW server_version").fetchone()[0])  # type: ignore[index]

    @contextmanager
    def _connection(self, patience_s: float | None = None) -> Iterator[psycopg.Connection[Any]]:
        where = f"{self._endpoint.host}:{self._endpoint.port}"
        patience = self._patience_s if patience_s is None else patience_s
        connection = patiently(self._connect, where, patience, lambda: None)
        with connection:
            yield connection

    def _connect(self) -> psycopg.Connection[Any]:
        return psycopg.connect(
            **self._endpoint.arguments(),
            autocommit=True,
            connect_timeout=max(2, round(self._timeout_s)),
            options=f"-csearch_path={self._schema}",
            application_name=self._schema,
        )


def _spoiled(versions: tuple[Version, ...], count: int) -> Iterator[Version]:
    """The versions; the payload of the latest one of the last ``count`` workflows is not JSON inside."""
    latest = {version.workflow_id: version.id for version in versions}
    bad = set(list(latest.values())[-count:]) if count else set()
    for version in versions:
        if version.id in bad:
            yield replace(version, payload=NOT_JSON)
        else:
            yield version
