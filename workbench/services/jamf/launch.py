"""Start the simulator in a process of its own."""

from __future__ import annotations

from pathlib import Path

from workbench.errors import ServiceStartFailed
from workbench.services.jamf.endpoint import JamfEndpoint
from workbench.services.jamf.options import JamfOptions
from workbench.services.link import RunningLink
from workbench.services.process import ServiceProcess, start_service
from workbench.services.simulator.running import RunningSimulator, need_packages

__all__ = ["RunningJamf", "start_jamf"]

_NAME = "the Jamf Pro simulator"


class RunningJamf(RunningSimulator):
    """A running simulator; a context manager. Credentials and certificate are random and end with it."""

    def __init__(self, process: ServiceProcess, options: JamfOptions) -> None:
        super().__init__(process)
        self.options = options
        self.username: str = process.ready["username"]
        self.password: str = process.ready["password"]
        self.client_id: str = process.ready["client_id"]
        self.client_secret: str = process.ready["client_secret"]

    def endpoint(self, link: RunningLink | None = None) -> JamfEndpoint:
        """How a client reaches it: directly, or through a link that was started before it."""
        return JamfEndpoint(
            base_url=self.url(link),
            ca_file=self.ca_file,
            username=self.username,
            password=self.password,
            client_id=self.client_id,
            client_secret=self.client_secret,
        )


def start_jamf(estate_folder: Path, *, options: JamfOptions | None = None) -> RunningJamf:
    """Serve the estate that ``write_estate`` wrote to the folder. Raises ServiceStartFailed, MissingExtra."""
    need_packages()
    folder = Path(estate_folder).resolve()
    if not folder.is_dir():
        raise ServiceStartFailed(f"{_NAME} did not start: there is no dataset folder {folder}")
    options = options or JamfOptions()
    config = {"estate": str(folder), "options": options.to_json()}
    return RunningJamf(start_service("workbench.services.jamf.server", config, name=_NAME), options)
