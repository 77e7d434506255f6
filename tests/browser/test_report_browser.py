"""The report in a real browser, without a network: it is seen, it answers, and nothing in it does harm."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from sample_runs import MS, evil_report, session_report, single_report

from workbench.calltree import tree_from_stacks
from workbench.model import Frame
from workbench.reporting import write_report

pytestmark = pytest.mark.browser

# A page's own pixels: how many different colours a canvas shows, ignoring what was never painted.
COLOURS = """(canvas) => {
  const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
  const seen = new Set();
  for (let i = 0; i < data.length; i += 4) {
    if (data[i + 3]) seen.add((data[i] << 16) | (data[i + 1] << 8) | data[i + 2]);
  }
  return seen.size;
}"""


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Addresses of a session's, a single run's and a malicious report."""
    folder = tmp_path_factory.mktemp("reports")
    made = {"session": session_report(), "single": single_report(), "evil": evil_report()}
    for name, report in made.items():
        write_report(report, folder / f"{name}.html")
    write_report(made["session"], folder / "plotly.html", plotly=True)
    made["plotly"] = made["session"]
    return {name: (folder / f"{name}.html").as_uri() for name in made}


@pytest.fixture
def single(watch: Callable, pages: dict[str, str]):
    watched = watch(pages["single"], reduced_motion="reduce")
    watched.wait_for_graph()
    return watched


