"""A Jamf Pro server to talk to: the simulator in its own process, or a real one named by the environment."""

from __future__ import annotations

from workbench.services.jamf.endpoint import JamfEndpoint, endpoint_from_environment
from workbench.services.jamf.launch import RunningJamf, start_jamf
from workbench.services.jamf.options import Faults, JamfOptions

__all__ = [
    "Faults",
    "JamfEndpoint",
    "JamfOptions",
    "RunningJamf",
    "endpoint_from_environment",
    "start_jamf",
]
