"""The official Azure SDK for Python logs in to the simulator, lists the tenant and gets every resource."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from azure.core.exceptions import ClientAuthenticationError, HttpResponseError, ResourceNotFoundError
from azure.identity import ClientSecretCredential
from azure.mgmt.resource.resources import ResourceManagementClient
from azure.mgmt.resource.subscriptions import SubscriptionClient

from workbench.dataset.azure import build_tenant, write_tenant
from workbench.dataset.azure.identifiers import group_of, subscription_of
from workbench.dataset.azure.model import Tenant
from workbench.services.azure import AzureEndpoint, AzureOptions, Faults, RunningAzure, Throttle, start_azure
from workbench.services.link import parse_link, start_link

pytestmark = pytest.mark.service


@pytest.fixture(scope="module")
def tenant() -> Tenant:
    return build_tenant(scale="small")


@pytest.fixture(scope="module")
def folder(tenant: Tenant, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("tenant")
    write_tenant(tenant, path)
    return path


@pytest.fixture(scope="module")
def shared(folder: Path) -> Iterator[RunningAzure]:
    with start_azure(
        folder, options=AzureOptions(latency_scale=0, throttle=Throttle(None), page_size=20)
    ) as running:
        yield running


@pytest.fixture
def azure(shared: RunningAzure) -> RunningAzure:
    shared.restore()
    shared.reset()
    return shared


@pytest.fixture(autouse=True)
def _no_variables_of_the_host(monkeypatch: pytest.MonkeyPatch) -> None:
    # requests lets these override the authority that its caller chose.
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)


class Sdk:
    """The SDK's clients for an endpoint."""

    def __init__(self, endpoint: AzureEndpoint, credential: ClientSecretCredential) -> None:
        self.endpoint = endpoint
        self.credential = credential
        self._options = {
            "base_url": endpoint.base_url,
            "credential_scopes": [endpoint.scope],
            "connection_verify": str(endpoint.ca_file),
        }

    @contextmanager
    def subscriptions(self) -> Iterator[SubscriptionClient]:
        with SubscriptionClient(self.credential, **self._options) as client:
            yield client

    @contextmanager
    def resources(self, subscription: str) -> Iterator[ResourceManagementClient]:
        with ResourceManagementClient(self.credential, subscription, **self._options) as client:
            yield client


@contextmanager
def sdk(endpoint: AzureEndpoint, secret: str = "") -> Iterator[Sdk]:
    with ClientSecretCredential(
        endpoint.tenant_id,
        endpoint.client_id,
        secret or endpoint.client_secret,
        authority=endpoint.authority,
        # It would ask login.microsoftonline.com whether it knows the authority.
        disable_instance_discovery=True,
        connection_verify=str(endpoint.ca_file),
    ) as credential:
        yield Sdk(endpoint, credential)


def versions(tenant: Tenant) -> dict[str, str]:
    return {kind.type: kind.api_versions[0] for kind in tenant.resource_types}


def test_subscriptions_and_groups(azure: RunningAzure, tenant: Tenant) -> None:
    with sdk(azure.endpoint()) as library:
        with library.subscriptions() as client:
            listed = list(client.subscriptions.list())
            assert [(each.id, each.display_name) for each in listed] == [
                (each.id, each.name) for each in tenant.subscriptions
            ]
            assert {each.state for each in listed} == {"Enabled"}
            assert client.subscriptions.get(listed[1].subscription_id).display_name == listed[1].display_name
            assert [each.tenant_id for each in client.tenants.list()] == [tenant.tenant_id]
        found = []
        for each in listed:
            with library.resources(each.subscription_id) as client:
                found += [(group.id, group.location, group.tags or {}) for group in client.resource_groups.list()]
        assert found == [(each.id, each.location, each.tags) for each in tenant.resource_groups]


