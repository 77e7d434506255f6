"""What the graph remembers between scans: versions, earlier resources, and how far a killed scan came."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Mapping
from typing import Any

from workbench.scenarios.azure import statements
from workbench.scenarios.azure.graph_driver import Graph
from workbench.scenarios.azure.rows import PROPERTIES, Row

__all__ = ["begin_scan", "clear", "end_scan", "graph_digest", "load_stored", "load_versions", "save_versions"]


async def begin_scan(graph: Graph) -> tuple[str, dict[str, Row]]:
    """The mark of this scan, and what an unfinished one has written under it.

    The mark stays until ``end_scan``; whoever finds it goes on where the killed scan was.
    """
    found = await graph.read(statements.LOAD_SCAN, {"tenant": graph.tenant})
    if not found:
        scan = secrets.token_hex(8)
        await graph.write(statements.SAVE_SCAN, {"tenant": graph.tenant, "scan": scan})
        return scan, {}
    scan = str(found[0]["scan"])
    return scan, _rows(await graph.read(statements.LOAD_DONE, {"tenant": graph.tenant, "scan": scan}))


async def end_scan(graph: Graph) -> None:
    await graph.write(statements.FORGET_SCAN, {"tenant": graph.tenant})


async def load_stored(graph: Graph) -> dict[str, Row]:
    """The resources of an earlier scan by id."""
    return _rows(await graph.read(statements.LOAD_STORED, {"tenant": graph.tenant}))


async def load_versions(graph: Graph) -> dict[str, str]:
    """API versions by resource type, as ``save_versions`` kept them."""
    return {record["type"]: record["version"] for record in await graph.read(statements.LOAD_VERSIONS)}


async def save_versions(graph: Graph, versions: Mapping[str, str]) -> None:
    rows = [{"type": kind, "version": version} for kind, version in sorted(versions.items())]
    await graph.write(statements.SAVE_VERSIONS, {"rows": rows})


async def graph_digest(graph: Graph) -> tuple[str, int, int]:
    """sha256 of all that the graph holds of the tenant, with the numbers of nodes and relationships.

    Equal results have equal digests whichever way they were written, since it is read back from the server.
    """
    nodes = await graph.read(statements.DIGEST_NODES, {"tenant": graph.tenant})
    links = await graph.read(statements.DIGEST_LINKS, {"tenant": graph.tenant})
    digest = hashlib.sha256()
    for records in (nodes, links):
        digest.update(b"\n".join(sorted(_canonical(record) for record in records)) + b"\0")
    return digest.hexdigest(), len(nodes), len(links)


async def clear(graph: Graph) -> None:
    """Remove everything of this tenant, and nothing else."""
    for statement in statements.CLEAR:
        while True:
            gone = await graph.write(statement, {"tenant": graph.tenant})
            if not gone or not gone[0]["gone"]:
                break
    await end_scan(graph)


def _rows(records: list[dict[str, Any]]) -> dict[str, Row]:
    nodes = (dict(record["node"]) for record in records)
    return {node["id"]: Row(node["id"], {key: node[key] for key in node if key in PROPERTIES}) for node in nodes}


def _canonical(record: Mapping[str, Any]) -> bytes:
    return json.dumps(record, sort_keys=True, ensure_ascii=False).encode()
