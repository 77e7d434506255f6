"""A graph database that speaks Bolt: an embedded server, a real Neo4j, or one named by its address."""

from __future__ import annotations

from workbench.services.graph.endpoint import GraphEndpoint, endpoint_from_environment
from workbench.services.graph.launch import KINDS, RunningGraph, start_graph

__all__ = ["KINDS", "GraphEndpoint", "RunningGraph", "endpoint_from_environment", "start_graph"]
