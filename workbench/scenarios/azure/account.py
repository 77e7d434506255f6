"""Which Azure Resource Manager, and as whom."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from workbench.scenarios.http.connecting import Connecting

__all__ = ["AzureAccount"]


@dataclass(frozen=True, slots=True)
class AzureAccount(Connecting):
    """A tenant and a service principal that may read it. ``login_url`` issues tokens; empty for ``base_url``.

    ``describe_url`` is the description service's, if there is one, and its key goes into the header ``api-key``.
    """

    base_url: str
    tenant_id: str
    client_id: str
    client_secret: str = field(repr=False)
    login_url: str = ""
    describe_url: str = ""
    describe_key: str = field(default="", repr=False)
    ca_file: Path | None = None
    timeout_s: float = 30.0
    patience_s: float = 30.0
