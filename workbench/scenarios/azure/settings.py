"""What a scan is told: where to read, where to write, and how."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from workbench.scenarios.azure.account import AzureAccount
from workbench.services.graph import GraphEndpoint

__all__ = ["Progress", "ScanSettings"]

Progress = Callable[[int, int], None]
"""Resources done, and all of them."""


@dataclass(frozen=True, slots=True)
class ScanSettings:
    """``workers`` bounds concurrency, in a streamed scan for each subscription; ``batch_size`` rows a transaction.

    ``resource_limit`` ends the scan early. ``descriptions`` switches the description stage on, with so many calls
    to the service at once. ``refused_rows`` is a fault to test with: that many resources get a row which the graph
    refuses.
    """

    account: AzureAccount
    graph: GraphEndpoint
    workers: int = 50
    batch_size: int = 100
    resource_limit: int | None = None
    descriptions: bool = False
    descriptions_limit: int = 4
    refused_rows: int = 0
    progress: Progress | None = None
