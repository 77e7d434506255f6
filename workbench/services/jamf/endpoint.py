"""How to reach a Jamf Pro server and log in to it: the simulator's, or a real one named by the environment."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from workbench.errors import UsageError

__all__ = ["JamfEndpoint", "endpoint_from_environment"]


@dataclass(frozen=True, slots=True)
class JamfEndpoint:
    """``base_url`` without a trailing slash; ``ca_file`` is None where the system's authorities vouch for it.

    Either username and password or client id and secret may be empty. Neither shows in ``repr``.
    """

    base_url: str
    ca_file: Path | None = None
    username: str = field(default="", repr=False)
    password: str = field(default="", repr=False)
    client_id: str = field(default="", repr=False)
    client_secret: str = field(default="", repr=False)


def endpoint_from_environment(environment: Mapping[str, str] | None = None) -> JamfEndpoint | None:
    """The real server that ``JAMF_URL`` names, None if it names none.

    Credentials come from ``JAMF_CLIENT_ID`` and ``JAMF_CLIENT_SECRET``, or ``JAMF_USER`` and ``JAMF_PASSWORD``;
    ``JAMF_CA_FILE`` may name a private authority's certificate. Raises UsageError if something is missing or wrong.
    """
    values = os.environ if environment is None else environment
    url = values.get("JAMF_URL", "").strip().rstrip("/")
    if not url:
        return None
    parts = urlsplit(url)
    if parts.scheme == "http":
        raise UsageError("JAMF_URL must be https: over plain http the password would be readable on the way")
    if parts.scheme != "https" or not parts.hostname or parts.username or parts.query:
        raise UsageError("JAMF_URL must be like https://example.jamfcloud.com, without credentials in it")
    endpoint = JamfEndpoint(
        base_url=url,
        ca_file=_ca_file(values.get("JAMF_CA_FILE", "")),
        username=values.get("JAMF_USER", ""),
        password=values.get("JAMF_PASSWORD", ""),
        client_id=values.get("JAMF_CLIENT_ID", ""),
        client_secret=values.get("JAMF_CLIENT_SECRET", ""),
    )
    if not (endpoint.client_id and endpoint.client_secret) and not (endpoint.username and endpoint.password):
        raise UsageError("JAMF_URL needs JAMF_CLIENT_ID and JAMF_CLIENT_SECRET, or JAMF_USER and JAMF_PASSWORD")
    return endpoint


def _ca_file(text: str) -> Path | None:
    if not text:
        return None
    path = Path(text)
    if not path.is_file():
        raise UsageError(f"JAMF_CA_FILE names no file: {path}")
    return path
