"""How to reach a Postgres server and log in to it: ours, or one that the environment names."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from workbench.errors import UsageError
from workbench.services.link import RunningLink

__all__ = ["PostgresEndpoint", "endpoint_from_environment"]

_FORM = "postgresql://user:password@host:5432/database"
_MODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")


@dataclass(frozen=True, slots=True)
class PostgresEndpoint:
    """Where the server is and as whom. The password doesn't show in ``repr``; ``sslmode`` as libpq has it."""

    host: str
    port: int
    user: str
    password: str = field(repr=False)
    database: str = "postgres"
    sslmode: str = "disable"

    def through(self, link: RunningLink) -> PostgresEndpoint:
        """The same server, reached through a link that was started before it."""
        return replace(self, host=link.host, port=link.port)

    def arguments(self) -> dict[str, Any]:
        """What ``psycopg.connect`` takes. GSS is off: asking for it costs a round trip where a ticket is about."""
        return {
            "host": self.host,
            "port": self.port,
            "user": self.user,
            "password": self.password,
            "dbname": self.database,
            "sslmode": self.sslmode,
            "gssencmode": "disable",
        }


def endpoint_from_environment(environment: Mapping[str, str] | None = None) -> PostgresEndpoint | None:
    """The server that ``WORKBENCH_POSTGRES_URL`` names, None if it names none.

    The password may stand in ``PGPASSWORD`` instead. Raises UsageError, without quoting the value, if the URL can't
    be read or lacks a part.
    """
    values = os.environ if environment is None else environment
    url = values.get("WORKBENCH_POSTGRES_URL", "").strip()
    if not url:
        return None
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port or 5432
    except ValueError:
        raise _bad("its host or port can't be read") from None
    if parts.scheme.partition("+")[0] not in ("postgresql", "postgres"):
        raise _bad("it doesn't begin with postgresql://")
    if not host or not parts.username:
        raise _bad("the host or the user is missing")
    options = dict(parse_qsl(parts.query))
    sslmode = options.pop("sslmode", "prefer")
    if options or sslmode not in _MODES:
        raise _bad("of its options only sslmode is understood")
    return PostgresEndpoint(
        host=host,
        port=port,
        user=unquote(parts.username),
        password=unquote(parts.password or "") or values.get("PGPASSWORD", ""),
        database=unquote(parts.path.lstrip("/")) or unquote(parts.username),
        sslmode=sslmode,
    )


def _bad(why: str) -> UsageError:
    return UsageError(f"WORKBENCH_POSTGRES_URL is not like {_FORM}: {why}")
