"""How to reach Azure Resource Manager and log in to it: the simulator's, or a real one named by the environment."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from workbench.errors import UsageError

__all__ = ["AzureEndpoint", "endpoint_from_environment"]

_AUTHORITY = "https://login.microsoftonline.com"
_NEEDED = ("AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET")


@dataclass(frozen=True, slots=True)
class AzureEndpoint:
    """URLs without a trailing slash; ``ca_file`` is None where the system's authorities vouch for them.

    ``scope`` is what a token is asked for. ``describe_url`` is empty where there is no description service; its key
    goes into the header ``api-key``. Secrets don't show in ``repr``.
    """

    base_url: str
    authority: str
    tenant_id: str
    client_id: str
    client_secret: str = field(repr=False)
    ca_file: Path | None = None
    describe_url: str = ""
    describe_key: str = field(default="", repr=False)

    @property
    def scope(self) -> str:
        return f"{self.base_url}/.default"

    @property
    def token_url(self) -> str:
        return f"{self.authority}/{self.tenant_id}/oauth2/v2.0/token"


def endpoint_from_environment(environment: Mapping[str, str] | None = None) -> AzureEndpoint | None:
    """The real service that ``AZURE_ARM_URL`` names (``https://management.azure.com``), None if it names none.

    The application comes from ``AZURE_TENANT_ID``, ``AZURE_CLIENT_ID`` and ``AZURE_CLIENT_SECRET``, as elsewhere in
    Azure; ``AZURE_AUTHORITY_HOST`` and ``AZURE_CA_FILE`` suit other clouds; ``AZURE_DESCRIBE_URL`` and
    ``AZURE_DESCRIBE_KEY`` name a description service. Raises UsageError if something is missing or wrong.
    """
    values = os.environ if environment is None else environment
    if not values.get("AZURE_ARM_URL", "").strip():
        return None
    if missing := [name for name in _NEEDED if not values.get(name)]:
        raise UsageError(f"AZURE_ARM_URL needs {', '.join(missing)}, too")
    describe = values.get("AZURE_DESCRIBE_URL", "").strip()
    return AzureEndpoint(
        base_url=_url("AZURE_ARM_URL", values["AZURE_ARM_URL"]),
        authority=_url("AZURE_AUTHORITY_HOST", values.get("AZURE_AUTHORITY_HOST", "") or _AUTHORITY),
        tenant_id=values["AZURE_TENANT_ID"],
        client_id=values["AZURE_CLIENT_ID"],
        client_secret=values["AZURE_CLIENT_SECRET"],
        ca_file=_ca_file(values.get("AZURE_CA_FILE", "")),
        describe_url=_url("AZURE_DESCRIBE_URL", describe) if describe else "",
        describe_key=values.get("AZURE_DESCRIBE_KEY", ""),
    )


def _url(name: str, text: str) -> str:
    url = text.strip().rstrip("/")
    if "://" not in url:
        url = f"https://{url}"
    parts = urlsplit(url)
    if parts.scheme != "https" or not parts.hostname or parts.username or parts.query:
        raise UsageError(f"{name} must be like https://management.azure.com, without credentials in it")
    return url


def _ca_file(text: str) -> Path | None:
    if not text:
        return None
    path = Path(text)
    if not path.is_file():
        raise UsageError(f"AZURE_CA_FILE names no file: {path}")
    return path
