"""An independently written Jamf client library logs in to the simulator and reads the estate from it."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jamf_pro_sdk import ApiClientCredentialsProvider, JamfProClient, SessionConfig
from jamf_pro_sdk.clients.auth import CredentialsProvider, UserCredentialsProvider
from jamf_pro_sdk.clients.pro_api.pagination import FilterField, Paginator, SortField
from requests import HTTPError

from workbench.dataset.jamf import build_estate, write_estate
from workbench.dataset.jamf.model import Estate
from workbench.services.jamf import JamfEndpoint, JamfOptions, RunningJamf, start_jamf
from workbench.services.link import parse_link, start_link

pytestmark = pytest.mark.service


@pytest.fixture(scope="module")
def estate() -> Estate:
    return build_estate(scale="small", seed=1)


@pytest.fixture(scope="module")
def folder(estate: Estate, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("estate")
    write_estate(estate, path)
    return path


@pytest.fixture(scope="module")
def jamf(folder: Path) -> Iterator[RunningJamf]:
    with start_jamf(folder, options=JamfOptions(latency_scale=0)) as running:
        yield running


@pytest.fixture(autouse=True)
def _no_variables_of_the_host(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    # requests lets these override the authority that its caller chose.
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))  # where the library leaves a copy of the authorities


def sdk(endpoint: JamfEndpoint, credentials: CredentialsProvider) -> JamfProClient:
    host, _, port = endpoint.base_url.removeprefix("https://").partition(":")
    return JamfProClient(
        server=host,
        port=int(port),
        credentials=credentials,
        session_config=SessionConfig(ca_cert_bundle=endpoint.ca_file, timeout=30, return_exceptions=False),
    )


@pytest.fixture(params=["user", "client"])
def library(jamf: RunningJamf, request: pytest.FixtureRequest) -> Iterator[JamfProClient]:
    end = jamf.endpoint()
    credentials = (
        UserCredentialsProvider(end.username, end.password)
        if request.param == "user"
        else ApiClientCredentialsProvider(end.client_id, end.client_secret)
    )
    client = sdk(end, credentials)
    yield client
    client.session.close()


def test_categories_by_its_models(library: JamfProClient, estate: Estate) -> None:
    listed = library.classic_api.list_all_categories()
    assert [(each.id, each.name) for each in listed] == [(each.id, each.name) for each in estate.categories]
    for category in estate.categories:
        read = library.classic_api.get_category_by_id(category.id)
        assert (read.id, read.name, read.priority) == (category.id, category.name, category.priority)


def test_groups_by_its_models(library: JamfProClient, estate: Estate) -> None:
    assert [each.is_smart for each in library.classic_api.list_all_computer_groups()] == [
        each.is_smart for each in estate.groups
    ]
    for group in estate.groups:
        read = library.classic_api.get_computer_group_by_id(group.id)
        assert [(each.name, each.value) for each in read.criteria] == [
            (each.name, each.value) for each in group.criteria
        ]
        assert [(each.id, each.name, each.serial_number) for each in read.computers] == list(group.computers)


def test_packages_by_its_models_on_both_apis(library: JamfProClient, estate: Estate) -> None:
    assert [each.id for each in library.classic_api.list_all_packages()] == [each.id for each in estate.packages]
    for package in estate.packages:
        read = library.classic_api.get_package_by_id(package.id)
        assert (read.name, read.filename, read.hash_value) == (package.name, package.filename, package.sha256)
    paged = library.pro_api.get_packages_v1(page_size=2)
    assert sorted(int(each.id) for each in paged) == [each.id for each in estate.packages]
    assert {each.sha256 for each in paged} == {each.sha256 for each in estate.packages}


def test_policies_scripts_and_profiles_by_its_requests(library: JamfProClient, estate: Estate) -> None:
    listed = library.classic_api_request("get", "policies").json()["policies"]
    assert [each["id"] for each in listed] == [each.id for each in estate.policies]
    for policy in estate.policies:
        read = library.classic_api_request("get", f"policies/id/{policy.id}").json()["policy"]
        assert [each["id"] for each in read["scripts"]] == [each.script_id for each in policy.scripts]
    for script in estate.scripts:
        read = library.classic_api_request("get", f"scripts/id/{script.id}").json()["script"]
        assert read["script_contents"] == script.contents
    for profile in estate.profiles:
        reply = library.classic_api_request("get", f"osxconfigurationprofiles/id/{profile.id}")
        assert reply.json()["os_x_configuration_profile"]["general"]["payloads"] == profile.payloads


def test_the_pages_of_its_paginator(library: JamfProClient, estate: Estate) -> None:
    def scripts(**more: Any) -> list[dict[str, Any]]:
        paginator = Paginator(library.pro_api, "v1/scripts", return_model=None, page_size=3, **more)
        found: list[dict[str, Any]] = paginator(return_generator=False)
        return found

    assert {each["id"]: each["scriptContents"] for each in scripts()} == {
        str(each.id): each.contents for each in estate.scripts
    }
    by_id = scripts(sort_expression=SortField("id").desc())
    assert [int(each["id"]) for each in by_id] == sorted((each.id for each in estate.scripts), reverse=True)
    wanted = [str(each.id) for each in estate.scripts[:4]]
    assert sorted(each["id"] for each in scripts(filter_expression=FilterField("id").is_in(wanted))) == sorted(
        wanted
    )


def test_it_reports_what_is_missing(library: JamfProClient) -> None:
    with pytest.raises(HTTPError, match="404"):
        library.classic_api.get_category_by_id(999_999)


def test_it_keeps_a_short_lived_token_alive(folder: Path) -> None:
    # The library renews by keep-alive when less than a minute, but more than five seconds, are left.
    with start_jamf(folder, options=JamfOptions(latency_scale=0, token_lifetime_s=30)) as jamf:
        end = jamf.endpoint()
        client = sdk(end, UserCredentialsProvider(end.username, end.password))
        first = client.get_access_token().token
        second = client.get_access_token().token
        assert first != second
        assert client.classic_api_request("get", "policies").ok
        client.session.close()


def test_wrong_credentials_are_refused(jamf: RunningJamf) -> None:
    for credentials in (UserCredentialsProvider("nobody", "x"), ApiClientCredentialsProvider("nobody", "x")):
        client = sdk(jamf.endpoint(), credentials)
        with pytest.raises(HTTPError, match="401"):
            client.classic_api_request("get", "policies")
        client.session.close()


def test_it_works_through_the_link(jamf: RunningJamf, estate: Estate) -> None:
    with start_link(parse_link("rtt=2ms,jitter=1ms,bandwidth=100mbit"), jamf.host, jamf.port) as link:
        end = jamf.endpoint(link)
        client = sdk(end, UserCredentialsProvider(end.username, end.password))
        assert len(client.classic_api.list_all_packages()) == len(estate.packages)
        client.session.close()
        assert link.stats()["connections"] > 0
