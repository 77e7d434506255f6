"""Graph servers for tests: started once a module, on each kind that can run here."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from workbench.services.graph import KINDS, RunningGraph, start_graph
from workbench.services.graph import neo4j as real

__all__ = ["KINDS", "running"]


def running(kind: str) -> Iterator[RunningGraph]:
    """The server; the test is skipped where it can't run, saying what is missing."""
    if kind == "neo4j" and (missing := real.missing()):
        pytest.skip(f"a real Neo4j {real.VERSION} needs {missing}")
    with start_graph(kind) as graph:
        yield graph
