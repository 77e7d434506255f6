"""Which Jamf Pro server, and as whom."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from workbench.scenarios.http.connecting import CONNECTIONS, POOL, Connecting

__all__ = ["CONNECTIONS", "POOL", "Account"]


@dataclass(frozen=True, slots=True)
class Account(Connecting):
    """A server and the credentials for it: an OAuth client if ``client_id`` is set, else user name and password."""

    base_url: str
    username: str = ""
    password: str = field(default="", repr=False)
    client_id: str = ""
    client_secret: str = field(default="", repr=False)
    ca_file: Path | None = None
    timeout_s: float = 30.0
    patience_s: float = 30.0
