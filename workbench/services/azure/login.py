"""Microsoft Entra ID, as far as an application that logs in by client secret meets it."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from typing import Any

from workbench.services.azure.replies import arm_json
from workbench.services.simulator.reply import Reply
from workbench.services.simulator.tokens import Tokens, equal_secrets

__all__ = ["Accounts", "Login"]

_UNCACHED = ((b"cache-control", b"no-store, no-cache"),)


@dataclass(frozen=True, slots=True)
class Accounts:
    """An application of the tenant, and the description service's key; the secrets are random at every start."""

    tenant_id: str
    client_id: str = field(repr=False)
    client_secret: str = field(default_factory=lambda: secrets.token_urlsafe(30), repr=False)
    describe_key: str = field(default_factory=lambda: secrets.token_urlsafe(24), repr=False)


class Login:
    """Answers discovery and the token endpoint."""

    def __init__(self, accounts: Accounts, tokens: Tokens, lifetime_s: float) -> None:
        self._accounts = accounts
        self._tokens = tokens
        self._lifetime_s = lifetime_s

    @staticmethod
    def endpoint(parts: list[str]) -> str:
        """``token`` or ``discovery`` if the path is one of the login service's, else empty."""
        tail = [part.lower() for part in parts[1:]]
        if tail in (["oauth2", "v2.0", "token"], ["oauth2", "token"]):
            return "token"
        openid = tail in (["v2.0", ".well-known", "openid-configuration"], [".well-known", "openid-configuration"])
        return "discovery" if openid or tail == ["discovery", "instance"] else ""

    def discover(self, parts: list[str], base_url: str) -> Reply:
        if parts[-1].lower() == "instance":
            tenant = self._accounts.tenant_id
            where = f"{base_url}/{tenant}/v2.0/.well-known/openid-configuration"
            return arm_json({"tenant_discovery_endpoint": where, "api-version": "1.1", "metadata": []})
        if parts[0].lower() != self._accounts.tenant_id:
            return _refused(400, "invalid_tenant", f"AADSTS90002: Tenant '{parts[0]}' not found.")
        return arm_json(self._openid(f"{base_url}/{self._accounts.tenant_id}"))

    def token(self, tenant: str, form: dict[str, str]) -> Reply:
        """RFC 6749, section 4.4, with Entra ID's error texts."""
        refusal = self._refusal(tenant, form)
        if refusal:
            return refusal
        text, _ = self._tokens.issue()
        seconds = int(self._lifetime_s)  # rounded down: never later than the truth
        document = {"token_type": "Bearer", "expires_in": seconds, "ext_expires_in": seconds, "access_token": text}
        return arm_json(document)._replace(headers=_UNCACHED)

    def _refusal(self, tenant: str, form: dict[str, str]) -> Reply | None:
        client = form.get("client_id", "")
        if tenant.lower() != self._accounts.tenant_id:
            return _refused(400, "invalid_request", f"AADSTS90002: Tenant '{tenant}' not found.")
        if form.get("grant_type") != "client_credentials":
            text = "AADSTS70003: The app requested an unsupported grant type."
            return _refused(400, "unsupported_grant_type", text)
        if not equal_secrets(client, self._accounts.client_id):
            text = f"AADSTS700016: Application with identifier '{client}' was not found in the directory."
            return _refused(400, "unauthorized_client", text)
        if not equal_secrets(form.get("client_secret", ""), self._accounts.client_secret):
            text = "AADSTS7000215: Invalid client secret provided."
            return _refused(401, "invalid_client", text)
        if "resource" not in form and not form.get("scope", "").endswith("/.default"):
            text = "AADSTS1002012: The provided value for scope is not valid. Client credential flows must have a "
            return _refused(
                400, "invalid_scope", text + "scope value with /.default suffixed to the resource identifier."
            )
        return None

    @staticmethod
    def _openid(authority: str) -> dict[str, Any]:
        return {
            "token_endpoint": f"{authority}/oauth2/v2.0/token",
            "token_endpoint_auth_methods_supported": ["client_secret_post"],
            "issuer": f"{authority}/v2.0",
            "authorization_endpoint": f"{authority}/oauth2/v2.0/authorize",
            "device_authorization_endpoint": f"{authority}/oauth2/v2.0/devicecode",
            "jwks_uri": f"{authority}/discovery/v2.0/keys",
            "response_types_supported": ["code"],
            "subject_types_supported": ["pairwise"],
            "tenant_region_scope": "EU",
        }


def _refused(status: int, code: str, description: str) -> Reply:
    numbers = [int(description.removeprefix("AADSTS").partition(":")[0])]
    return arm_json({"error": code, "error_description": description, "error_codes": numbers}, status)
