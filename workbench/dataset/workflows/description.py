"""What a library holds, in a page of text."""

from __future__ import annotations

import json

from workbench.dataset.workflows.library import library_digest
from workbench.dataset.workflows.model import Library

__all__ = ["describe"]


def describe(library: Library) -> str:
    """A plain-text description, without a final newline; the same for equal libraries."""
    templates = sum(workflow.is_template for workflow in library.workflows)
    sizes = sorted(len(version.payload.encode()) for version in library.versions)
    graphs = [json.loads(version.payload) for version in library.versions]
    nodes = sorted(len(graph["nodes"]) for graph in graphs)
    return "\n".join(
        [
            f"library of workflows, scale {library.scale}, seed {library.seed}",
            f"digest {library_digest(library)}",
            f"{len(library.workflows) - templates} workflows and {templates} templates, "
            f"{len(library.versions)} versions",
            "",
            f"{'':<18}{'least':>9}{'median':>9}{'most':>11}{'in all':>14}",
            _row("payload bytes", sizes),
            _row("nodes", nodes),
            _row("edges", sorted(len(graph["edges"]) for graph in graphs)),
        ]
    )


def _row(label: str, ordered: list[int]) -> str:
    return f"{label:<18}{ordered[0]:>9,}{ordered[len(ordered) // 2]:>9,}{ordered[-1]:>11,}{sum(ordered):>14,}"
