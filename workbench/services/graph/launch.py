"""Start a Bolt server in a process of its own, or turn to the one that an address names."""

from __future__ import annotations

import re
import secrets
from pathlib import Path
from typing import Any

from workbench.errors import ServiceUnauthorized, ServiceUnreachable
from workbench.redaction import redact
from workbench.services.graph import arcadedb
from workbench.services.graph import neo4j as real
from workbench.services.graph.endpoint import GraphEndpoint, endpoint_of
from workbench.services.link import RunningLink
from workbench.services.process import ServiceProcess, start_service
from workbench.services.running import need_packages
from workbench.services.stoppable import Stoppable

__all__ = ["KINDS", "RunningGraph", "start_graph"]

KINDS = ("embedded", "neo4j")
"""What can be started; anything else is an address."""

_NAMES = {"embedded": "the embedded graph server", "neo4j": f"Neo4j {real.VERSION}"}
_START_TIMEOUT_S = 120.0
_RESTART_TIMEOUT_S = 120.0
_LONGEST = 200


class RunningGraph(Stoppable):
    """A Bolt server that answers; a context manager. ``kind`` is embedded, neo4j or external."""

    def __init__(self, kind: str, endpoint: GraphEndpoint, process: ServiceProcess | None = None) -> None:
        self.kind = kind
        self.process = process
        self._endpoint = endpoint
        if process is not None:
            process.remove_at_end(Path(process.ready["folder"]))

    @property
    def uri(self) -> str:
        return self._endpoint.uri

    @property
    def user(self) -> str:
        return self._endpoint.user

    @property
    def password(self) -> str:
        return self._endpoint.password

    @property
    def database(self) -> str | None:
        return self._endpoint.database

    @property
    def host(self) -> str:
        return "127.0.0.1"

    @property
    def port(self) -> int:
        """Of one of our own; an external server has none to put a link before."""
        return int(self.process.ready["port"]) if self.process else 0

    def endpoint(self, link: RunningLink | None = None) -> GraphEndpoint:
        """How a client reaches it: directly, or through a link that was started before it."""
        if link is None or self.process is None:
            return self._endpoint
        uri = f"bolt://{link.host}:{link.port}"
        return GraphEndpoint(uri, self.user, self.password, self.database)

    def describe(self) -> str:
        """What it is, such as ``Neo4j/5.26.30``, by its own word.

        Raises ServiceUnauthorized where it refuses the login, ServiceUnreachable where it doesn't answer.
        """
        import neo4j
        from neo4j.exceptions import AuthError, DriverError, Neo4jError

        auth = (self.user, self.password) if self.password else None
        try:
            with neo4j.GraphDatabase.driver(
                self.uri, auth=auth, connection_timeout=10, max_transaction_retry_time=0
            ) as driver:
                agent = driver.execute_query("RETURN 1", database_=self.database).summary.server.agent
        except AuthError as error:
            text = f"the graph server {self.uri} refused the login; check NEO4J_USER, NEO4J_PASSWORD"
            raise ServiceUnauthorized(text) from error
        except (DriverError, Neo4jError, OSError) as error:
            said = redact(" ".join(str(getattr(error, "message", None) or error).split()))[:_LONGEST]
            raise ServiceUnreachable(f"no answer from the graph server {self.uri} ({said}); is it up?") from error
        inside = re.search(r"\((ArcadeDB [\d.]+)\)", agent)  # it presents itself as a compatible Neo4j first
        return f"{inside[1]}, embedded" if inside else str(agent)

    def restart(self, *, kill: bool = False, read_only: bool = False) -> None:
        """Stop the server, in order or not, and start it again with its data: a fault to test with."""
        self._ask("restart", kill=kill, read_only=read_only)

    def halt(self) -> None:
        """Stop the server until ``restart``: a fault to test with."""
        self._ask("halt")

    def stop(self) -> None:
        """End the process and remove its data; a server that isn't ours is left alone."""
        if self.process:
            self.process.stop()

    def _ask(self, operation: str, **arguments: Any) -> dict[str, Any]:
        assert self.process is not None, "only a server of our own can be stopped"
        return self.process.ask(operation, _RESTART_TIMEOUT_S, **arguments)


def start_graph(kind: str = "embedded") -> RunningGraph:
    """An ``embedded`` server, a real ``neo4j``, or the server at an address such as ``neo4j://localhost:7687``.

    Raises ServiceStartFailed, MissingExtra, or UsageError for what is no address.
    """
    need_packages("neo4j")
    if kind not in KINDS:
        return RunningGraph("external", endpoint_of(kind))
    config = {"kind": kind, "password": secrets.token_urlsafe(24)}
    if kind == "embedded":
        arcadedb.check_installed()
    else:
        config["jars"] = str(real.jars())
    process = start_service(
        "workbench.services.graph.server", config, name=_NAMES[kind], timeout_s=_START_TIMEOUT_S
    )
    endpoint = GraphEndpoint(
        uri=f"bolt://127.0.0.1:{process.ready['port']}",
        user=process.ready["user"],
        password=config["password"],
        database=process.ready["database"],
    )
    return RunningGraph(kind, endpoint, process)
