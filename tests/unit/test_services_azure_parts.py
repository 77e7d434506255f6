"""The simulator's parts without a connection: throttle, filters, paging, routes, login, endpoint, options."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from workbench.dataset.azure import build_tenant, canonical, listed_document
from workbench.dataset.azure.identifiers import group_of, subscription_of
from workbench.dataset.azure.model import Resource, Tenant
from workbench.errors import UsageError
from workbench.services.azure import AzureEndpoint, AzureOptions, Faults, Throttle, endpoint_from_environment
from workbench.services.azure.describe import describe_resource, read_resource
from workbench.services.azure.latency import MEDIANS_S, latency_s, mean_latency_s, resource_endpoint
from workbench.services.azure.listing import list_resources, parse_filter
from workbench.services.azure.login import Accounts, Login
from workbench.services.azure.providers import RESOURCES_VERSIONS, Providers
from workbench.services.azure.replies import ArmError
from workbench.services.azure.routes import Resources
from workbench.services.azure.state import TenantState
from workbench.services.azure.throttle import Buckets
from workbench.services.simulator.reply import Reply
from workbench.services.simulator.tokens import Tokens

BASE = "https://127.0.0.1:1"
VERSION = {"api-version": RESOURCES_VERSIONS[0]}


@cache
def tenant() -> Tenant:
    return build_tenant(scale="small")


def code(error: ArmError) -> tuple[int, str]:
    return error.reply.status, json.loads(error.reply.body)["error"]["code"]


# Throttling


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_bucket_empties_refills_and_overflows() -> None:
    clock = Clock()
    buckets = Buckets(Throttle(4, 2.0), clock)
    assert [buckets.take("a") for _ in range(4)] == [(3, 0.0), (2, 0.0), (1, 0.0), (0, 0.0)]
    assert buckets.take("a") == (0, 0.5)
    assert buckets.take("b") == (3, 0.0)
    clock.now += 0.25
    assert buckets.take("a") == (0, 0.25)
    clock.now += 0.25
    assert buckets.take("a") == (0, 0.0)
    clock.now += 1000
    assert buckets.take("a") == (3, 0.0)
    buckets.take("a")
    buckets.refill()
    assert buckets.take("a") == (3, 0.0)


def test_no_limit_and_a_quota_by_the_minute() -> None:
    buckets = Buckets(Throttle(None))
    assert {buckets.take("a")[1] for _ in range(1000)} == {0.0}
    assert Throttle.per_minute(250) == Throttle(250, 250 / 60)
    for bad in ({"capacity": 0}, {"refill_per_s": 0.0}, {"refill_per_s": float("inf")}):
        with pytest.raises(UsageError):
            Throttle(**bad)


# Lists


def url_query(url: str) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(url).query))


def pages(state: TenantState, group: str = "", **query: str) -> list[list[dict[str, Any]]]:
    subscription = tenant().subscriptions[0]
    asked, found = {f"${key}": value for key, value in query.items()}, []
    while True:
        page = list_resources(state, subscription, group, asked, 20, f"{BASE}/x")
        found.append(page["value"])
        if "nextLink" not in page:
            return found
        assert page["nextLink"].startswith(f"{BASE}/x?")
        asked = url_query(page["nextLink"])


def of_first() -> list[Resource]:
    first = tenant().subscriptions[0].subscription_id
    return [each for each in tenant().resources if subscription_of(each.id) == first]


def test_pages_hold_each_resource_once_in_order() -> None:
    found = pages(TenantState(tenant()))
    assert [len(page) for page in found[:-1]] == [20] * (len(found) - 1)
    assert 0 < len(found[-1]) <= 20 < len(of_first())
    assert [each for page in found for each in page] == [listed_document(each) for each in of_first()]


def test_a_page_that_is_just_full_is_the_last() -> None:
    subscription, state = tenant().subscriptions[0], TenantState(tenant())
    page = list_resources(state, subscription, "", {}, len(of_first()), BASE)
    assert len(page["value"]) == len(of_first())
    assert "nextLink" not in page


def test_top_expand_and_filter_are_kept_from_page_to_page() -> None:
    kind = "Microsoft.Compute/disks"
    found = pages(TenantState(tenant()), filter=f"resourceType eq '{kind.upper()}'", top="1", expand="changedTime")
    expected = [listed_document(each, ("changedTime",)) for each in of_first() if each.type == kind]
    assert [page for page in found if page] == [[each] for each in expected]
    assert len(expected) > 1


def test_a_group_lists_its_own() -> None:
    group = group_of(of_first()[0].id)
    found = pages(TenantState(tenant()), canonical(group))
    assert [each["id"] for page in found for each in page] == [
        each.id for each in of_first() if group_of(each.id) == group
    ]


def test_a_deletion_between_two_pages_moves_nothing() -> None:
    state, subscription = TenantState(tenant()), tenant().subscriptions[0]
    first = list_resources(state, subscription, "", {}, 20, BASE)
    gone = [canonical(of_first()[number].id) for number in (0, 5, 20)]
    for key in gone:
        del state.resources[key]
    second = list_resources(state, subscription, "", url_query(first["nextLink"]), 20, BASE)
    assert [each["id"] for each in second["value"]] == [each.id for each in of_first()[21:41]]


@pytest.mark.parametrize(
    ("query", "error"),
    [
        ({"$skiptoken": "nonsense"}, "InvalidSkipToken"),
        ({"$skiptoken": "WzEsICJ4Il0="}, "InvalidSkipToken"),
        ({"$skiptoken": "é"}, "InvalidSkipToken"),
        ({"$top": "0"}, "InvalidTopInQueryString"),
        ({"$top": "many"}, "InvalidTopInQueryString"),
        ({"$expand": "secrets"}, "InvalidExpandInQueryString"),
        ({"$filter": "resourceType eq 'a"}, "InvalidFilterInQueryString"),
        ({"$filter": "resourceType eq 'a' or name eq 'b'"}, "InvalidFilterInQueryString"),
        ({"$filter": "resourceType eq 'a' and"}, "InvalidFilterInQueryString"),
        ({"$filter": "colour eq 'a'"}, "InvalidFilterInQueryString"),
        ({"$filter": "tagName ne 'a'"}, "InvalidFilterInQueryString"),
        ({"$filter": "tagName eq 'a' and name eq 'b'"}, "InvalidFilterInQueryString"),
    ],
)
def test_queries_that_cannot_be_read_are_refused(query: dict[str, str], error: str) -> None:
    with pytest.raises(ArmError) as caught:
        list_resources(TenantState(tenant()), tenant().subscriptions[0], "", query, 20, BASE)
    assert code(caught.value) == (400, error)


def test_a_token_of_one_list_is_no_token_of_another() -> None:
    state, subscription = TenantState(tenant()), tenant().subscriptions[0]
    token = url_query(list_resources(state, subscription, "", {}, 5, BASE)["nextLink"])
    with pytest.raises(ArmError):
        list_resources(state, subscription, "", token | {"$filter": "name ne 'a'"}, 5, BASE)


def test_filters() -> None:
    each = next(each for each in tenant().resources if each.tags)
    key, value = next(iter(each.tags.items()))
    group = group_of(each.id).rpartition("/")[2].replace("'", "''")
    for text, keeps in (
        ("", True),
        (f"resourceType eq '{each.type.lower()}' and location eq '{each.location}'", True),
        (f"resourceType ne '{each.type}'", False),
        (f"resourceGroup eq '{group}' and name ne 'other'", True),
        (f"tagName eq '{key.upper()}'", True),
        (f"tagName eq '{key}' and tagValue eq '{value}'", True),
        (f"tagName eq '{key}' and tagValue eq 'other'", False),
    ):
        assert parse_filter(text)(each) is keeps, text


# Routes


def ask(path: str, query: dict[str, str] = VERSION, state: TenantState | None = None) -> Any:
    resources = Resources(state or TenantState(tenant()), 20)
    target = resources.find([part for part in path.split("/") if part], query)
    assert target is not None
    assert target.endpoint in MEDIANS_S
    resources.check(target, query)
    reply = resources.answer(target, query, BASE)
    assert reply.status == 200
    return json.loads(reply.body)


def versions(resource: Resource) -> tuple[str, ...]:
    return next(each.api_versions for each in tenant().resource_types if each.type == resource.type)


def test_every_resource_by_id_in_every_version_and_any_case() -> None:
    state = TenantState(tenant())
    for resource in tenant().resources:
        for version in (versions(resource)[0], versions(resource)[-1]):
            document = ask(resource.id, {"api-version": version}, state)
            assert document["properties"] == resource.properties
            assert document["etag"] == resource.etag
        assert ask(resource.id.upper(), {"api-version": versions(resource)[0].upper()}, state)["id"] == resource.id


def test_the_lists_of_the_tenant_and_of_a_subscription() -> None:
    first = tenant().subscriptions[0]
    assert [each["subscriptionId"] for each in ask("/subscriptions")["value"]] == [
        each.subscription_id for each in tenant().subscriptions
    ]
    assert ask(first.id)["displayName"] == first.name
    assert ask("/tenants")["value"][0]["tenantId"] == tenant().tenant_id
    assert len(ask(f"{first.id}/locations")["value"]) == 7
    groups = ask(f"{first.id}/resourceGroups")["value"]
    assert [each["id"] for each in groups] == [
        each.id for each in tenant().resource_groups if each.id.startswith(first.id)
    ]
    assert ask(groups[0]["id"].lower()) == groups[0]
    page = ask(f"{first.id}/resources", {**VERSION, "$top": "3"})
    assert len(page["value"]) == 3
    assert page["nextLink"].startswith(f"{BASE}{first.id}/resources?")


def test_providers_tell_the_versions_that_a_get_takes() -> None:
    for prefix in ("", tenant().subscriptions[0].id):
        listed = ask(f"{prefix}/providers")["value"]
        told = {
            f"{each['namespace']}/{kind['resourceType']}": kind for each in listed for kind in each["resourceTypes"]
        }
        for kind in tenant().resource_types:
            assert told[kind.type]["apiVersions"] == list(kind.api_versions)
            assert "preview" not in told[kind.type]["defaultApiVersion"]
        assert ask(f"{prefix}/providers/microsoft.compute") == next(
            each for each in listed if each["namespace"] == "Microsoft.Compute"
        )
    assert Providers(tenant().resource_types).document("microsoft.unknown", "") is None


def refusal(path: str, query: dict[str, str]) -> tuple[int, str, str]:
    with pytest.raises(ArmError) as caught:
        ask(path, query)
    document = json.loads(caught.value.reply.body)["error"]
    return caught.value.reply.status, document["code"], document["message"]


def test_a_wrong_version_names_the_right_ones() -> None:
    resource = tenant().resources[0]
    first = tenant().subscriptions[0].id
    status, name, text = refusal(resource.id, {})
    assert (status, name) == (400, "MissingApiVersionParameter")
    status, name, text = refusal(resource.id, {"api-version": "1999-01-01"})
    assert (status, name) == (400, "NoRegisteredProviderFound")
    assert f"for location '{resource.location}' and API version '1999-01-01'" in text
    assert f"The supported api-versions are '{', '.join(versions(resource))}'." in text
    status, name, text = refusal(resource.id, {"api-version": "latest"})
    assert (status, name) == (400, "InvalidApiVersionParameter")
    assert f"The supported versions are '{','.join(versions(resource))}'" in text
    assert refusal(f"{first}/resources", {"api-version": "1999-01-01"})[:2] == (400, "InvalidApiVersionParameter")
    assert refusal(f"{first}/resources", {})[:2] == (400, "MissingApiVersionParameter")


def test_what_there_is_not() -> None:
    resource = next(each for each in tenant().resources if each.type == "Microsoft.Sql/servers/databases")
    group, version = group_of(resource.id), {"api-version": versions(resource)[0]}
    status, name, text = refusal(resource.id + "x", version)
    assert (status, name) == (404, "ResourceNotFound")
    assert (
        f"'Microsoft.Sql/servers/databases/{resource.name}x' under resource group '{group.rpartition('/')[2]}'"
        in text
    )
    missing = resource.id.replace(group, group + "x")
    assert refusal(missing, version)[:2] == (404, "ResourceGroupNotFound")
    assert refusal(missing, {"api-version": "1999-01-01"})[:2] == (404, "ResourceGroupNotFound")
    assert refusal(f"{group}x", VERSION)[:2] == (404, "ResourceGroupNotFound")
    assert refusal(f"{group}x/resources", VERSION)[:2] == (404, "ResourceGroupNotFound")
    assert refusal("/subscriptions/x/resources", VERSION)[:2] == (404, "SubscriptionNotFound")
    assert refusal(f"{group}/providers/Microsoft.Nothing/a/b", version)[:2] == (404, "InvalidResourceNamespace")
    assert refusal(f"{group}/providers/Microsoft.Sql/a/b", version)[:2] == (404, "InvalidResourceType")
    assert refusal("/providers/Microsoft.Nothing", VERSION)[:2] == (404, "InvalidResourceNamespace")


@pytest.mark.parametrize(
    "path", ["", "x", "providers/a/b", "subscriptions/s/x", "subscriptions/s/resourceGroups/g/providers/n/t"]
)
def test_other_paths_are_nothing(path: str) -> None:
    assert Resources(TenantState(tenant()), 20).find([part for part in path.split("/") if part], VERSION) is None


def test_mutations_are_served_and_undone() -> None:
    state = TenantState(tenant())
    first = state.mutate(0.1, 3, 0.02)
    assert (len(first["changed"]), len(first["deleted"])) == (10, 2)
    changed = state.resources[canonical(first["changed"][0])]
    assert changed.tags["lastChange"] == "1"
    assert canonical(first["deleted"][0]) not in state.resources
    second = state.mutate(0.1, 3)
    assert second["changed"] != first["changed"]
    assert len(state.resources) == 98
    state.restore()
    assert list(state.resources.values()) == list(tenant().resources)
    assert state.mutate(0.1, 3, 0.02) == first


# Login

ACCOUNTS = Accounts("0f0e0d0c-0000-4000-8000-000000000001", "client", "secret")
FORM = {
    "client_id": "client",
    "client_secret": "secret",
    "grant_type": "client_credentials",
    "scope": "https://x/.default",
}


def login() -> tuple[Login, Tokens]:
    tokens = Tokens(3599.9, None)
    return Login(ACCOUNTS, tokens, 3599.9), tokens


def test_the_right_secret_gets_a_token() -> None:
    service, tokens = login()
    reply = service.token(ACCOUNTS.tenant_id.upper(), FORM)
    document = json.loads(reply.body)
    assert reply.status == 200
    assert (document["token_type"], document["expires_in"]) == ("Bearer", 3599)
    assert tokens.check(f"Bearer {document['access_token']}")
    tokens.revoke_all()
    assert tokens.check(f"Bearer {document['access_token']}") is None
    assert tokens.was_revoked(f"Bearer {document['access_token']}")
    assert not tokens.was_revoked("Bearer other")


@pytest.mark.parametrize(
    ("tenant_id", "changes", "status", "error"),
    [
        ("other", {}, 400, "invalid_request"),
        (ACCOUNTS.tenant_id, {"grant_type": "password"}, 400, "unsupported_grant_type"),
        (ACCOUNTS.tenant_id, {"client_id": "other"}, 400, "unauthorized_client"),
        (ACCOUNTS.tenant_id, {"client_secret": "other"}, 401, "invalid_client"),
        (ACCOUNTS.tenant_id, {"scope": "https://x/user"}, 400, "invalid_scope"),
    ],
)
def test_wrong_logins(tenant_id: str, changes: dict[str, str], status: int, error: str) -> None:
    reply = login()[0].token(tenant_id, FORM | changes)
    document = json.loads(reply.body)
    assert (reply.status, document["error"]) == (status, error)
    assert document["error_description"].startswith(f"AADSTS{document['error_codes'][0]}: ")
    assert "secret" not in document["error_description"].replace("client secret", "")


def test_login_paths_and_discovery() -> None:
    service, _ = login()
    own = ACCOUNTS.tenant_id
    assert Login.endpoint([own, "oauth2", "v2.0", "token"]) == "token"
    assert Login.endpoint([own, "v2.0", ".well-known", "openid-configuration"]) == "discovery"
    assert Login.endpoint(["common", "discovery", "instance"]) == "discovery"
    assert Login.endpoint(["subscriptions", "x"]) == Login.endpoint([]) == ""
    found = json.loads(service.discover([own, "v2.0", ".well-known", "openid-configuration"], BASE).body)
    assert found["token_endpoint"] == f"{BASE}/{own}/oauth2/v2.0/token"
    assert service.discover(["other", "v2.0", ".well-known", "openid-configuration"], BASE).status == 400
    instance = json.loads(service.discover(["common", "discovery", "instance"], BASE).body)
    assert instance["tenant_discovery_endpoint"].startswith(f"{BASE}/{own}/")


def test_secrets_do_not_show() -> None:
    assert "secret" not in repr(ACCOUNTS).replace("client_secret", "")
    endpoint = AzureEndpoint("https://a", "https://b", "t", "c", "hidden-1", describe_key="hidden-2")
    assert "hidden" not in repr(endpoint)
    assert (endpoint.scope, endpoint.token_url) == ("https://a/.default", "https://b/t/oauth2/v2.0/token")


# The rest

REAL = {
    "AZURE_ARM_URL": "https://management.azure.com/",
    "AZURE_TENANT_ID": "t",
    "AZURE_CLIENT_ID": "c",
    "AZURE_CLIENT_SECRET": "s",
}


def test_the_environment_names_a_real_service(tmp_path: Path) -> None:
    assert endpoint_from_environment({}) is None
    found = endpoint_from_environment(REAL)
    assert found == AzureEndpoint(
        "https://management.azure.com", "https://login.microsoftonline.com", "t", "c", "s"
    )
    (tmp_path / "ca.pem").write_text("")
    others = {"AZURE_AUTHORITY_HOST": "login.example", "AZURE_CA_FILE": str(tmp_path / "ca.pem")}
    found = endpoint_from_environment(
        REAL | others | {"AZURE_DESCRIBE_URL": "https://d", "AZURE_DESCRIBE_KEY": "k"}
    )
    assert found is not None
    assert (found.authority, found.ca_file) == ("https://login.example", tmp_path / "ca.pem")
    assert (found.describe_url, found.describe_key) == ("https://d", "k")


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"AZURE_CLIENT_SECRET": ""}, "AZURE_ARM_URL needs AZURE_CLIENT_SECRET, too"),
        ({"AZURE_ARM_URL": "http://management.azure.com"}, "AZURE_ARM_URL must be like https"),
        ({"AZURE_ARM_URL": "https://me:pw@management.azure.com"}, "without credentials"),
        ({"AZURE_CA_FILE": "/nowhere"}, "AZURE_CA_FILE names no file: /nowhere"),
    ],
)
def test_a_bad_environment_is_told(changes: dict[str, str], text: str) -> None:
    with pytest.raises(UsageError, match=text):
        endpoint_from_environment(REAL | changes)


@pytest.mark.parametrize(
    "bad",
    [
        {"latency_scale": -1.0},
        {"page_size": 0},
        {"page_size": 1001},
        {"token_lifetime_s": 0.0},
        {"describe_limit": 0},
    ],
)
def test_bad_options_are_refused(bad: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        AzureOptions(**bad)


def test_options_survive_the_pipe() -> None:
    options = AzureOptions(
        throttle=Throttle(None), faults=Faults(error_rate=0.5, bad_resources=("/a",)), page_size=7
    )
    assert AzureOptions.from_json(json.loads(json.dumps(options.to_json()))) == options


def test_latencies_are_by_provider_and_fixed_by_the_seed() -> None:
    assert resource_endpoint("microsoft.compute") == "resource/Microsoft.Compute"
    assert resource_endpoint("Microsoft.Cache") == "resource/other"
    draws = [latency_s(1, "resource/other", str(number), 1) for number in range(2000)]
    assert draws == [latency_s(1, "resource/other", str(number), 1) for number in range(2000)]
    assert sum(draws) / 2000 == pytest.approx(mean_latency_s("resource/other"), rel=0.05)
    assert latency_s(1, "resource/other", "1", 1, 0.0) == 0.0


def test_descriptions() -> None:
    for body in (b"", b"{", b"[]", b'{"id": 1, "type": "t"}', b"[" * 100_000):
        refused = read_resource(body)
        assert isinstance(refused, Reply)
        assert refused.status == 400
    document = read_resource(b'{"id": "/a/b", "type": "t", "location": "here"}')
    assert isinstance(document, dict)
    assert json.loads(describe_resource(document).body)["description"].startswith("b is a t in here")
