"""The Jamf export end to end: every variant against the real simulator process, its files against the data set."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import hcl2
import pytest

from workbench.dataset.jamf import build_estate
from workbench.scenarios.base import Outcome, Settings
from workbench.scenarios.jamf.account import CONNECTIONS, Account
from workbench.scenarios.jamf.files import measure_folder
from workbench.scenarios.jamf.graph import estate_graph
from workbench.scenarios.jamf.resources import Kind, Ref
from workbench.scenarios.jamf.result import ExportResult
from workbench.scenarios.jamf.scenario import JamfExport
from workbench.scenarios.jamf.workload import load_export

pytestmark = pytest.mark.service

VARIANTS = [variant.name for variant in JamfExport.variants]
ROOTS = 6
ESTATE = build_estate(resources=ROOTS, seed=2)
GRAPH = estate_graph(ESTATE)
DOWNLOADS = sum(ref.kind is Kind.SCRIPT for ref in GRAPH.needs)
LISTINGS_AND_TOKEN = 8
NEEDED = len(GRAPH.needs) + DOWNLOADS + LISTINGS_AND_TOKEN


@dataclass(frozen=True)
class Done:
    outcome: Outcome
    stats: dict[str, Any]


@contextmanager
def prepared(link: str = "none", **options: str) -> Iterator[Any]:
    settings = Settings(resources=ROOTS, seed=2, link=link, options={"latency_scale": "0", **options})
    with closing(JamfExport().prepare(settings)) as services:
        yield services


def run(services: Any, variant: str) -> Done:
    workload = services.workload(variant)
    workload.setup()
    outcome = workload.finish(asyncio.run(workload.run()))
    return Done(outcome, services.stats())


def export(account: Account, variant: str, folder: Path) -> ExportResult:
    async def work() -> ExportResult:
        return await load_export(variant)(account, folder)

    return asyncio.run(work())


@pytest.fixture(scope="module")
def services() -> Iterator[Any]:
    with prepared() as running:
        yield running


@pytest.fixture(scope="module")
def folder(services: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An export that stays."""
    target = tmp_path_factory.mktemp("export")
    export(services.account, "optimized", target)
    return target


@pytest.fixture(scope="module")
def done(services: Any) -> dict[str, Done]:
    """Every variant once."""
    return {variant: run(services, variant) for variant in VARIANTS}


def test_every_variant_yields_the_same_files(done: dict[str, Done], folder: Path) -> None:
    assert {d.outcome.digest for d in done.values()} == {measure_folder(folder).digest}
    assert {d.outcome.failures for d in done.values()} == {()}
    assert {d.outcome.measures["resources"] for d in done.values()} == {len(GRAPH.needs)}


def test_the_rungs_differ_in_what_they_ask_the_server(done: dict[str, Done]) -> None:
    requests = {variant: d.stats["requests"] for variant, d in done.items()}
    connections = {variant: d.stats["connections"] for variant, d in done.items()}
    assert requests["naive"] == requests["pooled"] == requests["parallel-fetch"] == requests["parallel-support"]
    assert requests["naive"] > requests["optimized"] == requests["queued"] == NEEDED
    assert connections["naive"] == requests["naive"]
    assert connections["pooled"] == 1
    assert {d.stats["logins"] for d in done.values()} == {1}
    assert {d.outcome.measures["distinct_requests"] for d in done.values()} == {NEEDED}


def test_the_requests_in_flight_are_as_each_rung_says(done: dict[str, Done]) -> None:
    peaks = {variant: d.outcome.measures["max_in_flight"] for variant, d in done.items()}
    assert peaks["naive"] == peaks["pooled"] == 1
    assert peaks["parallel-fetch"] == ROOTS
    assert 1 < peaks["parallel-support"] <= DOWNLOADS + len(ESTATE.profiles)
    assert 1 < peaks["optimized"] <= CONNECTIONS
    assert 1 < peaks["queued"] <= CONNECTIONS


