"""Reading claims: what the repository states is complete, and mistakes are named."""

from __future__ import annotations

from pathlib import Path

import pytest

from workbench.errors import UsageError
from workbench.experiment.claims.catalogue import load_catalogue
from workbench.experiment.claims.files import find_project, load_points, read_json, write_json
from workbench.scenarios import registry
from workbench.scenarios.base import variant_of

PROJECT = Path(__file__).resolve().parents[2]
POINT = """
[[point]]
name = "p"
group = "g"
scenario = "jamf"
variants = ["naive", "optimized"]
"""
CLAIM = """
[[claim]]
id = "A1.x"
source = "s"
statement = "t"
scenario = "jamf"
variants = ["naive", "optimized"]
metric = "speed-up"
low = 2
at = ["p"]
"""


def written(folder: Path, text: str) -> Path:
    file = folder / "claims.toml"
    file.write_text(text, encoding="utf-8")
    return file


def test_the_repository_states_every_claim_on_the_jamf_export() -> None:
    claims = load_catalogue(PROJECT / "data" / "claims.toml").claims.values()
    families = {claim.id.partition(".")[0] for claim in claims if claim.scenario == "jamf"}
    assert families == {"J1", "J2", "J3", "J4", "J5", "J6"}


def test_scenarios_and_variants_of_the_repository_exist() -> None:
    catalogue = load_catalogue(PROJECT / "data" / "claims.toml")
    for point in catalogue.points.values():
        for variant in point.variants:
            variant_of(registry.get(point.scenario), variant)
    for claim in catalogue.claims.values():
        deciding = [catalogue.points[name] for name in claim.at]
        assert all(set(claim.variants) <= set(point.variants) for point in deciding), claim.id
        assert all(point.scenario == claim.scenario for point in deciding), claim.id


def test_sizes_of_the_points_are_those_that_the_claims_speak_of() -> None:
    points = load_catalogue(PROJECT / "data" / "claims.toml").points
    assert {name: points[name].settings.scale for name in ("small", "medium", "large")} == {
        "small": "small",
        "medium": "medium",
        "large": "large",
    }
    assert points["1000 roots"].settings.resources == 1000


def test_an_id_selects_itself_and_a_family_its_parts(tmp_path: Path) -> None:
    other = CLAIM.replace("A1.x", "A10")
    catalogue = load_catalogue(written(tmp_path, POINT + CLAIM + other))
    assert [claim.id for claim in catalogue.select([])] == ["A1.x", "A10"]
    assert [claim.id for claim in catalogue.select(["a1"])] == ["A1.x"]
    assert [claim.id for claim in catalogue.select(["A1.x", "A1"])] == ["A1.x"]
    with pytest.raises(UsageError, match="unknown claim 'B'; known: A1, A10"):
        catalogue.select(["B"])


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('id = "A1.x"', "", "number 1: id is missing"),
        ("low = 2", "", "A1.x: nothing is stated"),
        ("low = 2", "low = 2\nhigh = 1", "A1.x: low is above high"),
        ('metric = "speed-up"', 'metric = "speed"', "A1.x: metric is one of speed-up, saving"),
        ('metric = "speed-up"', "", "A1.x: metric is missing"),
        ('metric = "speed-up"', 'metric = "value"', "A1.x: value takes 1 variant"),
        ("low = 2", "lo = 2", "A1.x: unknown key 'lo'"),
        ('at = ["p"]', 'at = ["q"]', "A1.x is tested at 'q'"),
        ('name = "p"', 'name = "p"\nscales = "small"', "p: unknown key 'scales'"),
        ('group = "g"', "", "p: group is missing"),
        ("[[claim]]", "[[claim", "can't be read"),
    ],
)
def test_a_mistake_is_named(tmp_path: Path, old: str, new: str, message: str) -> None:
    text = POINT + CLAIM
    assert old in text
    with pytest.raises(UsageError, match=message):
        load_catalogue(written(tmp_path, text.replace(old, new)))


def test_an_id_stands_once(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"A1\.x: id is missing or stands twice"):
        load_catalogue(written(tmp_path, POINT + CLAIM + CLAIM))


def test_the_project_is_found_from_within_and_from_the_package() -> None:
    assert find_project(PROJECT / "workbench" / "cli") == PROJECT
    assert find_project(Path("/")) == PROJECT


def test_outside_a_checkout_it_says_where_claims_live(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    installed = tmp_path / "site-packages" / "workbench" / "experiment" / "claims" / "files.py"
    monkeypatch.setattr("workbench.experiment.claims.files.__file__", str(installed))
    with pytest.raises(UsageError, match=r"claims live in a checkout of the workbench \(data/claims.toml"):
        find_project(tmp_path)


def test_a_damaged_results_file_is_one_line(tmp_path: Path) -> None:
    results = tmp_path / "benchmarks" / "results"
    write_json(results / "jamf.json", {"points": {"p": {"nonsense": 1}}})
    with pytest.raises(UsageError, match="something else than measured points"):
        load_points(tmp_path, "jamf")
    (results / "jamf.json").write_text("{", encoding="utf-8")
    with pytest.raises(UsageError, match="can't be read as JSON"):
        load_points(tmp_path, "jamf")
    (results / "jamf.json").write_text("[]", encoding="utf-8")
    with pytest.raises(UsageError, match="no JSON object"):
        read_json(results / "jamf.json")
    assert read_json(tmp_path / "absent.json") == {}
