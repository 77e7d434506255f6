"""What is saved with a notebook shows wherever no script runs: nbconvert, Markdown, code hosts, a terminal."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from sample_runs import EVIL, evil_tree, jamf_tree, run, session

import workbench as wb
from workbench.errors import UsageError
from workbench.model import Recording
from workbench.store import Store
from workbench.views.payload import decode

pytestmark = pytest.mark.usefixtures("settled_heap")

PICTURE = re.compile(r'<img src="data:image/svg\+xml;base64,([^"]+)"[^>]* alt="[^"]+"|<img [^>]*alt="[^"]+"[^>]*>')
WIDGET = "application/vnd.jupyter.widget-view+json"


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """Three runs of one session."""
    made = Store(tmp_path / "store.duckdb")
    runs = [run("naive", [4.0, 4.4, 4.2]), run("pooled", [2.0, 2.2, 2.1]), run("optimized", [0.4, 0.41, 0.39])]
    made.save(session(), [Recording(each, jamf_tree(seed=n)) for n, each in enumerate(runs)])
    return made


SHOWN: dict[str, Callable[[Store], Any]] = {
    "flamegraph": lambda store: wb.flamegraph("latest", store=store),
    "explorer": lambda store: wb.explorer(store=store),
    "ladder": lambda store: wb.ladder("latest", store=store),
    "distributions": lambda store: wb.distributions("latest", "latest~1", store=store),
}


class Visible(HTMLParser):
    """What a reader sees of HTML without scripts and styles."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.handlers: list[str] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.handlers += [name for name, _ in attrs if name.startswith("on")]

    def handle_data(self, data: str) -> None:
        self.text += data


def notebook_of(bundle: Mapping[str, Any]) -> Any:
    nbformat = pytest.importorskip("nbformat")
    output = nbformat.v4.new_output("display_data", data=dict(bundle))
    cell = nbformat.v4.new_code_cell("wb.flamegraph(run)", outputs=[output], execution_count=1)
    return nbformat.v4.new_notebook(cells=[cell])


@pytest.mark.parametrize("name", SHOWN)
def test_a_saved_output_holds_a_still_table_and_no_widget(store: Store, name: str) -> None:
    bundle = SHOWN[name](store)._repr_mimebundle_()
    seen = Visible(bundle["text/html"])
    assert WIDGET not in bundle
    assert "table" in seen.tags
    assert "script" not in seen.tags
    assert seen.handlers == []
    assert "jamf:" in seen.text or "optimized" in seen.text
    assert "optimized" in bundle["text/plain"] or "helper_" in bundle["text/plain"]
    assert len(json.dumps(bundle)) < 100_000


@pytest.mark.parametrize("name", SHOWN)
def test_nbconverts_page_shows_it(store: Store, name: str) -> None:
    exporters = pytest.importorskip("nbconvert.exporters")
    page, _ = exporters.HTMLExporter(template_name="basic").from_notebook_node(
        notebook_of(SHOWN[name](store)._repr_mimebundle_())
    )
    assert "<table" in page
    assert name == "explorer" or PICTURE.search(page)
    assert WIDGET not in page


def test_nbconverts_markdown_shows_it(store: Store) -> None:
    exporters = pytest.importorskip("nbconvert.exporters")
    text, _ = exporters.MarkdownExporter().from_notebook_node(
        notebook_of(wb.flamegraph("latest", store=store)._repr_mimebundle_())
    )
    assert "<table" in text
    assert "helper_" in text


def test_the_same_picture_has_the_same_saved_output(store: Store) -> None:
    first, second = (wb.flamegraph("latest", store=store)._repr_mimebundle_() for _ in range(2))
    assert first == second
    assert wb.flamegraph("latest~1", store=store)._repr_mimebundle_() != first


def test_the_payload_is_whole_and_not_in_the_output(store: Store) -> None:
    tree = jamf_tree(samples=8000)
    shown = wb.flamegraph(tree)
    bundle = shown._repr_mimebundle_()
    assert len(decode(shown.payload).frame) == int((tree.total_ns() > 0).sum())
    assert base64.b64encode(shown.payload[:300]).decode() not in bundle["text/html"]


