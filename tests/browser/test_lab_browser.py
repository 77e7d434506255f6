"""The live views in a real JupyterLab: they zoom, wear the theme, and the saved notebook shows still pictures."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from jupyter_pages import PATIENCE_S, Watch, jupyter, run_all, write_notebook

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

CELLS = (
    "%load_ext workbench\nimport workbench as wb",
    "%%profile awaited --repeat 2\nimport asyncio, json\n"
    "def busy():\n    for _ in range(3000): json.dumps(list(range(200)))\n"
    "async def work():\n    busy()\n    await asyncio.to_thread(busy)\n    return 'the value'\nawait work()",
    "with wb.profile('plain') as run:\n    busy()\nwb.flamegraph(run)",
    "wb.explorer()",
    "wb.distributions('latest', 'latest~1')",
)
OTHER = (
    "import workbench as wb\nimport json\n"
    "with wb.profile('from another kernel') as run:\n    for _ in range(3000): json.dumps(list(range(200)))",
    "wb.explorer()",
)
PATIENCE_MS = PATIENCE_S * 1000


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two notebooks without outputs."""
    pytest.importorskip("nbformat")
    made = tmp_path_factory.mktemp("lab")
    write_notebook(made / "flame.ipynb", CELLS)
    write_notebook(made / "other.ipynb", OTHER)
    return made


@pytest.fixture(scope="module")
def watch_lab(browser: Browser, folder: Path) -> Iterator[Watch]:
    """JupyterLab; no page may ask anybody else, and none may fail."""
    pytest.importorskip("jupyterlab", reason="pip install 'workbench[notebook]'")
    with jupyter("jupyterlab", folder) as (address, token):
        watch = Watch(browser, address, token)
        yield watch
        watch.close()
    assert (watch.foreign, watch.problems) == ([], [])


@pytest.fixture(scope="module")
def page(watch_lab: Watch) -> Page:
    """The first notebook, run from top to bottom."""
    opened = watch_lab.open("lab/tree/flame.ipynb")
    run_all(opened)
    opened.wait_for_function(PAINTED, arg=2, timeout=PATIENCE_MS)
    opened.wait_for_selector(".wb-ex tbody tr[data-run]", timeout=PATIENCE_MS)
    return opened


PAINTED = "(n) => [...document.querySelectorAll('*')].filter((e) => e.__flamegraph?.state().painted).length >= n"
GRAPH = (
    "(() => { const hosts = [...document.querySelectorAll('*')].filter((e) => e.__flamegraph);"
    " const g = hosts.at(1).__flamegraph; return %s; })()"
)
ROW = ".wb-ex tbody tr:has(td:text-is('{}'))"


def choose(page: Page, *names: str) -> None:
    """Choose exactly these runs in the explorer."""
    chosen = page.locator(".wb-ex tbody input:checked")
    while chosen.count():
        chosen.first.uncheck()
    for name in names:
        page.locator(ROW.format(name)).locator("input").check()


def press(page: Page, label: str) -> None:
    page.locator(".wb-ex").get_by_role("button", name=label, exact=True).click()


def test_the_flame_graph_is_live_and_a_click_zooms(page: Page) -> None:
    boxes = page.evaluate(GRAPH % "g.layout()")
    assert any("busy" in box["name"] for box in boxes)
    target = next(b for b in boxes if b["depth"] == 2)
    page.locator(".wb-fg-canvas").nth(1).click(
        position={"x": target["x"] + target["width"] / 2, "y": target["y"] + 5}
    )
    assert page.evaluate(GRAPH % "g.state().focus") == target["node"]


def test_the_profiled_async_cell_shows_its_value_too(page: Page) -> None:
    assert page.locator(".jp-OutputArea").get_by_text("'the value'", exact=True).count() == 1


def test_the_still_picture_makes_room_for_the_live_one(page: Page) -> None:
    stills = page.locator(".wb-live > .wb-still")
    assert stills.count() == 3
    assert [stills.nth(n).is_visible() for n in range(3)] == [False] * 3


