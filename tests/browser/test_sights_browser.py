"""Differences, spans and source beside the flame graph, in a real browser: seen, walked by keyboard, harmless."""

from __future__ import annotations

import asyncio
import importlib.util
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from sample_runs import EVIL, MS
from sight import side, sight_page, timed_recording

from workbench.calltree import CallTreeBuilder
from workbench.capture.frames import INSTRUMENTATION
from workbench.capture.rounds import RunRecorder
from workbench.model import Frame, Recording, RoundKind, Sampler, Span
from workbench.views.diff import diff_payload
from workbench.views.extras import SourceText
from workbench.views.payload import encode, meta_of
from workbench.views.run_extras import run_extras

pytestmark = pytest.mark.browser

MAIN, LOAD, SAVE, CACHE = (Frame("app.py", name) for name in ("main", "load", "save", "cache"))
BASE = side("before", [((MAIN, LOAD), 6), ((MAIN, SAVE), 2), ((MAIN,), 2)])
NEW = side("after", [((MAIN, LOAD), 9), ((MAIN, CACHE), 3), ((MAIN,), 2)])
SPIN = """\
import asyncio, time


def spin(seconds):
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        sum(range(200))  # </script><script>window.__pwned = 1</script>


async def work():
    spin(0.1)
    await asyncio.sleep(0.05)
"""


