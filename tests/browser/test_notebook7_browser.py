"""The same live views in Notebook 7, whose page is another one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from jupyter_pages import PATIENCE_S, Watch, jupyter, run_all, write_notebook

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

CELLS = (
    "%load_ext workbench\nimport workbench as wb\nimport json",
    "%%profile plain\nfor _ in range(3000): json.dumps(list(range(200)))\n'the value'",
    "wb.explorer()",
)
PAINTED = "() => [...document.querySelectorAll('*')].some((e) => e.__flamegraph?.state().painted)"


def test_the_graph_and_the_explorer_are_live(browser: Browser, tmp_path: Path) -> None:
    pytest.importorskip("notebook", reason="pip install notebook")
    write_notebook(tmp_path / "flame.ipynb", CELLS)
    with jupyter("notebook", tmp_path) as (address, token):
        watch = Watch(browser, address, token)
        page = watch.open("notebooks/flame.ipynb")
        run_all(page)
        page.wait_for_function(PAINTED, timeout=PATIENCE_S * 1000)
        page.wait_for_selector(".wb-ex tbody tr[data-run]", timeout=PATIENCE_S * 1000)
        assert page.locator(".jp-OutputArea").get_by_text("'the value'", exact=True).count() == 1
        assert page.locator(".wb-still").first.is_hidden()
        page.locator(".wb-ex tbody input").first.check()
        page.locator(".wb-ex [data-do=graph]").click()
        page.wait_for_selector(".wb-ex-detail .wb-fg-canvas", timeout=PATIENCE_S * 1000)
        watch.close()
    assert (watch.foreign, watch.problems) == ([], [])
