"""The report of a notebook: what it shows, what it leaves out, and what it says of a file that is none."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sample_pages import (
    PIXEL,
    code_cell,
    failed,
    markdown_cell,
    notebook_cells,
    plotly_output,
    printed,
    shown,
    stored,
    write_notebook,
)
from sample_runs import session_report, single_report

from workbench.errors import UsageError
from workbench.model import Recording
from workbench.notebook.fallback import still_html
from workbench.notebook.sights import timeline
from workbench.reporting.markup import clean_html
from workbench.reporting.notebook import notebook_html, read_notebook
from workbench.reporting.plain import shortened, terminal_text, visible
from workbench.reporting.plotly import plain_figure
from workbench.store import Store
from workbench.views.payload import meta_of
from workbench.views.tables import TextTable


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return stored(tmp_path, single_report())


def page_of(store: Store, folder: Path, *cells: dict[str, Any]) -> str:
    return notebook_html(write_notebook(folder / "made.ipynb", cells), store)


def test_text_code_and_outputs_stand_in_their_order(store: Store, tmp_path: Path) -> None:
    page = page_of(store, tmp_path, *notebook_cells(single_report().runs[0]))
    wanted = ["<h1>A sample</h1>", "<strong>bold</strong>", "[picture: far]", '<span class="kn">import</span>',
              "100 %\nred", "data-wb-flamegraph", 'alt="Flame graph of checkout"', "<td>1.5</td>", "data-wb-chart",
              'alt="&lt;Figure&gt;"', 'alt="A picture of the notebook"', "a warning",
              "ZeroDivisionError"]  # fmt: skip
    places = [page.index(text) for text in wanted]
    assert places[1:] == sorted(places[1:])
    assert "10 %\r" not in page
    assert "\x1b" not in page
    assert f'src="data:image/png;base64,{PIXEL}"' in page


def test_a_run_in_the_store_is_live_and_embedded_once(store: Store, tmp_path: Path) -> None:
    one = single_report().runs[0]
    assert one.tree is not None
    still = code_cell("wb.flamegraph(run)", shown(text_html=still_html(one.tree, meta_of(one.run))))
    page = page_of(store, tmp_path, still, still)
    assert page.count("application/octet-stream") == 1
    assert "1 live flame graph from the store" in page
    assert '<a href="#live-0">' in page
    assert "data:image/svg+xml" not in page


def test_a_timeline_opens_in_time_order_or_points_to_its_graph(store: Store, tmp_path: Path) -> None:
    one = single_report().runs[0]
    assert one.tree is not None
    still = code_cell("wb.flamegraph(run)", shown(text_html=still_html(one.tree, meta_of(one.run))))
    line = code_cell("wb.timeline(run)", shown(text_html=timeline(Recording(one.run, one.tree)).still))
    assert "above; its view “Time order” shows" in page_of(store, tmp_path, still, line)
    page = page_of(store, tmp_path, line, still)
    assert page.count('data-wb-flamegraph data-wb-view="time"') == 1
    assert page.count("application/octet-stream") == 1
    assert "Time order" not in page.partition("<body>")[2].partition('<script type="module"')[0]


def test_a_run_that_is_gone_keeps_its_picture(store: Store, tmp_path: Path) -> None:
    one = single_report().runs[0]
    assert one.tree is not None
    gone = replace(meta_of(one.run), run_id="gone")
    page = page_of(store, tmp_path, code_cell("x", shown(text_html=still_html(one.tree, gone))))
    assert "application/octet-stream" not in page
    assert 'alt="Flame graph of checkout"' in page
    assert "data:image/svg+xml;base64," in page


def test_plotly_is_there_only_where_a_figure_is(store: Store, tmp_path: Path) -> None:
    assert "plotly.js v" not in page_of(store, tmp_path, markdown_cell("text"))
    assert page_of(store, tmp_path, code_cell("f", plotly_output("x"))).count("plotly.js v") == 1


def test_a_chart_that_brings_a_picture_needs_no_plotly(store: Store, tmp_path: Path) -> None:
    output = plotly_output("x")
    output["data"]["text/html"] = f'<img src="data:image/png;base64,{PIXEL}" alt="rounds"><p>numbers</p>'
    path = write_notebook(tmp_path / "made.ipynb", (code_cell("f", output),))
    page = notebook_html(path, store)
    assert "plotly.js v" not in page
    assert 'alt="rounds"' in page
    assert "plotly.js v" in notebook_html(path, store, plotly=True)
    del output["data"]["text/html"]
    output["data"]["image/png"] = PIXEL
    assert "plotly.js v" not in page_of(store, tmp_path, code_cell("f", output))


def test_two_runs_named_by_a_picture_are_their_difference(tmp_path: Path) -> None:
    store = stored(tmp_path, session_report())
    ids = " ".join(session_report().runs[i].run.run_id for i in (0, 4))
    page = page_of(store, tmp_path, code_cell("f", shown(text_html=f'<p data-wb-run="{ids}">still</p>')))
    assert "Differential flame graph of naive and optimized" in page
    assert ">still<" not in page


def test_figures_are_reduced_to_what_needs_no_network() -> None:
    trace = {"type": "scattergl", "y": [1.0, float("nan")], "name": "<b>a</b><br>1 < 2<script>"}
    figure = {"data": [trace], "layout": {"images": [1], "height": 1e9}}
    made = plain_figure(figure)
    assert made is not None
    assert made["data"] == [{"type": "scatter", "y": [1.0, None], "name": "a<br>1 &lt; 2&lt;script>"}]
    assert "images" not in made["layout"]
    assert made["layout"]["height"] == 450
    for refused in (None, {}, {"data": []}, {"data": [{"type": "scattermap"}]}, {"data": [{"type": "image"}]}):
        assert plain_figure(refused) is None


def test_headings_go_below_the_pages_and_leave_no_gap(store: Store, tmp_path: Path) -> None:
    page = page_of(
        store, tmp_path, markdown_cell("Text\n\n# Title\n\n#### Four\n\n# One"), markdown_cell("###### Six")
    )
    main = page[page.index("<main>") : page.index("</main>")]
    assert "<h1" not in main
    assert [main.index(h) for h in ("<h2>Title", "<h3>Four", "<h2>One", "<h3>Six")]


def test_a_title_that_opens_the_notebook_stands_at_its_head_only(store: Store, tmp_path: Path) -> None:
    page = page_of(store, tmp_path, markdown_cell("# A *sole* title\ntext"))
    assert page.count("A sole title") == 2  # in the page's title, too
    assert "<p>text</p>" in page


@pytest.mark.parametrize(
    ("html", "left"),
    [
        ("<b onclick=x>a</b>", "<b>a</b>"),
        ("<script>x</script>a", "a"),
        ("<style>x</style>", ""),
        ("<a href='javascript:x'>a</a>", "<a>a</a>"),
        ("<a href='data:text/html,x'>a</a>", "<a>a</a>"),
        ("<a href='https://e.example/?a=1&b'>a</a>",
         '<a href="https://e.example/?a=1&amp;b" rel="noopener noreferrer">a</a>'),
        ("<img src='https://e.example/x.png'>", ""),
        (f"<img src='data:image/png;base64,{PIXEL}'>",
         f'<img src="data:image/png;base64,{PIXEL}" alt="A picture of the notebook">'),
        ("<img src='data:text/html,x'>", ""),
        ("<table><tr><th></th><th>a</th></tr></table>",
         '<table class="wb-table"><tbody><tr><td></td><th>a</th></tr></tbody></table>'),
        ("<h1 id=x class=y style=z>a</h1>", "<p>a</p>"),
        ("<a title='<img src=x onerror=y>'>a</a>", '<a title="&lt;img src=x onerror=y&gt;">a</a>'),
        ("a\u202eb \ud800", "a\\u202eb \\ud800"),
        ("<div data-wb-flamegraph class=runs>a", "<div>a</div>"),
    ],
)  # fmt: skip
def test_html_outputs_are_sanitised(html: str, left: str) -> None:
    assert clean_html(html) == left


def test_texts_of_a_terminal() -> None:
    assert terminal_text("\x1b[1;31mred\x1b[0m \x1b]8;;http://x\x07link\x1b]8;;\x07") == "red link"
    assert terminal_text("1 %\r2 %\r3 %\ndone\r\n") == "3 %\ndone\n"
    assert visible("a\x00b\u2028c\td\n") == "a\\u0000b\\u2028c\td\n"
    assert len(shortened("x" * 99_999)) < 20_100
    assert "79999 characters are left out" in shortened("x" * 99_999)


def test_hardly_a_notebook_at_all(store: Store, tmp_path: Path) -> None:
    odd: list[Any] = [{}, {"cell_type": 3},
                      {"cell_type": "code", "outputs": [{}, {"output_type": "display_data"}, 7]},
                      {"cell_type": "code", "source": ["a\n", 1], "outputs": [failed("E", "v"), printed("")]},
                      {"cell_type": "markdown", "source": None, "attachments": []}]  # fmt: skip
    assert "E: v" in page_of(store, tmp_path, *odd)
    assert "This notebook has no cells" in page_of(store, tmp_path)


@pytest.mark.parametrize(
    ("content", "words"),
    [("{", "isn't JSON"), ("[]", "format 4"), (json.dumps({"nbformat": 3, "worksheets": []}), "format 4")],
)
def test_a_file_that_is_no_notebook_is_one_clear_line(content: str, words: str, tmp_path: Path) -> None:
    path = tmp_path / "x.ipynb"
    path.write_text(content)
    with pytest.raises(UsageError, match=words):
        read_notebook(path)


def test_a_missing_notebook_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="can't read the notebook"):
        read_notebook(tmp_path / "none.ipynb")


def test_numbers_of_tables_stay_at_the_right_and_no_other_class_comes_along() -> None:
    table = TextTable(("Variant", "Median"), (("naive", "1.20 s"),), numbers=(1,)).to_html()
    assert '<td class="number">1.20 s</td>' in clean_html(table)
    cleaned = clean_html('<table class="jp"><tr><td class="evil">1</td><td class="number evil">2</td></tr></table>')
    assert cleaned == '<table class="wb-table"><tbody><tr><td>1</td><td>2</td></tr></tbody></table>'
