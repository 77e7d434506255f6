"""Pictures of claims: where figures and bounds stand, what is escaped, and that the published ones are current."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from workbench.experiment.claims.model import ClaimVerdict
from workbench.experiment.claims.results import open_book
from workbench.reporting.claims import claim_svg
from workbench.views.sweep_svg import SweepPoint, sweep_svg

PROJECT = Path(__file__).resolve().parents[2]
SVG = "{http://www.w3.org/2000/svg}"


def drawn(points: list[SweepPoint], stated: tuple[float | None, float | None] = (20.0, 30.0)) -> ET.Element:
    return ET.fromstring(sweep_svg("a claim", points, unit="%", stated=stated))


def dots(picture: ET.Element) -> list[float]:
    return [float(each.get("cx", "")) for each in picture.iter(f"{SVG}circle")]


def test_figures_stand_in_their_order_and_inside_their_bounds() -> None:
    picture = drawn([SweepPoint("a", 10, 5, 20), SweepPoint("b", 40, 35, 50), SweepPoint("c", -5, -9, 1)])
    a, b, c = dots(picture)
    assert c < a < b
    thick = [each for each in picture.iter(f"{SVG}line") if each.get("stroke-width")]
    for dot, line in zip((a, b, c), thick, strict=True):
        assert float(line.get("x1", "")) <= dot <= float(line.get("x2", ""))


def test_the_band_lies_where_the_statement_does() -> None:
    picture = drawn([SweepPoint("inside", 25, 24, 26), SweepPoint("outside", 60, 55, 65)])
    _, band = picture.iter(f"{SVG}rect")
    left = float(band.get("x", ""))
    inside, outside = dots(picture)
    assert left < inside < left + float(band.get("width", "")) < outside


@pytest.mark.parametrize("stated", [(None, None), (None, 30.0), (20.0, None)])
def test_an_open_range_is_drawn_to_the_edge(stated: tuple[float | None, float | None]) -> None:
    bands = list(drawn([SweepPoint("a", 25, 24, 26)], stated).iter(f"{SVG}rect"))[1:]
    assert len(bands) == (stated != (None, None))


def test_figures_of_many_sizes_stand_on_a_logarithmic_axis() -> None:
    picture = drawn(
        [SweepPoint("a", 1, 1, 1), SweepPoint("b", 10, 10, 10), SweepPoint("c", 100, 100, 100)], (None, None)
    )
    a, b, c = dots(picture)
    assert b - a == pytest.approx(c - b, abs=0.2)
    assert "logarithmic" in "".join(picture.itertext())


def test_every_text_is_escaped_and_nothing_measured_is_no_picture() -> None:
    evil = "</svg><script>alert(1)</script>"
    text = sweep_svg(evil, [SweepPoint(evil, 1, 0, 2, evil)], unit=evil, stated=(None, 1.0))
    assert "<script" not in text
    assert evil in "".join(ET.fromstring(text).itertext())
    assert sweep_svg("a", [], unit="%", stated=(1, 2)) == ""


def test_the_published_pictures_are_of_the_published_figures() -> None:
    book = open_book(PROJECT)
    folder = PROJECT / "benchmarks" / "results" / "plots"
    depends = [e for e in book.evaluations(book.catalogue.select([])) if e.verdict is ClaimVerdict.DEPENDS]
    assert {path.stem for path in folder.glob("*.svg")} == {e.claim.id for e in depends}
    for evaluation in depends:
        assert (folder / f"{evaluation.claim.id}.svg").read_text(encoding="utf-8") == claim_svg(evaluation)
    page = (PROJECT / "benchmarks" / "README.md").read_text(encoding="utf-8")
    assert all(f"results/plots/{e.claim.id}.svg" in page for e in depends)
