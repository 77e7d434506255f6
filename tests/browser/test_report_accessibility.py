"""axe-core finds nothing on any kind of report, light and dark, folded and open; focus follows the page."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest
from sample_pages import write_pages

pytestmark = pytest.mark.browser
axe_core = pytest.importorskip("axe_playwright_python.base", reason="pip install axe-playwright-python")

KINDS = ("session", "single", "comparison", "notebook")


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return write_pages(tmp_path_factory.mktemp("pages"))


def opened(watch: Callable[..., Any], url: str) -> Any:
    """The page, its pictures drawn; the checker's own script needs the policy lifted."""
    watched = watch(url, color_scheme="light", reduced_motion="reduce", bypass_csp=True)
    watched.wait_for_graph()
    watched.page.wait_for_function(
        "() => [...document.querySelectorAll('[data-wb-flamegraph]')].every((e) => e.dataset.state === 'shown')"
    )
    return watched


def violations(page: Any) -> list[str]:
    """What axe-core says, a line each."""
    page.evaluate(axe_core.AXE_SCRIPT)
    found = page.evaluate("axe.run(document, { resultTypes: ['violations'] })")["violations"]
    return [
        f"{rule['id']}: {node['target']} {node['failureSummary'][:300]}" for rule in found for node in rule["nodes"]
    ]


@pytest.mark.parametrize("kind", KINDS)
def test_axe_finds_no_violation(kind: str, watch: Callable[..., Any], pages: dict[str, str]) -> None:
    page = opened(watch, pages[kind]).page
    assert violations(page) == [], "light, as it opens"
    page.emulate_media(color_scheme="dark")
    dark = "() => [...document.querySelectorAll('[data-wb-flamegraph]')].every((e) => e.__flamegraph.state().dark)"
    page.wait_for_function(dark)
    page.evaluate("document.querySelectorAll('details').forEach((d) => (d.open = true))")
    assert violations(page) == [], "dark, with everything unfolded"


@pytest.mark.parametrize("kind", KINDS)
def test_landmarks_headings_and_captions(kind: str, watch: Callable[..., Any], pages: dict[str, str]) -> None:
    page = opened(watch, pages[kind]).page
    for landmark in ("banner", "main", "contentinfo"):
        assert page.get_by_role(landmark).count() == 1, landmark
    levels = page.evaluate(
        "[...document.querySelectorAll('h1, h2, h3, h4, h5, h6')].map((h) => Number(h.tagName[1]))"
    )
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels)), levels
    if kind != "notebook":
        bare = "[...document.querySelectorAll('main table.wb-table')].filter((t) => !t.caption?.textContent).length"
        assert page.evaluate(bare) == 0


def test_the_keyboards_way_follows_the_page(watch: Callable[..., Any], pages: dict[str, str]) -> None:
    page = opened(watch, pages["session"]).page
    assert page.evaluate("[...document.querySelectorAll('[tabindex]')].every((e) => e.tabIndex <= 0)")
    visited = []
    for _ in range(40):
        page.keyboard.press("Tab")
        place = page.evaluate(
            "() => { const e = document.activeElement; const all = [...document.querySelectorAll('*')];"
            " return e === document.body ? null : [all.indexOf(e), e.getClientRects().length]; }"
        )
        if place is None:
            break
        visited.append(place)
    order = [number for number, _ in visited]
    assert len(order) > 8
    assert order == sorted(order), "focus jumps"
    assert all(seen for _, seen in visited), "something that can't be seen takes the focus"
