"""Numbers, tables, pictures and charts: what a reader sees, and that names stay text."""

import json
import math
import re
import xml.etree.ElementTree as ET

import pytest
from sample_runs import EVIL, evil_tree, jamf_tree

from workbench.calltree import tree_from_stacks
from workbench.model import Frame
from workbench.views.assets import module, read_static
from workbench.views.charts import CONFIG, LadderStep, distribution_chart, ladder_chart
from workbench.views.flamegraph import flamegraph_html, functions_table, top_functions
from workbench.views.numbers import format_tick
from workbench.views.packages import COLOURS, Package, colours_of, package_of, ranked
from workbench.views.payload import FlameMeta, decode, encode
from workbench.views.svg import flamegraph_svg, ink_on, shaded
from workbench.views.tables import (
    TextTable,
    format_bytes,
    format_count,
    format_interval,
    format_measure,
    format_range,
    format_ratio,
    format_seconds,
    format_share,
    format_times,
    marked_html,
    printable,
)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"), (1.2345, "1.23 s"), (12.345, "12.3 s"), (0.0456, "45.6 ms"), (0.000789, "789 µs"),
        (12e-9, "12 ns"), (4.5e-10, "0.45 ns"), (9.97e-9, "10 ns"), (125, "2 min 5 s"),
        (59.99, "60.0 s"), (119.7, "2 min 0 s"), (-0.5, "-500 ms"),
        (math.nan, "–"), (math.inf, "–"), (None, "–"),
    ],
)  # fmt: skip
def test_durations(seconds: float | None, text: str) -> None:
    assert format_seconds(seconds) == text


def test_other_numbers() -> None:
    assert format_bytes(1536) == "1.50 KiB"
    assert format_bytes(12) == "12 B"
    assert format_count(1234567) == "1\u202f234\u202f567"
    assert format_count(2.5) == "2.5"
    assert format_ratio(0.1053) == "0.105×"
    assert format_times(0.1) == "10.0× faster"
    ticks = [format_tick(tick) for tick in (0, 2e-7, 5e-4, 1e-3, 3 * 5e-4, 0.1 * 3, 1, 20)]
    assert ticks == ["0 s", "200 ns", "500 µs", "1 ms", "1.5 ms", "300 ms", "1 s", "20 s"]
    assert format_times(1.5) == "1.50× slower"
    assert format_times(1.0001) == "the same"
    assert format_interval(0.5, 0.625) == "[0.500, 0.625]"
    assert format_interval(math.nan, 1) == "–"
    assert format_range([1.31, 1.2]) == "1.20–1.31 s"
    assert format_range([0.98, 1.1]) == "980 ms – 1.10 s"
    assert format_range([65, 185]) == "1 min 5 s – 3 min 5 s"
    assert format_range([]) == "–"
    assert format_share(1, 8) == "12.5 %"
    assert format_share(1, 1_000_000) == "<0.01 %"
    assert format_share(0, 8) == "0 %"
    assert format_share(1, 0) == "–"
    assert format_measure(0.25, "s") == "250 ms"
    assert format_measure(3.14159, "widgets") == "3.14 widgets"
    assert format_measure(math.nan, "widgets") == "–"


def test_a_table_aligns_numbers_to_the_right_in_text_and_html() -> None:
    table = TextTable(("name", "time"), (("a", "1 s"), ("long name", "12 s")), "caption", (1,))
    assert table.to_text().splitlines() == [
        "caption", "name       time", "─────────  ────", "a           1 s", "long name  12 s",
    ]  # fmt: skip
    assert '<td class="number">1 s</td>' in table.to_html()


@pytest.mark.parametrize("text", EVIL, ids=range(len(EVIL)))
def test_a_table_holds_names_as_text(text: str) -> None:
    html = TextTable((text,), ((text,),), text).to_html(text)
    root = ET.fromstring(html)  # well-formed, so no name ended an attribute or element
    assert {e.tag for e in root.iter()} == {"table", "caption", "thead", "tbody", "tr", "th", "td"}
    assert {a for e in root.iter() for a in e.keys()} <= {"class", "scope"}  # noqa: SIM118 - an Element, no dict
    assert root.findtext(".//td") == printable(text)


@pytest.mark.parametrize("text", [*EVIL, "`<b>`", "a `b", "`a` `</code>`"])
def test_marked_code_is_the_only_markup_of_a_text(text: str) -> None:
    for said in (text, f"`{text}`", f"mostly `{text}` ({text})"):
        root = ET.fromstring(f"<p>{marked_html(said)}</p>")
        assert {e.tag for e in root.iter()} <= {"p", "code"}
    assert marked_html("mostly `load<T>` (+5)") == "mostly <code>load&lt;T&gt;</code> (+5)"
    table = TextTable(("a", "b"), (("`x`", "`x`"),), marked=(1,))
    assert "<td>`x`</td><td><code>x</code></td>" in table.to_html()


