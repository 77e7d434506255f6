"""Every kind of report works with the network cut: it asks for nothing, and nothing that it holds is missing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sample_pages import write_pages

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Route

pytestmark = pytest.mark.browser

GRAPHS = {"session": 5, "single": 1, "comparison": 3, "confidential": 5, "notebook": 1}


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return write_pages(tmp_path_factory.mktemp("pages"))


@pytest.fixture
def cut(browser: Browser) -> Iterator[tuple[Page, list[str]]]:
    """A page that can load one file; everything else is refused and kept."""
    context = browser.new_context(offline=True, viewport={"width": 1280, "height": 900})
    page = context.new_page()
    wanted: list[str] = []

    def only_the_first(route: Route) -> None:
        wanted.append(route.request.url)
        if len(wanted) == 1:
            route.continue_()
        else:
            route.abort()

    context.route("**/*", only_the_first)
    page.on("requestfailed", lambda request: wanted.append(f"failed: {request.url}"))
    page.on("console", lambda m: m.type in {"error", "warning"} and wanted.append(m.text))
    page.on("pageerror", lambda error: wanted.append(str(error)))
    yield page, wanted
    context.close()


@pytest.mark.parametrize("name", GRAPHS)
def test_a_report_asks_for_nothing_but_itself(
    name: str, cut: tuple[Page, list[str]], pages: dict[str, str]
) -> None:
    page, wanted = cut
    page.goto(pages[name])
    page.wait_for_function("(n) => document.querySelectorAll('[data-state=shown]').length === n", arg=GRAPHS[name])
    assert page.locator("[data-state=failed]").count() == 0
    if name == "notebook":
        page.wait_for_selector(".main-svg")
        broken = "() => [...document.images].filter((i) => !(i.complete && i.naturalWidth)).length"
        page.wait_for_function("() => [...document.images].every((i) => i.complete)")
        assert page.evaluate(broken) == 0
    assert wanted == [pages[name]]


def test_without_scripts_all_of_it_can_be_read(browser: Browser, pages: dict[str, str]) -> None:
    context = browser.new_context(java_script_enabled=False, offline=True)
    page = context.new_page()
    page.goto(pages["session"])
    assert page.locator(".run:visible").count() == 5
    assert page.get_by_role("table", name="The ladder, per round").is_visible()
    assert page.locator("svg.ladder-chart").is_visible()
    context.close()


LOOK = """() => [...document.querySelectorAll('[data-wb-flamegraph]')].map(({ __flamegraph: g }) => {
    const { canvas } = g.main;
    return [g.state().dark, ...canvas.getContext('2d').getImageData(canvas.width - 9, 3, 1, 1).data];
})"""
"""Of every flame graph: whether it is dark, and a pixel of its first row."""


def test_a_page_on_paper_is_white_and_whole(
    cut: tuple[Page, list[str]], pages: dict[str, str], tmp_path: Path
) -> None:
    page, _ = cut
    page.emulate_media(color_scheme="light")
    page.goto(pages["single"])
    page.wait_for_function("() => document.querySelectorAll('[data-state=shown]').length === 1")
    light = page.evaluate(LOOK)
    page.emulate_media(color_scheme="dark")
    page.wait_for_function(f"() => ({LOOK})()[0][1] !== {light[0][1]}")
    dark = page.evaluate(LOOK)
    assert [light[0][0], dark[0][0]] == [False, True]
    page.evaluate(f"() => addEventListener('beforeprint', () => (window.__paper = ({LOOK})()))")
    assert len(page.pdf(path=tmp_path / "report.pdf", format="A4")) > 20_000
    assert page.evaluate("window.__paper") == light
    assert page.evaluate(LOOK) == dark, "the screen is as it was"
    page.emulate_media(media="print", color_scheme="dark")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert page.evaluate("getComputedStyle(document.querySelector('h1')).color") == "rgb(27, 28, 31)"
