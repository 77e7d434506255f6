"""Whatever text stands in a profile or notebook, its report shows it and runs nothing of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sample_pages import CORPUS, planted_cells, planted_report, stored, write_notebook

from workbench.reporting import write_report
from workbench.reporting.notebook import notebook_html
from workbench.reporting.plain import visible
from workbench.views.tables import printable

pytestmark = pytest.mark.browser

LISTEN = """() => {
  window.__violations = [];
  document.addEventListener('securitypolicyviolation', (e) => window.__violations.push(e.violatedDirective));
}"""
LETTERS = "(text) => text.replace(/\\s+/g, ' ')"


def use(watched: Any) -> None:
    """Open and touch what a reader would."""
    page = watched.page
    page.evaluate(LISTEN)
    page.evaluate("document.querySelectorAll('details').forEach((d) => (d.open = true))")
    for tab in page.get_by_role("tab").all():
        if tab.is_visible():
            tab.click()
    page.evaluate("window.dispatchEvent(new Event('beforeprint')); window.dispatchEvent(new Event('afterprint'))")


def harmless(watched: Any, url: str) -> None:
    """Nothing ran, nothing was refused because it tried to, nothing was asked for."""
    assert watched.page.evaluate("window.__pwned") is None
    assert watched.page.evaluate("window.__violations") == []
    assert watched.problems == []
    assert watched.requests == [url]
    assert watched.page.url.partition("#")[0] == url


@pytest.mark.parametrize("text", CORPUS.values(), ids=CORPUS)
def test_a_report_shows_hostile_text_and_runs_none_of_it(
    text: str, watch: Callable[..., Any], tmp_path: Path
) -> None:
    path = tmp_path / "report.html"
    write_report(planted_report(text), path)
    watched = watch(path.as_uri(), reduced_motion="reduce")
    watched.wait_for_graph()
    use(watched)
    watched.page.wait_for_function("() => document.querySelectorAll('[data-state=shown]').length === 3")
    box = watched.graph("g.layout().find(b => b.depth === 2)", 1)
    watched.graph(f"g.zoomTo({box['node']})", 1)
    watched.graph("g.search('window')", 1)
    watched.wait_until_still()
    wanted = printable(text)[:300]
    text_of_page = watched.page.evaluate("document.querySelector('main').textContent")
    assert text_of_page.count(wanted) > 20, "it is planted in more places than that"
    assert watched.page.locator("h1").text_content() == printable(text)
    assert any(text.replace("\ud800", "") [:200] in name.replace("\ufffd", "")
               for name in watched.graph("g.profile.functions", 1)) or "\ud800" in text  # fmt: skip
    harmless(watched, path.as_uri())


def test_a_notebooks_report_shows_hostile_text_and_runs_none_of_it(
    watch: Callable[..., Any], tmp_path: Path
) -> None:
    cells = [cell for text in CORPUS.values() for cell in planted_cells(text)]
    source = write_notebook(tmp_path / "evil.ipynb", cells, kernel=" ".join(CORPUS.values()))
    path = tmp_path / "notebook.html"
    path.write_text(notebook_html(source, stored(tmp_path)), encoding="utf-8", errors="strict")
    watched = watch(path.as_uri())
    watched.page.wait_for_selector(".main-svg")
    use(watched)
    for link in watched.page.locator("a").all()[:40]:
        assert not (link.get_attribute("href") or "").lower().strip().startswith(("javascript", "data"))
    shown = watched.page.evaluate("document.querySelector('main').textContent")
    for text in CORPUS.values():
        assert visible(text)[:500] in shown
    assert "<script>window.__pwned = 21</script>" in shown, "HTML in Markdown is text"
    assert watched.page.locator("iframe, form, link, base, object, embed, noscript").count() == 0
    assert watched.page.locator("main script:not([type='application/json'])").count() == 0
    harmless(watched, path.as_uri())
