"""The simulator's process: ``python -m workbench.services.jamf.server``, started by ``start_jamf``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from workbench.dataset.jamf import load_estate
from workbench.services.child import Channel, run_child
from workbench.services.jamf.app import JamfApp
from workbench.services.jamf.options import JamfOptions
from workbench.services.jamf.tokens import Accounts
from workbench.services.simulator.serving import serve_until_the_end

__all__ = ["main"]


def main(config: dict[str, Any], channel: Channel) -> None:
    """Serve until the parent goes. ``config``: the estate's folder and the options."""
    accounts = Accounts()
    app = JamfApp(load_estate(Path(config["estate"])), JamfOptions.from_json(config["options"]), accounts)
    facts = {
        "username": accounts.username,
        "password": accounts.password,
        "client_id": accounts.client_id,
        "client_secret": accounts.client_secret,
    }
    serve_until_the_end(app, channel, "jamf", facts)


if __name__ == "__main__":
    run_child(main)
