"""Servers that are down, slow, refusing or lying: the right error, on one line, and nothing secret in it."""

from __future__ import annotations

import asyncio
import gc
import socket
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import trustme

from workbench.errors import (
    ServiceBadResponse,
    ServiceError,
    ServiceThrottled,
    ServiceTimeout,
    ServiceTLS,
    ServiceUnauthorized,
    ServiceUnreachable,
    UsageError,
)
from workbench.scenarios.base import Settings
from workbench.scenarios.jamf.account import Account
from workbench.scenarios.jamf.scenario import JamfExport
from workbench.scenarios.jamf.workload import ExportWorkload, load_export

pytestmark = [
    pytest.mark.service,
    # Connections that a server broke off stay open below httpx (asyncio's transports) until they are collected.
    pytest.mark.filterwarnings(r"ignore:unclosed (transport|<socket\.socket):ResourceWarning"),
]

FIRST_AND_BEST = ["naive", "optimized"]


def prepare(**options: str) -> Any:
    settings = Settings(resources=2, link="none", options={"latency_scale": "0", **options})
    return closing(JamfExport().prepare(settings))


def failure(account: Account, variant: str) -> ServiceError:
    """The error that the export as a whole raises."""
    workload = ExportWorkload(load_export(variant), account)
    workload.setup()

    async def bounded() -> Any:
        async with asyncio.timeout(60):
            return await workload.run()

    with pytest.raises(ServiceError) as caught:
        asyncio.run(bounded())
    workload.setup()  # removes the folder of the failed repetition
    workload._discard()
    gc.collect()  # here, where it may warn, and not in another test
    message = str(caught.value)
    assert message and "\n" not in message
    assert account.password not in message
    return caught.value


@pytest.fixture(scope="module")
def account() -> Iterator[Account]:
    with prepare() as services:
        yield services.account


def closed_port(account: Account, _: Path) -> Account:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return replace(account, base_url=f"https://127.0.0.1:{sock.getsockname()[1]}")


def wrong_password(account: Account, _: Path) -> Account:
    return replace(account, password="wrong-canary")


def wrong_client(account: Account, _: Path) -> Account:
    return replace(account, client_id="nobody", client_secret="wrong-canary")


def wrong_authority(account: Account, folder: Path) -> Account:
    trustme.CA().cert_pem.write_to_path(folder / "other.pem")
    return replace(account, ca_file=folder / "other.pem")


def no_authority(account: Account, folder: Path) -> Account:
    return replace(account, ca_file=folder / "missing.pem")


def broken_authority(account: Account, folder: Path) -> Account:
    (folder / "broken.pem").write_text("-----BEGIN CERTIFICATE-----\nxx\n")
    return replace(account, ca_file=folder / "broken.pem")


@pytest.mark.parametrize("variant", FIRST_AND_BEST)
@pytest.mark.parametrize(
    ("change", "error", "text"),
    [
        (closed_port, ServiceUnreachable, "no connection to https://127.0.0.1"),
        (wrong_password, ServiceUnauthorized, "answered 401; check the user name, the password"),
        (wrong_client, ServiceUnauthorized, "POST /api/oauth/token: the server answered 401"),
        (wrong_authority, ServiceTLS, "name its authority's certificate with JAMF_CA_FILE or SSL_CERT_FILE"),
        (no_authority, ServiceTLS, "missing.pem: No such file"),
        (broken_authority, ServiceTLS, "can't read the certificate authority"),
    ],
)
def test_a_server_that_can_not_be_used_ends_the_export(
    change: Callable[[Account, Path], Account],
    error: type[ServiceError],
    text: str,
    variant: str,
    account: Account,
    tmp_path: Path,
) -> None:
    caught = failure(change(account, tmp_path), variant)
    assert type(caught) is error
    assert text in str(caught)
    assert "canary" not in str(caught)


@pytest.mark.parametrize(
    ("options", "error", "text"),
    [
        ({"html_rate": "1"}, ServiceBadResponse, "text/html instead of JSON"),
        ({"truncate_rate": "1"}, ServiceBadResponse, "truncated"),
        ({"error_rate": "1"}, ServiceError, "answered 500"),
        ({"reset_rate": "1"}, ServiceUnreachable, "no connection to https://127.0.0.1"),
        ({"unauthorized_after": "0"}, ServiceUnauthorized, "answered 401"),
        ({"always_429": "true", "patience_s": "0.5"}, ServiceThrottled, "429"),
        ({"slow_body_rate": "1", "slow_body_s": "9", "timeout_s": "0.2"}, ServiceTimeout, "in time"),
    ],
    ids=lambda value: "+".join(value) if isinstance(value, dict) else "",
)
def test_a_server_that_always_misbehaves_ends_the_export(
    options: dict[str, str], error: type[ServiceError], text: str
) -> None:
    with prepare(**options) as services:
        for variant in FIRST_AND_BEST:
            caught = failure(services.account, variant)
            assert type(caught) is error
            assert text in str(caught)


def test_the_server_that_stops_on_the_way_ends_the_export_soon(tmp_path: Path) -> None:
    with prepare(latency_scale="1", patience_s="0.5") as services:
        workload = services.workload("pooled")
        workload.setup()

        async def work() -> Any:
            async with asyncio.timeout(60):
                export = asyncio.ensure_future(workload.run())
                await asyncio.to_thread(wait_for_request, services)
                await asyncio.to_thread(services.close)
                return await export

        with pytest.raises(ServiceUnreachable, match="no connection to"):
            asyncio.run(work())
        workload._discard()


def wait_for_request(services: Any) -> None:
    while services.stats()["requests"] < 9:
        pass


def test_unknown_settings_start_nothing() -> None:
    scenario = JamfExport()
    for settings, text in [
        (Settings(options={"latencyscale": "1"}), "did you mean 'latency_scale'"),
        (Settings(scale="huge"), "unknown scale 'huge'"),
        (Settings(link="moon"), "unknown link 'moon'"),
    ]:
        with pytest.raises(UsageError, match=text):
            scenario.prepare(settings)


def test_a_real_server_needs_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JAMF_URL", "https://jamf.invalid")
    with pytest.raises(UsageError, match="JAMF_URL needs"):
        JamfExport().prepare(Settings())
