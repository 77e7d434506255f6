"""The synthetic library of workflows and templates; ``data/README.md`` describes its tables."""

from workbench.dataset.workflows.description import describe
from workbench.dataset.workflows.library import (
    MOST_RESOURCES,
    SCALES,
    build_library,
    library_digest,
    load_library,
    write_library,
)
from workbench.dataset.workflows.model import Library, Version, Workflow

__all__ = [
    "MOST_RESOURCES",
    "SCALES",
    "Library",
    "Version",
    "Workflow",
    "build_library",
    "describe",
    "library_digest",
    "load_library",
    "write_library",
]
