"""Azure Resource Manager to talk to: the simulator in its own process, or the real one named by the environment."""

from __future__ import annotations

from workbench.services.azure.endpoint import AzureEndpoint, endpoint_from_environment
from workbench.services.azure.launch import RunningAzure, start_azure
from workbench.services.azure.options import AzureOptions
from workbench.services.azure.throttle import Throttle
from workbench.services.simulator.faults import Faults

__all__ = [
    "AzureEndpoint",
    "AzureOptions",
    "Faults",
    "RunningAzure",
    "Throttle",
    "endpoint_from_environment",
    "start_azure",
]