def test_text_that_would_deceive_the_eye_is_made_visible() -> None:
    assert printable("\u202egnp.exe") == "\\u202egnp.exe"
    assert printable("a\x00b\nc\u2028") == "a\\u0000b\\u000ac\\u2028"
    assert len(printable("n" * 10_000)) == 401


def test_top_functions_are_those_with_most_self_time() -> None:
    f, g = Frame("a.py", "f"), Frame("<site>/lib/b.py", "g", 12)
    top = top_functions(tree_from_stacks([((f, g), 30), ((f,), 10)]), 5)
    assert [(t.frame, t.self_ns, t.total_ns) for t in top] == [(g, 30, 30), (f, 10, 40)]
    assert [(t.self_share, t.total_share) for t in top] == [(0.75, 0.75), (0.25, 1.0)]
    assert "<site>/lib/b.py:12" in functions_table(top).to_text()
    assert top_functions(tree_from_stacks([]), 5) == []


def test_the_picture_is_a_small_self_contained_svg() -> None:
    svg = flamegraph_svg(jamf_tree(), width=800, max_boxes=150)
    root = ET.fromstring(svg)
    boxes = root.findall(".//{http://www.w3.org/2000/svg}rect")
    assert 20 < len(boxes) <= 151
    assert len(svg) < 60_000
    assert "style=" not in svg
    assert "Client.send" in svg
    for box in boxes:
        assert 0 <= float(box.get("x", "")) <= 800.1
    assert flamegraph_svg(tree_from_stacks([])) == ""


def test_waiting_is_striped_and_texts_are_read_on_dark_boxes() -> None:
    main, waits = Frame("app.py", "main"), Frame("<await>", "[await]")
    tree = tree_from_stacks([((main, waits), 700), ((main,), 300)])
    plain = flamegraph_svg(tree)
    assert plain.count('fill="url(#waits)"') == 1 and plain.count('id="waits"') == 1
    assert 'fill="#ffffff"' not in plain
    dark = flamegraph_svg(tree, node_colours=["#08306b"] * len(tree))
    assert len(re.findall('<text[^>]* fill="#ffffff">', dark)) == 2
    assert "url(#waits)" not in flamegraph_svg(tree_from_stacks([((main,), 1)]))
    assert [ink_on(colour) for colour in ("#67000d", "#f4a582", "#dddddd")] == ["#ffffff", "#161616", "#161616"]


def test_a_function_has_the_shade_that_the_live_view_gives_it() -> None:
    names = ("main", "fetch", "[await]", "Kärnten", "x😀y", "AsyncClient.send")
    told_by_palette_js = ["#ee8866", "#f3a88f", "#f3a88f", "#f09374", "#f09374", "#ee8866"]
    assert [shaded("#ee8866", name) for name in names] == told_by_palette_js
    assert shaded("#ee8866", "\ud800").startswith("#")


def test_a_deep_recursion_does_not_make_a_picture_of_two_pages() -> None:
    again = Frame("app.py", "again")
    svg = flamegraph_svg(tree_from_stacks([((again,) * 150, 1)]))
    assert float(ET.fromstring(svg).get("viewBox", "").split()[3]) < 900
    assert ">108 more rows in the live view<" in svg
    assert "more row" not in flamegraph_svg(tree_from_stacks([((again,) * 42, 1)]))


def test_the_picture_holds_names_as_text() -> None:
    root = ET.fromstring(flamegraph_svg(evil_tree()).encode("utf-8", "replace"))
    assert {e.tag.split("}")[1] for e in root.iter()} == {"svg", "g", "title", "rect", "text"}


def test_the_fragment_carries_nothing_but_base64() -> None:
    fragment = flamegraph_html(evil_tree(), FlameMeta(name=EVIL[0]))
    payload = re.fullmatch(
        r'<div class="wb-flamegraph" data-wb-flamegraph aria-label="[^"<>]*">'
        r'<script type="application/octet-stream">([A-Za-z0-9+/=]+)</script></div>',
        fragment,
    )
    assert payload is not None
    assert decode(payload[1]).meta.name == EVIL[0]