def test_all_resources_page_by_page_and_each_by_its_id(azure: RunningAzure, tenant: Tenant) -> None:
    expected = {each.id: each for each in tenant.resources}
    right = versions(tenant)
    with sdk(azure.endpoint()) as library:
        listed = []
        for subscription in tenant.subscriptions:
            with library.resources(subscription.subscription_id) as client:
                of_it = list(client.resources.list(expand="createdTime,changedTime"))
                listed += of_it
                for each in of_it:
                    resource = client.resources.get_by_id(each.id, api_version=right[each.type])
                    assert resource.properties == expected[each.id].properties
                    assert (resource.name, resource.tags or {}) == (each.name, expected[each.id].tags)
    assert [each.id for each in listed] == list(expected)
    assert all(each.changed_time >= each.created_time for each in listed)
    stats = azure.stats()
    assert stats["endpoints"]["resources/list"] == sum(
        -(-count // 20) for count in per_subscription(tenant).values()
    )
    assert sum(count for name, count in stats["endpoints"].items() if name.startswith("resource/")) == 100
    assert stats["logins"] == 1


def per_subscription(tenant: Tenant) -> Counter[str]:
    return Counter(subscription_of(each.id) for each in tenant.resources)


def test_lists_by_type_and_by_group(azure: RunningAzure, tenant: Tenant) -> None:
    first = tenant.resources[0]
    group = group_of(first.id)
    with sdk(azure.endpoint()) as library, library.resources(subscription_of(first.id)) as client:
        found = client.resources.list(filter="resourceType eq 'Microsoft.Compute/disks'", top=3)
        assert {each.type for each in found} == {"Microsoft.Compute/disks"}
        names = [each.name for each in client.resources.list_by_resource_group(group.rpartition("/")[2])]
    assert names == [each.name for each in tenant.resources if group_of(each.id) == group]


def test_providers_tell_the_right_version(azure: RunningAzure, tenant: Tenant) -> None:
    with sdk(azure.endpoint()) as library, library.resources(tenant.subscriptions[0].subscription_id) as client:
        told = {
            f"{provider.namespace}/{kind.resource_type}": kind.api_versions
            for provider in client.providers.list()
            for kind in provider.resource_types
        }
        assert {kind.type: list(kind.api_versions) for kind in tenant.resource_types}.items() <= told.items()
        compute = client.providers.get("Microsoft.Compute")
        assert {each.resource_type for each in compute.resource_types} >= {"virtualMachines", "disks"}


def test_errors_are_those_that_the_library_knows(azure: RunningAzure, tenant: Tenant) -> None:
    first = tenant.resources[0]
    right = versions(tenant)[first.type]
    with sdk(azure.endpoint()) as library, library.resources(subscription_of(first.id)) as client:
        with pytest.raises(HttpResponseError) as wrong:
            client.resources.get_by_id(first.id, api_version="2001-01-01")
        assert wrong.value.status_code == 400
        assert wrong.value.error is not None
        assert wrong.value.error.code == "NoRegisteredProviderFound"
        assert right in wrong.value.message
        with pytest.raises(ResourceNotFoundError) as missing:
            client.resources.get_by_id(first.id + "x", api_version=right)
        assert missing.value.error is not None
        assert missing.value.error.code == "ResourceNotFound"


def test_a_wrong_secret_is_refused(azure: RunningAzure) -> None:
    with (
        sdk(azure.endpoint(), secret="wrong") as library,
        library.subscriptions() as client,
        pytest.raises(ClientAuthenticationError, match="AADSTS7000215"),
    ):
        list(client.subscriptions.list())


def test_the_library_waits_out_a_429_and_gets_everything(folder: Path, tenant: Tenant) -> None:
    right = versions(tenant)
    some = [
        each for each in tenant.resources if subscription_of(each.id) == subscription_of(tenant.resources[0].id)
    ]
    options = AzureOptions(latency_scale=0, throttle=Throttle(6, 8.0))
    with (
        start_azure(folder, options=options) as azure,
        sdk(azure.endpoint()) as library,
        library.resources(subscription_of(some[0].id)) as client,
    ):
        got = [client.resources.get_by_id(each.id, api_version=right[each.type]).id for each in some[:12]]
        stats = azure.stats()
    assert got == [each.id for each in some[:12]]
    assert stats["throttled"] >= 1
    assert stats["reads"] == {subscription_of(some[0].id): 12}
    assert stats["requests"] == 12 + stats["throttled"] + 2  # discovery and the login


def test_the_library_logs_in_again_when_its_token_is_revoked(folder: Path, tenant: Tenant) -> None:
    right = versions(tenant)
    faults = Faults(unauthorized_after=4)
    options = AzureOptions(latency_scale=0, throttle=Throttle(None), faults=faults)
    first = tenant.resources[0]
    with (
        start_azure(folder, options=options) as azure,
        sdk(azure.endpoint()) as library,
        library.resources(subscription_of(first.id)) as client,
    ):
        for _ in range(10):
            assert client.resources.get_by_id(first.id, api_version=right[first.type]).id == first.id
        azure.revoke_tokens()
        assert client.resources.get_by_id(first.id, api_version=right[first.type]).id == first.id
        stats = azure.stats()
    assert stats["unauthorized"] == 3
    assert stats["logins"] == 4


def test_everything_works_through_a_link(azure: RunningAzure, tenant: Tenant) -> None:
    first = tenant.subscriptions[0].subscription_id
    with start_link(parse_link("rtt=2ms"), azure.host, azure.port) as link:
        with sdk(azure.endpoint(link)) as library, library.resources(first) as client:
            assert len(list(client.resources.list())) == per_subscription(tenant)[first]
        connections = link.stats()["connections"]
    assert connections == azure.stats()["connections"]