def recorded(folder: Path) -> Recording:
    (folder / "spinning.py").write_text(SPIN, encoding="utf-8")
    spec = importlib.util.spec_from_file_location("spinning", folder / "spinning.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    recorder = RunRecorder()
    with ThreadPoolExecutor(1) as other:  # playwright keeps an event loop running in this one
        other.submit(recorder.call, RoundKind.SAMPLED, lambda: asyncio.run(module.work())).result()
    return recorder.finish(run_id="r", session_id="s", name="spinning")


def picture(recording: Recording) -> bytes:
    assert recording.tree is not None
    extras = run_extras(recording.tree, spans=recording.spans, sources=recording.sources)
    return encode(recording.tree, meta_of(recording.run), extras=extras)


def evil_picture() -> bytes:
    """Tasks, threads, spans, sites and source that would do harm as markup."""
    builder = CallTreeBuilder()
    spans = []
    for number, text in enumerate(EVIL):
        node = builder.node((Frame(text, text),))
        task, thread = builder.task(text), builder.thread(text)
        builder.sample(time_ns=MS, weight_ns=MS, node=node, thread=thread, task=task, line=1)
        spans.append(Span(number, -1, 0, text, text, 0, MS, "error", 0, node, text))
    tree = builder.build()
    source = {number: SourceText(1, EVIL, "") for number in range(len(tree.frames) - 1)}
    source[len(tree.frames) - 1] = SourceText(1, (), EVIL[0])
    return encode(tree, extras=replace(run_extras(tree, spans=spans), source=source))


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("sights")
    other = replace(NEW, run=replace(NEW.run, sampler=Sampler("pyinstrument", "5.1.3", 10 * MS, "wall", "async")))
    evil = " ".join(EVIL)
    hostile = side(evil, [((Frame(text, text),), 1) for text in EVIL])
    real = recorded(folder)
    made = {"real": picture(real)}
    (folder / "spinning.py").write_text(SPIN.replace("range(200)", "range(300)"), encoding="utf-8")
    made |= {
        "changed": picture(real),
        "diff": diff_payload(BASE, other),
        "same": diff_payload(BASE, BASE),
        "recorded": diff_payload(
            *(
                side(name, [((MAIN, LOAD), own), ((MAIN, INSTRUMENTATION), cost), ((MAIN,), 2)])
                for name, own, cost in (("before", 6, 2), ("after", 7, 9))
            )
        ),
        "spans": picture(timed_recording()),
        "evil diff": diff_payload(hostile, BASE),
        "evil": evil_picture(),
    }
    return {name: sight_page(folder / f"{name}.html", payload) for name, payload in made.items()}


@pytest.fixture
def opened(watch: Callable, pages: dict[str, str]) -> Callable:
    def open_named(name: str, **options: str):
        watched = watch(pages[name], reduced_motion="reduce", **options)
        watched.wait_for_graph()
        return watched

    return open_named


def rows(watched) -> dict[str, list[str]]:
    cells = "rows => rows.map(row => [...row.children].map(cell => cell.textContent))"
    return {found[0]: found[1:] for found in watched.page.locator(".wb-diff-table tbody tr").evaluate_all(cells)}


def test_a_difference_is_told_by_time_and_by_share_with_what_is_gone_and_new(opened) -> None:
    watched = opened("diff")
    assert (
        watched.page.get_by_role("alert").text_content() == "Not comparable: sampling interval: 1 ms against 10 ms"
    )
    assert "10.0 ms → 14.0 ms" in watched.page.locator(".wb-fg-title").text_content()
    found = rows(watched)
    assert found["save"] == ["app.py", "2.00 ms", "0 s", "−2.00 ms", "2.00 ms", "0 s", "gone"]
    assert found["cache"][-1] == "new"
    assert found["main"][3] == "no change"
    names = {box["name"] for box in watched.graph("g.layout()")}
    assert {"save", "cache", "load"} <= names  # what vanished has a box of its own
    watched.page.get_by_role("button", name="Share of the whole").click()
    assert rows(watched)["load"][1:4] == ["60.0 %", "64.3 %", "+4.29 points"]
    assert rows(watched)["main"][3] == "−5.71 points"  # its share fell, its time didn't
    assert watched.graph("g.state().settings.colour") == "difference-share"
    watched.page.get_by_role("button", name="Back").click()
    assert rows(watched)["main"][3] == "no change"
    assert watched.problems == []


def test_the_cost_of_recording_stands_last_and_counts_as_no_function(opened) -> None:
    watched = opened("recorded")
    names = watched.page.locator(".wb-diff-table tbody th").all_inner_texts()
    assert names == ["load", "main", "[instrumentation]"]
    assert rows(watched)["[instrumentation]"] == [
        "<instrumentation>", "2.00 ms", "9.00 ms", "+7.00 ms", "2.00 ms", "9.00 ms", "cost of recording",
    ]  # fmt: skip
    assert watched.page.get_by_text("1 of 2 functions differ in self time, noise and all.").is_visible()
    watched.page.get_by_role("group", name="View").get_by_role("button", name="Functions").click()
    listed = watched.page.locator(".wb-fg-stage .wb-fg-table tbody th")
    for _ in range(2):  # whichever way it is sorted
        assert listed.all_inner_texts()[-1] == "[instrumentation]"
        watched.page.get_by_role("button", name="Self", exact=True).click()


def test_the_boxes_of_a_difference_are_coloured_by_it(opened) -> None:
    watched = opened("diff")
    pixel = """([x, y]) => { const c = document.querySelector('.wb-fg-canvas'), r = window.devicePixelRatio;
      return [...c.getContext('2d').getImageData(x * r, y * r, 1, 1).data].slice(0, 3); }"""
    seen = {}
    for box in watched.graph("g.layout()"):
        at = [box["x"] + box["width"] - 3, box["y"] + box["height"] / 2]
        seen[box["name"]] = watched.page.evaluate(pixel, at)
    assert seen["save"] == [0x08, 0x30, 0x6B] and seen["cache"] == [0x67, 0x00, 0x0D]
    red, _, blue = seen["load"]
    assert red > blue
    watched.page.emulate_media(color_scheme="dark")
    watched.page.wait_for_function("document.querySelector('[data-wb-flamegraph]').__flamegraph.state().dark")


def test_the_card_tells_both_sides(opened) -> None:
    watched = opened("diff")
    box = watched.graph("g.layout().find(b => b.name === 'load')")
    watched.page.locator(".wb-fg-canvas").first.hover(position={"x": box["x"] + 5, "y": box["y"] + 5})
    card = watched.page.locator(".wb-fg-card").text_content()
    assert "6.00 ms" in card and "9.00 ms" in card and "+3.00 ms" in card


def test_a_run_against_itself_differs_nowhere_on_the_page(opened) -> None:
    watched = opened("same")
    assert watched.page.get_by_text("No function differs.").is_visible()
    assert {row[3] for row in rows(watched).values()} == {"no change"}
    assert watched.page.get_by_role("alert").count() == 0


TIMELINE = "document.querySelector('.wb-spans-canvas').__timeline"


def test_a_panel_that_opens_below_the_window_comes_into_view(opened) -> None:
    watched = opened("spans")
    page = watched.page
    page.set_viewport_size({"width": 900, "height": 190})
    for name in ("Spans", "Source"):
        page.evaluate("scrollTo(0, 0)")
        page.get_by_role("button", name=name, exact=True).click()
        panel = page.locator(f"[data-panel={name.lower()}]")
        assert page.evaluate("scrollY") > 0
        top, bottom = panel.evaluate("e => [e.getBoundingClientRect().top, e.getBoundingClientRect().bottom]")
        assert -1 <= top < 190 and (bottom <= 191 or top < 2), "as much of it as the window holds"
        assert page.evaluate("document.activeElement.textContent") == name
    scrolled = page.evaluate("scrollY")
    page.get_by_role("button", name="Spans", exact=True).click()
    assert page.locator("[data-panel=spans]").is_hidden() and page.evaluate("scrollY") <= scrolled


def test_spans_under_merged_stacks_say_that_the_axes_differ(opened) -> None:
    watched = opened("spans")
    page = watched.page
    page.get_by_role("button", name="Spans", exact=True).click()
    told = page.get_by_text("This axis is time; what stands above is merged")
    assert told.is_visible()
    page.get_by_role("button", name="Line the stacks up").click()
    watched.wait_until_still()
    assert page.get_by_role("button", name="Time order").get_attribute("aria-pressed") == "true"
    assert told.is_hidden()


def test_labels_of_spans_end_within_their_boxes(opened) -> None:
    watched = opened("spans")
    watched.page.get_by_role("button", name="Time order").click()
    drawn = watched.page.evaluate(
        """() => {
      const timeline = document.querySelector('.wb-spans-canvas').__timeline;
      const context = timeline.canvas.getContext('2d'), texts = [];
      const original = context.fillText;
      context.fillText = function (text, x, y) {
        texts.push({ text, x, y, right: x + context.measureText(text).width });
        original.call(context, text, x, y);
      };
      timeline.paint();
      delete context.fillText;
      const boxes = [...timeline.spans.start.keys()].map(i => timeline.boxOf(i));
      return texts.filter(({ y }) => y > 20).map(({ text, x, y, right }) => {
        const box = boxes.find(b => b.x <= x && x <= b.x + b.width && b.y <= y && y <= b.y + b.height);
        return { text, over: right - (box.x + box.width) }; }); }"""
    )
    assert any(label["text"].endswith("…") for label in drawn), "some are cut"
    assert max(label["over"] for label in drawn) <= -3


def test_spans_stand_under_the_flame_chart_on_its_axis(opened) -> None:
    watched = opened("spans")
    page = watched.page
    page.get_by_role("button", name="Time order").click()
    chart, spans = (page.locator(name).first.bounding_box() for name in (".wb-fg-canvas", ".wb-spans-canvas"))
    assert chart is not None and spans is not None
    assert abs(chart["x"] - spans["x"]) < 1 and abs(chart["width"] - spans["width"]) < 1
    assert chart["y"] + chart["height"] <= spans["y"]
    await_box = watched.graph("g.layout().filter(b => b.name === '[await]')[3]")
    span_box = page.evaluate(f"{TIMELINE}.boxOf({TIMELINE}.spans.inRow[0][3])")
    assert span_box["x"] == pytest.approx(await_box["x"], abs=1.5)  # the request is under way while its task awaits
    watched.graph("g.zoomTo(g.layout().filter(b => b.name === '[await]')[3].node)")
    watched.wait_until_still()
    page.wait_for_function(f"{TIMELINE}.state().left > 0")
    state = page.evaluate(f"{TIMELINE}.state()")
    assert [state["left"], state["right"]] == watched.graph("g.state().view")
    assert watched.problems == []


def test_a_span_leads_to_the_stack_that_issued_it_also_by_keyboard(opened) -> None:
    watched = opened("spans")
    page = watched.page
    page.get_by_role("button", name="Time order").click()
    canvas = page.locator(".wb-spans-canvas")
    box = page.evaluate(f"{TIMELINE}.boxOf({TIMELINE}.spans.inRow[0][0])")
    canvas.click(position={"x": box["x"] + box["width"] / 2, "y": box["y"] + 5})
    line = page.locator(".wb-spans-line")
    assert "GET /items/{id}" in line.text_content() and "issued by fetch" in line.text_content()
    assert "app/main.py:12" in line.text_content()
    canvas.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    assert "sql INSERT INTO t" in line.text_content() and "failed" in line.text_content()
    page.keyboard.press("Enter")
    watched.wait_until_still()
    assert watched.graph("[g.state().shown, g.state().focusName]") == ["flame", "save"]
    assert watched.problems == []


def test_choosing_a_function_keeps_its_spans_bright_and_a_table_tells_all(opened) -> None:
    watched = opened("spans")
    page = watched.page
    page.get_by_role("button", name="Spans", exact=True).click()
    frame = watched.graph("[...g.profile.functions].indexOf('save')")
    number = watched.graph(f"[...g.profile.frameFunction].indexOf({frame})")
    watched.graph(f"g.choose({number})")
    assert page.evaluate(f"{TIMELINE}.state().issued") == 6
    page.get_by_text("Spans as a table").click()
    page.locator(".wb-spans-table tbody td").first.wait_for()
    cells = page.locator(".wb-spans-table tbody tr").first.locator("td").all_text_contents()
    assert cells == ["http", "GET /items/{id}", "13.0 ms", cells[3], "fetch", "app/main.py:12", "ok"]
    assert page.locator(".wb-spans-table tbody tr").count() == 18


def test_the_lines_of_a_function_stand_beside_their_times(opened) -> None:
    watched = opened("real")
    page = watched.page
    page.add_style_tag(content=".wb-source-lines { max-height: 45px !important }")
    page.get_by_role("button", name="Source", exact=True).click()
    assert page.locator(".wb-source-title").text_content().startswith("spin ")
    inside = "(row) => { const [r, b] = [row, row.closest('.wb-source-lines')].map(e => e.getBoundingClientRect());"
    inside += " return r.top >= b.top && r.bottom <= b.bottom; }"
    assert page.locator('.wb-source-table tr[data-line="7"]').evaluate(inside), "it opens where the time is"
    hot = page.locator('.wb-source-table tr[data-line="7"]')
    assert "sum(range(200))" in hot.text_content() and " ms" in hot.text_content()
    assert page.locator('.wb-source-table tr[data-line="4"] td').first.text_content() == ""
    assert page.evaluate("window.__pwned") is None
    frame = watched.graph("[...g.profile.frameFunction].indexOf([...g.profile.functions].indexOf('work'))")
    watched.graph(f"g.choose({frame})")
    assert page.locator(".wb-source-title").text_content().startswith("work ")
    assert watched.problems == []


def test_source_that_has_changed_is_not_shown_and_says_so(opened) -> None:
    watched = opened("changed")
    page = watched.page
    page.get_by_role("button", name="Source", exact=True).click()
    frame = watched.graph("[...g.profile.frameFunction].indexOf([...g.profile.functions].indexOf('spin'))")
    watched.graph(f"g.choose({frame})")
    assert "has changed since this run was recorded" in page.locator(".wb-source-reason").text_content()
    assert "sum(range" not in page.locator(".wb-source").text_content()
    assert (
        " ms" in page.locator('.wb-source-table tr[data-line="7"]').text_content()
    )  # the times stand all the same


@pytest.mark.parametrize("name", ["evil diff", "evil"])
def test_hostile_texts_do_nothing(opened, name: str) -> None:
    watched = opened(name)
    page = watched.page
    for label in ("Spans", "Source", "Differences"):
        if page.get_by_role("button", name=label, exact=True).count() and label != "Differences":
            page.get_by_role("button", name=label, exact=True).click()
    if name == "evil":
        page.get_by_text("Spans as a table").click()
        canvas = page.locator(".wb-spans-canvas")
        canvas.focus()
        for key in ("ArrowRight", "ArrowDown", "ArrowDown", "Enter", "Escape", "z"):
            page.keyboard.press(key)
        for frame in range(1, 4):
            watched.graph(f"g.choose({frame})")
    page.mouse.move(200, 250)
    assert page.evaluate("window.__pwned") is None
    assert page.locator("main img, main svg, main script:not([type='application/octet-stream'])").count() == 0
    assert watched.problems == []
