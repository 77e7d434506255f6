"""How to reach a Bolt server and log in to it: one of ours, or one named by the environment."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from workbench.errors import UsageError

__all__ = ["GraphEndpoint", "endpoint_from_environment", "endpoint_of"]

_SCHEMES = ("bolt", "bolt+s", "bolt+ssc", "neo4j", "neo4j+s", "neo4j+ssc")


@dataclass(frozen=True, slots=True)
class GraphEndpoint:
    """``uri`` such as ``bolt://127.0.0.1:7687``; ``database`` is None for the server's default."""

    uri: str
    user: str = ""
    password: str = field(default="", repr=False)
    database: str | None = None


def endpoint_from_environment(environment: Mapping[str, str] | None = None) -> GraphEndpoint | None:
    """The server that ``NEO4J_URI`` names, None if it names none. Raises UsageError if something is wrong."""
    values = os.environ if environment is None else environment
    uri = values.get("NEO4J_URI", "").strip()
    return endpoint_of(uri, values) if uri else None


def endpoint_of(uri: str, environment: Mapping[str, str] | None = None) -> GraphEndpoint:
    """A server by its address, with ``NEO4J_USER``, ``NEO4J_PASSWORD`` and ``NEO4J_DATABASE`` of the environment.

    Raises UsageError for what is no address of a Bolt server, or for credentials in it.
    """
    values = os.environ if environment is None else environment
    try:
        parts = urlsplit(uri)
        good = parts.scheme in _SCHEMES and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:  # a port that is no number
        parts, good = None, False
    if parts is None or not good or parts.username or parts.password:
        raise UsageError(
            f"a graph server's address is like neo4j://localhost:7687 ({', '.join(_SCHEMES)}), without credentials "
            "in it: those are in NEO4J_USER and NEO4J_PASSWORD"
        )
    return GraphEndpoint(
        uri=uri,
        user=values.get("NEO4J_USER", "neo4j"),
        password=values.get("NEO4J_PASSWORD", ""),
        database=values.get("NEO4J_DATABASE") or None,
    )
