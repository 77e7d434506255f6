"""What is kept and printed of claims, and the page that quotes it."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from click.testing import CliRunner

from workbench.cli.claims import claims_command
from workbench.experiment.claims.files import RESULTS, find_project, save_point
from workbench.experiment.claims.phases import handshake_seconds, last_requests_seconds
from workbench.experiment.claims.points import PointResult
from workbench.experiment.claims.results import claim_document, open_book
from workbench.experiment.claims.words import quantity, stated_words
from workbench.model import Span

PROJECT = Path(__file__).resolve().parents[2]
CONTRACT = {"id", "source", "scenario", "metric", "stated", "measured", "ci", "verdict", "command"}


def benchmark(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"benchmarks_{name}", PROJECT / "benchmarks" / f"{name}.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "workbench"\n', encoding="utf-8")
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "claims.toml").write_bytes((PROJECT / "data" / "claims.toml").read_bytes())
    return tmp_path


def measured(name: str, **walls: float) -> PointResult:
    rounds = {variant.replace("_", "-"): [{"wall": wall, "roots": 300.0}] for variant, wall in walls.items()}
    return PointResult(name, rounds, {"link": "cloud"}, {"commit": "c"}, "2026-01-01T00:00:00+00:00")


def test_the_pages_quote_what_lies_in_the_results() -> None:
    readme = benchmark("readme")
    quoted = []
    for path in readme.PAGES:
        page = path.read_text(encoding="utf-8")
        assert readme.render(page, PROJECT / RESULTS) == page, "run: python benchmarks/readme.py"
        quoted += [name for _, name, _ in readme.BLOCK.findall(page)]
    assert sorted(quoted) == sorted(readme.WRITERS)


def test_a_page_without_results_says_so(tmp_path: Path) -> None:
    page = "<!-- figures: link -->\nold\n<!-- end -->\n"
    assert benchmark("readme").render(page, tmp_path) == "<!-- figures: link -->\nNot measured yet.\n<!-- end -->\n"


def test_verdicts_on_record_are_those_of_the_measurements() -> None:
    book = open_book(PROJECT)
    every = book.evaluations(list(book.catalogue.claims.values()))
    recorded = json.loads((PROJECT / RESULTS / "claims.json").read_text(encoding="utf-8"))["claims"]
    assert [(c["id"], c["verdict"]) for c in recorded] == [(e.claim.id, e.words) for e in every]


def test_a_point_is_kept_beside_the_others_and_read_back(project: Path) -> None:
    first, second = measured("large", naive=80.0, optimized=8.0), measured("small", naive=1.0)
    save_point(project, "jamf", first)
    save_point(project, "jamf", second)
    assert open_book(project).measured["jamf"] == {"large": first, "small": second}


def test_a_document_holds_what_the_contract_names(project: Path) -> None:
    save_point(project, "jamf", measured("large", naive=80.0, optimized=8.0))
    book = open_book(project)
    [evaluation] = book.evaluations(book.catalogue.select(["J4.large"]))
    document = claim_document(evaluation)
    assert set(document) >= CONTRACT
    assert document["stated"] == [9.0, 11.0]
    assert document["measured"] == pytest.approx(10.0)
    assert document["verdict"] == "reproduced"
    assert document["command"] == "workbench claims --measure J4.large"


def test_the_command_prints_json_and_tables(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save_point(project, "jamf", measured("large", naive=80.0, optimized=8.0))
    monkeypatch.chdir(project)
    answer = CliRunner().invoke(claims_command, ["J4", "--json"])
    documents: list[dict[str, Any]] = json.loads(answer.stdout)
    assert all(document["id"].startswith("J4.") and set(document) >= CONTRACT for document in documents)
    verdicts = {document["id"]: document["verdict"] for document in documents}
    assert verdicts["J4.large"] == "reproduced"
    assert verdicts["J4.small"] == "not measured"
    assert verdicts["J4.scaling"] == "inconsistent"
    text = CliRunner().invoke(claims_command, ["J4.large"]).stdout
    assert "large: 10× (10 to 10, range of 1 pair), reproduced" in text
    assert CliRunner().invoke(claims_command, []).exit_code == 0


def test_no_project_around_falls_back_to_the_one_the_package_runs_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "another"\n', encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert find_project() == PROJECT


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (7.5234, "×", "7.52×"),
        (25.0, "%", "25 %"),
        (0.0, "answers with 429", "0 answers with 429"),
        (0.012345, "s", "0.0123 s"),
        (22512.3, "roots", "22\u202f500 roots"),
        (300.0, "s", "300 s"),
        (99.96, "s", "100 s"),
        (-3.14159, "%", "-3.14 %"),
        (None, "s", "–"),
        (float("nan"), "s", "–"),
    ],
)
def test_quantities_have_three_digits_and_their_unit(value: float | None, unit: str, text: str) -> None:
    assert quantity(value, unit) == text


def test_stated_ranges_in_words(project: Path) -> None:
    claims = open_book(project).catalogue.claims
    assert stated_words(claims["J1.factor"]) == "5 to 10×"
    assert stated_words(claims["J5.limit"]) == "at most 300 s"
    assert stated_words(claims["J4.scaling"]).startswith("0.25 to 0.5 s a root; 3 to 6")


def span(kind: str, start: int, duration: int) -> Span:
    return Span(number=0, parent=-1, round=0, kind=kind, name="", start_ns=start, duration_ns=duration)


def test_phases_are_read_from_spans() -> None:
    second = 1_000_000_000
    spans = [
        span("connect", 0, second),
        span("tls", second, 2 * second),
        span("http", 0, 9 * second),
        span("http", 10 * second, 4 * second),
        span("http", 11 * second, second),
    ]
    assert handshake_seconds(spans) == 3.0
    assert last_requests_seconds(spans, 2) == 4.0
    assert last_requests_seconds(spans, 1) == 1.0
    assert last_requests_seconds(spans, 0) == last_requests_seconds([], 3) == 0.0