def click_node(watched, node: int) -> None:
    box = watched.graph(f"g.layout().find(b => b.node === {node})")
    canvas = watched.page.locator(".wb-fg-canvas").first
    canvas.click(position={"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2})
    watched.wait_until_still()


def test_the_flame_graph_is_on_the_screen_and_nothing_was_requested(watch, pages) -> None:
    watched = watch(pages["session"])
    watched.wait_for_graph()
    watched.page.wait_for_selector(".ladder-chart")
    assert watched.requests == [pages["session"]]
    assert watched.problems == []
    boxes = watched.graph("g.layout()")
    assert len(boxes) > 100
    assert boxes[0]["name"] == "all"
    assert boxes[0]["width"] == pytest.approx(watched.graph("g.state().width"))
    assert watched.page.locator(".wb-fg-canvas").first.evaluate(COLOURS) > 10


def test_plotly_draws_the_ladder_under_the_pages_policy(watch, pages) -> None:
    watched = watch(pages["plotly"])
    watched.page.wait_for_selector("[data-wb-chart] .main-svg .point")
    assert watched.requests == [pages["plotly"]]
    assert watched.problems == []
    assert watched.page.locator("[data-wb-chart] .modebar-btn[data-title*='plotly.com']").count() == 0


def test_the_boxes_are_painted_where_the_layout_says(single) -> None:
    painted = """([x, y]) => { const c = document.querySelector('.wb-fg-canvas'), r = window.devicePixelRatio;
      return [...c.getContext('2d').getImageData(x * r, y * r, 1, 1).data]; }"""
    box = single.graph("g.layout().filter(b => b.depth === 3)[0]")
    assert single.page.evaluate(painted, [box["x"] + box["width"] - 6, box["y"] + 3])[3] == 255
    below = single.graph("g.state().height") - 2
    assert single.page.evaluate(painted, [single.graph("g.state().width") - 2, below])[3] == 0


def test_hit_testing_agrees_with_the_layout(single) -> None:
    wrong = single.graph(
        "g.layout().filter(b => b.width > 2 && g.hitTest(b.x + b.width / 2, b.y + b.height / 2) !== b.node).length"
    )
    assert wrong == 0
    assert single.graph("g.hitTest(5, 100000)") == -1
    assert single.graph("g.hitTest(-1, 5)") == -1


def test_every_total_is_its_self_time_and_its_childrens(single) -> None:
    worst = single.graph(
        "(() => { const p = g.profile; let worst = 0; for (let n = 0; n < p.size; n++) { let sum = p.self[n];"
        " for (let c = p.firstChild[n]; c < p.firstChild[n + 1]; c++) sum += p.total[c];"
        " worst = Math.max(worst, Math.abs(sum - p.total[n])); } return worst; })()"
    )
    assert worst < 1e-6
    assert single.graph("g.profile.value(g.profile.whole)") == pytest.approx(3.45e9, rel=0.05)


def test_a_click_zooms_and_there_are_ways_back(single) -> None:
    target = single.graph("g.layout().filter(b => b.depth === 4)[1]")
    click_node(single, target["node"])
    state = single.graph("g.state()")
    assert state["focus"] == target["node"]
    assert state["focusName"] == target["name"]
    zoomed = single.graph(f"g.layout().find(b => b.node === {target['node']})")
    assert zoomed["width"] == pytest.approx(state["width"], abs=1)
    assert single.graph("g.hitTest(3, g.layout().find(b => b.depth === 4).y + 5)") == target["node"]
    deeper = single.graph("g.layout().find(b => b.depth === 5)['node']")
    click_node(single, deeper)
    single.page.get_by_role("button", name="Back").click()
    single.wait_until_still()
    assert single.graph("g.state().focus") == target["node"]
    single.page.get_by_role("button", name="Reset").click()
    single.wait_until_still()
    assert single.graph("g.state().focus") == 0
    assert single.graph("g.state().view") == [0, single.graph("g.profile.whole")]


def test_hover_shows_function_place_times_and_shares(single) -> None:
    box = single.graph("g.layout().find(b => b.name === 'Client.send')")
    single.page.locator(".wb-fg-canvas").hover(position={"x": box["x"] + 4, "y": box["y"] + 4})
    card = single.page.locator(".wb-fg-card")
    card.wait_for(state="visible")
    text = card.inner_text()
    assert "Client.send" in text
    assert "<site>/httpx/_client.py" in text
    assert "Self" in text
    assert "Total" in text
    assert "%" in text
    assert "samples" in text


def test_search_marks_matches_and_shares(single) -> None:
    search = single.page.locator(".wb-fg-search")
    search.fill("ssl.py")
    state = single.graph("g.state()")
    assert state["matchedFrames"] == 3
    assert 0.05 < state["matchedShare"] < 0.95
    assert "in 3 functions" in single.page.locator(".wb-fg-found").inner_text()
    search.fill("/^SSLSocket\\.do_.*shake$/")
    assert single.graph("g.state().matchedFrames") == 1
    search.fill("/(/")
    assert "not a regular expression" in single.page.locator(".wb-fg-found").inner_text()
    search.fill("nothing is called so")
    assert single.page.locator(".wb-fg-found").inner_text() == "no match"
    search.fill("ssl|http")
    assert single.page.locator(".wb-fg-found").inner_text() == "no match; as a regular expression: /ssl|http/"
    search.press("Escape")
    assert single.graph("g.state().query") == ""
    assert single.page.evaluate("document.activeElement.className").startswith("wb-fg-canvas")


def test_the_share_matched_counts_nested_matches_once(single) -> None:
    single.graph("g.search('workbench/')")
    assert single.graph("g.state().matchedShare") == pytest.approx(1)


def test_the_keyboard_is_enough(single) -> None:
    page = single.page
    page.locator(".wb-fg-canvas").focus()
    for _ in range(4):
        page.keyboard.press("ArrowDown")
    selected = single.graph("g.state().selected")
    assert single.graph(f"g.profile.depth[{selected}]") == 4
    page.keyboard.press("ArrowRight")
    right = single.graph("g.state().selected")
    assert right == selected + 1
    assert "total" in page.locator(".wb-fg-live").inner_text()
    page.keyboard.press("Enter")
    single.wait_until_still()
    assert single.graph("g.state().focus") == right
    page.keyboard.press("Escape")
    single.wait_until_still()
    assert single.graph("g.state().focus") == single.graph(f"g.profile.parent[{right}]")
    page.keyboard.press("Backspace")
    single.wait_until_still()
    assert single.graph("g.state().focus") == right
    page.keyboard.press("Home")
    single.wait_until_still()
    assert single.graph("g.state().focus") == 0
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.type") == "search"
    page.keyboard.type("json")
    assert single.graph("g.state().query") == "json"


def test_keys_need_no_click_on_the_graph_first(single) -> None:
    page = single.page
    assert page.evaluate("document.activeElement === document.body")
    page.keyboard.press("3")
    assert single.graph("g.state().shown") == "callers"
    page.get_by_role("button", name="Functions", exact=True).click()
    page.keyboard.press("1")
    assert single.graph("g.state().shown") == "flame"
    page.locator(".wb-fg-search").press("2")
    assert (single.graph("g.state().shown"), single.graph("g.state().query")) == ("flame", "2")


def test_rows_out_of_view_are_counted(single) -> None:
    more = single.page.locator(".wb-fg-more").first
    assert more.is_hidden()
    single.graph("(g.main.options.tallest = 3 * 19, g.main.fitRows(), g.resize())")
    assert more.inner_text() == f"{single.graph('g.main.tree.depths') - 3} more rows ↓"
    single.page.locator(".wb-fg-scroller").first.evaluate("scroller => scroller.scrollTo(0, 1e6)")
    more.wait_for(state="hidden")
    single.graph("g.set({root: 'bottom'})")
    assert "more rows ↑" in more.inner_text()


def test_the_card_follows_a_zoom_with_the_keyboard(single) -> None:
    page = single.page
    page.locator(".wb-fg-canvas").focus()
    for _ in range(5):
        page.keyboard.press("ArrowDown")
    card = page.locator(".wb-fg-card")
    assert "of zoomed" not in card.inner_text()
    page.keyboard.press("Enter")
    single.wait_until_still()
    assert "of zoomed" in card.inner_text()
    assert card.locator("tr").last.inner_text().endswith("100 %")


def test_the_wheel_zooms_around_the_pointer_and_a_drag_pans(single) -> None:
    page = single.page
    canvas = page.locator(".wb-fg-canvas").bounding_box()
    x, y = canvas["x"] + canvas["width"] / 2, canvas["y"] + 30
    page.mouse.move(x, y)
    page.keyboard.down("Control")
    page.mouse.wheel(0, -200)
    page.keyboard.up("Control")
    page.wait_for_function("() => document.querySelector('.wb-fg').parentNode.__flamegraph.state().view[0] > 0")
    single.wait_until_still()
    left, right = single.graph("g.state().view")
    whole = single.graph("g.profile.whole")
    assert right - left < 0.6 * whole
    assert (left + right) / 2 == pytest.approx(whole / 2, rel=0.02)
    page.mouse.down()
    page.mouse.move(x + 100, y, steps=4)
    page.mouse.up()
    single.wait_until_still()
    assert single.graph("g.state().view[0]") < left
    assert single.graph("g.state().focus") == 0, "a drag is no click"


def test_tabs_show_one_run_at_a_time(watch, pages) -> None:
    watched = watch(pages["session"])
    watched.wait_for_graph()
    watched.page.get_by_role("tab", name="optimized").click()
    assert watched.page.locator(".run:visible").count() == 1
    watched.page.wait_for_function(
        "() => document.querySelector('.run:not([hidden]) [data-wb-flamegraph]').__flamegraph?.state().painted"
    )
    assert watched.page.locator(".run:visible .wb-fg-title").inner_text().startswith("jamf:optimized")
    watched.page.keyboard.press("ArrowRight")
    assert watched.page.locator(".run:visible .wb-fg-title").inner_text().startswith("jamf:naive")
    for key, name in (("End", "optimized"), ("Home", "naive")):
        watched.page.keyboard.press(key)
        assert watched.page.get_by_role("tab", selected=True).inner_text() == name


def test_a_package_has_one_colour_in_all_tabs(watch, pages) -> None:
    watched = watch(pages["session"])
    watched.page.wait_for_function("() => document.querySelectorAll('[data-state=shown]').length === 5")
    seen = [watched.graph("g.profile.packages.map(p => [p.name, p.colour])", n) for n in range(5)]
    assert len({tuple(map(tuple, sorted(packages))) for packages in seen}) == 1


def test_on_a_phone_nothing_overflows_and_the_chart_follows_the_windows_width(watch, pages) -> None:
    watched = watch(pages["session"])
    watched.wait_for_graph()
    watched.page.set_viewport_size({"width": 390, "height": 800})
    watched.page.wait_for_function("() => document.querySelector('.ladder-chart').clientWidth <= 390")
    assert watched.page.evaluate("document.documentElement.scrollWidth") == 390
    chart = watched.page.locator(".ladder-chart").bounding_box()
    texts = watched.page.evaluate(
        "() => [...document.querySelectorAll('.ladder-chart text')].map(t => t.getBoundingClientRect())"
        ".map(({ left, right, top, bottom }) => [left, right, top, bottom])"
    )
    assert min(left for left, *_ in texts) >= chart["x"] - 1
    assert max(right for _, right, *_ in texts) <= chart["x"] + chart["width"] + 1, "a label is cut off"
    assert max(bottom for *_, bottom in texts) <= chart["y"] + chart["height"] + 1, "it draws over what follows"


def test_captions_are_as_wide_as_the_page_and_not_as_their_table(watch, pages) -> None:
    watched = watch(pages["session"])
    texts = """() => [...document.querySelectorAll('.wb-table caption')].filter(c => c.offsetWidth).map(c => {
      const range = document.createRange();
      range.selectNodeContents(c);
      const { right, height } = range.getBoundingClientRect();
      return { right, height, length: c.textContent.length }; })"""
    short = [found for found in watched.page.evaluate(texts) if found["length"] < 90]
    assert max(found["height"] for found in short) < 25, "one line"
    watched.page.set_viewport_size({"width": 390, "height": 800})
    assert max(found["right"] for found in watched.page.evaluate(texts)) <= 390
    assert watched.page.evaluate("document.documentElement.scrollWidth") == 390
    back, reset = (watched.page.get_by_role("button", name=name).first for name in ("Back", "Reset"))
    together = "(back, reset) => back.getBoundingClientRect().y === reset.getBoundingClientRect().y"
    assert back.evaluate(together, reset.element_handle()), "the search, Back and Reset share a line"


def test_paper_keeps_numbers_with_their_units_and_kinds_of_rounds_whole(watch, pages) -> None:
    watched = watch(pages["session"])
    watched.page.set_viewport_size({"width": 700, "height": 1000})
    watched.page.emulate_media(media="print")
    watched.page.evaluate("document.querySelectorAll('details').forEach(d => (d.open = true))")
    lines = """(selector) => Math.max(...[...document.querySelectorAll(selector)].map(cell => {
      const range = document.createRange();
      range.selectNodeContents(cell);
      return range.getClientRects().length; }))"""
    assert watched.page.evaluate(lines, ".rounds td:nth-child(2)") == 1
    assert watched.page.evaluate(lines, ".wb-table:not(.ladder) td.number") == 1
    size = """(selector) => {
      const { fontSize, paddingRight, minWidth } = getComputedStyle(document.querySelector(selector));
      return [fontSize, paddingRight, minWidth]; }"""
    for cell in ("th", "td:first-child", ".number"):
        assert watched.page.evaluate(size, f".rounds {cell}") == ["7.5px", "5px", "0px"]
        assert watched.page.evaluate(size, f".ladder {cell}") == ["8px", "5px", "0px"]
    assert watched.page.evaluate("document.documentElement.scrollWidth") <= 700


def test_names_full_of_malice_execute_nothing(watch, pages) -> None:
    watched = watch(pages["evil"], reduced_motion="reduce")
    watched.wait_for_graph()
    box = watched.graph("g.layout().find(b => b.depth === 2)")
    watched.page.locator(".wb-fg-canvas:visible").hover(position={"x": box["x"] + 3, "y": box["y"] + 3})
    watched.page.locator(".wb-fg-card:visible").wait_for()
    for node in range(1, 6):
        watched.graph(f"g.zoomTo({node})")
    watched.graph("g.search('script')")
    watched.page.evaluate("document.querySelectorAll('details').forEach((d) => (d.open = true))")
    for element in watched.page.locator("button:visible").all():
        if element.is_enabled():
            element.click()
    watched.wait_until_still()
    assert watched.page.evaluate("window.__pwned") is None
    assert watched.problems == []
    assert watched.requests == [pages["evil"]]


ATTEMPTS = (
    "document.body.innerHTML = '<img src=x onerror=\"window.__pwned = 1\">'",
    "script.textContent = 'window.__pwned = 2'; document.body.append(script)",
    "image.setAttribute('onerror', 'window.__pwned = 3'); document.body.append(image); image.src = 'data:x'",
    "setTimeout('window.__pwned = 4', 0)",
    "document.body.append(document.createRange().createContextualFragment('<b onclick=x>'))",
    "location.href = 'javascript:window.__pwned = 5'",
)


def test_the_policy_would_stop_a_script_that_slipped_through(watch, pages) -> None:
    watched = watch(pages["single"])
    watched.page.evaluate(
        "() => { window.__blocked = 0; window.image = new Image();"
        " window.script = document.createElement('script');"
        " document.addEventListener('securitypolicyviolation', () => window.__blocked++); }"
    )
    for number, attempt in enumerate(ATTEMPTS, 1):
        watched.page.evaluate(f"() => {{ try {{ {attempt}; }} catch {{}} }}")
        watched.page.wait_for_function(f"() => window.__blocked >= {number}")
    assert watched.page.evaluate("window.__pwned") is None
    assert all("Trusted" in said or "Content Security Policy" in said for said in watched.problems)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_wears_the_systems_theme(scheme: str, watch, pages, tmp_path: Path) -> None:
    watched = watch(pages["session"], color_scheme=scheme)
    watched.wait_for_graph()
    assert watched.graph("g.state().dark") is (scheme == "dark")
    background = watched.page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert background == ("rgb(27, 28, 31)" if scheme == "dark" else "rgb(255, 255, 255)")
    assert len(watched.page.screenshot(path=tmp_path / f"{scheme}.png", full_page=True)) > 50_000


def test_the_theme_may_change_while_it_is_open(watch, pages) -> None:
    watched = watch(pages["single"], color_scheme="light")
    watched.wait_for_graph()
    assert watched.graph("g.state().dark") is False
    watched.page.emulate_media(color_scheme="dark")
    watched.page.wait_for_function("() => document.querySelector('[data-wb-flamegraph]').__flamegraph.state().dark")
    assert watched.page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(27, 28, 31)"


def test_it_is_sharp_on_a_dense_screen_and_follows_the_windows_width(watch, pages) -> None:
    watched = watch(pages["single"], device_scale_factor=2)
    watched.wait_for_graph()
    state = watched.graph("g.state()")
    assert watched.page.locator(".wb-fg-canvas").evaluate("c => [c.width, c.height]") == [
        2 * state["width"], 2 * state["height"],
    ]  # fmt: skip
    watched.page.set_viewport_size({"width": 700, "height": 800})
    watched.page.wait_for_function(
        f"() => document.querySelector('[data-wb-flamegraph]').__flamegraph.state().width < {state['width']}"
    )
    assert watched.graph("g.layout()[0].width") == pytest.approx(watched.graph("g.state().width"))
    assert watched.page.evaluate("document.documentElement.scrollWidth") <= 700, (
        "the page itself never scrolls sideways"
    )


def test_paper_holds_every_run_without_the_script_too(watch, pages) -> None:
    watched = watch(pages["session"])
    watched.wait_for_graph()
    watched.page.emulate_media(media="print")
    assert watched.page.locator(".run:visible").count() == 5
    assert watched.page.locator(".tabs:visible").count() == 0
    assert watched.page.locator("h3:visible").count() == 5


def test_paper_holds_every_run(watch, pages) -> None:
    watched = watch(pages["session"])
    watched.page.wait_for_function("() => document.querySelectorAll('[data-state=shown]').length === 5")
    watched.page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    assert watched.page.locator(".run:visible").count() == 5
    assert watched.graph("g.state().width", 4) > 300
    watched.page.evaluate("window.dispatchEvent(new Event('afterprint'))")
    assert watched.page.locator(".run:visible").count() == 1


def test_paper_has_a_drawing_and_words_for_the_rows_it_leaves_out(watch, tmp_path: Path) -> None:
    (checkout,) = single_report().runs
    stack = tuple(Frame("app/deep.py", f"level_{depth}") for depth in range(60))
    deep = replace(checkout, tree=tree_from_stacks([(stack, 10 * MS), (stack[:4], MS)]), spans=())
    write_report(replace(single_report(), runs=(deep,)), tmp_path / "deep.html")
    watched = watch((tmp_path / "deep.html").as_uri())
    watched.wait_for_graph()
    assert b"/Subtype /Image" not in watched.page.pdf(format="A4"), "lines and letters, no bitmap"
    assert watched.page.locator(".wb-fg-drawing").count() == 0, "the screen is as it was"
    watched.graph("g.zoomTo(50)")
    watched.page.emulate_media(media="print")
    watched.page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    said = watched.page.locator(".wb-fg-unprinted")
    assert said.inner_text() == "47 rows of callers are not printed."
    assert "level_49" in watched.page.locator(".wb-fg-drawing").text_content()
    watched.graph("g.zoomTo(0)")
    watched.page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    assert said.inner_text() == "33 deeper rows are not printed."
    assert watched.page.locator(".wb-fg-more:visible, .wb-fg-canvas:visible").count() == 0
    title, picture = (
        watched.page.locator(each).first.bounding_box() for each in (".wb-fg-title", ".wb-fg-drawing")
    )
    assert picture["y"] + picture["height"] - title["y"] < 500, "under half a page of A4"
    assert watched.problems == []


def test_a_picture_without_a_canvas_is_named_for_screen_readers(single) -> None:
    canvas = single.page.get_by_role("application")
    assert "Flame graph of checkout" in canvas.get_attribute("aria-label")
    assert single.page.get_by_role("table", name="Functions with most self time").count() == 0  # folded away
    single.page.get_by_text("Functions with most self time").first.click()
    assert single.page.locator("table:visible").count() >= 2