def blocks(folder: Path) -> dict[str, dict[str, Any]]:
    """Each resource's body by its address, as an independent parser reads it."""
    found: dict[str, dict[str, Any]] = {}
    for path in sorted(folder.glob("*.tf")):
        for resource in hcl2.loads(path.read_text()).get("resource", []):
            for kind, named in resource.items():
                for name, body in named.items():
                    address = f"{kind}.{name}".replace('"', "")
                    assert address not in found
                    found[address] = body
    return found


def strings(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for item in value.values():
            yield from strings(item)
    elif isinstance(value, list):
        for item in value:
            yield from strings(item)
    elif isinstance(value, str):
        yield value


def test_the_hcl_parses_and_every_reference_resolves(folder: Path) -> None:
    resources = blocks(folder)
    assert len(resources) == len(GRAPH.needs)
    referred = 0
    for text in (text for body in resources.values() for text in strings(body)):
        if match := re.fullmatch(r"\$\{(jamfpro_\w+\.\w+)\.(?:id|name)\}", text):
            assert match[1] in resources
            referred += 1
        elif match := re.fullmatch(r'\$\{file\("\$\{path\.module\}/(.+)"\)\}', text):
            assert (folder / match[1]).is_file()
            referred += 1
        else:
            assert text.startswith('"'), text
    edges = sum(len(needs) for needs in GRAPH.needs.values())
    assert referred >= edges + DOWNLOADS + len(ESTATE.profiles)


def test_the_support_files_are_the_scripts_and_profiles_of_the_data_set(folder: Path) -> None:
    reached = {ref.id for ref in GRAPH.needs if ref.kind is Kind.SCRIPT}
    scripts = sorted(s.contents.encode() for s in ESTATE.scripts if s.id in reached)
    assert sorted(p.read_bytes() for p in (folder / "support_files/scripts").iterdir()) == scripts
    profiles = sorted(p.payloads.encode() for p in ESTATE.profiles)
    assert sorted(p.read_bytes() for p in (folder / "support_files/profiles").iterdir()) == profiles


def test_a_repetition_leaves_no_folder_and_meets_the_same_draws(services: Any, done: dict[str, Done]) -> None:
    workload = services.workload("optimized")
    workload.setup()
    value = asyncio.run(workload.run())
    assert services.stats()["requests"] == NEEDED, "counters start anew with each repetition"
    where = Path(workload._folder.name)
    assert any(where.iterdir())
    assert workload.finish(value).digest == done["optimized"].outcome.digest
    assert not where.exists()


def reached_without(lost: Ref) -> set[Ref]:
    """What roots reach when one resource can't be read: what only it refers to isn't known then."""
    reached: set[Ref] = set()
    pending = list(GRAPH.roots)
    while pending:
        ref = pending.pop()
        if ref != lost and ref not in reached:
            reached.add(ref)
            pending += GRAPH.needs[ref]
    return reached


@pytest.mark.parametrize("variant", VARIANTS)
def test_one_failing_resource_is_reported_and_the_rest_is_there(variant: str, tmp_path: Path, folder: Path) -> None:
    script = next(ref for ref in GRAPH.needs if ref.kind is Kind.SCRIPT)
    name = next(s.name for s in ESTATE.scripts if s.id == script.id)
    with prepared(bad_resources=f"scripts/{script.id}") as services:
        result = export(services.account, variant, tmp_path)
    assert [failure.resource for failure in result.failures] == [f"script {script.id} ({name})"]
    assert result.failures[0].error == f"GET /api/v1/scripts/{script.id}: the server answered 500"
    reached = reached_without(script)
    assert result.resources == len(reached)
    good, bad = blocks(folder), blocks(tmp_path)
    dependents = [ref for ref in reached if script in GRAPH.needs[ref]]
    assert dependents
    assert len(bad) == len(reached)
    assert bad.keys() < good.keys()
    assert len([address for address in bad if bad[address] != good[address]]) == len(dependents)
    text = "".join(path.read_text() for path in tmp_path.glob("policy_*.tf"))
    assert len(re.findall(rf"= {script.id} # script {script.id} could not be exported", text)) >= len(dependents)


@pytest.mark.parametrize("variant", ["naive", "parallel-fetch", "optimized", "queued"])
def test_passing_faults_change_nothing(variant: str, done: dict[str, Done]) -> None:
    rates = {"error_rate": "0.1", "reset_rate": "0.05", "truncate_rate": "0.05"}
    with prepared(**rates) as services:
        result = run(services, variant)
    assert result.outcome.failures == ()
    assert result.outcome.digest == done["naive"].outcome.digest
    assert sum(n for name, n in result.stats.items() if name.startswith("fault_")) > 0


@pytest.mark.parametrize("variant", ["naive", "parallel-fetch", "optimized", "queued"])
def test_tokens_that_end_on_the_way_are_renewed(variant: str, done: dict[str, Done]) -> None:
    with prepared(unauthorized_after="20") as services:
        result = run(services, variant)
    assert result.outcome.failures == ()
    assert result.outcome.digest == done["naive"].outcome.digest
    assert result.stats["logins"] >= 2
    assert result.stats["unauthorized"] >= 1


@pytest.mark.parametrize("variant", ["parallel-fetch", "optimized", "queued"])
def test_a_servers_limit_is_honoured(variant: str, done: dict[str, Done]) -> None:
    # Each answer takes long enough that, on a slow machine too, more than three requests are under way at once.
    with prepared(concurrency_limit="3", retry_after_s="0", latency_scale="0.5") as services:
        result = run(services, variant)
    assert result.outcome.failures == ()
    assert result.outcome.digest == done["naive"].outcome.digest
    assert result.stats["throttled"] > 0
    assert result.stats["max_in_flight"] == 3
    if variant != "parallel-fetch":
        assert result.stats["throttled"] <= CONNECTIONS - 3, "each refusal costs a place, so they end"


def test_the_queue_holds_few_resources_however_large_the_estate() -> None:
    settings = Settings(resources=120, link="none", options={"latency_scale": "0"})
    with closing(JamfExport().prepare(settings)) as services:
        optimized, queued = run(services, "optimized").outcome, run(services, "queued").outcome
    assert queued.digest == optimized.digest
    assert optimized.measures["resources_held"] == optimized.measures["resources"] > 200
    # A worker holds the chain from its root to what it is fetching: a root, a script or group, groups in it.
    assert queued.measures["resources_held"] <= 3 * CONNECTIONS
    assert queued.measures["max_in_flight"] <= CONNECTIONS


def test_the_link_adds_what_the_bound_counts() -> None:
    with prepared(link="rtt=10ms", latency_scale="1") as services:
        terms = services.bound()
        workload = services.workload("optimized")
        workload.setup()

        async def timed() -> tuple[ExportResult, float]:
            loop = asyncio.get_running_loop()
            began = loop.time()
            return await workload.run(), loop.time() - began

        result, seconds = asyncio.run(timed())
        workload.finish(result)
    assert terms[0].name == "critical path"
    assert seconds >= max(term.seconds for term in terms), "no export beats its bound"


def test_a_server_named_by_the_environment_is_read(
    services: Any, done: dict[str, Done], monkeypatch: pytest.MonkeyPatch
) -> None:
    account: Account = services.account
    monkeypatch.setenv("JAMF_URL", account.base_url)
    monkeypatch.setenv("JAMF_USER", account.username)
    monkeypatch.setenv("JAMF_PASSWORD", account.password)
    monkeypatch.setenv("JAMF_CA_FILE", str(account.ca_file))
    with closing(JamfExport().prepare(Settings())) as external:
        workload = external.workload("optimized")
        workload.setup()
        outcome = workload.finish(asyncio.run(workload.run()))
        assert (external.parameters["dataset_digest"], external.bound()) == ("external", ())
    assert outcome.digest == done["naive"].outcome.digest


def test_what_was_asked_of_the_server_is_stored_with_the_session() -> None:
    with prepared() as usual, prepared(error_rate="0.5", retry_after_s="5") as harsh:
        assert usual.parameters["faults"] == "none"
        assert harsh.parameters["faults"] == "error_rate=0.5"
        assert (usual.parameters["retry_after_s"], harsh.parameters["retry_after_s"]) == (1, 5)
