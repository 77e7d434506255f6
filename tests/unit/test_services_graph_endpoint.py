"""Which graph server is meant, and what is missing to run one."""

from __future__ import annotations

from pathlib import Path

import pytest

from workbench.errors import ServiceStartFailed, UsageError
from workbench.services.graph import endpoint_from_environment, neo4j, start_graph
from workbench.services.graph.endpoint import endpoint_of


def test_the_environment_names_a_server() -> None:
    assert endpoint_from_environment({}) is None
    values = {"NEO4J_URI": "neo4j+s://db.example:7687", "NEO4J_USER": "me", "NEO4J_PASSWORD": "canary"}
    endpoint = endpoint_from_environment(values)
    assert endpoint is not None
    assert (endpoint.uri, endpoint.user, endpoint.password) == ("neo4j+s://db.example:7687", "me", "canary")
    assert endpoint.database is None
    assert "canary" not in repr(endpoint)


@pytest.mark.parametrize("uri", ["http://x:1", "embeded", "bolt://", "bolt://me:secret@x:7687", "bolt://x:port"])
def test_what_is_no_address_is_told(uri: str) -> None:
    with pytest.raises(UsageError, match="NEO4J_USER") as raised:
        endpoint_of(uri)
    assert "secret" not in str(raised.value)


def test_an_external_server_is_not_started() -> None:
    with start_graph("bolt://127.0.0.1:1") as graph:
        assert (graph.kind, graph.process, graph.uri) == ("external", None, "bolt://127.0.0.1:1")


def test_what_a_real_neo4j_needs_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("WORKBENCH_NEO4J_JARS", str(tmp_path / "none"))
    neo4j.jdk_version.cache_clear()
    try:
        assert "JDK 17" in neo4j.missing() and "Maven" in neo4j.missing()
        with pytest.raises(ServiceStartFailed, match="JDK 17 or newer"):
            start_graph("neo4j")
    finally:
        neo4j.jdk_version.cache_clear()
