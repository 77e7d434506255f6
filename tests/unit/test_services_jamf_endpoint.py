from __future__ import annotations

from pathlib import Path

import pytest

from workbench.errors import UsageError
from workbench.services.jamf import JamfEndpoint, endpoint_from_environment
from workbench.services.jamf.tokens import Accounts

URL = "https://example.jamfcloud.com"


def test_without_jamf_url_there_is_no_real_server() -> None:
    assert endpoint_from_environment({}) is None
    assert endpoint_from_environment({"JAMF_URL": " "}) is None


def test_either_pair_of_credentials_will_do() -> None:
    user = endpoint_from_environment({"JAMF_URL": f"{URL}/", "JAMF_USER": "u", "JAMF_PASSWORD": "p"})
    assert user == JamfEndpoint(URL, None, "u", "p")
    client = endpoint_from_environment({"JAMF_URL": URL, "JAMF_CLIENT_ID": "i", "JAMF_CLIENT_SECRET": "s"})
    assert client == JamfEndpoint(URL, None, client_id="i", client_secret="s")


def test_a_private_authority_can_be_named(tmp_path: Path) -> None:
    values = {"JAMF_URL": URL, "JAMF_USER": "u", "JAMF_PASSWORD": "p", "JAMF_CA_FILE": str(tmp_path / "ca.pem")}
    with pytest.raises(UsageError, match=r"ca\.pem"):
        endpoint_from_environment(values)
    (tmp_path / "ca.pem").touch()
    endpoint = endpoint_from_environment(values)
    assert endpoint is not None
    assert endpoint.ca_file == tmp_path / "ca.pem"


@pytest.mark.parametrize(
    "values",
    [
        {"JAMF_URL": URL},
        {"JAMF_URL": URL, "JAMF_USER": "u"},
        {"JAMF_URL": URL, "JAMF_CLIENT_SECRET": "canary-secret"},
        {"JAMF_URL": "http://example.com", "JAMF_USER": "u", "JAMF_PASSWORD": "canary-secret"},
        {"JAMF_URL": "https://u:canary-secret@example.com", "JAMF_USER": "u", "JAMF_PASSWORD": "p"},
        {"JAMF_URL": "example.com", "JAMF_USER": "u", "JAMF_PASSWORD": "p"},
    ],
)
def test_an_incomplete_or_unsafe_environment_is_a_usage_error(values: dict[str, str]) -> None:
    with pytest.raises(UsageError, match="JAMF_URL") as caught:
        endpoint_from_environment(values)
    assert "canary-secret" not in str(caught.value)


def test_plain_http_is_told_by_name() -> None:
    with pytest.raises(UsageError, match="JAMF_URL must be https"):
        endpoint_from_environment({"JAMF_URL": "http://jamf.example.com:8443"})


def test_secrets_do_not_show() -> None:
    endpoint = JamfEndpoint(URL, None, "canary-user", "canary-password", "canary-id", "canary-secret")
    assert "canary" not in repr(endpoint)
    accounts = Accounts()
    for secret in (accounts.password, accounts.client_secret):
        assert secret not in repr(accounts)