def test_the_chart_is_plotlys_without_an_upload_button(page: Page) -> None:
    page.wait_for_selector(".js-plotly-plot .main-svg", timeout=PATIENCE_MS)
    assert page.locator(".modebar-btn").count() == 0


def test_keys_go_to_the_flame_graph_and_not_to_the_notebook(page: Page) -> None:
    cells = page.locator(".jp-Cell").count()
    page.locator(".wb-fg-search").nth(1).click()
    page.keyboard.type("dddaab")  # in command mode: delete cell, insert above, below
    page.locator(".wb-fg-canvas").nth(1).focus()
    page.keyboard.press("ArrowDown")
    page.wait_for_function(GRAPH % "g.state().query === 'dddaab'")
    page.locator(".wb-ex-scroller").first.focus()
    page.keyboard.type("dd")
    assert page.locator(".jp-Cell").count() == cells


def test_it_wears_jupyterlabs_theme(page: Page) -> None:
    assert page.evaluate(GRAPH % "g.state().dark") is False
    page.evaluate("document.body.dataset.jpThemeLight = 'false'")
    page.wait_for_function(GRAPH % "g.state().dark")
    page.evaluate("document.body.dataset.jpThemeLight = 'true'")


def test_the_explorer_filters_tags_and_renames(page: Page) -> None:
    search = page.get_by_label("Filter runs")
    search.fill("plain nothing")
    assert page.get_by_text("No run matches the filter.").is_visible()
    search.fill("PLAIN")
    assert page.locator(".wb-ex tbody tr[data-run]").count() == 1
    search.fill("")
    choose(page, "plain")
    press(page, "Tag…")
    page.get_by_label("Tags, separated by spaces").fill("keep baseline")
    press(page, "Tag")
    page.wait_for_selector(".wb-ex-tag:has-text('baseline')")
    off = page.get_by_role("button", name="Remove tag baseline from plain")
    off.focus()
    page.keyboard.press("Enter")
    page.wait_for_function("() => !document.querySelector('.wb-ex').innerText.includes('baseline')")
    assert page.evaluate("document.activeElement.closest('tr')?.dataset.run") is not None, "the row keeps the focus"
    press(page, "Untag…")
    assert page.get_by_label("Tag to remove").input_value() == "keep"
    page.keyboard.press("Escape")
    assert page.locator(".wb-ex-form").is_hidden()
    press(page, "Untag…")
    press(page, "Remove")
    page.wait_for_function("() => !document.querySelector('.wb-ex-tag')")
    assert page.locator(".wb-ex [data-do=untag]").is_disabled()
    press(page, "Rename…")
    page.get_by_label("New name").fill("<img src=x onerror=alert(1)>")
    page.keyboard.press("Enter")
    page.wait_for_selector(ROW.format("<img src=x onerror=alert(1)>"))
    press(page, "Rename…")
    page.keyboard.type("plain")  # over the old name, which is selected
    page.keyboard.press("Enter")
    page.wait_for_selector(ROW.format("plain"))


def test_the_explorer_compares_and_draws(page: Page) -> None:
    choose(page, "plain", "awaited")
    assert page.locator(".wb-ex [data-do=graph]").is_disabled()
    press(page, "Compare")
    page.wait_for_selector(".wb-ex-result :is(table, li)")
    assert "Base: awaited, new: plain" in page.locator(".wb-ex-detail").inner_text()
    choose(page, "plain")
    page.locator(".wb-ex [data-do=graph]").click()
    page.wait_for_function("() => document.querySelector('.wb-ex-detail .wb-fg-canvas')", timeout=PATIENCE_MS)
    press(page, "Close")
    assert page.locator(".wb-ex-detail").is_hidden()


