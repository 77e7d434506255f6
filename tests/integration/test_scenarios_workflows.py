"""The listing against a real Postgres: equal results, what each rung saves, and how bad input is told."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from typing import Any

import psycopg
import pytest

from workbench.capture.rounds import RunRecorder
from workbench.capture.samplers import SamplerSpec
from workbench.dataset.workflows import build_library
from workbench.errors import (
    ServiceBadResponse,
    ServiceError,
    ServiceThrottled,
    ServiceTimeout,
    ServiceUnauthorized,
    ServiceUnreachable,
    UsageError,
    WorkbenchError,
)
from workbench.experiment.execute import execute
from workbench.model import Recording, RoundKind
from workbench.scenarios import registry
from workbench.scenarios.base import Outcome, Settings
from workbench.scenarios.workflows import clients, naive, paged
from workbench.scenarios.workflows.clients import Database, SyncClient
from workbench.scenarios.workflows.scenario import WorkflowListing
from workbench.services.postgres import start_postgres

VARIANTS = tuple(variant.name for variant in WorkflowListing.variants)
SIZE = 12
OPTIONS = {"page_size": "4", "bad_payloads": "1", "timeout_s": "5", "patience_s": "1"}


@pytest.fixture(scope="module")
def prepared() -> Iterator[Any]:
    with closing(WorkflowListing().prepare(Settings(link="lan", resources=SIZE, options=OPTIONS))) as made:
        yield made


@pytest.fixture(scope="module")
def measured(prepared: Any) -> dict[str, tuple[Outcome, Recording]]:
    found = {}
    for variant in VARIANTS:
        recorder = RunRecorder(SamplerSpec(name="none"))
        outcome = execute(recorder, prepared.workload(variant), RoundKind.TIMING)
        found[variant] = outcome, recorder.finish(run_id=variant, session_id="s", name=variant)
    return found


def rounds(measured: dict[str, tuple[Outcome, Recording]], name: str) -> dict[str, float]:
    return {variant: recording.run.rounds[0].measures[name] for variant, (_, recording) in measured.items()}


@contextmanager
def administrating(prepared: Any) -> Iterator[psycopg.Connection[Any]]:
    direct: Database = prepared.surroundings.direct
    options = f"-csearch_path={direct.schema}"
    with psycopg.connect(**direct.endpoint.arguments(), autocommit=True, options=options) as connection:
        yield connection


def listed(database: Database, list_page: Any = paged.list_page) -> Any:
    client = SyncClient(database, list_page)
    try:
        client.open()
        return client.listing()
    finally:
        client.close()


def test_all_variants_list_the_same(measured: dict[str, tuple[Outcome, Recording]]) -> None:
    assert len({outcome.digest for outcome, _ in measured.values()}) == 1
    library = build_library(resources=SIZE)
    templates = sum(workflow.is_template for workflow in library.workflows)
    assert set(rounds(measured, "entries").values()) == {min(4, templates) + min(4, SIZE - templates)}


def test_the_listing_is_what_the_dataset_says(prepared: Any) -> None:
    library = build_library(resources=SIZE)
    listing = listed(replace(prepared.surroundings.direct, page_size=SIZE), naive.list_page)
    latest = {version.workflow_id: version for version in library.versions}
    entries = {entry.id: entry for entry in (*listing.workflows, *listing.templates)}
    assert entries.keys() == latest.keys()
    good = [entry for entry in entries.values() if entry.nodes is not None]
    assert len(good) == SIZE - 1
    for entry in good:
        payload = json.loads(latest[entry.id].payload)
        assert (entry.nodes, entry.edges) == (len(payload["nodes"]), len(payload["edges"]))
        assert (entry.version, entry.status) == (latest[entry.id].version, latest[entry.id].status)
    order = [(entry.updated_at, entry.id) for entry in listing.workflows]
    assert order == sorted(order, reverse=True)


def test_each_rung_saves_what_it_says(measured: dict[str, tuple[Outcome, Recording]]) -> None:
    statements = rounds(measured, "statements")
    assert statements["n-plus-one"] == statements["columns"] == 2 + SIZE  # columns alone don't remove the N+1
    assert {v: n for v, n in statements.items() if n == 2} == dict.fromkeys(
        ("naive", "latest-batch", "indexed", "paged", "optimized"), 2
    )
    received = rounds(measured, "bytes_received")
    assert received["naive"] > 2 * received["n-plus-one"] > 100 * received["columns"]
    assert received["columns"] > received["latest-batch"] > received["paged"] * 0.9 > 500
    toast = rounds(measured, "toast_blocks")
    assert toast["naive"] > toast["n-plus-one"] > 0
    assert {toast[v] for v in ("columns", "latest-batch", "indexed", "paged", "optimized")} == {0}
    rows = rounds(measured, "rows")
    versions = len(build_library(resources=SIZE).versions)
    assert rows["naive"] == versions and rows["n-plus-one"] == 2 * SIZE
    assert rows["latest-batch"] == SIZE and rows["paged"] == rounds(measured, "entries")["paged"] < SIZE


def test_spans_name_the_statement_and_who_issued_it(measured: dict[str, tuple[Outcome, Recording]]) -> None:
    for variant, module in (("columns", "columns"), ("optimized", "optimized")):
        spans = [span for span in measured[variant][1].spans if span.kind == "sql"]
        assert {span.site.rpartition(":")[0] for span in spans} == {f"workbench/scenarios/workflows/{module}.py"}
        tree = measured[variant][1].tree
        assert tree is not None
        assert all("list_page" in [frame.function for frame in tree.stack(span.node)] for span in spans)
        assert sum(int(span.attributes["rows"] or 0) for span in spans) == rounds(measured, "rows")[variant]
    assert rounds(measured, "connects")["optimized"] == 0  # the pool is warm


def test_plans_are_kept_once_for_each_distinct_statement(measured: dict[str, tuple[Outcome, Recording]]) -> None:
    plans = {variant: outcome.plans for variant, (outcome, _) in measured.items()}
    assert {variant: len(taken) for variant, taken in plans.items()} == {
        "naive": 2, "n-plus-one": 3, "columns": 3, "latest-batch": 2, "indexed": 2, "paged": 2, "optimized": 2
    }  # fmt: skip
    sent = {variant: taken[0].operators[0] for variant, taken in plans.items()}
    assert sent["naive"].name == "Serialization" and sent["naive"].measures["shared_hit_blocks"] > 50
    assert "shared_hit_blocks" not in sent["latest-batch"].measures  # it never reads a payload
    assert json.loads(plans["paged"][0].document)[0]["Plan"]["Node Type"]


def test_only_the_later_rungs_have_the_indexes(prepared: Any) -> None:
    for variant, there in (("columns", 0), ("indexed", 2), ("latest-batch", 0)):
        prepared.workload(variant).setup()
        with administrating(prepared) as connection:
            names = ["workflow_versions_latest", "workflows_recent"]
            found = connection.execute("SELECT count(*) FROM pg_indexes WHERE indexname = ANY (%s)", [names])
            assert found.fetchone() == (there,)


@pytest.mark.parametrize("list_page", [naive.list_page, paged.list_page])
def test_a_payload_that_is_no_json_is_reported_and_the_rest_listed(prepared: Any, list_page: Any) -> None:
    listing = listed(replace(prepared.surroundings.direct, page_size=SIZE), list_page)
    (failure,) = listing.failures()
    assert failure.resource == f"workflow {SIZE}" and "not JSON" in failure.error
    assert len(listing.workflows) + len(listing.templates) == SIZE


def test_the_trigger_keeps_the_counts(prepared: Any) -> None:
    with administrating(prepared) as connection:
        for payload, counts in (('{"nodes": [1, 2], "edges": [3]}', (2, 1)), ('{"nodes": 5}', (None, None))):
            with connection.transaction(force_rollback=True):
                row = connection.execute(
                    "UPDATE workflow_versions SET payload = %s WHERE id = 1 RETURNING node_count, edge_count",
                    [payload],
                ).fetchone()
                assert row == counts


def test_parameters_and_bound(prepared: Any) -> None:
    assert prepared.parameters["resources"] == SIZE
    assert str(prepared.parameters["postgres"]).startswith("18")
    terms = prepared.bound()
    assert terms[0].name == "listing"
    assert terms[0].seconds > 0.0005 and "round trip" in terms[0].formula


# Bad input: one line, the right error.


def failing(database: Database, kind: type[ServiceError], *, list_page: Any = paged.list_page) -> str:
    with pytest.raises(kind) as caught:
        listed(database, list_page)
    text = str(caught.value)
    assert "\n" not in text and database.endpoint.password not in text
    return text


def test_postgres_down(prepared: Any) -> None:
    nobody = replace(prepared.surroundings.direct.endpoint, port=1)
    text = failing(replace(prepared.surroundings.direct, endpoint=nobody, patience_s=0.2), ServiceUnreachable)
    assert "127.0.0.1:1" in text and "is it up?" in text


def test_wrong_password(prepared: Any) -> None:
    stranger = replace(prepared.surroundings.direct.endpoint, password="C4NARY-wrong")
    assert "password" in failing(replace(prepared.surroundings.direct, endpoint=stranger), ServiceUnauthorized)


def test_schema_missing(prepared: Any) -> None:
    text = failing(replace(prepared.surroundings.direct, schema="no_such_schema"), ServiceBadResponse)
    assert "schema is missing" in text


def test_no_such_database(prepared: Any) -> None:
    elsewhere = replace(prepared.surroundings.direct.endpoint, database="no_such_database")
    failing(replace(prepared.surroundings.direct, endpoint=elsewhere), ServiceBadResponse)


def test_connections_exhausted_is_retried_and_then_told() -> None:
    with start_postgres(max_connections=6) as postgres:
        endpoint = postgres.endpoint()
        held = [psycopg.connect(**endpoint.arguments()) for _ in range(6)]
        database = Database(endpoint, "public", timeout_s=5, patience_s=0.3)
        assert "no connection left" in failing(database, ServiceThrottled)
        threading.Timer(0.15, held[0].close).start()
        with pytest.raises(ServiceBadResponse, match="schema is missing"):  # it got in, and found an empty database
            listed(replace(database, patience_s=5.0))
        for connection in held:
            connection.close()


def test_a_statement_past_its_time_limit(prepared: Any) -> None:
    def slow(connection: Any, templates: bool, size: int) -> tuple[Any, ...]:
        connection.exec_driver_sql("SELECT pg_sleep(5)")
        return ()

    text = failing(replace(prepared.surroundings.direct, timeout_s=0.1), ServiceTimeout, list_page=slow)
    assert "time limit" in text


@pytest.mark.parametrize("times", [1, 99])
def test_deadlocks_are_met_by_bounded_retries(prepared: Any, times: int) -> None:
    attempts = []

    def deadlocked(connection: Any, templates: bool, size: int) -> Any:
        attempts.append(1)
        if len(attempts) <= times:
            connection.exec_driver_sql("DO $$ BEGIN RAISE 'x' USING ERRCODE = 'deadlock_detected'; END $$")
        return paged.list_page(connection, templates, size)

    database = replace(prepared.surroundings.direct, patience_s=5.0)
    if times == 1:
        assert listed(database, deadlocked).workflows
        assert len(attempts) == 3
    else:
        assert "deadlocks after 5 attempts" in failing(database, ServiceError, list_page=deadlocked)
        assert len(attempts) == 5


def test_a_lost_connection_is_made_anew(prepared: Any) -> None:
    client = SyncClient(prepared.surroundings.direct, paged.list_page)
    with closing(client), administrating(prepared) as connection:
        client.open()
        expected = client.listing()
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = %s AND pid <> "
            "pg_backend_pid()", [prepared.surroundings.direct.schema]
        )  # fmt: skip
        assert client.listing() == expected and client.retries == 1


def test_a_server_of_the_users_own(monkeypatch: pytest.MonkeyPatch) -> None:
    with start_postgres() as postgres:
        monkeypatch.setenv("WORKBENCH_POSTGRES_URL", postgres.url)
        with closing(WorkflowListing().prepare(Settings(link="none", resources=2))) as prepared:
            outcome = execute(RunRecorder(), prepared.workload("optimized"), RoundKind.TIMING)
            assert outcome.measures["entries"] == 2 and "bytes_received" not in outcome.measures
            assert str(prepared.parameters["postgres"]).endswith("(external)") and prepared.bound() == ()
        with psycopg.connect(**postgres.endpoint().arguments()) as connection:
            left = connection.execute(
                "SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'workbench%'"
            ).fetchone()
            assert left == (0,)  # it takes its schema along


@pytest.mark.parametrize(
    "options", [{"page": "3"}, {"page_size": "0"}, {"timeout_s": "soon"}, {"bad_payloads": "-1"}]
)
def test_a_bad_option_is_a_usage_error(options: dict[str, str]) -> None:
    with pytest.raises(UsageError, match="scenario workflows"):
        WorkflowListing().prepare(Settings(options=options))


def test_it_is_registered() -> None:
    assert registry.get("workflows").variants == WorkflowListing.variants
    assert issubclass(ServiceThrottled, WorkbenchError) and clients.__all__
