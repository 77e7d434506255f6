"""Start the simulator in a process of its own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from workbench.errors import ServiceStartFailed
from workbench.services.azure.endpoint import AzureEndpoint
from workbench.services.azure.options import AzureOptions
from workbench.services.link import RunningLink
from workbench.services.process import ServiceProcess, start_service
from workbench.services.simulator.running import RunningSimulator, need_packages

__all__ = ["RunningAzure", "start_azure"]

_NAME = "the Azure Resource Manager simulator"
_START_TIMEOUT_S = 120.0  # 50,000 resources take 5 s to read on an idle machine


class RunningAzure(RunningSimulator):
    """A running simulator; a context manager. Secrets and certificate are random and end with it.

    Its ``stats`` have two more: ``reads`` (let pass by the throttle, by subscription; "" for the tenant's) and
    ``describe_throttled``.
    """

    def __init__(self, process: ServiceProcess, options: AzureOptions) -> None:
        super().__init__(process)
        self.options = options
        self.tenant_id: str = process.ready["tenant_id"]
        self.client_id: str = process.ready["client_id"]
        self.client_secret: str = process.ready["client_secret"]
        self.describe_key: str = process.ready["describe_key"]

    def endpoint(self, link: RunningLink | None = None) -> AzureEndpoint:
        """How a client reaches it: directly, or through a link that was started before it."""
        url = self.url(link)
        return AzureEndpoint(
            base_url=url,
            authority=url,
            tenant_id=self.tenant_id,
            client_id=self.client_id,
            client_secret=self.client_secret,
            ca_file=self.ca_file,
            describe_url=f"{url}/describe",
            describe_key=self.describe_key,
        )

    def mutate(self, fraction: float, seed: int, *, deleted: float = 0.0) -> dict[str, Any]:
        """Change a share of the resources and delete another, on top of earlier mutations.

        Returns their ids under ``changed`` and ``deleted``; ``dataset.azure.mutation`` says what changes and can
        compute the same. Raises ServiceError for shares that make no sense.
        """
        return self.process.ask("mutate", fraction=fraction, seed=seed, deleted=deleted)

    def restore(self) -> None:
        """Undo all mutations."""
        self.process.ask("restore")

    def revoke_tokens(self) -> None:
        """Revoke every access token that was issued; a client may log in again."""
        self.process.ask("revoke")


def start_azure(tenant_folder: Path, *, options: AzureOptions | None = None) -> RunningAzure:
    """Serve the tenant that ``write_tenant`` wrote to the folder. Raises ServiceStartFailed, MissingExtra."""
    need_packages()
    folder = Path(tenant_folder).resolve()
    if not folder.is_dir():
        raise ServiceStartFailed(f"{_NAME} did not start: there is no dataset folder {folder}")
    options = options or AzureOptions()
    config = {"tenant": str(folder), "options": options.to_json()}
    module = "workbench.services.azure.server"
    return RunningAzure(start_service(module, config, name=_NAME, timeout_s=_START_TIMEOUT_S), options)
