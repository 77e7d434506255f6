"""The widget in a real JupyterLab: it is live, it zooms, it wears the theme, and a saved notebook stays small."""

from __future__ import annotations

import json
import os
import re
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

CELLS = (
    "%load_ext workbench\nimport workbench as wb",
    "%%profile awaited\nimport asyncio, json\ndef busy():\n    for _ in range(3000): json.dumps(list(range(200)))\n"
    "async def work():\n    busy()\n    await asyncio.sleep(0.01)\n    return 'the value'\nawait work()",
    "with wb.profile('plain') as run:\n    busy()\nwb.flamegraph(run)",
)
PATIENCE_S = 60.0


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A notebook of three cells without outputs."""
    nbformat = pytest.importorskip("nbformat")
    made = tmp_path_factory.mktemp("lab")
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in CELLS])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(notebook, made / "flame.ipynb")
    return made


@pytest.fixture(scope="module")
def lab(folder: Path) -> Iterator[str]:
    """JupyterLab on a port of its choice, with a token and all its files in the test's folder."""
    pytest.importorskip("jupyterlab", reason="pip install 'workbench[notebook]'")
    token = secrets.token_hex(16)
    homes = (
        "JUPYTER_RUNTIME_DIR",
        "JUPYTER_DATA_DIR",
        "JUPYTER_CONFIG_DIR",
        "IPYTHONDIR",
        "JUPYTERLAB_WORKSPACES_DIR",
    )
    environment = {**os.environ, **{home: str(folder / home.lower()) for home in homes}}
    environment |= {"WORKBENCH_STORE": str(folder / "store.duckdb"), "JUPYTER_TOKEN": token}
    quiet = "--LabApp.check_for_updates_class=jupyterlab.handlers.announcements.NeverCheckForUpdate"
    command = [
        sys.executable,
        "-m",
        "jupyterlab",
        quiet,
        "--LabApp.news_url=None",
        f"--ServerApp.root_dir={folder}",
    ]
    command += ["--no-browser", "--allow-root", "--ip=127.0.0.1", "--port=0", "--ServerApp.port_retries=0"]
    with (folder / "lab.log").open("wb") as log:
        server = subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=subprocess.STDOUT)
    try:
        yield f"{_address(folder, server)}lab/tree/flame.ipynb?token={token}"
    finally:
        server.terminate()
        try:
            server.wait(20)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def _address(folder: Path, server: subprocess.Popen[bytes]) -> str:
    """Where the server listens, as it says itself in its runtime file."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline and server.poll() is None:
        for found in (folder / "jupyter_runtime_dir").glob("jpserver-*.json"):
            try:
                return str(json.loads(found.read_text())["url"])
            except ValueError:  # half written
                pass
        time.sleep(0.1)
    pytest.fail(f"JupyterLab did not start: {(folder / 'lab.log').read_text()[-2000:]}")


@pytest.fixture(scope="module")
def page(browser: Browser, lab: str) -> Iterator[Page]:
    """The notebook, run from top to bottom; nothing but the server may be asked."""
    context = browser.new_context(viewport={"width": 1400, "height": 1300}, reduced_motion="reduce")
    own = lab.split("/lab/")[0]
    foreign: list[str] = []

    def only_the_server(route: Any) -> None:
        if route.request.url.startswith((own, "data:", "blob:")):
            route.continue_()
        else:
            foreign.append(route.request.url)
            route.abort()

    context.route("**/*", only_the_server)
    page = context.new_page()
    page.goto(lab)
    page.get_by_text("| Idle").wait_for(
        timeout=PATIENCE_S * 1000
    )  # before that, a dialog would swallow the command
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
    page.wait_for_function(PAINTED, arg=2, timeout=PATIENCE_S * 1000)
    yield page
    context.close()
    assert foreign == []


PAINTED = "(n) => [...document.querySelectorAll('*')].filter((e) => e.__flamegraph?.state().painted).length >= n"
GRAPH = (
    "(() => { const hosts = [...document.querySelectorAll('*')].filter((e) => e.__flamegraph);"
    " const g = hosts.at(-1).__flamegraph; return %s; })()"
)


def test_the_widget_is_live_and_a_click_zooms(page: Page) -> None:
    boxes = page.evaluate(GRAPH % "g.layout()")
    assert any("busy" in box["name"] for box in boxes)
    target = next(b for b in boxes if b["depth"] == 2)
    canvas = page.locator(".wb-fg-canvas").last
    canvas.click(position={"x": target["x"] + target["width"] / 2, "y": target["y"] + 5})
    assert page.evaluate(GRAPH % "g.state().focus") == target["node"]


def test_the_profiled_async_cell_shows_its_value_too(page: Page) -> None:
    assert page.locator(".jp-OutputArea").get_by_text("'the value'", exact=True).count() == 1


def test_keys_go_to_the_flame_graph_and_not_to_the_notebook(page: Page) -> None:
    cells = page.locator(".jp-Cell").count()
    page.locator(".wb-fg-search").last.click()
    page.keyboard.type("dddaab")  # in command mode: delete cell, insert above, below
    page.locator(".wb-fg-canvas").last.focus()
    page.keyboard.press("ArrowDown")
    assert page.evaluate(GRAPH % "g.state().query") == "dddaab"
    assert page.locator(".jp-Cell").count() == cells


def test_it_wears_jupyterlabs_theme(page: Page) -> None:
    assert page.evaluate(GRAPH % "g.state().dark") is False
    page.evaluate("document.body.dataset.jpThemeLight = 'false'")
    page.wait_for_function(GRAPH % "g.state().dark")
    page.evaluate("document.body.dataset.jpThemeLight = 'true'")


def test_the_saved_notebook_is_small_and_readable_without_a_kernel(page: Page, folder: Path) -> None:
    page.get_by_role("menuitem", name="File", exact=True).click()
    with page.expect_response(lambda r: r.request.method == "PUT" and "flame.ipynb" in r.url):
        page.get_by_role("menuitem", name=re.compile("^Save Notebook(?! As)")).click()
    path = folder / "flame.ipynb"
    assert path.stat().st_size < 200_000
    outputs = [o for c in json.loads(path.read_text())["cells"] for o in c.get("outputs", []) if "data" in o]
    pictures = ["".join(o["data"]["text/html"]) for o in outputs if "text/html" in o["data"]]
    assert len(pictures) == 2
    assert all("data:image/svg+xml" in p and "<table" in p for p in pictures)