def test_a_live_graph_has_the_readers_own_editor_and_nothing_saved_has(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WORKBENCH_SOURCE_LINK", "vscode://file/home/zq9me/shop/{file}:{line}")
    for shown in (wb.flamegraph("latest", store=store), wb.timeline("latest", store=store)):
        assert decode(shown.payload).meta.link == "vscode://file/home/zq9me/shop/{file}:{line}"
        assert "zq9me" not in json.dumps(shown._repr_mimebundle_(), default=str)
    written = wb.report("latest", tmp_path / "report.html", store=store)
    assert "zq9me" not in written.path.read_text(encoding="utf-8")


def test_hostile_names_are_text_in_every_output(tmp_path: Path) -> None:
    store = Store(tmp_path / "store.duckdb")
    names = [name for name in EVIL if "\ud800" not in name]
    recordings = [
        Recording(replace(run(f"v{n}", [1.0, 1.1]), run_id=f"261123-0400{n:02}-aaaa", name=name), evil_tree())
        for n, name in enumerate(names)
    ]
    store.save(session(), recordings)
    for show in SHOWN.values():
        seen = Visible(show(store)._repr_mimebundle_()["text/html"])
        assert set(seen.tags) <= {
            "div", "p", "strong", "img", "table", "caption", "thead", "tbody", "tr", "th", "td", "small",
        }  # fmt: skip
        assert seen.handlers == []


def test_a_widget_for_layouts_carries_the_payload() -> None:
    pytest.importorskip("anywidget")
    shown = wb.flamegraph(jamf_tree(samples=100))
    widget = shown.widget()
    assert widget.payload == shown.payload
    assert WIDGET in widget._repr_mimebundle_()[0]


def test_plotlys_part_can_send_nothing_anywhere(store: Store) -> None:
    bundle = wb.ladder("latest", store=store)._repr_mimebundle_()
    plotly = bundle["application/vnd.plotly.v1+json"]
    assert set(plotly) == {"data", "layout", "config"}
    assert plotly["config"]["showSendToCloud"] is False
    assert plotly["config"]["plotlyServerURL"] == ""
    assert plotly["config"]["displayModeBar"] is False
    json.dumps(plotly, allow_nan=False)


def test_charts_take_runs_sessions_and_lists(store: Store) -> None:
    runs = store.runs()
    expected = {"naive", "pooled", "optimized"}
    for what in (runs[0].session_id, runs[0], runs, [each.run_id for each in runs]):
        assert {step.name for step in wb.ladder(what, store=store).steps} == expected
    fast = next(each for each in runs if each.variant == "optimized")
    chart = wb.ladder(runs, baseline="naive", store=store)
    assert next(s.ratio for s in chart.steps if s.name == "optimized") == pytest.approx(0.1, rel=0.1)
    assert [s.name for s in wb.distributions(fast, fast, store=store).steps] == [
        "optimized",
        f"optimized ({fast.run_id})",
    ]
    with pytest.raises(UsageError, match="a ladder needs two runs"):
        wb.ladder([fast], store=Store(store.path.with_name("other.duckdb")))
    with pytest.raises(UsageError, match="no completed round"):
        wb.distributions([], store=store)
    with pytest.raises(UsageError, match="not of int"):
        wb.distributions(3, store=store)


def test_a_table_is_sorted_as_asked_and_says_what_it_leaves_out(store: Store) -> None:
    own, total = (wb.table("latest", n=3, by=by, store=store) for by in ("self", "total"))
    assert [f.self_ns for f in own.functions] == sorted((f.self_ns for f in own.functions), reverse=True)
    assert total.functions[0].total_share == 1
    assert total.functions[0].self_ns == 0, "a function that only calls others"
    assert "more left out" in repr(own)
    assert "<table" in own._repr_html_()
    with pytest.raises(UsageError, match="by='calls'"):
        wb.table("latest", by="calls", store=store)


def test_times_that_the_sampler_slowed_are_told_from_the_clocks_in_every_picture(store: Store) -> None:
    runs = [each.run_id for each in store.runs()]
    (naive,) = [each for each in store.runs() if each.variant == "naive"]
    one = "The stacks come from a sampled round of its own, which the sampler slows down: "
    picture = wb.flamegraph(naive, store=store)
    assert decode(picture.payload).meta.told.startswith(one)
    for shown in (picture, wb.table(naive, store=store), wb.timeline(naive, store=store)):
        assert one in str(shown._repr_html_() if hasattr(shown, "_repr_html_") else shown._repr_mimebundle_())
    both = wb.diff_flamegraph(runs[0], runs[1], store=store)
    assert "; the timing rounds take " in decode(both.payload).meta.told
    assert "which the sampler slows down: " in both.still


def test_a_store_may_be_named_by_its_path(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    assert len(wb.runs(store=str(store.path))) == len(wb.runs(store=store.path)) == 3
    assert wb.ladder("latest", store=store.path).steps == wb.ladder("latest", store=store).steps
    with wb.profile("named", sampler="none", store=str(store.path)) as made:
        pass
    assert made.store_error is None
    assert len(wb.runs(store=store)) == 4
    monkeypatch.chdir(store.path.parent)
    with wb.profile("relative", sampler="none", store=store.path.name):
        monkeypatch.chdir("/")
    assert len(wb.runs(store=store)) == 5, "where it was when the block began"
    with pytest.raises(UsageError, match="store= takes a Store or the path of one, not int"):
        wb.runs(store=3)  # type: ignore[arg-type]


NOTEBOOKS = sorted((Path(__file__).parents[2] / "notebooks").glob("*.ipynb"))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_the_notebooks_of_this_project_hold_no_widget_and_are_small(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert WIDGET not in text
    assert "widgets" not in json.loads(text)["metadata"]
    assert len(text) < 200_000
