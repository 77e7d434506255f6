"""Measuring what a claim rests on, with the real scenario on real services."""

from __future__ import annotations

from pathlib import Path

import pytest

from workbench.experiment.claims.files import RESULTS, code_digest, read_json
from workbench.experiment.claims.points import measure_point
from workbench.experiment.claims.results import open_book

pytestmark = pytest.mark.service

CLAIMS = """
[[point]]
name = "tiny"
group = "tiny"
scenario = "jamf"
resources = 2
link = "none"
options = { latency_scale = "0" }
variants = ["naive", "pooled"]
rounds = 1

[[point]]
name = "apart"
group = "tiny"
scenario = "jamf"
resources = 2
link = "none"
options = { latency_scale = "0" }
variants = ["naive", "optimized"]
rounds = 1
isolated = true

[[claim]]
id = "T1.connects"
source = "a test"
statement = "A pooled client opens one connection."
scenario = "jamf"
variants = ["pooled"]
metric = "value"
measure = "connects"
unit = "connections"
low = 1
high = 1
better = "neither"
at = ["tiny"]

[[claim]]
id = "T1.memory"
source = "a test"
statement = "Both take memory."
scenario = "jamf"
variants = ["naive", "optimized"]
metric = "change"
measure = "peak_rss"
low = -90
high = 900
at = ["apart"]
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "workbench"\n', encoding="utf-8")
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "claims.toml").write_text(CLAIMS, encoding="utf-8")
    return tmp_path


def test_a_point_is_measured_kept_judged_and_not_measured_twice(project: Path) -> None:
    book = open_book(project)
    point = book.catalogue.points["tiny"]
    code = code_digest(project)
    assert not book.stands(point, code)
    result = book.measure(point)
    assert result.conditions["link"] == "none"
    assert result.parameters["dataset_digest"]
    [naive], [pooled] = result.rounds["naive"], result.rounds["pooled"]
    assert naive["connects"] == naive["requests"] > pooled["connects"] == 1
    assert 0 < naive["handshake"] < naive["wall"]
    assert 0 < pooled["support_phase"] < pooled["wall"]
    assert naive["roots"] == 2

    again = open_book(project)
    assert again.stands(point, code)
    assert not again.stands(point, "other sources")
    recorded = read_json(project / RESULTS / "claims.json")["claims"]
    assert [claim["verdict"] for claim in recorded] == ["reproduced", "not measured"]
    [reading] = recorded[0]["readings"]
    assert reading["link"] == "none"
    assert reading["environment"]["python"]


def test_isolated_variants_are_measured_in_processes_of_their_own(project: Path) -> None:
    result = measure_point(open_book(project).catalogue.points["apart"])
    assert set(result.rounds) == {"naive", "optimized"}
    assert all(rounds[0]["peak_rss"] > 1e6 for rounds in result.rounds.values())


def interrupt(doing: str, done: int, total: int) -> None:
    if done == 1:
        raise KeyboardInterrupt


def test_an_interrupted_point_keeps_its_rounds_and_does_not_stand(project: Path) -> None:
    book = open_book(project)
    point = book.catalogue.points["tiny"]
    result = book.measure(point, interrupt)
    assert result.interrupted
    assert sum(map(len, result.rounds.values())) == 1
    assert not open_book(project).stands(point, code_digest(project))


def test_an_interruption_does_not_cost_a_complete_measurement(project: Path) -> None:
    book = open_book(project)
    point = book.catalogue.points["tiny"]
    complete = book.measure(point)
    assert book.measure(point, interrupt).interrupted
    assert open_book(project).measured["jamf"] == {"tiny": complete}
