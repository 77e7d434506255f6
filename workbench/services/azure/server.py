"""The simulator's process: ``python -m workbench.services.azure.server``, started by ``start_azure``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from workbench.dataset.azure import load_tenant
from workbench.dataset.azure.identifiers import guid
from workbench.services.azure.app import AzureApp
from workbench.services.azure.login import Accounts
from workbench.services.azure.options import AzureOptions
from workbench.services.child import Channel, run_child
from workbench.services.simulator.serving import serve_until_the_end

__all__ = ["main"]


def main(config: dict[str, Any], channel: Channel) -> None:
    """Serve until the parent goes. ``config``: the tenant's folder and the options."""
    tenant = load_tenant(Path(config["tenant"]))
    accounts = Accounts(tenant.tenant_id, guid("application", tenant.seed))
    app = AzureApp(tenant, AzureOptions.from_json(config["options"]), accounts)
    channel.operations |= {"mutate": app.state.mutate, "restore": app.state.restore, "revoke": app.revoke}
    facts = {
        "tenant_id": accounts.tenant_id,
        "client_id": accounts.client_id,
        "client_secret": accounts.client_secret,
        "describe_key": accounts.describe_key,
    }
    serve_until_the_end(app, channel, "azure", facts)


if __name__ == "__main__":
    run_child(main)
