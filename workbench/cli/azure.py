"""The flags of ``workbench run azure``, by the names that users of such a scanner know: options of the scenario."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import click

from workbench.errors import UsageError

__all__ = ["BATCHED", "azure_options", "take_azure_options"]

BATCHED = ("batched", "optimized", "incremental")
"""The variants that write in batches, which ``--batch-mode`` chooses."""

_FLAGS = {
    "graph": "--graph",
    "batch_mode": "--batch-mode",
    "max_build_threads": "--max-build-threads",
    "batch_size": "--batch-size",
    "resource_limit": "--resource-limit",
    "descriptions": "--descriptions",
    "resume": "--resume",
    "no_dashboard": "--no-dashboard",
}


def azure_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The flags, all of them of the scenario azure alone."""
    for option in (
        click.option("--no-dashboard", is_flag=True, help="azure: no progress of each scan."),
        click.option(
            "--resume", is_flag=True, help="azure: go on where a killed scan was; the graph isn't cleared first."
        ),
        click.option(
            "--descriptions", is_flag=True, help="azure: at the end ask a slow service to describe each resource."
        ),
        click.option("--resource-limit", type=click.IntRange(1), help="azure: end a scan after so many resources."),
        click.option("--max-build-threads", type=click.IntRange(1), help="azure: concurrent workers [50]."),
        click.option("--batch-size", type=click.IntRange(1), help="azure: rows a transaction [100]."),
        click.option("--batch-mode", is_flag=True, help=f"azure: the variants {', '.join(BATCHED)}."),
        click.option("--graph", metavar="embedded|neo4j|URI", help="azure: where to write."),
    ):
        command = option(command)
    return command


def take_azure_options(scenario: str, chosen: dict[str, Any]) -> tuple[str, ...]:
    """Move the flags out of ``chosen`` into its ``options``; the variants that they choose.

    Raises ``UsageError`` where they were given for another scenario.
    """
    given = {name: chosen.pop(name) for name in _FLAGS}
    if scenario != "azure":
        if used := [flag for name, flag in _FLAGS.items() if given[name]]:
            raise UsageError(f"{used[0]} is an option of the scenario azure, not of {scenario}")
        return ()
    pairs = {
        "graph": given["graph"],
        "workers": given["max_build_threads"],
        "batch_size": given["batch_size"],
        "resource_limit": given["resource_limit"],
        "descriptions": "true" if given["descriptions"] else None,
        "resume": "true" if given["resume"] else None,
        "dashboard": "true" if sys.stderr.isatty() and not given["no_dashboard"] else None,
    }
    named = tuple(f"{name}={value}" for name, value in pairs.items() if value is not None)
    chosen["options"] = (*named, *chosen["options"])  # what stands later wins
    return BATCHED if given["batch_mode"] else ()