def test_packages_and_their_colours() -> None:
    assert package_of("app/cli.py") == Package("user", "own code")
    assert package_of("<site>/httpx/_client.py") == Package("library", "httpx")
    assert package_of("<site>/six.py") == Package("library", "six")
    assert package_of("<stdlib>/ssl.py").kind == "stdlib"
    assert package_of("<built-in>").kind == "builtin"
    assert package_of("").kind == "builtin"
    assert package_of("<frozen importlib._bootstrap>").kind == "stdlib"
    assert package_of("<attrs generated init app.Order>") == Package("builtin", "generated")
    assert package_of("<cell>").kind == "user"
    assert package_of("<await>") == Package("await", "await")
    assert package_of("<instrumentation>") == Package("instrumentation", "instrumentation")
    kinds = [colour for kind, (colour, *_) in COLOURS.items() if kind != "library"]
    assert len({*kinds, *COLOURS["library"]}) == len(kinds) + len(COLOURS["library"]), (
        "each has a colour of its own"
    )
    assert package_of("workbench/capture/rounds.py") == Package("library", "workbench")
    many = {Package("library", f"lib{i}"): i for i in range(12)}
    colours = dict(ranked(many))
    assert {colours[Package("library", f"lib{i}")] for i in range(5, 12)} == set(COLOURS["library"])
    assert colours[Package("library", "lib0")] == COLOURS["builtin"][0]
    httpx = Package("library", "httpx")
    assert dict(ranked({httpx: 1}))[httpx] == dict(ranked({httpx: 2, Package("user", "own code"): 9}))[httpx]


def test_a_package_keeps_its_colour_in_all_pictures_that_stand_together() -> None:
    names = [f"<site>/lib{i}/a.py" for i in range(12)]
    trees = [
        tree_from_stacks([((Frame(n, "f"),), 1 + i) for i, n in enumerate(order)]) for order in (names, names[::-1])
    ]
    colours = colours_of(trees)
    pictures = [dict_of(encode(tree, colours=colours)) for tree in trees]
    assert pictures[0] == pictures[1]
    assert dict_of(encode(trees[0])) != dict_of(encode(trees[1])), "each alone gives the lightest no colour"


def dict_of(payload: bytes) -> dict[str, str]:
    return {name: colour for name, _, colour, _ in decode(payload).header["packages"]}


def test_no_script_writes_markup_or_asks_a_network() -> None:
    source = module(read_static("report.js", "workbench.reporting"), read_static("widget.js", "workbench.notebook"))
    for forbidden in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function(",
                      "fetch(", "XMLHttpRequest", "WebSocket", "sendBeacon"):  # fmt: skip
        assert forbidden not in source


def steps() -> list[LadderStep]:
    return [
        LadderStep("naive", (10.0, 10.5, 9.8)),
        LadderStep(EVIL[1], (1.0, 1.1, 0.9), ratio=0.1, interval=(0.09, 0.11)),
        LadderStep("never finished", ()),
    ]


def test_the_ladder_shows_medians_ranges_and_ratios() -> None:
    figure = ladder_chart(steps(), bound_s=0.8)
    middle = figure.data[0]
    assert list(middle.x) == [10.0, 1.0]
    assert list(middle.error_x.array) == pytest.approx([0.5, 0.1])
    assert list(middle.text) == ["10.0 s", "1.00 s  0.100×  [0.0900, 0.110]"]
    assert len(figure.data[1].x) == 6
    assert figure.layout.xaxis.type == "log"
    assert figure.layout.shapes[0].x0 == 0.8


def test_close_times_stand_on_a_linear_axis_from_zero() -> None:
    figure = ladder_chart([LadderStep("a", (1.0,)), LadderStep("b", (2.0,))])
    assert figure.layout.xaxis.type != "log"
    assert figure.layout.xaxis.range[0] == 0


def test_names_in_charts_are_text() -> None:
    for figure in (ladder_chart(steps()), distribution_chart({EVIL[1]: [1.0, 2.0], EVIL[0]: [1.5]})):
        text = json.dumps(json.loads(figure.to_json())["data"])
        assert "<img" not in text
        assert "<script" not in text


def test_charts_offer_no_cloud() -> None:
    assert CONFIG["showSendToCloud"] is False
    assert CONFIG["plotlyServerURL"] == ""
    assert CONFIG["displayModeBar"] is False


def test_the_picture_tells_times_per_round_as_the_live_view_does() -> None:
    tree = tree_from_stacks([((Frame("a.py", "f"),), 3_000_000_000)])
    for rounds, told in ((1, "3.00 s"), (3, "1.00 s a round")):
        svg = flamegraph_svg(tree, rounds=rounds)
        assert f">all · {told}</text>" in svg
        assert f"<title>f (a.py): {told.removesuffix(' a round')}, 100 %</title>" in svg
    assert ">all · 2 s → 3 s</text>" in flamegraph_svg(tree, told="2 s → 3 s")
