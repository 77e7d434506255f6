"""The Azure simulator as its clients see it: tokens, throttling, latency, faults, mutations, descriptions."""

from __future__ import annotations

import json
import ssl
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from workbench.dataset.azure import build_tenant, draw_mutation, resource_document, write_tenant
from workbench.dataset.azure.identifiers import subscription_of
from workbench.dataset.azure.model import Resource, Tenant
from workbench.errors import ServiceError, ServiceStartFailed
from workbench.services.azure import AzureOptions, Faults, RunningAzure, Throttle, start_azure
from workbench.services.azure.latency import latency_s, resource_endpoint

pytestmark = pytest.mark.service

FREE = Throttle(None)
VERSION = "2024-03-01"


@pytest.fixture(scope="module")
def tenant() -> Tenant:
    return build_tenant(resources=60)


@pytest.fixture(scope="module")
def folder(tenant: Tenant, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("tenant")
    write_tenant(tenant, path)
    return path


@pytest.fixture(scope="module")
def shared(folder: Path) -> Iterator[RunningAzure]:
    with start_azure(folder, options=AzureOptions(latency_scale=0, throttle=FREE)) as running:
        yield running


@pytest.fixture
def azure(shared: RunningAzure) -> RunningAzure:
    shared.restore()
    shared.reset()
    return shared


@contextmanager
def client(azure: RunningAzure) -> Iterator[httpx.Client]:
    context = ssl.create_default_context(cafile=str(azure.ca_file))
    with httpx.Client(base_url=azure.base_url, verify=context, trust_env=False, timeout=30) as session:
        yield session


@contextmanager
def logged_in(azure: RunningAzure) -> Iterator[httpx.Client]:
    with client(azure) as session:
        session.headers["Authorization"] = f"Bearer {log_in(session, azure)}"
        yield session


def log_in(session: httpx.Client, azure: RunningAzure) -> str:
    end = azure.endpoint()
    form = {
        "grant_type": "client_credentials",
        "client_id": end.client_id,
        "client_secret": end.client_secret,
        "scope": end.scope,
    }
    reply = session.post(end.token_url, data=form)
    assert reply.status_code == 200, reply.text
    return str(reply.json()["access_token"])


def get(session: httpx.Client, tenant: Tenant, resource: Resource) -> httpx.Response:
    version = next(kind.api_versions[0] for kind in tenant.resource_types if kind.type == resource.type)
    return session.get(resource.id, params={"api-version": version})


def test_every_document_is_the_datasets(azure: RunningAzure, tenant: Tenant) -> None:
    numbers = set()
    with logged_in(azure) as session:
        for resource in tenant.resources:
            reply = get(session, tenant, resource)
            assert reply.json() == resource_document(resource)
            numbers.add(reply.headers["x-ms-request-id"])
    assert len(numbers) == len(tenant.resources)
    assert azure.stats()["connections"] == 1


def test_without_a_good_token_nothing_is_served(azure: RunningAzure, tenant: Tenant) -> None:
    with client(azure) as session:
        bare = get(session, tenant, tenant.resources[0])
        assert (bare.status_code, bare.json()["error"]["code"]) == (401, "AuthenticationFailed")
        session.headers["Authorization"] = "Bearer nonsense"
        wrong = get(session, tenant, tenant.resources[0])
        assert (wrong.status_code, wrong.json()["error"]["code"]) == (401, "InvalidAuthenticationToken")
        assert 'error="invalid_token"' in wrong.headers["www-authenticate"]
        session.headers["Authorization"] = f"Bearer {log_in(session, azure)}"
        assert get(session, tenant, tenant.resources[0]).status_code == 200
        azure.revoke_tokens()
        revoked = get(session, tenant, tenant.resources[0])
        assert (revoked.status_code, revoked.json()["error"]["code"]) == (
            401,
            "TokenIssuedBeforeRevocationTimestamp",
        )
        assert 'error="insufficient_claims", claims="' in revoked.headers["www-authenticate"]
    assert azure.stats()["unauthorized"] == 3


def test_a_token_expires(folder: Path, tenant: Tenant) -> None:
    options = AzureOptions(latency_scale=0, token_lifetime_s=0.05)
    with start_azure(folder, options=options) as azure, logged_in(azure) as session:
        deadline = time.monotonic() + 10
        while get(session, tenant, tenant.resources[0]).status_code != 401:
            assert time.monotonic() < deadline


def test_only_what_the_api_has(azure: RunningAzure, tenant: Tenant) -> None:
    with logged_in(azure) as session:
        assert session.post("/subscriptions?api-version=2022-12-01").json()["error"]["code"] == "MethodNotAllowed"
        assert session.get("/nonsense?api-version=2022-12-01").status_code == 404
        assert session.get("/subscriptions").json()["error"]["code"] == "MissingApiVersionParameter"
        assert session.get(f"/{tenant.tenant_id}/oauth2/v2.0/token").status_code == 405


def test_buckets_are_the_subscriptions_own_and_are_told(folder: Path, tenant: Tenant) -> None:
    first = tenant.resources[0]
    other = next(each for each in tenant.resources if subscription_of(each.id) != subscription_of(first.id))
    remaining = "x-ms-ratelimit-remaining-subscription-reads"
    options = AzureOptions(latency_scale=0, throttle=Throttle(3, 0.001))
    with start_azure(folder, options=options) as azure, logged_in(azure) as session:
        assert [get(session, tenant, first).headers[remaining] for _ in range(3)] == ["2", "1", "0"]
        full = get(session, tenant, first)
        assert (full.status_code, full.json()["error"]["code"]) == (429, "SubscriptionRequestsThrottled")
        assert 900 < int(full.headers["retry-after"]) <= 1000
        assert get(session, tenant, other).headers[remaining] == "2"
        of_tenant = session.get("/subscriptions?api-version=2022-12-01")
        assert of_tenant.headers["x-ms-ratelimit-remaining-tenant-reads"] == "2"
        stats = azure.stats()
        azure.reset()
        assert get(session, tenant, first).headers[remaining] == "2"
    assert stats["throttled"] == 1
    assert stats["reads"] == {subscription_of(first.id): 3, subscription_of(other.id): 1, "": 1}


def test_latencies_are_as_drawn_whatever_comes_before(folder: Path, tenant: Tenant) -> None:
    chosen = tenant.resources[:3]
    scale = 0.2
    with (
        start_azure(folder, options=AzureOptions(latency_scale=scale, seed=5)) as azure,
        logged_in(azure) as session,
    ):
        for resource in (*chosen, *reversed(chosen)):
            azure.reset()
            start = time.perf_counter()
            get(session, tenant, resource)
            took = time.perf_counter() - start
            drawn = latency_s(5, resource_endpoint(resource.type.split("/")[0]), resource.id.lower(), 1, scale)
            assert took >= drawn
        assert azure.stats()["requests"] == 1


@pytest.mark.parametrize(
    ("faults", "name"),
    [
        (Faults(error_rate=1.0), "error"),
        (Faults(html_rate=1.0), "html"),
        (Faults(reset_rate=1.0), "reset"),
        (Faults(truncate_rate=1.0), "truncate"),
        (Faults(slow_body_rate=1.0, slow_body_s=0.05), "slow_body"),
    ],
)
def test_faults(folder: Path, tenant: Tenant, faults: Faults, name: str) -> None:
    options = AzureOptions(latency_scale=0, faults=faults)
    with start_azure(folder, options=options) as azure, logged_in(azure) as session:
        if name in ("reset", "truncate"):
            with pytest.raises(httpx.TransportError):
                get(session, tenant, tenant.resources[0])
        else:
            reply = get(session, tenant, tenant.resources[0])
            assert reply.status_code == (500 if name == "error" else 200)
            assert ("error" in reply.text[:10], "<html>" in reply.text) == (name == "error", name == "html")
        assert azure.stats()[f"fault_{name}"] == 1


def test_one_bad_resource_and_nothing_but_429(folder: Path, tenant: Tenant) -> None:
    bad, good = tenant.resources[:2]
    options = AzureOptions(latency_scale=0, faults=Faults(bad_resources=(bad.id,)))
    with start_azure(folder, options=options) as azure, logged_in(azure) as session:
        assert [get(session, tenant, bad).status_code for _ in range(3)] == [500] * 3
        assert get(session, tenant, good).status_code == 200
    options = AzureOptions(latency_scale=0, faults=Faults(always_429=True))
    with start_azure(folder, options=options) as azure, logged_in(azure) as session:
        reply = get(session, tenant, good)
        assert (reply.status_code, reply.headers["retry-after"]) == (429, "1")


def test_a_mutation_shows_in_the_list_and_by_id(azure: RunningAzure, tenant: Tenant) -> None:
    expected = draw_mutation(tenant.resources, fraction=0.1, deleted=0.05, seed=9)
    with logged_in(azure) as session:
        before = changed_times(session, tenant)
        told = azure.mutate(0.1, 9, deleted=0.05)
        after = changed_times(session, tenant)
        assert told == {"changed": [each.id for each in expected.changed], "deleted": list(expected.deleted)}
        assert before.keys() - after.keys() == set(expected.deleted)
        assert [key for key in after if after[key] != before[key]] == [each.id for each in expected.changed]
        assert get(session, tenant, expected.changed[0]).json() == resource_document(expected.changed[0])
        gone = next(each for each in tenant.resources if each.id == expected.deleted[0])
        assert get(session, tenant, gone).status_code == 404
        azure.restore()
        assert changed_times(session, tenant) == before
    with pytest.raises(ServiceError, match="at most 1"):
        azure.mutate(2.0, 1)


def changed_times(session: httpx.Client, tenant: Tenant) -> dict[str, str]:
    found = {}
    for subscription in tenant.subscriptions:
        page = session.get(f"{subscription.id}/resources?api-version={VERSION}&$expand=changedTime").json()
        found |= {each["id"]: each["changedTime"] for each in page["value"]}
    return found


def test_descriptions_have_a_key_of_their_own_and_are_the_same_each_time(
    azure: RunningAzure, tenant: Tenant
) -> None:
    document = resource_document(tenant.resources[0])
    with client(azure) as session:
        url = azure.endpoint().describe_url
        assert session.post(url, json=document).status_code == 401
        session.headers["api-key"] = azure.describe_key
        assert session.post(url, content=b"{").json()["error"]["code"] == "InvalidJson"
        texts = {session.post(url, json=document).raise_for_status().json()["description"] for _ in range(2)}
    assert len(texts) == 1
    assert document["type"] in texts.pop()


def test_descriptions_have_a_limit_of_their_own(folder: Path, tenant: Tenant) -> None:
    document = resource_document(tenant.resources[0])
    options = AzureOptions(latency_scale=10_000, describe_limit=2)  # the first two never end
    with start_azure(folder, options=options) as azure, client(azure) as session, ThreadPoolExecutor(2) as pool:
        session.headers["api-key"] = azure.describe_key

        def describe() -> httpx.Response:
            return session.post(azure.endpoint().describe_url, json=document)

        held = [pool.submit(describe) for _ in range(2)]
        while azure.stats()["endpoints"] != {"describe": 2}:
            assert not any(each.done() for each in held)
        refused = [describe() for _ in range(4)]
        stats = azure.stats()
        azure.stop()
        assert all(isinstance(each.exception(), httpx.HTTPError) for each in held)
    assert {(reply.status_code, reply.headers["retry-after"]) for reply in refused} == {(429, "1")}
    assert (stats["describe_throttled"], stats["endpoints"]) == (4, {"describe": 2})


def test_secrets_stay_secret_and_the_folder_goes(folder: Path) -> None:
    with start_azure(folder, options=AzureOptions(latency_scale=0)) as azure:
        assert azure.client_secret not in repr(azure.endpoint())
        assert azure.describe_key not in json.dumps(azure.stats())
        command = Path(f"/proc/{azure.process.pid}/cmdline")
        if command.exists():
            assert azure.client_secret not in command.read_text()
        assert azure.ca_file.is_file()
    assert not azure.ca_file.parent.exists()


def test_a_folder_without_a_tenant_is_told(tmp_path: Path) -> None:
    with pytest.raises(ServiceStartFailed, match="there is no dataset folder"):
        start_azure(tmp_path / "nothing")
    with pytest.raises(ServiceStartFailed, match=r"manifest\.json is missing; build it first"):
        start_azure(tmp_path)