def test_two_explorers_in_two_kernels_see_what_the_other_does(page: Page, watch_lab: Watch) -> None:
    other = watch_lab.open("doc/tree/other.ipynb")
    run_all(other)
    other.wait_for_selector(ROW.format("from another kernel"), timeout=PATIENCE_MS)
    page.wait_for_selector(ROW.format("from another kernel"), timeout=PATIENCE_MS)  # nobody touched this page
    choose(page, "from another kernel")
    press(page, "Delete…")
    assert "from another kernel" in page.locator(".wb-ex-form").inner_text()
    press(page, "Delete")
    other.wait_for_selector(ROW.format("from another kernel"), state="detached", timeout=PATIENCE_MS)
    assert other.locator(ROW.format("plain")).count() == 1
    other.close()


def save(page: Page, path: Path) -> list[dict[str, Any]]:
    """Save the notebook; returns the data of all its outputs."""
    page.get_by_role("menuitem", name="File", exact=True).click()
    with page.expect_response(
        lambda r: r.request.method == "POST" and r.url.partition("?")[0].endswith(f"{path.name}/checkpoints"),
        timeout=PATIENCE_MS,
    ) as last:  # until then JupyterLab is still saving, and passes over whoever asks it to save again
        page.get_by_role("menuitem", name=re.compile("^Save Notebook(?! As)")).click()
    last.value.finished()
    cells = json.loads(path.read_text())["cells"]
    return [o["data"] for c in cells for o in c.get("outputs", []) if "data" in o]


def test_the_saved_notebook_is_small_and_readable_without_a_kernel(page: Page, folder: Path) -> None:
    path = folder / "flame.ipynb"
    outputs = save(page, path)
    assert path.stat().st_size < 250_000
    assert not [data for data in outputs if "application/vnd.jupyter.widget-view+json" in data]
    stills = ["".join(data["text/html"]) for data in outputs if "text/html" in data]
    assert len(stills) == 4
    assert all("<table" in still for still in stills)
    assert sum("data:image/svg+xml" in still for still in stills) == 3


def test_nbconverts_page_of_it_shows_pictures_and_tables(page: Page, watch_lab: Watch, folder: Path) -> None:
    exporters = pytest.importorskip("nbconvert.exporters")
    save(page, folder / "flame.ipynb")
    html, _ = exporters.HTMLExporter().from_filename(str(folder / "flame.ipynb"))
    still = page.context.browser.new_context(java_script_enabled=False, offline=True)
    reader = still.new_page()
    (folder / "flame.html").write_text(html)
    reader.goto((folder / "flame.html").as_uri())
    pictures = reader.locator(".wb-still img")
    assert pictures.count() == 2
    assert all(box["height"] > 50 for box in (pictures.nth(n).bounding_box() for n in range(2)))
    assert reader.locator(".wb-still table").nth(0).is_visible()
    assert reader.get_by_text("busy").count() > 0
    still.close()


def test_a_reloaded_page_is_live_again(page: Page, folder: Path) -> None:
    save(page, folder / "flame.ipynb")
    page.reload()
    page.wait_for_function(PAINTED, arg=2, timeout=PATIENCE_MS)
    page.wait_for_selector(".wb-ex tbody tr[data-run]", timeout=PATIENCE_MS)
    assert any("busy" in box["name"] for box in page.evaluate(GRAPH % "g.layout()"))
    assert page.locator(ROW.format("plain")).count() == 1


def test_without_its_kernel_the_page_shows_the_still_pictures(page: Page, folder: Path) -> None:
    page.get_by_role("menuitem", name="Kernel", exact=True).click()
    page.get_by_role("menuitem", name="Shut Down Kernel", exact=True).click()
    page.get_by_text("No Kernel").first.wait_for(timeout=PATIENCE_MS)
    choose(page, "plain")
    page.locator(".wb-ex [data-do=graph]").click()  # asks a kernel that is gone: no error, as the fixture sees
    page.get_by_text("waits while the kernel is busy").wait_for()
    page.reload()
    pictures = page.locator(".wb-still img")
    pictures.nth(1).wait_for(timeout=PATIENCE_MS)
    assert page.get_by_text("Error displaying widget").count() == 0
